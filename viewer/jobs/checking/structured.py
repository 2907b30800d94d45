"""The SR against result.json: every finding with its side, codes, numbers, units, verdict and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from viewer.core.finding import Code, Finding, FindingState, Measurement, Side
from viewer.core.study import Stack
from viewer.jobs.checking import tree
from viewer.jobs.checking.inside import sides_in
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated
from viewer.jobs.sealing.seal import before_seals
from viewer.reading.objects.structured import Item, read_items
from viewer.reporting.codes import finding_code

FILE = "sr.dcm"
#: Sides as PS3.16 CID 244 codes them: written here once more, so that no table misleads both.
SIDES = {"7771000": Side.LEFT, "24028007": Side.RIGHT, "51440002": Side.BOTH, "66459002": Side.NONE}
#: Numbers survive decimal strings of 16 characters to this relative difference.
RELATIVE = 1e-6
#: Middles of a region, told and found, lie together (mm; on films pixels).
PLACE = 0.1
_GROUP, _TRACKING_ID, _TRACKING_UID, _FINDING, _SITE = "125007", "112039", "112040", "121071", "363698007"
_LATERALITY, _ALGORITHM, _VERSION, _PARAMETERS = "272741003", "111001", "111003", "111002"
_WORDS = {"G-C171": _LATERALITY}
_WEIGHTS = re.compile(r"weights sha256 (\w+)")
#: Section of the report -> code of its item (PS3.16 TID 2000's headings).
_SECTIONS = {"findings": "121071", "impression": "121073", "recommendation": "121075"}
_CONTAINERS = {"findings": "121070", "impression": "121072", "recommendation": "121074"}
#: Units that are written otherwise than in UCUM.
_UCUM = {"mL": "ml", "HU": "[hnsf'U]", "Bq/mL": "Bq/ml", "": "1"}


@dataclass(frozen=True, slots=True)
class _Group:
    """A measurement group as it was read."""

    item: Item
    number: int

    @property
    def who(self) -> str:
        """The group in words."""
        return f"Finding {self.number} of the report object"

    def said(self, code: str) -> str:
        """The text under a concept, "" where there is none."""
        return next((child.said for child in self.item.children if _is(child, code)), "")

    def chosen(self, code: str) -> Code | None:
        """The value of a coded item."""
        return next((child.chosen for child in self.item.children if _is(child, code) and child.kind == "CODE"), None)


def compare(stated: Stated, stack: Stack, segmentations: Mapping[str, Mapping[int, str]]) -> Iterator[Mismatch]:
    """Every group of the report object against its finding.

    Args:
        stack: the object.
        segmentations: SOP Instance UID -> Segment Number -> Tracking UID, of the segmentations in the folder.

    Raises:
        ReadError: the object cannot be read.
    """
    root = read_items(stack)
    groups = [_Group(item, n) for n, item in enumerate((i for i in root.walk() if _is(i, _GROUP)), start=1)]
    spoken = {finding.id: finding for finding in stated.spoken}
    measured = {str(one.get("id")): one for one in stated.document.get("measurements", ()) if isinstance(one, Mapping)}
    seen = set()
    for group in groups:
        name = group.said(_TRACKING_ID)
        finding = spoken.get(name)
        if name in seen:
            yield _wrong(What.COUNT, f"{group.who} is there twice.")
        elif finding is None and name in measured:
            yield from _measured(measured[name], group)
        elif finding is None and any(one.id == name for one in stated.findings):
            yield _wrong(What.CODE, f"{group.who} is not among those that the reader accepted.")
        elif finding is None:
            yield _wrong(What.COUNT, f"{group.who} is not in result.json.")
        else:
            yield from _finding(stated, finding, group, segmentations)
        seen.add(name)
    for n, finding in enumerate(spoken.values(), start=1):
        if finding.id not in seen:
            yield _wrong(What.MISSING, f"Finding {n} of result.json is not in the report object.")
    for name in measured.keys() - seen if stated.is_reported else ():
        yield _wrong(What.MISSING, f"Measurement {name} of result.json is not in the report object.")
    yield from _sections(stated, root)
    yield from _packs(stated, root)
    if not before_seals(stated.document):
        yield from tree.compare(stated, root)
        yield from tree.sections(stated, root)


def _measured(told: Mapping[str, Any], group: _Group) -> Iterator[Mismatch]:
    """The numbers of a reader's own measurement."""
    found = [child.number for child in group.item.children if child.kind == "NUM" and child.number is not None]
    meant = [float(value["value"]) for value in told.get("values", ())]
    if len(found) != len(meant) or not np.allclose(found, meant, rtol=RELATIVE, atol=0):
        yield _wrong(What.VALUE, f"{group.who} holds other numbers than the measurement in result.json.")


def _wrong(what: What, text: str) -> Mismatch:
    return Mismatch(FILE, what, text)


def _is(item: Item, code: str) -> bool:
    return item.concept is not None and _WORDS.get(item.concept.value, item.concept.value) == code


