"""From what a network said to findings a reader can judge: place, side, size, score.

A classifier's label at or above the pack's default operating point becomes one finding for
each warm region of its heatmap; a segmenter's segment becomes one finding with its volume.
Sides are told only where the file says them; else the finding has none.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis import headers, measures, slices
from viewer.analysis.inference import RawOutputs
from viewer.core.analysis import AnalysisRequest, Box, GateReason, PackInfo, Suitability
from viewer.core.finding import Code, Finding, Location, Measurement, OperatingPoint, Side
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Heatmap, Mask, Segment, Volume

Array = npt.NDArray[Any]

#: A heatmap is warm from this share of its peak on.
WARM = 0.5
#: Regions that hold less than this share of the warm energy are not told apart.
MIN_SHARE = 0.10
#: At most this many regions become findings of their own.
MAX_REGIONS = 3
#: A region nearer to the middle column of a film than this share of its width has no side.
MIDLINE_SHARE = 0.03
#: A box nearer to the middle of the head than this has no side (mm).
MIDLINE_MM = 8.0
#: A volume narrower than this (left to right, mm) does not show a whole head.
WHOLE_HEAD_MM = 110.0
#: Tissue of a head is brighter than this share of its 99th percentile.
_TISSUE = 0.2

HEAT_SHARE = Code("HEATSHARE", "99SECONDREAD", "Share of heatmap energy")


@dataclass(frozen=True, slots=True)
class Region:
    """A warm patch of a heatmap: mask [K, J, I], share of all heat (0..1)."""

    mask: npt.NDArray[np.bool_]
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding lies, on which side, and what was measured there."""

    location: Location = Location()
    side: Side = Side.NONE
    measured: tuple[Measurement, ...] = ()


def default_point(pack: PackInfo) -> OperatingPoint:
    """The operating point that decides what is shown; without one, half."""
    named = [p for p in pack.operating_points if p.name == "default"]
    return (named or list(pack.operating_points) or [OperatingPoint("default", 0.5)])[0]


def segments(pack: PackInfo) -> tuple[Segment, ...]:
    """Segment n of a pack's masks = the n-th label of `output.labels`."""
    names = [str(name) for name in pack.inference["output"]["labels"]]
    return tuple(
        Segment(n, label_text(pack, name), label_code(pack, name), _label(pack, name).get("colour"))
        for n, name in enumerate(names, start=1)
    )


def label_text(pack: PackInfo, name: str) -> str:
    """A label in words for a reader."""
    return str(_label(pack, name).get("text") or name[:1].upper() + name[1:])


def label_code(pack: PackInfo, name: str) -> Code | None:
    """The coded concept of a label, as the pack declares it."""
    code = _label(pack, name).get("code")
    if not isinstance(code, Mapping):
        return None
    return Code(str(code["value"]), str(code["scheme"]), str(code["meaning"]))


def _label(pack: PackInfo, name: str) -> Mapping[str, Any]:
    entry = pack.viewer.get("labels", {}).get(name, {})
    return entry if isinstance(entry, Mapping) else {}


# ---------------------------------------------------------------- scores


def from_scores(
    pack: PackInfo, request: AnalysisRequest, raw: RawOutputs, heatmaps: Mapping[str, Heatmap], field: Array | None
) -> tuple[tuple[Finding, ...], int]:
    """Findings of a classifier and how many labels stayed under the threshold.

    Args:
        pack: names, codes and operating points.
        request: the run; its "image" input is where regions lie.
        raw: scores by label.
        heatmaps: label -> heatmap on the input's grid.
        field: bool [K, J, I], True where lungs were found, or None: zones then divide the film.
    """
    point = default_point(pack)
    volume = request.inputs["image"]
    found: list[Finding] = []
    below = 0
    for name, score in raw.scores.items():
        if score < point.threshold:
            below += 1
            continue
        heat = heatmaps.get(name)
        regions = _regions_of(pack, heat)
        places = [_region_place(volume, region, field) for region in regions] or [_no_place(heat)]
        for place in places:
            made = _finding(pack, request, (name, len(found)), place)
            found.append(replace(made, score=score, operating_point=point))
    return tuple(found), below


