"""Bidirectional: the long and the short axis of a lesion."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points, cross
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.measure import Numbers, number, with_note
from viewer.room.views.picture import PictureSlice


class BidirectionalTool(DragTool):
    """Drag one axis, then the other, in any order."""

    id, name, icon, keys = "bidirectional", "Bidirectional", "bidirectional", ("Shift+D",)
    least = most = 4

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """The longer line is the long axis."""
        native, verdict = on.source.native, on.source.verdict
        lines = [measure.length(points[n], points[n + 1], native, verdict) for n in (0, 2)]
        short, long = sorted(lines, key=lambda line: line.value)
        return with_note(on, number("Long axis", long, codes.LONG_AXIS), number("Short axis", short, codes.SHORT_AXIS))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Both lines, and a cross at each end."""
        return (points[:2], points[2:], *(stroke for end in points for stroke in cross(end, 4)))
