"""Text: what the reader typed, on the picture."""

from __future__ import annotations

import numpy as np

from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.room.tools.base import Cursor, Host, Pointer, point_at
from viewer.room.tools.gather import ClickTool
from viewer.room.tools.measure import HANDLE_PX, Grip, commit, drawn


class TextTool(ClickTool):
    """A click lets the reader type."""

    id, name, short, icon, keys = "text", "Text", "Text", "text", ("B",)
    shape = Shape.POINTS
    cursor = Cursor.TEXT
    leader = False

    def release(self, host: Host, at: Pointer) -> None:
        """Open the line to type in."""
        if self._on_picture(host, at):
            host.ask_text(at)

    @classmethod
    def keep(cls, host: Host, at: Pointer, text: str) -> None:
        """What was typed."""
        if host.picture is not None and text:
            point = point_at(host.picture, at)
            commit(host, host.picture, cls, drawn(cls, host.picture.slice, (point,), text))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """A text is its words alone."""
        return ()

    @classmethod
    def hit(cls, points: Points, at: Points) -> Grip | None:
        """Its place, as a whole."""
        return Grip(None) if np.linalg.norm(points[0] - at) <= HANDLE_PX else None

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """As it was typed."""
        return (drawing.text,) if drawing.text else ()

    @classmethod
    def title(cls, drawing: ReaderMeasurement, number: int) -> str:
        """The text itself."""
        return drawing.text
