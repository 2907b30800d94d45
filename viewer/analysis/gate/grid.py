"""Rules on the grid: slices, spacing, coverage, evenness, the reader's box, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.analysis.gate.case import REFUSE, RUN, WARN, Case, Rule
from viewer.core.analysis import GateReason
from viewer.core.geometry import SpacingKind

if TYPE_CHECKING:
    from viewer.core.pack import Range

#: More pixels a side than any X-ray detector has; larger pictures would fill the memory.
MAX_SIDE = 10_000
#: A spacing beyond the tested range by this factor is refused, up to it warned of.
FAR_FACTOR = 2.0
#: Rounding of spacings in headers that is no reason to warn (factor).
_ROUNDING = 1.02


def slices(case: Case) -> GateReason | None:
    """Number of slices."""
    if case.match.slices is None:
        return None
    have, (low, high) = case.volume.shape[0], case.match.slices
    need = f"Needs {_count(low)}" if low == high else f"Needs {low} to {high} slices"
    text = f"{need}; this series has {have}."
    return GateReason("slices", RUN if low <= have <= high else REFUSE, text)


def spacing(case: Case) -> GateReason | None:
    """Slice gap and pixel size against what the pack was tested on; the worst one speaks."""
    tested = case.match.spacing_mm
    if tested.slice is None and tested.pixel is None:
        return None
    if case.volume.geometry.spacing_kind is not SpacingKind.PATIENT:
        text = "Needs distances in the patient; this picture has none."
        return GateReason("spacing", WARN if case.volume.series_uid is None else REFUSE, text, "(0028,0030)")
    gap, rows, columns = case.volume.geometry.spacing
    said = []
    if tested.slice is not None and case.volume.shape[0] > 1:
        said.append(_spacing_word("Slices", gap, "apart", tested.slice, "(0018,0050)"))
    if tested.pixel is not None:
        limits = tested.pixel
        worst = max((rows, columns), key=lambda s: _outside(s, limits))
        said.append(_spacing_word("Pixels", worst, "wide", limits, "(0028,0030)"))
    return min(said, key=lambda r: [REFUSE, WARN, RUN].index(r.verdict)) if said else None


def _spacing_word(what: str, have: float, how: str, limits: Range, tag: str) -> GateReason:
    off = _outside(have, limits)
    verdict = RUN if off <= 1.0 else WARN if off <= FAR_FACTOR else REFUSE
    low, high = limits
    tested = f"tested up to {high:.1f} mm" if have > low else f"tested from {low:.1f} mm"
    return GateReason("spacing", verdict, f"{what} {have:.1f} mm {how}; {tested}.", tag)


def _outside(have: float, limits: Range) -> float:
    """Factor by which a size leaves its tested range; 1 within it."""
    low, high = limits
    off = max(have / high if high > 0 else 1.0, low / have if have > 0 else FAR_FACTOR * 2)
    return 1.0 if off <= _ROUNDING else off


def coverage(case: Case) -> GateReason | None:
    """Millimetres from the first to the last slice."""
    limits = case.match.coverage_mm
    if limits is None or case.volume.geometry.spacing_kind is not SpacingKind.PATIENT:
        return None
    have = case.volume.shape[0] * case.volume.geometry.spacing[0]
    low, high = limits
    text = f"Needs {low:.0f} to {high:.0f} mm of coverage; this series covers {have:.0f} mm."
    return GateReason("coverage", RUN if low <= have <= high else REFUSE, text, "(0020,0032)")


def geometry(case: Case) -> GateReason | None:
    """Even, right-angled slices where the pack counts millimetres across them."""
    if not case.match.even or case.volume.shape[0] < 2:
        return None
    grid = case.volume.geometry
    if not grid.is_even:
        text = "The slices are not evenly spaced; needs an even stack."
        return GateReason("geometry", REFUSE, text, "(0020,0032)", "Choose a series without missing slices.")
    if grid.is_tilted:
        text = f"Gantry tilt {grid.tilt_degrees:.0f}°; tested on right-angled stacks."
        return GateReason("geometry", WARN, text, "(0018,1120)")
    return GateReason("geometry", RUN, "The slices are even.", "(0020,0032)")


def box(case: Case) -> GateReason | None:
    """The reader's box: there, inside the picture, and of a tested size."""
    if not case.pack.needs_roi:
        return None
    if case.roi is None:
        return GateReason("roi", REFUSE, "Needs a box around the structure.", todo="Place a box and run it again.")
    low, high = case.roi
    inside = all(0 <= a < b <= n for a, b, n in zip(low, high, case.volume.shape, strict=True))
    if not inside:
        return GateReason("roi", REFUSE, "The box does not lie within the picture.", todo="Place it again.")
    limits = case.match.roi_mm
    if limits is not None:
        sides = [(b - a) * s for a, b, s in zip(low, high, case.volume.geometry.spacing, strict=True)]
        words = " x ".join(f"{side:.0f}" for side in sides)
        if min(sides) < limits[0] or max(sides) > limits[1]:
            text = f"The box measures {words} mm; tested from {limits[0]:.0f} to {limits[1]:.0f} mm a side."
            return GateReason("roi", WARN, text, todo="Draw it closer around the structure.")
    return GateReason("roi", RUN, "The box lies within the picture.")


def size(case: Case) -> GateReason | None:
    """Pictures larger than any detector are refused before memory runs out."""
    _, rows, columns = case.volume.shape
    if max(rows, columns) <= MAX_SIDE:
        return None
    text = f"The picture has {columns} x {rows} pixels; up to {MAX_SIDE} a side can be analysed."
    return GateReason("size", REFUSE, text, "(0028,0010)", "Send it at its detector's own size.")


def _count(wanted: int) -> str:
    return "a single picture" if wanted == 1 else f"{wanted} slices"


def unread(case: Case) -> GateReason | None:
    """Images that could not be read hold nothing to look at."""
    gone, count = len(case.volume.unread), case.volume.shape[0]
    if not gone:
        return None
    return GateReason("unread", REFUSE, f"{gone} of the {count} images could not be read.", todo="Ask for a new copy.")


RULES: tuple[Rule, ...] = (unread, slices, spacing, coverage, geometry, box, size)
