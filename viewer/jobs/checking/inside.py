"""result.json held against itself and against the masks: counts, scores, sides, places, sizes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Finding, FindingState, Measurement, Side
from viewer.core.geometry import Geometry, SpacingKind
from viewer.jobs.checking.mismatch import RESULT, Mismatch, What
from viewer.jobs.checking.stated import Labelled, Stated
from viewer.reporting.codes import table

IndexArray = npt.NDArray[np.int64]

#: Scores are kept to six decimals beside the packs, whole in the findings.
SCORE = 2e-6
#: Volumes told and counted differ by no more than this share and this much (mm3).
VOLUME_SHARE, VOLUME_MM3 = 1e-6, 0.51
#: Shares of a picture are told to 0.1 percent.
SHARE_PERCENT = 0.051
#: Diameters run to where the probability crosses, at most a pixel beyond the outermost voxels on either side.
DIAMETER_PIXELS = 2.1
#: The heart's volumes (ml) and their ratio (percent) are told to 0.1.
CINE = 0.0501
#: The segment that is the blood pool.
POOL = 1
_CINE_NAMES = ("End-diastolic volume", "End-systolic volume", "Stroke volume", "Ejection fraction")
#: Corners of a box, told and worked out, lie together (mm).
CORNER_MM = 0.01
#: Points of an outline lie on their slice (share of a slice step).
SLICE_SHARE = 0.5
_SIDES = re.compile(r"\b(left|right|both|bilateral)\b", re.IGNORECASE)


def compare(stated: Stated) -> Iterator[Mismatch]:
    """Everything that result.json says twice, or that a mask can tell."""
    yield from stated.told
    yield from _counts(stated)
    yield from _report(stated)
    for number, finding in enumerate(stated.findings, start=1):
        who = f"finding {number}"
        yield from _side(finding, who)
        yield from _score(stated, finding, who)
        yield from _place(stated, finding, who)
        yield from _named(finding, who)
        mask = mask_of(stated, finding)
        if mask is not None:
            yield from _measured(mask, finding, who)
            yield from _box(mask, finding, who)
    yield from _beat(stated)


def sides_in(text: str) -> frozenset[Side]:
    """Sides that words name."""
    found = {word.casefold() for word in _SIDES.findall(text)}
    return frozenset(Side.BOTH if word == "bilateral" else Side(word) for word in found)


def mask_of(stated: Stated, finding: Finding) -> Labelled | None:
    """The mask that holds a finding's segment."""
    number = finding.location.segment
    return next(
        (
            mask
            for mask in stated.masks
            if number is not None
            and mask.request_id == finding.result_id
            and any(segment.number == number for segment in mask.segments)
        ),
        None,
    )


def _wrong(what: What, text: str, against: str = "") -> Mismatch:
    return Mismatch(RESULT, what, text, against)


def _counts(stated: Stated) -> Iterator[Mismatch]:
    ids = Counter(finding.id for finding in stated.findings)
    if any(count > 1 for count in ids.values()):
        yield _wrong(What.COUNT, "Two findings carry one name.")
    for entry in stated.document["packs"]:
        own = [f for f in stated.findings if f.result_id == entry.get("request_id") and f.pack == entry.get("pack")]
        if entry.get("findings") != len(own):
            yield _wrong(
                What.COUNT, f"{entry.get('pack')} is said to have found {entry.get('findings')}, not {len(own)}."
            )
        if own and entry.get("outcome") != "ran":
            yield _wrong(What.VALUE, f"{entry.get('pack')} has findings and is said not to have run.")
    known = {(entry.get("request_id"), entry.get("pack")) for entry in stated.document["packs"]}
    if any(f.pack and (f.result_id, f.pack) not in known for f in stated.findings):
        yield _wrong(What.REFERENCE, "A finding belongs to a pack that was not asked.")
    for entry in stated.document["packs"]:
        yield from _passport(entry)


def _passport(entry: Mapping[str, Any]) -> Iterator[Mismatch]:
    passport = entry.get("provenance")
    if not isinstance(passport, Mapping):
        return
    if (passport.get("pack_id"), passport.get("pack_version")) != (entry.get("pack"), entry.get("version")):
        yield _wrong(What.REFERENCE, f"The passport of {entry.get('pack')} names another pack or version.")


