"""Notes in the journal where the window is, so that the next run can come back there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from viewer.room.room import Room
from viewer.ui.kit.refresh import later

#: A place is stored this long after the last move (ms).
_REST_MS = 700


class PlaceKeeper(QObject):
    """Stores the place a moment after it moved.

    Args:
        place: layout, views and slices; empty while nothing is open.
        writes: whether the report is being written.
    """

    def __init__(
        self, room: Room, place: Callable[[], dict[str, Any]], writes: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._room, self._place, self._writes = room, place, writes
        self._rest = later(self, _REST_MS, self.keep)

    def moved(self) -> None:
        """Store the place soon."""
        self._rest.start()

    def keep(self) -> None:
        """Store the place now."""
        self._rest.stop()
        place = self._place()
        if place:
            selected = self._room.context.session.review.selected
            self._room.context.recorder.place({**place, "selected": selected, "report": self._writes()})
