"""Lengths, angles and regions in millimetres and units, or a refusal in words.

Points are LPS mm (pictures without a patient frame: column, row, slice times the spacing). A
number is given only where the stack's `Verdict` allows it: never along a wrong axis, never
across slices that are tilted, uneven or missing, never in mm without a calibration.
"""

from __future__ import annotations

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


class MeasureError(ViewerError):
    """A measurement that would not be true."""

    code = "measure"


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured number.

    Attributes:
        unit: "mm", "px", "deg", "mm2" or "px2".
        note: what a reader must know with it ("at detector"), else empty.
    """

    value: float
    unit: str
    note: str = ""

    @property
    def text(self) -> str:
        """The number with its unit: mm and px to 0.1, angles to 0.1, areas to 1."""
        shown = {"deg": f"{self.value:.1f}°", "mm2": f"{self.value:.0f} mm²", "px2": f"{self.value:.0f} px²"}
        return shown.get(self.unit, f"{self.value:.1f} {self.unit}")


@dataclass(frozen=True, slots=True)
class RegionReading:
    """Grey values inside a region of one slice.

    Attributes:
        pixels: number of pixels whose centres lie inside.
        unit: of the values ("HU", "1" ...).
    """

    mean: float
    deviation: float
    low: float
    high: float
    pixels: int
    area: Reading
    unit: str


def length(start: npt.ArrayLike, end: npt.ArrayLike, geometry: Geometry, verdict: Verdict | None = None) -> Reading:
    """Distance between two LPS points.

    Args:
        geometry: of the acquired slices, also when a resampled copy is on screen.
        verdict: of the stack; judged from the geometry when left out.

    Raises:
        MeasureError: the line crosses slices whose distance is not known or not filled.
    """
    points = np.array([start, end], dtype=np.float64)
    check(points, geometry, verdict, "Length")
    unit, note = _unit(geometry)
    return Reading(float(np.linalg.norm(points[1] - points[0])), unit, note)


def angle(
    first: npt.ArrayLike,
    corner: npt.ArrayLike,
    second: npt.ArrayLike,
    geometry: Geometry,
    verdict: Verdict | None = None,
) -> Reading:
    """Angle at `corner` in degrees, 0 to 180.

    Raises:
        MeasureError: as for `length`, or two points fall together.
    """
    points = np.array([first, corner, second], dtype=np.float64)
    check(points, geometry, verdict, "Angle")
    one, two = points[0] - points[1], points[2] - points[1]
    sizes = float(np.linalg.norm(one) * np.linalg.norm(two))
    if sizes == 0:
        raise MeasureError("An angle needs three different points.", "Draw both legs.")
    return Reading(float(np.degrees(np.arccos(np.clip(one @ two / sizes, -1.0, 1.0)))), "deg")


def region(
    values: npt.NDArray[np.float64], pixel_mm: tuple[float, float], geometry: Geometry, unit: str
) -> RegionReading:
    """Statistics of the real values inside a region of one slice.

    Args:
        values: real values [n] of the pixels inside, n > 0.
        pixel_mm: millimetres between rows and between columns of the slice.

    Raises:
        MeasureError: the region holds no pixel.
    """
    kept = values[np.isfinite(values)]
    if kept.size == 0:
        raise MeasureError("The region holds no pixel.", "Draw it larger.")
    in_mm = geometry.spacing_kind is not SpacingKind.UNKNOWN
    area = kept.size * (pixel_mm[0] * pixel_mm[1] if in_mm else 1.0)
    _, note = _unit(geometry)
    return RegionReading(
        float(kept.mean()),
        float(kept.std(ddof=1)) if kept.size > 1 else 0.0,
        float(kept.min()),
        float(kept.max()),
        int(kept.size),
        Reading(area, "mm2" if in_mm else "px2", note),
        unit,
    )


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


def _unit(geometry: Geometry) -> tuple[str, str]:
    """Unit of lengths and the note that goes with them."""
    if geometry.spacing_kind is SpacingKind.UNKNOWN:
        return "px", "no calibration"
    return "mm", "at detector" if geometry.spacing_kind is SpacingKind.DETECTOR else ""