def _report(stated: Stated) -> Iterator[Mismatch]:
    """The report's entry: what was accepted, and that nothing open was signed."""
    report = stated.report
    if not stated.is_reported:
        return
    accepted = [finding.id for finding in stated.findings if finding.state is FindingState.ACCEPTED]
    if isinstance(report.get("findings"), list) and sorted(report["findings"]) != sorted(accepted):
        yield _wrong(What.COUNT, "The report speaks of other findings than those that are accepted.")
    if bool(report.get("signature")) != (report.get("status") == "signed"):
        yield _wrong(What.VALUE, "The report's status and its signature contradict each other.")
    if report.get("signature") and any(finding.is_open for finding in stated.findings):
        yield _wrong(What.CODE, "The report is signed and a finding was never judged.")


def _side(finding: Finding, who: str) -> Iterator[Mismatch]:
    """The side and the words of the place; of a finding that the reader changed, those of the pack."""
    made = finding.original or finding
    named = sides_in(made.location.text)
    if named and named != _spread(made.side):
        yield _wrong(What.SIDE, f"The place of {who} in words and its side contradict each other.")
    if finding.original is not None and finding.location != finding.original.location:
        yield _wrong(What.POSITION, f"The place of {who} is not the one its pack gave.")
    if finding.original is not None and not finding.edited:
        yield _wrong(What.VALUE, f"{who.capitalize()} was changed and is said not to be.")
    if finding.original is None and finding.edited:
        yield _wrong(What.VALUE, f"{who.capitalize()} is said to be changed and keeps no original.")


def _spread(side: Side) -> frozenset[Side]:
    return frozenset({side}) if side is not Side.NONE else frozenset()


def _score(stated: Stated, finding: Finding, who: str) -> Iterator[Mismatch]:
    """The score beside the finding and the one beside its pack; a proposal shown reached its threshold."""
    made = finding.original or finding
    if finding.score is None:
        return
    if not np.isfinite(finding.score) or not 0 <= finding.score <= 1:
        yield _wrong(What.VALUE, f"The score of {who} is no score.")
        return
    kept = _kept_score(stated, made)
    if kept is not None and abs(kept - finding.score) > SCORE:
        yield _wrong(What.VALUE, f"The score of {who} is {finding.score:.4f} there and {kept:.4f} beside its pack.")
    if made.score != finding.score:
        yield _wrong(What.VALUE, f"The score of {who} is not the one its pack gave.")


def _kept_score(stated: Stated, finding: Finding) -> float | None:
    for entry in stated.document["packs"]:
        if entry.get("request_id") == finding.result_id and entry.get("pack") == finding.pack:
            scores = entry.get("scores") or {}
            k = finding.location.slice_index
            by_slice = finding.location.segment is not None
            name = finding.label if not by_slice else f"{finding.label}, image {k + 1}" if k is not None else ""
            of_part = f"{name}, {finding.location.text.lower()}"  # a part of a text has scores of its own
            name = of_part if finding.evidence and of_part in scores else name
            if isinstance(scores.get(name), (int, float)):
                return float(scores[name])
    return None


def _place(stated: Stated, finding: Finding, who: str) -> Iterator[Mismatch]:
    """Box and outline are one place, inside the picture, and the slice to show lies in it."""
    mask = mask_of(stated, finding)
    place, grid = finding.location, stated.stack.geometry if mask is None else mask.grid
    if grid is None or place.box_kji is None:
        yield from _unboxed(finding, grid, who)
        return
    low, high = (np.array(corner) for corner in place.box_kji)
    if (low < 0).any() or (high > np.array(grid.shape)).any() or (low >= high).any():
        yield _wrong(What.POSITION, f"The box of {who} lies outside the picture.")
        return
    if place.slice_index is not None and not low[0] <= place.slice_index < high[0]:
        yield _wrong(What.POSITION, f"The image named for {who} lies outside its box.")
    if len(place.points_lps) == 4 and not _rounds(place.points_lps, grid, low, high):
        yield _wrong(What.POSITION, f"The outline of {who} does not lie round its box.")