def _finding(
    stated: Stated, finding: Finding, group: _Group, segmentations: Mapping[str, Mapping[int, str]]
) -> Iterator[Mismatch]:
    if finding.tracking_uid and group.said(_TRACKING_UID) != finding.tracking_uid:
        yield _wrong(What.REFERENCE, f"{group.who} carries another tracking UID.")
    yield from _label(finding, group)
    yield from _side(finding, group)
    yield from _verdict(finding, group)
    yield from _numbers(finding, group)
    yield from _words(finding, group)
    yield from _algorithm(stated, finding, group)
    yield from _place(stated, finding, group, segmentations)


def _label(finding: Finding, group: _Group) -> Iterator[Mismatch]:
    """Code and name; the object says the name where it is not the meaning of the code."""
    code, meant = group.chosen(_FINDING), finding_code(finding)
    if code is None:
        yield _wrong(What.LABEL, f"{group.who} names no finding.")
        return
    if (code.value, code.scheme) != (meant.value, meant.scheme):
        yield _wrong(What.CODE, f"{group.who} carries another code than result.json.")
    if _plain(group.said("LABEL") or code.meaning) != _plain(finding.label):
        yield _wrong(What.LABEL, f"{group.who} is called otherwise than in result.json.")


def _side(finding: Finding, group: _Group) -> Iterator[Mismatch]:
    """The coded side, at the site or alone, and the sides that the place in words names."""
    coded = [
        item.chosen
        for holder in (group.item, *(child for child in group.item.children if _is(child, _SITE)))
        for item in holder.children
        if _is(item, _LATERALITY) and item.chosen is not None
    ]
    sides = {SIDES.get(code.value) for code in coded}
    if sides != ({finding.side} if finding.side is not Side.NONE else set()):
        yield _wrong(What.SIDE, f"{group.who} lies on another side than in result.json.")
    place = group.said("PLACE").partition(", by the reader;")[0]
    named = sides_in(place)
    if named and named != frozenset({finding.side}):
        yield _wrong(What.SIDE, f"The place of {group.who.lower()} in words names another side than result.json.")
    elif place and not finding.side_edited and place != (finding.location.text or finding.side.value):
        yield _wrong(What.TEXT, f"The place of {group.who.lower()} is worded otherwise than in result.json.")


def _verdict(finding: Finding, group: _Group) -> Iterator[Mismatch]:
    code = group.chosen("VERDICT")
    if code is None or code.value != finding.state.value.upper():
        yield _wrong(What.CODE, f"The verdict on {group.who.lower()} is not the one of result.json.")
    by = " ".join(word for word in (finding.reader, finding.when) if word)
    if _plain(group.said("VERDICT_BY")) != _plain(by):
        yield _wrong(What.TEXT, f"{group.who} was judged by another reader or at another time.")


def _numbers(finding: Finding, group: _Group) -> Iterator[Mismatch]:
    found = [item for item in group.item.children if item.kind == "NUM"]
    meant = list(finding.measurements)
    if finding.score is not None:
        meant.insert(0, Measurement("score", finding.score, "1"))
    if len(found) != len(meant):
        yield _wrong(What.COUNT, f"{group.who} has {len(found)} numbers; result.json has {len(meant)}.")
        return
    for one, item in zip(meant, found, strict=True):
        yield from _number(one, item, group)


def _number(one: Measurement, item: Item, group: _Group) -> Iterator[Mismatch]:
    code = item.concept
    if one.code is not None and code is not None and (code.value, code.scheme) != (one.code.value, one.code.scheme):
        yield _wrong(What.CODE, f"A number of {group.who.lower()} is called otherwise than in result.json.")
    if item.number is None or abs(item.number - one.value) > RELATIVE * max(abs(one.value), 1e-9):
        yield _wrong(What.VALUE, f"{one.name} of {group.who.lower()} is another number than in result.json.")
    unit = item.unit.value if item.unit is not None else ""
    if item.unit is not None and item.unit.scheme == "UCUM" and unit != _UCUM.get(one.unit, one.unit):
        yield _wrong(What.UNIT, f"{one.name} of {group.who.lower()} has another unit than in result.json.")


def _words(finding: Finding, group: _Group) -> Iterator[Mismatch]:
    said = {"VERDICT_REASON": finding.reason, "121106": finding.comment, "PROGRAM_NOTE": " ".join(finding.notes)}
    for code, text in said.items():
        if _plain(group.said(code)) != _plain(text):
            yield _wrong(What.TEXT, f"The words on {group.who.lower()} are not those of result.json.")


def _algorithm(stated: Stated, finding: Finding, group: _Group) -> Iterator[Mismatch]:
    if group.said(_ALGORITHM) != finding.pack:
        yield _wrong(What.REFERENCE, f"{group.who} names another pack than result.json.")
    passport = _passport(stated, finding)
    hashes = [
        found[1] for child in group.item.children if _is(child, _PARAMETERS) and (found := _WEIGHTS.search(child.said))
    ]
    if passport and hashes and hashes[0] != passport.get("weights_sha256"):
        yield _wrong(What.REFERENCE, f"{group.who} names other weights than result.json.")
    if passport and group.said(_VERSION) not in ("", passport.get("pack_version")):
        yield _wrong(What.REFERENCE, f"{group.who} names another version of its pack than result.json.")


