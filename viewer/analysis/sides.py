"""Sides of the patient: of a radiograph's column, of a box in a head. Told only where the file says them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from viewer.analysis import headers
from viewer.core.analysis import AnalysisRequest, Box, GateReason, GateVerdict, Suitability
from viewer.core.finding import Finding, Side
from viewer.core.geometry import SpacingKind
from viewer.core.volume import Volume

#: A column nearer to the middle of a radiograph than this share of its width has no side.
MIDLINE_SHARE = 0.03
#: A box nearer to the middle of the head than this has no side (mm).
MIDLINE_MM = 8.0
#: A volume narrower than this (left to right, mm) does not show a whole head.
WHOLE_HEAD_MM = 110.0
#: The gate's rule that looks at the pixels for left and right swapped.
MIRRORED = "mirrored"
_SIDE_WORD = re.compile(r"^(left|right|both|bilateral)\b\s*", re.IGNORECASE)
#: Tissue of a head is brighter than this share of its 99th percentile.
_TISSUE = 0.2


def radiograph_side(volume: Volume, column: float) -> Side:
    """Side of the patient that a column of a frontal radiograph shows.

    Only (0020,0020) tells where the rows run to: a view (PA, AP) says how it was taken, not how it
    was stored. Without it, and in the middle, there is no side.
    """
    rows, _ = headers.patient_orientation(volume.tags)
    if rows[:1] not in ("L", "R"):
        return Side.NONE
    middle = (volume.shape[2] - 1) / 2
    if abs(column - middle) < MIDLINE_SHARE * volume.shape[2]:
        return Side.NONE
    on_left_half = column < middle
    return Side.RIGHT if on_left_half == (rows[0] == "L") else Side.LEFT


def is_doubted(verdict: GateVerdict) -> bool:
    """True where the gate speaks of a mirrored look: left and right are then not known."""
    return any(
        reason.rule == MIRRORED or reason.rule == "orientation" and reason.verdict is not Suitability.RUN
        for reason in verdict.reasons
    )


def without_side(finding: Finding) -> Finding:
    """The finding without a side, in its words neither; the reader sets it."""
    words = _SIDE_WORD.sub("", finding.location.text).strip()
    if words == finding.location.text and finding.side is Side.NONE:
        return finding
    place = words[:1].upper() + words[1:]
    text = f"{place}, side unknown" if place and place.casefold() != "side" else "Side unknown"
    return replace(finding, side=Side.NONE, location=replace(finding.location, text=text))


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
    asked, seen = request.options.side, box_side(request.image, request.roi)
    if asked is Side.NONE or seen in (Side.NONE, asked):
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
