"""Length: a line and its millimetres."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points, cross
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.measure import Numbers, number, with_note
from viewer.room.tools.timed import along_time
from viewer.room.views.picture import PictureSlice


class LengthTool(DragTool):
    """Drag from end to end."""

    id, name, short, icon, keys = "length", "Length", "Length", "length", ("D", "L")

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Its length; in a region of an ultrasound picture whose columns are moments a time, or a depth."""
        timed = along_time(on, points)
        if timed is not None:
            return Numbers((number("Length", timed, codes.LENGTH if timed.unit == "mm" else codes.DURATION),))
        value = measure.length(points[0], points[1], on.source.native, on.source.verdict)
        return with_note(on, number("Length", value, codes.LENGTH))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """The line, and a cross at each end."""
        return (points, *(stroke for end in points for stroke in cross(end, 4)))
