"""Lengths, angles, ratios and regions in millimetres and units with their error, or a refusal in words.

Points are LPS mm (pictures without a patient frame: column, row, slice times the spacing). A
number is given only where the stack's `Verdict` allows it: never along a wrong axis, never
across slices that are tilted, uneven or missing, never in mm without a calibration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ViewerError
from viewer.core.geometry import FloatArray, Geometry, SpacingKind
from viewer.core.verdict import Verdict, judge

#: Points whose slice numbers differ by less than this lie in one slice.
SAME_SLICE = 0.05
#: A gap this many times the usual one is named in a refusal.
WIDE_GAP = 1.5
#: Side of a uniform spread over its standard deviation, and standard deviations in 95 %.
_UNIFORM, _COVER = float(np.sqrt(12)), 2.0


class MeasureError(ViewerError):
    """A measurement that would not be true."""

    code = "measure"


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A measured number.

    Attributes:
        unit: "mm", "mm2", "deg", "px" or "px2" (no calibration); "" for ratios.
        plus_minus: what it may be off by because ends lie anywhere in their voxels (95 %).
    """

    value: float
    unit: str
    plus_minus: float


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Values of the pixels whose centres lie inside a region of one slice.

    Attributes:
        deviation: standard deviation of a sample (n - 1).
        pixels: how many there are.
    """

    mean: float
    deviation: float
    low: float
    high: float
    pixels: int


@dataclass(frozen=True, slots=True)
class Outline:
    """Area and perimeter of a closed plane line, in its own unit of length."""

    area: float
    perimeter: float


def length(
    start: npt.ArrayLike, end: npt.ArrayLike, geometry: Geometry, verdict: Verdict | None = None
) -> MeasuredValue:
    """Distance between two LPS points.

    Args:
        geometry: of the acquired slices, also when a resampled copy is on screen.
        verdict: of the stack; judged from the geometry when left out.

    Raises:
        MeasureError: the line crosses slices whose distance is not known or not filled, or its ends fall together.
    """
    points = np.array([start, end], dtype=np.float64)
    check(points, geometry, verdict, "Length")
    if _distance(points) == 0:
        raise MeasureError("A length needs two different points.", "Draw a line.")
    return MeasuredValue(_distance(points), length_unit(geometry), spread(_distance, points, geometry))


def angle(
    first: npt.ArrayLike,
    corner: npt.ArrayLike,
    second: npt.ArrayLike,
    geometry: Geometry,
    verdict: Verdict | None = None,
) -> MeasuredValue:
    """Angle at `corner` in degrees, 0 to 180.

    Raises:
        MeasureError: as for `length`, or two points fall together.
    """
    points = np.array([first, corner, second], dtype=np.float64)
    check(points, geometry, verdict, "Angle")
    if min(_distance(points[:2]), _distance(points[1:])) == 0:
        raise MeasureError("An angle needs three different points.", "Draw both legs.")
    return MeasuredValue(_corner(points), "deg", spread(_corner, points, geometry))


def angle_between(lines: npt.ArrayLike, geometry: Geometry, verdict: Verdict | None = None) -> MeasuredValue:
    """Angle between two lines in degrees, 0 to 180, as Cobb's: the lines run the same way across the spine.

    Args:
        lines: LPS mm [4, 3], two ends of the first and two of the second, each drawn either way.

    Raises:
        MeasureError: as for `length`, or a line has no length.
    """
    points = np.array(lines, dtype=np.float64)
    check(points, geometry, verdict, "Angle")
    if min(_distance(points[:2]), _distance(points[2:])) == 0:
        raise MeasureError("This angle needs two lines.", "Draw both lines.")
    crossed = _distance(points[[0, 3]]) + _distance(points[[1, 2]])
    if crossed < _distance(points[[0, 2]]) + _distance(points[[1, 3]]):
        points[2:] = points[:1:-1].copy()
    return MeasuredValue(_between(points), "deg", spread(_between, points, geometry))


def ratio(lines: npt.ArrayLike, geometry: Geometry, verdict: Verdict | None = None) -> MeasuredValue:
    """Length of the first line over that of the second.

    Args:
        lines: LPS mm [4, 3], two ends of the first and two of the second.

    Raises:
        MeasureError: as for `length`, or the second line has no length.
    """
    points = np.array(lines, dtype=np.float64)
    check(points, geometry, verdict, "Ratio")
    if min(_distance(points[:2]), _distance(points[2:])) == 0:
        raise MeasureError("A ratio needs two lines.", "Draw both lines.")
    return MeasuredValue(_share(points), "", spread(_share, points, geometry))


def area(outline: Outline, pixel_mm: tuple[float, float], geometry: Geometry) -> MeasuredValue:
    """Area inside an outline; the whole line may lie off by where a pixel's edge is.

    Args:
        outline: in mm, or in pixels where the geometry has no calibration.
        pixel_mm: between rows and columns of the slice.
    """
    in_mm = geometry.spacing_kind is not SpacingKind.UNKNOWN
    side = float(np.sqrt(pixel_mm[0] * pixel_mm[1])) if in_mm else 1.0
    return MeasuredValue(outline.area, "mm2" if in_mm else "px2", _COVER * outline.perimeter * side / _UNIFORM)


def ellipse_outline(width: float, height: float) -> Outline:
    """An ellipse that fills a box; its perimeter by Ramanujan's second formula."""
    a, b = width / 2, height / 2
    h = ((a - b) / (a + b)) ** 2 if a + b > 0 else 0.0
    return Outline(float(np.pi * a * b), float(np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))))