def _rounds(points: Sequence[Sequence[float]], grid: Geometry, low: IndexArray, high: IndexArray) -> bool:
    """True where four points are the corners of a box's middle slice, each of them once."""
    k = (low[0] + high[0] - 1) / 2
    corners = np.array([(k, j - 0.5, i - 0.5) for j in (low[1], high[1]) for i in (low[2], high[2])])
    apart = np.linalg.norm(grid.index_to_world(corners)[:, None] - np.array(points, dtype=np.float64)[None], axis=2)
    return bool(apart.min(axis=0).max() <= CORNER_MM and apart.min(axis=1).max() <= CORNER_MM)


def _unboxed(finding: Finding, grid: Geometry | None, who: str) -> Iterator[Mismatch]:
    """A place without a box: on a slice that is there, its points on that slice."""
    k, points = finding.location.slice_index, finding.location.points_lps
    if grid is None or k is None:
        return
    if not 0 <= k < grid.shape[0]:
        yield _wrong(What.POSITION, f"The image named for {who} is not there.")
        return
    if points:
        index = grid.world_to_index(np.array(points, dtype=np.float64))
        flat = index[:, 1:]
        if (
            (np.abs(index[:, 0] - k) > SLICE_SHARE).any()
            or (flat < -1).any()
            or (flat > np.array(grid.shape[1:])).any()
        ):
            yield _wrong(What.POSITION, f"The outline of {who} lies beside the image named for it.")


def _named(finding: Finding, who: str) -> Iterator[Mismatch]:
    """A number is called what its code means."""
    names: dict[tuple[str, str], set[str]] = {}
    for (kind, key), row in table().items():
        if kind == "measurement":
            names.setdefault((row.code.value, row.code.scheme), set()).add(key)
    for one in finding.measurements:
        due = names.get((one.code.value, one.code.scheme)) if one.code is not None else None
        meant = {
            row.code.meaning
            for (kind, _), row in table().items()
            if kind == "measurement" and row.code.value == (one.code.value if one.code else "")
        }
        if meant and one.code is not None and one.code.meaning not in meant:
            yield _wrong(What.LABEL, f"The words beside the code of a number of {who} are not its own.")
        if due is not None and one.name.casefold() not in due:
            yield _wrong(What.LABEL, f"A number of {who} is called otherwise than its code.")


def _measured(mask: Labelled, finding: Finding, who: str) -> Iterator[Mismatch]:
    inside = np.asarray(mask.labels == finding.location.segment)
    for one in (finding.original or finding).measurements:
        yield from _size(mask, inside, one, who)
    if finding.original is not None and finding.original.measurements != finding.measurements:
        yield _wrong(What.VALUE, f"A size of {who} is not the one its pack gave.")


def _size(mask: Labelled, inside: npt.NDArray[np.bool_], one: Measurement, who: str) -> Iterator[Mismatch]:
    """A size against the voxels of the mask; those that need a probability are held by the SR alone."""
    counted, slack, unit = _counted(mask, inside, one)
    if counted is None:
        return
    if one.unit != unit:
        yield Mismatch(RESULT, What.UNIT, f"{one.name} of {who} is told in {one.unit or 'no unit'}.", mask.file)
    elif abs(one.value - counted) > slack:
        text = f"{one.name} of {who} is {one.value:g} {unit}; its mask holds {counted:g} {unit}."
        yield Mismatch(RESULT, What.VALUE, text, mask.file)


def _counted(mask: Labelled, inside: npt.NDArray[np.bool_], one: Measurement) -> tuple[float | None, float, str]:
    """(what the voxels say, by how much it may differ, its unit)."""
    name = one.name.casefold()
    if name == "volume":
        volume = float(np.count_nonzero(inside, axis=(1, 2)) @ mask.grid.slice_volumes)
        return volume, VOLUME_MM3 + VOLUME_SHARE * volume, "mm3"
    if name == "share of the picture's area":
        return 100.0 * float(np.count_nonzero(inside)) / inside.size, SHARE_PERCENT, "%"
    if name == "long axis" and mask.grid.spacing_kind is SpacingKind.PATIENT and inside.any():
        return _longest(mask, inside), DIAMETER_PIXELS * max(mask.grid.spacing[1:]), "mm"
    return None, 0.0, ""