def _no_place(heat: Heatmap | None) -> Place:
    """No place is told where no heatmap can be believed."""
    failed = heat is not None and heat.honest is False
    return Place(Location("Place unknown: the heatmap failed its check" if failed else "Place unknown"))


def _regions_of(pack: PackInfo, heat: Heatmap | None) -> tuple[Region, ...]:
    """Warm regions by the pack's `viewer.finding`; none for a heatmap that failed its check."""
    if heat is None or heat.honest is False:
        return ()
    rule = pack.viewer.get("finding", {})
    return warm_regions(
        heat.values, float(rule.get("heat_threshold", WARM)), float(rule.get("min_energy_share", MIN_SHARE))
    )


def warm_regions(values: Array, warm: float = WARM, least: float = MIN_SHARE) -> tuple[Region, ...]:
    """Connected patches of at least `warm` of the peak, most heat first.

    Args:
        values: heatmap [K, J, I], 0 or more.
        warm: share of the peak.
        least: patches with a smaller share of the warm heat are left out.

    Returns:
        At most `MAX_REGIONS`; each one's share is its heat over the heat of all warm patches.
    """
    from scipy import ndimage

    peak = float(values.max(initial=0.0))
    if peak <= 0:
        return ()
    parts, count = ndimage.label(values >= warm * peak)
    energy = ndimage.sum_labels(values, parts, np.arange(1, count + 1))
    total = float(energy.sum())
    order = np.argsort(-energy, kind="stable")[:MAX_REGIONS]
    kept = [n for n in order if energy[n] / total >= least]
    return tuple(Region(parts == n + 1, float(energy[n] / total)) for n in kept)


def _region_place(volume: Volume, region: Region, field: Array | None) -> Place:
    centre = np.array(np.nonzero(region.mask)).mean(axis=1)
    side = film_side(volume, float(centre[2]))
    zone = _zone(float(centre[1]), _rows_of(region, field, volume.shape[1], float(centre[2])))
    text = f"{side.value.capitalize()} {zone}" if side is not Side.NONE else f"{zone.capitalize()}, side unknown"
    box = box_of(region.mask)
    location = Location(text, _corners(volume.geometry, box), box, round(float(centre[0])))
    measured = (Measurement("Share of heatmap energy", round(region.share * 100, 1), "%", HEAT_SHARE),)
    return Place(location, side, measured)


def film_side(volume: Volume, column: float) -> Side:
    """Side of the patient that a column of a frontal film shows.

    (0020,0020) tells where the rows run to; without it, PA and AP films are stored as looked
    at (the patient facing the reader): the film's left is the patient's right. Anything else,
    and the middle of the film, has no side.
    """
    rows, _ = headers.patient_orientation(volume.tags)
    view = volume.tags.get("ViewPosition", "").strip().upper()
    if rows[:1] in ("L", "R"):
        to_left = rows[0] == "L"
    elif not rows and view in ("PA", "AP"):
        to_left = True
    else:
        return Side.NONE
    middle = (volume.shape[2] - 1) / 2
    if abs(column - middle) < MIDLINE_SHARE * volume.shape[2]:
        return Side.NONE
    on_left_half = column < middle
    return Side.RIGHT if on_left_half == to_left else Side.LEFT


def _rows_of(region: Region, field: Array | None, rows: int, column: float) -> tuple[float, float]:
    """First and last row of the lung on the region's half of the film; the whole film without lungs."""
    if field is not None:
        half = np.zeros_like(region.mask)
        middle = region.mask.shape[2] // 2
        half[..., slice(0, middle) if column < middle else slice(middle, None)] = True
        found = np.flatnonzero((field & half).any(axis=(0, 2)))
        if found.size:
            return float(found[0]), float(found[-1])
    return 0.0, float(rows - 1)


