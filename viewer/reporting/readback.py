"""Holds what was written against what a second reader finds in the file.

The readers are handed in by the jobs; here only nouns and text are compared. Every mismatch is
a sentence, and one is enough to stop the job: a file that says something else must not leave.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol

import numpy as np

from viewer.core.errors import OutputError
from viewer.core.finding import Code
from viewer.core.report import Report
from viewer.core.volume import Mask
from viewer.reporting.paper import foot_name, shown_id
from viewer.reporting.passport import short_name
from viewer.reporting.seg import SegmentRecord, SegReceipt
from viewer.reporting.sr import GroupRecord, SrReceipt
from viewer.reporting.typeset import Printed, printable
from viewer.words.language import words_in

#: Centroids of one segment, meant and found, lie within this (mm).
CENTROID_MM = 0.1
#: Numbers survive decimal strings of 16 characters to this relative difference.
RELATIVE = 1e-6
#: Variation selectors (Unicode 23.4).
_SELECTORS = (("\ufe00", "\ufe0f"), ("\u180b", "\u180f"), ("\U000e0100", "\U000e01ef"))
#: What pdfium gives for a hyphen that ends a line.
_LINE_HYPHEN = "\ufffe"
#: Bidirectional classes of letters that run from right to left (UAX #9).
_LEFTWARDS = frozenset({"R", "AL"})


class Reference(Protocol):
    """An object that an item points to."""

    @property
    def sop_instance_uid(self) -> str:
        """Which one."""

    @property
    def segments(self) -> Sequence[int]:
        """Segment Numbers of it."""


class Item(Protocol):
    """A content item of a structured report as the independent reader gives it."""

    @property
    def kind(self) -> str:
        """Value type (CONTAINER, CODE, NUM, UIDREF ...)."""

    @property
    def concept(self) -> Code | None:
        """What the item speaks of."""

    @property
    def chosen(self) -> Code | None:
        """Value of a CODE item."""

    @property
    def said(self) -> str:
        """Value of a TEXT, PNAME or UIDREF item."""

    @property
    def number(self) -> float | None:
        """Value of a NUM item."""

    @property
    def unit(self) -> Code | None:
        """Unit of a NUM item."""

    @property
    def points(self) -> Sequence[tuple[float, ...]]:
        """Coordinates of a SCOORD (column, row) or SCOORD3D (LPS mm) item."""

    @property
    def references(self) -> Sequence[Reference]:
        """Objects an IMAGE item points to."""

    @property
    def children(self) -> Sequence[Item]:
        """Items below it."""


def stop_on(mismatches: Sequence[str], what: str) -> None:
    """End the job when a read-back found anything.

    Raises:
        OutputError: with the first mismatches in words.
    """
    if mismatches:
        raise OutputError(
            f"{what} read back differently from what was meant: {'; '.join(mismatches[:5])}.",
            "It was not kept; the findings are safe. Send a report of this to the project.",
            "readback",
        )


def compare_seg(meant: SegReceipt, found: Sequence[Mask]) -> list[str]:
    """Segments by number: count, label, tracking UID, voxels and place in patient mm.

    An empty segment has no frames, so a reader of frames need not find it.
    """
    seen = {segment.number: (mask, segment) for mask in found for segment in mask.segments}
    said = []
    needed, known = {r.number for r in meant.segments if r.voxels}, {r.number for r in meant.segments}
    if not needed <= set(seen) <= known:
        said.append(f"segments {[r.number for r in meant.segments]} were written, {sorted(seen)} found")
    for record in meant.segments:
        if record.number in seen:
            mask, segment = seen[record.number]
            said += _compare_segment(record, [m for m in found if _has(m, record.number)] or [mask])
            if segment.name != record.label[:64]:
                said.append(f"segment {record.number} is called otherwise")
            if segment.tracking_uid not in (None, record.tracking_uid):
                said.append(f"segment {record.number} carries another tracking UID")
    return said


def compare_sr(meant: SrReceipt, root: Item) -> list[str]:
    """Groups by tracking UID: finding, side, every number with its unit."""
    found = {uid: item for item in _walk(root) if _is(item, "125007") and (uid := _tracking_uid(item))}
    said = []
    if len(found) != len(meant.groups):
        said.append(f"{len(meant.groups)} findings were written, {len(found)} found")
    for number, record in enumerate(meant.groups, start=1):
        item = found.get(record.tracking_uid)
        said += [f"finding {number} is missing"] if item is None else _compare_group(number, record, item)
    return said


def compare_patient(study_uid: str, patient_id: str, found_study_uid: str, found_patient_id: str) -> list[str]:
    """Whose object it is, without naming anybody."""
    said = [] if study_uid == found_study_uid else ["it belongs to another study"]
    return said if patient_id.strip() == found_patient_id.strip() else [*said, "it names another patient"]


def compare_pdf(report: Report, printed: Printed) -> list[str]:
    """Patient on every page, every accepted finding, the status and the intended use in the text."""
    words = words_in(report.language)

    def on(page: str, text: str) -> bool:
        return _holds(page, printable(text, printed.unprintable))

    pages = [_letters(text) for text in _page_texts(printed.pdf)]
    everywhere = {"name": foot_name(report.patient, words), "ID": shown_id(report.patient)}
    said = [
        f"page {number} does not carry the patient's {key}"
        for number, page in enumerate(pages, start=1)
        for key, text in everywhere.items()
        if not on(page, text)
    ]
    whole = "".join(pages)
    needed = {"status": words("status", report.status.value), "intended use": words("ai", "use")}
    for number, finding in enumerate(report.findings, start=1):
        needed[f"name of finding {number}"] = words.name(finding.label)
        needed[f"place of finding {number}"] = words.place(finding)
        needed |= {f"{m.name} of finding {number}": words.measurement(m) for m in finding.measurements}
    for number, measured in enumerate(report.measured, start=1):
        needed[f"picture of measurement {number}"] = report.pictures.get(measured.id, "")
        needed |= {f"{v.name} of measurement {number}": words.measurement(v) for v in measured.values}
    if report.signature is not None:
        needed["signature"] = short_name(report.signature.name)
    return said + [f"the {key} is missing" for key, text in needed.items() if not on(whole, text)]


def _has(mask: Mask, number: int) -> bool:
    return any(segment.number == number for segment in mask.segments)


def _compare_segment(record: SegmentRecord, masks: Sequence[Mask]) -> list[str]:
    places = [mask.geometry.index_to_world(np.argwhere(mask.labels == record.number)) for mask in masks]
    points = np.concatenate(places) if places else np.empty((0, 3))
    if len(points) != record.voxels:
        return [f"segment {record.number} has {len(points)} voxels instead of {record.voxels}"]
    if record.centroid_lps is None or not len(points):
        return []
    off = points.mean(axis=0) - np.array(record.centroid_lps)
    if np.abs(off).max() <= CENTROID_MM:
        return []
    left, back, up = (float(v) for v in off)
    return [f"segment {record.number} lies {left:+.1f} mm left, {back:+.1f} mm back, {up:+.1f} mm up of its place"]


def _compare_group(number: int, record: GroupRecord, item: Item) -> list[str]:
    children = list(_walk(item))
    said = []
    if record.label and record.label not in {c.chosen.meaning for c in children if c.chosen and _is(c, "121071")}:
        said.append(f"finding {number} is called otherwise")
    sides = {c.chosen.meaning for c in children if c.chosen and _is(c, "272741003")}
    if record.laterality and sides != {record.laterality}:
        said.append(f"finding {number} is on {' and '.join(sorted(sides)) or 'no side'}, not {record.laterality}")
    said += _compare_place(number, record, children)
    numbers = [
        (c.concept.meaning, c.number, c.unit.value if c.unit else "")
        for c in children
        if c.kind == "NUM" and c.concept is not None and c.number is not None
    ]
    if len(numbers) != len(record.measurements):
        return [*said, f"finding {number} has {len(numbers)} measurements instead of {len(record.measurements)}"]
    for meant, found in zip(record.measurements, numbers, strict=True):
        if meant[0] != found[0] or meant[2] != found[2] or not np.isclose(meant[1], found[1], rtol=RELATIVE, atol=0):
            said.append(
                f"{meant[0]} of finding {number} reads {found[1]:g} {found[2]} instead of {meant[1]:g} {meant[2]}"
            )
    return said


def _compare_place(number: int, record: GroupRecord, children: Sequence[Item]) -> list[str]:
    """Region and segment reference of a group."""
    said = []
    if record.segment is not None:
        uid, segment = record.segment
        pointed = [(r.sop_instance_uid, tuple(r.segments)) for c in children for r in c.references]
        if (uid, (segment,)) not in pointed:
            said.append(f"finding {number} does not point to its segment")
    shapes = [c.points for c in children if c.kind in ("SCOORD", "SCOORD3D") and c.points]
    if record.place is None:
        return said
    if not shapes:
        return [*said, f"finding {number} has lost its place"]
    corners = [
        point for shape in shapes for point in (shape[:-1] if len(shape) > 3 and shape[0] == shape[-1] else shape)
    ]
    off = np.mean(corners, axis=0) - np.array(record.place)
    if np.abs(off).max() > CENTROID_MM:
        unit = "mm" if len(record.place) == 3 else "pixels"
        said.append(f"finding {number} lies {float(np.abs(off).max()):.1f} {unit} off its place")
    return said


def _walk(item: Item) -> Iterator[Item]:
    yield item
    for child in item.children:
        yield from _walk(child)


def _is(item: Item, value: str) -> bool:
    return item.concept is not None and item.concept.value == value


def _tracking_uid(group: Item) -> str:
    for child in group.children:
        if _is(child, "112040"):
            return child.said
    return ""


def _page_texts(pdf: bytes) -> list[str]:
    """Text of each page, by another library than the one that wrote it."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise OutputError("The report cannot be read back as a PDF.", "It was not kept; try again.") from error
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def _holds(page: str, text: str) -> bool:
    """True when a page's letters hold a text; where some run from right to left, each run of its letters.

    A reader of PDF gives the words of such a line in the order of the page, not of the name.
    """
    if not any(unicodedata.bidirectional(letter) in _LEFTWARDS for letter in text):
        return _plain(text) in page
    runs = ("".join(run) for _, run in groupby(text, lambda letter: (letter.isalnum(), _runs_left(letter))))
    return all(_plain(run) in page for run in runs if any(letter.isalnum() for letter in run))


def _runs_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in {*_LEFTWARDS, "NSM"}


def _letters(page: str) -> str:
    """A page's letters; a hyphen at the end of a line, which the reader marks, may be the text's own or not."""
    ways = dict.fromkeys(page.replace(_LINE_HYPHEN, hyphen) for hyphen in ("-", ""))
    return "\n".join(_plain(way) for way in ways)


def _plain(text: str) -> str:
    """Letters only: no spaces, line breaks, soft hyphens or marks of direction; compatibility forms folded."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in "".join(folded.split()) if not _is_mark(letter))


def _is_mark(letter: str) -> bool:
    """True for what shapes or turns its neighbours and is not drawn: format marks, variation selectors."""
    return unicodedata.category(letter) == "Cf" or any(low <= letter <= high for low, high in _SELECTORS)