def _longest(mask: Labelled, inside: npt.NDArray[np.bool_]) -> float:
    """Greatest distance in mm between voxels of the slice that holds most of a segment."""
    k = int(np.argmax(inside.sum(axis=(1, 2))))
    rows, columns = np.nonzero(inside[k])
    ends = [(j, columns[rows == j].min(), columns[rows == j].max()) for j in np.unique(rows)]
    flat = np.array([(j, i) for j, low, high in ends for i in (low, high)], dtype=np.float64)
    points = flat * np.array(mask.grid.spacing[1:])
    apart = points[:, None, :] - points[None, :, :]
    return float(np.linalg.norm(apart, axis=2).max()) + min(mask.grid.spacing[1:])


def _box(mask: Labelled, finding: Finding, who: str) -> Iterator[Mismatch]:
    """The box of a finding is the box of its segment."""
    box = finding.location.box_kji
    found = np.argwhere(mask.labels == finding.location.segment)
    if not len(found):
        yield Mismatch(mask.file, What.VOXELS, f"The mask of {who} is empty.")
    elif box is not None and (tuple(found.min(axis=0)), tuple(found.max(axis=0) + 1)) != (tuple(box[0]), tuple(box[1])):
        yield Mismatch(mask.file, What.POSITION, f"The mask of {who} does not fill the box that result.json states.")


def _beat(stated: Stated) -> Iterator[Mismatch]:
    """The heart's volumes over the beat: those of its phases' masks, and what follows from them."""
    for entry in stated.document["packs"]:
        cine = entry.get("cine")
        if cine is not None and not isinstance(cine, Mapping):
            yield _wrong(What.VALUE, "The heart's function is told in a way that cannot be read.")
        if isinstance(cine, Mapping):
            own = [mask for mask in (*stated.masks, *stated.beat) if mask.request_id == entry.get("request_id")]
            volumes = [
                _number(phase.get("volume_ml")) for phase in cine.get("phases") or () if isinstance(phase, Mapping)
            ]
            if volumes and None not in volumes:
                yield from _phases(cine, own)
                yield from _function(stated, entry, [float(volume or 0) for volume in volumes])


def _phases(cine: Mapping[str, Any], masks: Sequence[Labelled]) -> Iterator[Mismatch]:
    for number, phase in enumerate(cine["phases"], start=1):
        mask = next((mask for mask in masks if mask.stack_key == phase.get("stack_key")), None)
        if mask is None:
            continue
        counted = float(np.count_nonzero(mask.labels == POOL, axis=(1, 2)) @ mask.grid.slice_volumes) / 1000
        if abs(counted - float(phase["volume_ml"])) > VOLUME_MM3 / 1000 + VOLUME_SHARE * counted:
            text = f"The volume of phase {number} is told as {phase['volume_ml']:g} ml; its mask holds {counted:g} ml."
            yield Mismatch(RESULT, What.VALUE, text, mask.file)


def _function(stated: Stated, entry: Mapping[str, Any], volumes: Sequence[float]) -> Iterator[Mismatch]:
    """Volumes, stroke volume and ejection fraction, beside the pack and in its findings."""
    large, small = max(volumes), min(volumes)
    due = {
        "end_diastolic_volume_ml": large,
        "end_systolic_volume_ml": small,
        "stroke_volume_ml": large - small,
        "ejection_fraction_percent": 100 * (large - small) / large if large > 0 else 0.0,
    }
    for key, value in due.items():
        told = _number(entry["cine"].get(key))
        if told is not None and abs(told - value) > CINE:
            yield _wrong(What.VALUE, f"The heart's {key.replace('_', ' ')} does not follow from its phases.")
    names = dict(zip(_CINE_NAMES, due.values(), strict=True))
    for number, finding in enumerate(stated.findings, start=1):
        for one in finding.measurements if finding.result_id == entry.get("request_id") else ():
            if one.name in names and abs(one.value - names[one.name]) > CINE:
                yield _wrong(What.VALUE, f"{one.name} of finding {number} does not follow from the heart's phases.")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
