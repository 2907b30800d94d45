"""Ellipse: area and the values in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.core.geometry import FloatArray
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.room.tools.gather import DragTool
from viewer.room.tools.measure import Numbers
from viewer.room.tools.region import ROUND, beside, region_numbers, region_words
from viewer.room.views.picture import PictureSlice


class EllipseTool(DragTool):
    """Drag between two opposite corners of the box round it."""

    id, name, short, icon, keys = "ellipse", "Ellipse", "Ellipse", "roi-ellipse", ("E",)
    planar = True
    shape = Shape.ELLIPSE

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Area and statistics."""
        return region_numbers(
            on,
            points,
            lambda corners: measure.ellipse_outline(*np.abs(corners[1] - corners[0])),
            lambda corners: cls.inside(on.view.shape, corners),
        )

    @classmethod
    def inside(cls, shape: tuple[int, int], points: FloatArray) -> npt.NDArray[np.bool_]:
        """Pixels whose centres lie in it."""
        return measure.ellipse_inside(shape, points[0], points[1])

    @classmethod
    def outline(cls, points: FloatArray) -> FloatArray:
        """The ends of its axis along the row, then of the other."""
        (top, left), (bottom, right) = points
        row, column = points.mean(axis=0)
        return np.array([[row, left], [row, right], [top, column], [bottom, column]])

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """The curve."""
        if len(points) < 2:
            return ()
        turn = np.linspace(0, 2 * np.pi, ROUND + 1)
        round_ = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        return (points.mean(axis=0) + round_ * (points[1] - points[0]) / 2,)

    @classmethod
    def anchor(cls, points: Points) -> Points:
        """The middle of its right side."""
        return beside(points)

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """Mean, range and area."""
        return region_words(drawing)
