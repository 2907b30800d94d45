"""Cardiothoracic ratio: the widest heart over the widest thorax."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points, cross
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.ground import ground_of
from viewer.room.tools.measure import Numbers, number
from viewer.room.views.picture import PictureSlice


class CtrTool(DragTool):
    """Drag across the heart, then across the thorax."""

    id, name, icon, keys = "ctr", "Cardiothoracic ratio", "ctr", ("Shift+C",)
    least = most = 4

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Heart over thorax."""
        ground = ground_of(on, points, "Ratio")
        value = measure.ratio(ground.points, ground.geometry, ground.verdict)
        return Numbers((number("Ratio", value, codes.RATIO),))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Both lines, and a cross at each end."""
        return (points[:2], points[2:], *(stroke for end in points for stroke in cross(end, 4)))
