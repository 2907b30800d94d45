"""Rectangle: area and the values in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core.annotation import PointLps
from viewer.core.geometry import FloatArray
from viewer.core.measure import Outline
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.room.tools.gather import DragTool
from viewer.room.tools.measure import Numbers
from viewer.room.tools.region import beside, region_numbers, region_words
from viewer.room.views.picture import PictureSlice


class RectangleTool(DragTool):
    """Drag between two opposite corners; its sides run along rows and columns."""

    id, name, icon, keys = "rectangle", "Rectangle", "roi-rectangle", ("Shift+E",)
    planar = True
    shape = Shape.POLYGON

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Area and statistics."""
        return region_numbers(on, points, _outline, lambda corners: cls.inside(on.view.shape, corners))

    @classmethod
    def inside(cls, shape: tuple[int, int], points: FloatArray) -> npt.NDArray[np.bool_]:
        """Pixels whose centres lie in it."""
        rows, columns = (np.arange(n) for n in shape)
        (top, left), (bottom, right) = np.sort(points, axis=0)
        return np.outer((rows >= top) & (rows <= bottom), (columns >= left) & (columns <= right))

    @classmethod
    def outline(cls, points: FloatArray) -> FloatArray:
        """Its corners in turn."""
        (top, left), (bottom, right) = points
        return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Its four sides."""
        if len(points) < 2:
            return ()
        (x0, y0), (x1, y1) = points
        return (np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]),)

    @classmethod
    def anchor(cls, points: Points) -> Points:
        """The middle of its right side."""
        return beside(points)

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """Mean, range and area."""
        return region_words(drawing)


def _outline(corners: FloatArray) -> Outline:
    height, width = np.abs(corners[1] - corners[0]).tolist()
    return Outline(height * width, 2 * (height + width))
