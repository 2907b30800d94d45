"""Freehand: a traced edge, its area and the values in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core.annotation import PointLps
from viewer.core.geometry import FloatArray
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.display.structures import fill_polygon
from viewer.room.tools.gather import TraceTool
from viewer.room.tools.measure import Numbers
from viewer.room.tools.polygon import polygon_numbers
from viewer.room.tools.region import beside, region_words
from viewer.room.views.picture import PictureSlice


class FreehandTool(TraceTool):
    """Drag along the edge; it closes where the button goes up. It moves as a whole."""

    id, name, icon, keys = "freehand", "Freehand region", "freehand", ("Shift+G",)
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
        """The closed line."""
        return (np.concatenate([points, points[:1]]),)

    @classmethod
    def handles(cls, points: Points) -> Points:
        """None: a traced line has too many points to take hold of."""
        return np.empty((0, 2))

    @classmethod
    def anchor(cls, points: Points) -> Points:
        """The middle of its right side."""
        return beside(points)

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """Mean, range and area."""
        return region_words(drawing)