def _zone(row: float, rows: tuple[float, float]) -> str:
    """Upper, middle or lower zone: thirds of the lung's height (of the film's, without lungs)."""
    share = (row - rows[0]) / max(1.0, rows[1] - rows[0])
    return "upper zone" if share < 1 / 3 else "middle zone" if share < 2 / 3 else "lower zone"


# ---------------------------------------------------------------- masks


def from_mask(pack: PackInfo, request: AnalysisRequest, raw: RawOutputs, mask: Mask) -> tuple[Finding, ...]:
    """One finding for each segment that is there, measured as far as millimetres are known.

    `viewer.finding` may set `min_volume_mm3` (smaller segments are left out) and `measure`.
    """
    volume = request.inputs["image"]
    least = float(pack.viewer.get("finding", {}).get("min_volume_mm3", 0.0))
    names_wanted, unproven = _measurable(pack, request), measures.not_validated(pack.viewer)
    notes = _unmeasured(names_wanted, volume.geometry)
    names = [str(name) for name in pack.inference["output"]["labels"]]
    side = _asked_side(request) or box_side(volume, request.roi)
    found: list[Finding] = []
    for segment, name in zip(mask.segments, names, strict=True):
        inside = mask.labels == segment.number
        if not inside.any() or _too_small(mask, segment.number, least):
            continue
        box = box_of(inside)
        middle = int(np.argmax(inside.sum(axis=(1, 2))))
        location = Location(_side_words(pack, side), _corners(volume.geometry, box), box, middle, segment.number)
        share = raw.probabilities.get(name)
        measured = measures.of_segment(names_wanted, mask, segment.number, share, unproven)
        made = _finding(pack, request, (name, len(found)), Place(location, side, measured))
        scored = _with_slice_score(pack, made, inside, raw)
        found.append(replace(scored, notes=(*notes, *scored.notes)))
    return tuple(found)


def _side_words(pack: PackInfo, side: Side) -> str:
    """The side in words; what is asked for in no box (a heart, both lungs) has none to tell."""
    if side is not Side.NONE:
        return f"{side.value.capitalize()} side"
    return "Side unknown" if pack.needs_roi else ""


def _measurable(pack: PackInfo, request: AnalysisRequest) -> tuple[str, ...]:
    """What the pack measures, without volumes where the pictures are no stack of slices in space."""
    names = measures.wanted(pack.viewer)
    return names if request.options.get("volumes", True) else tuple(n for n in names if n != "volume_mm3")


def _unmeasured(names: Sequence[str], grid: Geometry) -> tuple[str, ...]:
    """Why sizes that the pack would give are not given."""
    if not {"volume_mm3", "diameters_mm"} & set(names):
        return ()
    if grid.spacing_kind is not SpacingKind.PATIENT:
        return ("No sizes: the file does not tell the spacing of its pixels in the patient.",)
    if "volume_mm3" in names and not grid.is_even:
        return ("No volume: the slices are unevenly spaced.",)
    return ()


def _with_slice_score(pack: PackInfo, finding: Finding, inside: Array, raw: RawOutputs) -> Finding:
    """The score of the highest slice that the segment touches, for packs that score slices."""
    if not raw.slice_scores:
        return finding
    scores = next(iter(raw.slice_scores.values()))
    touched = np.flatnonzero(inside.any(axis=(1, 2)))
    top = int(touched[np.argmax(scores[touched])])
    location, point = replace(finding.location, slice_index=top), default_point(pack)
    notes = slices.deciding(scores, top, raw.attention, point)
    return replace(finding, score=float(scores[top]), operating_point=point, location=location, notes=notes)


def scores_told(pack: PackInfo, raw: RawOutputs) -> dict[str, float]:
    """Scores by label in words; one a slice too where `viewer.finding.slice_scores` asks for them."""
    told = {label_text(pack, name): float(score) for name, score in raw.scores.items()}
    if pack.viewer.get("finding", {}).get("slice_scores"):
        for name, scores in raw.slice_scores.items():
            told |= {f"{label_text(pack, name)}, image {k + 1}": float(score) for k, score in enumerate(scores)}
    return {name: round(score, 6) for name, score in told.items()}


