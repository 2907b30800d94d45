"""Angle: between two legs that meet."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.core.measurement import Shape
from viewer.room.tools import codes
from viewer.room.tools.gather import DragThenClickTool
from viewer.room.tools.ground import ground_of
from viewer.room.tools.measure import Numbers, number
from viewer.room.views.picture import PictureSlice


class AngleTool(DragThenClickTool):
    """Drag the first leg to the corner, click the end of the second: points are end, corner, end."""

    id, name, short, icon, keys = "angle", "Angle", "Angle", "angle", ("A",)
    shape = Shape.PATH

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Degrees at the corner."""
        ground = ground_of(on, points, "Angle")
        first, corner, second = ground.points
        value = measure.angle(first, corner, second, ground.geometry, ground.verdict)
        return Numbers((number("Angle", value, codes.ANGLE),))
