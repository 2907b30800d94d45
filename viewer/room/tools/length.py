"""Length: a line and its millimetres."""

from __future__ import annotations

from viewer.core import measure
from viewer.core.annotation import PointLps
from viewer.display.scene import Points, cross
from viewer.room.tools import codes
from viewer.room.tools.gather import DragTool
from viewer.room.tools.ground import along_axis, ground_of
from viewer.room.tools.measure import Numbers, number, with_note
from viewer.room.views.picture import PictureSlice


class LengthTool(DragTool):
    """Drag from end to end."""

    id, name, short, icon, keys = "length", "Length", "Length", "length", ("D", "L")

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Its length; in a region of moments (M-mode, Doppler) the time, depth or velocity along an axis."""
        along = along_axis(on, points)
        if along is not None:
            return Numbers((along,))
        ground = ground_of(on, points, "Length")
        value = measure.length(ground.points[0], ground.points[1], ground.geometry, ground.verdict)
        return with_note(ground.geometry, number("Length", value, codes.LENGTH))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """The line, and a cross at each end."""
        return (points, *(stroke for end in points for stroke in cross(end, 4)))