def _too_small(mask: Mask, number: int, least_mm3: float) -> bool:
    """True for a segment under the pack's least volume, where millimetres are known."""
    return mask.geometry.spacing_kind is SpacingKind.PATIENT and mask.volume_mm3(number) < least_mm3


def _asked_side(request: AnalysisRequest) -> Side | None:
    """The side the reader named when placing the box."""
    named = str(request.options.get("side", ""))
    return Side(named) if named in (Side.LEFT.value, Side.RIGHT.value) else None


def box_side(volume: Volume, roi: Box | None) -> Side:
    """Side of the head a box lies on: only in a DICOM MR that shows the whole head.

    The middle of the head is the middle of its tissue from left to right. A crop, a nominal
    affine (NIfTI) or a box near the middle gives no side.
    """
    grid = volume.geometry
    trusted = volume.series_uid is not None and grid.oriented and grid.spacing_kind is SpacingKind.PATIENT
    if roi is None or volume.modality != "MR" or not trusted or not grid.frame_of_reference_uid:
        return Side.NONE
    centre = grid.index_to_world((np.array(roi[0]) + np.array(roi[1]) - 1) / 2)
    middle = _midline_x(volume)
    if middle is None or abs(centre[0] - middle) < MIDLINE_MM:
        return Side.NONE
    return Side.LEFT if centre[0] > middle else Side.RIGHT


def side_contradiction(request: AnalysisRequest) -> GateReason | None:
    """A refusal where the side the reader named is not the one the box lies on."""
    asked = _asked_side(request)
    seen = box_side(request.inputs["image"], request.roi)
    if asked is None or seen in (Side.NONE, asked):
        return None
    text = f"The box for the {asked.value} side lies on the {seen.value} side of the head."
    return GateReason("roi", Suitability.REFUSE, text, "(0020,0032)", "Place it again, or name the other side.")


def _midline_x(volume: Volume) -> float | None:
    """LPS x of the middle of the head's tissue, None where the head is not whole."""
    step = [max(1, n // 64) for n in volume.shape]
    sample = volume.stored[:: step[0], :: step[1], :: step[2]].astype(np.float32)
    index = np.argwhere(sample > _TISSUE * float(np.percentile(sample, 99))) * step
    if not len(index):
        return None
    x = volume.geometry.index_to_world(index)[:, 0]
    low, high = np.percentile(x, (1, 99))
    return float((low + high) / 2) if high - low >= WHOLE_HEAD_MM else None


# ---------------------------------------------------------------- shared


def box_of(mask: Array) -> Box:
    """Half-open voxel box around the True voxels of [K, J, I]."""
    low, high = [], []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low.append(int(found[0]))
        high.append(int(found[-1]) + 1)
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _corners(geometry: Geometry, box: Box) -> tuple[tuple[float, float, float], ...]:
    """Outline of a box in LPS mm: the four corners of its middle slice, along the voxel edges."""
    (k0, j0, i0), (k1, j1, i1) = box
    k = (k0 + k1 - 1) / 2
    ring = [(k, j0 - 0.5, i0 - 0.5), (k, j0 - 0.5, i1 - 0.5), (k, j1 - 0.5, i1 - 0.5), (k, j1 - 0.5, i0 - 0.5)]
    points = geometry.index_to_world(np.array(ring))
    return tuple((float(x), float(y), float(z)) for x, y, z in points)


def _finding(pack: PackInfo, request: AnalysisRequest, which: tuple[str, int], place: Place) -> Finding:
    """A proposal; its ids follow from the request, so that a replay makes the same ones."""
    name, number = which
    made = uuid.uuid5(uuid.NAMESPACE_OID, f"{request.id}/{pack.id}/{name}/{number}")
    return Finding(
        id=made.hex[:12],
        pack=pack.id,
        label=label_text(pack, name),
        series_uid=request.inputs["image"].series_uid,
        code=label_code(pack, name),
        side=place.side,
        location=place.location,
        measurements=place.measured,
        result_id=request.id,
        tracking_uid=f"2.25.{made.int}",
    )
