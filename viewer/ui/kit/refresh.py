"""Bringing parts of a window up to date: several events in one turn of the event loop make one update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Slot

from viewer.session import Event


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a window: what brings it up to date, and the events after which that must be done.

    Attributes:
        every_ms: at most so often; 0: in the turn after the event, together with the other parts.
    """

    update: Callable[[], object]
    hears: tuple[type[Event], ...] = ()
    every_ms: int = 0


class Refresher(QObject):
    """Updates parts, in the order of the table, once in the turn after events they hear."""

    def __init__(self, parts: Iterable[Part], parent: QObject) -> None:
        super().__init__(parent)
        self._parts = tuple(parts)
        self._slow = {n: later(self, part.every_ms, part.update) for n, part in enumerate(self._parts) if part.every_ms}
        self._due: set[int] = set()
        self._soon = later(self, 0, self._update)

    def on_event(self, event: Event) -> None:
        """Note what an event concerns."""
        due = {number for number, part in enumerate(self._parts) if isinstance(event, part.hears)}
        for number in due & self._slow.keys():
            if not self._slow[number].isActive():
                self._slow[number].start()
        due -= self._slow.keys()
        if due:
            self._due |= due
            self._soon.start()

    def refresh_all(self) -> None:
        """Update every part soon."""
        self._due.update(range(len(self._parts)))
        self._soon.start()

    def stop(self) -> None:
        """Update nothing any more: what the parts ask may be gone."""
        self._due.clear()
        for timer in (self._soon, *self._slow.values()):
            timer.stop()

    @Slot()
    def _update(self) -> None:
        due, self._due = self._due, set()
        for number, part in enumerate(self._parts):
            if number in due:
                part.update()


def later(parent: QObject, milliseconds: int, call: Callable[[], object]) -> QTimer:
    """A timer that calls once, so long after its last start."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(call)
    return timer
