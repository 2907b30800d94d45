"""What regions share: area by their outline, statistics by the pixel centres inside, and their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.core.finding import Measurement
from viewer.core.geometry import FloatArray, SpacingKind
from viewer.core.measure import MeasureError, Outline
from viewer.core.measurement import ReaderMeasurement
from viewer.room.tools import codes
from viewer.room.tools.ground import ground_of
from viewer.room.tools.measure import MeasureTool, Numbers, number, with_note
from viewer.room.views.picture import PictureSlice
from viewer.words.i18n import tr
from viewer.words.numbers import number_words, value_words

#: Sides a curve is drawn with.
ROUND = 128
#: Steps of a histogram.
BINS = 32


def region_numbers(
    on: PictureSlice,
    points: tuple[PointLps, ...],
    outline: Callable[[FloatArray], Outline],
    inside: Callable[[FloatArray], npt.NDArray[np.bool_]],
) -> Numbers:
    """Area, mean, SD, minimum and maximum of a region of one slice.

    Args:
        outline: of its points in mm on the slice, float64 [n, 2] (down, right); in pixels without a calibration.
        inside: bool [rows, columns] by its points in pixels, float64 [n, 2] (row, column).

    Raises:
        MeasureError: the slice is not one to measure on, or the region is empty.
    """
    ground, view = ground_of(on, points, "Area"), on.view
    measure.check(ground.points, ground.geometry, ground.verdict, "Area")
    readable(on)
    pixels = view.world_to_pixel(np.array(points))
    in_mm = ground.geometry.spacing_kind is not SpacingKind.UNKNOWN
    line = outline(pixels * np.array(ground.mm) if in_mm else pixels)
    if line.area <= 0:
        raise MeasureError("The region holds no pixel.", "Draw it larger.")
    values, unit = real_values(on, on.values_in(inside(pixels)))
    found = measure.statistics(values)
    area = number("Area", measure.area(line, ground.mm, ground.geometry), codes.AREA)
    return with_note(
        ground.geometry,
        area,
        Measurement("Mean", found.mean, unit, codes.MEAN),
        Measurement("SD", found.deviation, unit, codes.DEVIATION),
        Measurement("Minimum", found.low, unit, codes.MINIMUM),
        Measurement("Maximum", found.high, unit, codes.MAXIMUM),
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often values of a region fall into steps of equal width.

    Attributes:
        low, high: ends of the first and the last step, in `unit`; counts: pixels in each.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    unit: str = ""


def histogram_of(
    tool: type[MeasureTool], on: PictureSlice, drawing: ReaderMeasurement, bins: int = BINS
) -> Histogram | None:
    """The values in a region of its slice; None for a drawing that is no region, or holds no pixel."""
    inside = tool.inside(on.view.shape, on.view.world_to_pixel(np.array(drawing.points_lps)))
    if inside is None or not inside.any() or not on.is_loaded:
        return None
    values, unit = real_values(on, on.values_in(inside))
    kept = values[np.isfinite(values)]
    if not kept.size:
        return None
    counts, edges = np.histogram(kept, bins=bins)
    return Histogram(float(edges[0]), float(edges[-1]), tuple(counts.tolist()), unit)


def readable(on: PictureSlice) -> None:
    """Refuse a slice whose pixels are not there.

    Raises:
        MeasureError: it is still being read, or could not be.
    """
    if not on.is_loaded:
        raise MeasureError("This image has not been read.", "Wait until it is shown.")


def real_values(on: PictureSlice, values: FloatArray) -> tuple[FloatArray, str]:
    """Values and their unit: HU and the like, SUV of PET where the header gives its factor, "" for plain numbers."""
    volume = on.source.volume
    factor = volume.tags.get("SUVFactor")
    if factor is not None:
        return values * float(factor), "SUVbw"
    return values, "" if volume.is_colour or volume.unit == "1" else volume.unit


def region_words(drawing: ReaderMeasurement) -> tuple[str, ...]:
    """ "mean 40.1 HU, SD 3.2", "31 to 52 HU", "95 mm²"."""
    by_name = {value.name: value for value in drawing.values}
    if "Area" not in by_name:
        return ()
    mean, area = by_name["Mean"], by_name["Area"]
    notes = "".join(f", {tr(note)}" for note in drawing.notes)
    return (
        tr("mean {m}, SD {s}", m=value_words(mean), s=value_words(by_name["SD"])),
        tr("{low} to {high}", low=value_words(by_name["Minimum"]), high=value_words(by_name["Maximum"])),
        number_words(area.value, area.unit) + notes,
    )


def beside(points: FloatArray) -> FloatArray:
    """The middle of the right-hand side of points on the screen [n, 2]."""
    return np.array([points[:, 0].max(), (points[:, 1].min() + points[:, 1].max()) / 2])
