"""Bidirectional: the long and the short axis of a lesion."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points, cross
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.ground import ground_of
from viewer.room.tools.measure import Numbers, number, with_note
from viewer.room.views.picture import PictureSlice


class BidirectionalTool(DragTool):
    """Drag one axis, then the other, in any order."""

    id, name, icon, keys = "bidirectional", "Bidirectional", "bidirectional", ("Shift+D",)
    least = most = 4

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """The longer line is the long axis."""
        ground = ground_of(on, points, "Length")
        ends = ground.points.reshape(2, 2, 3)
        lines = (measure.length(start, end, ground.geometry, ground.verdict) for start, end in ends)
        short, long = sorted(lines, key=lambda line: line.value)
        axes = number("Long axis", long, codes.LONG_AXIS), number("Short axis", short, codes.SHORT_AXIS)
        return with_note(ground.geometry, *axes)

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Both lines, and a cross at each end."""
        return (points[:2], points[2:], *(stroke for end in points for stroke in cross(end, 4)))
