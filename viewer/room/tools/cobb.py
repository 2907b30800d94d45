"""Cobb angle: between the end plates of two vertebrae."""

from __future__ import annotations

import numpy as np

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.ground import ground_of
from viewer.room.tools.measure import Numbers, number
from viewer.room.views.picture import PictureSlice


class CobbTool(DragTool):
    """Drag along one end plate, then along the other, either way."""

    id, name, icon, keys = "cobb", "Cobb angle", "cobb", ("Shift+A",)
    least = most = 4
    code = codes.COBB_ANGLE

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Degrees between the lines."""
        ground = ground_of(on, points, "Angle")
        value = measure.angle_between(ground.points, ground.geometry, ground.verdict)
        return Numbers((number("Angle", value, codes.ANGLE),))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Both lines, and one from the middle of each to the other."""
        if len(points) < 4:
            return points[:2], points[2:]
        return points[:2], points[2:], np.array([points[:2].mean(axis=0), points[2:].mean(axis=0)])