def polygon_outline(points: npt.ArrayLike) -> Outline:
    """A polygon [n, 2] that closes by itself (Gauss's formula)."""
    here = np.asarray(points, dtype=np.float64)
    after = np.roll(here, -1, axis=0)
    twice = float(np.sum(here[:, 0] * after[:, 1] - after[:, 0] * here[:, 1]))
    return Outline(abs(twice) / 2, float(np.linalg.norm(after - here, axis=1).sum()))


def crosses_itself(points: npt.ArrayLike) -> bool:
    """True where two sides of a polygon [n, 2] that do not meet at a corner cross each other."""
    p = np.asarray(points, dtype=np.float64)
    n = len(p)
    q = np.roll(p, -1, axis=0)
    one = _side_of(p[:, None], q[:, None], p[None]) * _side_of(p[:, None], q[:, None], q[None]) < 0
    steps = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    apart = (steps > 1) & (steps < n - 1)
    return bool((one & one.T & apart).any())


def _side_of(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """On which side of a line each point lies (sign of the cross product)."""
    along, off = end - start, point - start
    return np.asarray(along[..., 0] * off[..., 1] - along[..., 1] * off[..., 0])


def statistics(values: npt.NDArray[np.float64]) -> RegionStatistics:
    """Statistics of the real values [n] inside a region.

    Raises:
        MeasureError: the region holds no pixel.
    """
    kept = values[np.isfinite(values)]
    if kept.size == 0:
        raise MeasureError("The region holds no pixel.", "Draw it larger.")
    deviation = float(kept.std(ddof=1)) if kept.size > 1 else 0.0
    return RegionStatistics(float(kept.mean()), deviation, float(kept.min()), float(kept.max()), int(kept.size))


def ellipse_inside(shape: tuple[int, int], first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Pixels [rows, columns] whose centres lie in the ellipse that fills a box.

    Args:
        first, second: opposite corners (row, column), fractional.
    """
    box = np.sort(np.array([first, second], dtype=np.float64), axis=0)
    centre, radii = box.mean(axis=0), np.maximum((box[1] - box[0]) / 2, 1e-9)
    row = (np.arange(shape[0])[:, None] - centre[0]) / radii[0]
    column = (np.arange(shape[1])[None, :] - centre[1]) / radii[1]
    return np.asarray(row**2 + column**2 <= 1.0)


def spread(value: Callable[[FloatArray], float], points: FloatArray, geometry: Geometry) -> float:
    """What a number may be off by (95 %) because each point lies anywhere in its voxel.

    First order: the number's slope at each point, times the spread of a uniform voxel.

    Args:
        value: the number from points LPS mm [n, 3].
    """
    axes = geometry.affine[:3, :3]
    step = 1e-4 * float(np.linalg.norm(axes, axis=0).min())
    variance = 0.0
    for n in range(len(points)):
        for axis in axes.T:
            off = np.zeros_like(points)
            off[n] = axis / np.linalg.norm(axis) * step
            slope = (value(points + off) - value(points - off)) / (2 * step) * float(np.linalg.norm(axis))
            variance += (slope / _UNIFORM) ** 2
    return float(_COVER * np.sqrt(variance))


def _distance(points: FloatArray) -> float:
    return float(np.linalg.norm(points[1] - points[0]))


def _corner(points: FloatArray) -> float:
    return _degrees(points[0] - points[1], points[2] - points[1])


def _between(points: FloatArray) -> float:
    return _degrees(points[1] - points[0], points[3] - points[2])


def _degrees(one: FloatArray, other: FloatArray) -> float:
    """Angle between two directions, exact also near 0 and 180 (Kahan)."""
    one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(one - other), np.linalg.norm(one + other))))


def _share(points: FloatArray) -> float:
    return _distance(points[:2]) / _distance(points[2:])


def check(points: FloatArray, geometry: Geometry, verdict: Verdict | None, what: str) -> None:
    """Refuse points that may not be measured together.

    Args:
        points: LPS mm [n, 3].
        what: "Length", "Angle" ... for the words.

    Raises:
        MeasureError: with the slices, the gap or the tilt named.
    """
    ruling = verdict or judge(geometry)
    depth = geometry.world_to_index(points)[:, 0]
    if float(np.ptp(depth)) < SAME_SLICE or geometry.shape[0] < 2:
        return
    if ruling.across_slices and geometry.spacing_kind is SpacingKind.PATIENT:
        return
    raise _refusal(depth, geometry, what)


def _refusal(depth: FloatArray, geometry: Geometry, what: str) -> MeasureError:
    low = int(np.clip(np.floor(depth.min() + SAME_SLICE), 0, geometry.shape[0] - 2))
    high = int(np.clip(np.ceil(depth.max() - SAME_SLICE), low + 1, geometry.shape[0] - 1))
    if geometry.slice_positions is not None:
        gaps = np.diff(np.asarray(geometry.slice_positions))
        k = low + int(np.argmax(gaps[low:high]))
        wide = gaps[k] > WIDE_GAP * float(np.median(gaps))
        text = f"The gap there is {gaps[k]:.1f} mm"
        return MeasureError(
            f"{what} is not available between slices {k + 1} and {k + 2}.",
            f"{text} and nothing was scanned in it." + " Measure within one slice, or open the thin series."
            if wide
            else f"{text} and the gaps of this stack differ. Measure within one slice.",
        )
    if geometry.is_tilted:
        return MeasureError(
            f"{what} is not available across slices of a tilted stack.",
            f"The slices lean by {geometry.tilt_degrees:.0f}°. Measure within one slice.",
        )
    return MeasureError(
        f"{what} is not available across these slices.",
        "Their distance is not known for sure. Measure within one slice.",
    )


def length_unit(geometry: Geometry) -> str:
    """ "mm", or "px" where there is no calibration."""
    return "px" if geometry.spacing_kind is SpacingKind.UNKNOWN else "mm"


def note_of(geometry: Geometry) -> str:
    """What a reader must know with lengths and areas: "at detector", "no calibration"; else empty."""
    notes = {SpacingKind.UNKNOWN: "no calibration", SpacingKind.DETECTOR: "at detector"}
    return notes.get(geometry.spacing_kind, "")
