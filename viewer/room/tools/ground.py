"""On what a drawing is measured: the acquired grid, or the one region of an ultrasound picture that holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core import measure
from viewer.core.finding import Code, Measurement
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.measure import MeasuredValue, MeasureError
from viewer.core.ultrasound import AxisUnit, UltrasoundRegion, regions_under
from viewer.core.verdict import Verdict
from viewer.room.tools import codes
from viewer.room.views.picture import PictureSlice

#: A line may lean this much (share of its longer side, px) and still run along an axis.
_LEAN = 0.1
#: 95 % error of a distance between two ends that lie anywhere in their pixels, in pixels.
_SPREAD = 2.0 * float(np.sqrt(2 / 12))
#: What a line along an axis is called, and its code where there is a published one.
_ALONG: dict[AxisUnit, tuple[str, Code | None]] = {
    AxisUnit.MM: ("Length", codes.LENGTH),
    AxisUnit.SECONDS: ("Time", codes.DURATION),
    AxisUnit.VELOCITY: ("Velocity", None),
    AxisUnit.HERTZ: ("Frequency", None),
}


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Points with the grid their numbers belong to.

    Attributes:
        points: float64 [n, 3], mm of `geometry`.
        mm: between rows and columns of the slice they lie on.
    """

    points: FloatArray
    geometry: Geometry
    verdict: Verdict
    mm: tuple[float, float]


def ground_of(on: PictureSlice, points: npt.ArrayLike, what: str) -> Ground:
    """What a drawing with millimetres both ways is measured on.

    Args:
        points: LPS mm [n, 3]; what: "Length", "Angle" ... for the words.

    Raises:
        MeasureError: it lies across or outside the regions of an ultrasound picture, in one whose rows or
            columns are no lengths, or across slices that may not be measured across.
    """
    world = np.array(points, dtype=np.float64)
    native, verdict = on.source.native, on.source.verdict
    region = region_at(on, world)
    if region is None:
        return Ground(world, native, verdict, on.view.mm)
    measure.check(world, native, verdict, what)
    if not region.in_mm:
        raise MeasureError(
            f"{what} is not available in this region: its rows and columns are not both lengths.",
            "Draw a line along one axis, or measure in the picture of the tissue.",
        )
    scale = np.array([1.0, region.per_row, region.per_column])
    grid = Geometry(native.shape, np.diag([*scale, 1.0]), oriented=False)
    return Ground(native.world_to_index(world) * scale, grid, Verdict(), (region.per_row, region.per_column))


def along_axis(on: PictureSlice, points: npt.ArrayLike) -> Measurement | None:
    """A line along one axis of a region of moments: its time, depth or velocity; None where lines may run any way.

    Raises:
        MeasureError: the line runs askew, leaves its region, or the axis has no unit.
    """
    world = np.array(points, dtype=np.float64)
    region = region_at(on, world)
    if region is None or region.in_mm:
        return None
    measure.check(world, on.source.native, on.source.verdict, "Length")
    down, across = np.abs(np.diff(_pixels(on, world), axis=0)[0]).tolist()
    if across > 0 and down <= _LEAN * across:
        return _along(region.across, across, region.per_column)
    if down > 0 and across <= _LEAN * down:
        return _along(region.down, down, region.per_row)
    raise MeasureError("In this region a line askew has no length.", "Draw along one axis.")


def _along(unit: AxisUnit, pixels: float, step: float) -> Measurement:
    if unit not in _ALONG:
        raise MeasureError("The file gives no scale for this axis of the region.", "Draw along the other axis.")
    name, code = _ALONG[unit]
    value = MeasuredValue(pixels * step, unit.value, _SPREAD * step)
    return Measurement(name, value.value, value.unit, code, value.plus_minus)


def region_at(on: PictureSlice, points: FloatArray) -> UltrasoundRegion | None:
    """The one region that holds all points (LPS mm [n, 3]); None on pictures without regions.

    Raises:
        MeasureError: the points lie outside, across regions, or where regions of different scale overlap.
    """
    regions = regions_of(on)
    if not regions:
        return None
    pixels = _pixels(on, points)
    whole = [region for region in regions if region.holds(pixels).all()]
    if not whole:
        touched = bool(regions_under(regions, pixels))
        raise MeasureError(
            "This drawing leaves its region of the picture, and each region has a scale of its own."
            if touched
            else "There is no calibrated region here: the file gives no scale for this part of the picture.",
            "Draw it within one region.",
        )
    if not all(region.same_scale(whole[0]) for region in whole[1:]):
        raise MeasureError("Regions of different scales overlap here.", "Measure where there is one only.")
    return whole[0]


def regions_of(on: PictureSlice) -> tuple[UltrasoundRegion, ...]:
    """The calibrated regions of an acquired slice."""
    return on.source.stack.regions_at(on.view.index) if on.name == "native" else ()


def _pixels(on: PictureSlice, points: FloatArray) -> FloatArray:
    """Stored (row, column) of points, float64 [n, 2]."""
    return on.source.native.world_to_index(points)[..., 1:]