def _passport(stated: Stated, finding: Finding) -> Mapping[str, Any]:
    for entry in stated.document["packs"]:
        if entry.get("request_id") == finding.result_id and entry.get("pack") == finding.pack:
            return entry.get("provenance") or {}
    return {}


def _place(
    stated: Stated, finding: Finding, group: _Group, segmentations: Mapping[str, Mapping[int, str]]
) -> Iterator[Mismatch]:
    """The segment it refers to is in this folder; a region lies where result.json says."""
    for reference in (reference for item in group.item.walk() for reference in item.references):
        known = segmentations.get(reference.sop_instance_uid)
        if reference.segments and known is None:
            yield _wrong(What.REFERENCE, f"{group.who} refers to a segmentation that is not in this folder.")
        for number in reference.segments if known is not None else ():
            if known and known.get(number) not in ("", group.said(_TRACKING_UID)):
                yield _wrong(What.REFERENCE, f"{group.who} refers to the segment of another finding.")
    points = [
        point for item in group.item.walk() if item.kind in ("SCOORD", "SCOORD3D") for point in _open(item.points)
    ]
    meant = _outline(stated, finding, len(points[0]) if points else 0)
    if not points or meant is None:
        return
    found = np.array(points, dtype=np.float64)
    ends = np.abs(np.array([found.min(axis=0), found.max(axis=0)]) - np.array([meant.min(axis=0), meant.max(axis=0)]))
    if float(ends.max()) > PLACE:
        yield _wrong(What.POSITION, f"{group.who} lies elsewhere than in result.json.")


def _open(points: Sequence[tuple[float, ...]]) -> Sequence[tuple[float, ...]]:
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def _outline(stated: Stated, finding: Finding, width: int) -> Any:
    """The finding's own points as the object has them: LPS mm, or (column, row) on a film; None without any."""
    place, grid = finding.location, stated.stack.geometry
    if len(place.points_lps) < 3 and place.box_kji is not None:
        return None if width == 3 or grid is None else _film_box(place.box_kji)
    if not place.points_lps or grid is None:
        return None
    points = np.array(place.points_lps, dtype=np.float64)
    return points if width == 3 else grid.world_to_index(points)[:, [2, 1]] + 0.5


def _film_box(box: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Any:
    (_, j0, i0), (_, j1, i1) = box
    return np.array([[i0, j0], [i1, j1]], dtype=np.float64)


def _sections(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """The reader's words, and the sides that drafted words name."""
    if not stated.is_reported:
        return
    kept = stated.report.get("sections") or {}
    for key, code in _CONTAINERS.items():
        said = [i.said for box in root.children if _is(box, code) for i in box.children if _is(i, _SECTIONS[key])]
        text = str(kept.get(key, "")).strip()
        if text and _plain(" ".join(said)) != _plain(text):
            yield _wrong(What.TEXT, f"The section {key} is worded otherwise than in result.json.")
        for line in "\n".join(said).splitlines():
            yield from sentence_sides(stated.findings, line, FILE)


def sentence_sides(findings: Sequence[Finding], line: str, file: str) -> Iterator[Mismatch]:
    """A line that names a finding and a side which no finding of that name has."""
    named = sides_in(line)
    about = [
        f for f in findings if f.state is FindingState.ACCEPTED and f.label and f.label.casefold() in line.casefold()
    ]
    told = {f.side for f in about} | {f.original.side for f in about if f.original is not None}
    if about and named and Side.NONE not in told and Side.BOTH not in told and not named & told:
        yield Mismatch(file, What.SIDE, "A sentence names a side that its finding does not have.")


def _packs(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """Each pack with its outcome (PS3.16 CID 6042)."""
    words = {"111222": "ran", "111224": "failed", "111225": "refused"}
    found = [
        (
            _said(item, _ALGORITHM),
            words.get(item.chosen.value, ""),
            _said(item, _VERSION),
            _plain(_said(item, "121106")),
        )
        for item in root.walk()
        if _is(item, "111065") and item.chosen is not None
    ]
    meant = [_outcome(entry) for entry in stated.document["packs"]]
    if sorted(found) != sorted(meant):
        yield _wrong(What.CODE, "The report object tells other packs or outcomes than result.json.")


def _plain(text: str) -> str:
    """Words without their spacing: DICOM trims text."""
    return " ".join(text.split())


def _said(item: Item, code: str) -> str:
    return next((child.said for child in item.children if _is(child, code)), "")


def _outcome(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Pack, outcome, version, and why."""
    version = str((entry.get("provenance") or {}).get("pack_version") or "")
    reasons = [str(reason.get("text", "")) for reason in entry.get("reasons") or () if isinstance(reason, Mapping)]
    why = _plain(" ".join([*reasons, str(entry.get("message") or "")]))
    return str(entry.get("pack")), str(entry.get("outcome")), version, why
