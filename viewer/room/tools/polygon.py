"""Polygon: area and the values in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.core.geometry import FloatArray
from viewer.core.measure import MeasureError
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.display.structures import fill_polygon
from viewer.room.tools.gather import ClicksTool
from viewer.room.tools.measure import Numbers
from viewer.room.tools.region import beside, region_numbers, region_words
from viewer.room.views.picture import PictureSlice


def polygon_numbers(on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
    """Area and statistics inside a closed line.

    Raises:
        MeasureError: it crosses itself, or as for any region.
    """
    pixels = on.view.world_to_pixel(np.array(points))
    if measure.crosses_itself(pixels):
        raise MeasureError("The outline crosses itself.", "Draw it again without a crossing.")
    return region_numbers(on, points, measure.polygon_outline, lambda line: fill_polygon(line, on.view.shape))


class PolygonTool(ClicksTool):
    """Click the corners; click the first again or click twice to close it."""

    id, name, icon, keys = "polygon", "Polygon", "polygon", ("G",)
    planar = True
    shape = Shape.POLYGON

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Area and statistics."""
        return polygon_numbers(on, points)

    @classmethod
    def inside(cls, shape: tuple[int, int], points: FloatArray) -> npt.NDArray[np.bool_]:
        """Pixels whose centres lie in it."""
        return fill_polygon(points, shape)

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Its sides."""
        return (np.concatenate([points, points[:1]]),)

    @classmethod
    def anchor(cls, points: Points) -> Points:
        """The middle of its right side."""
        return beside(points)

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """Mean, range and area."""
        return region_words(drawing)
