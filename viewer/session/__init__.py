"""What is open: the only mutable store of the program.

It is changed on one thread (the GUI's) and tells plain observers what changed; widgets and
the journal are such observers.
"""

from __future__ import annotations

from collections.abc import Callable

from viewer.session.events import (
    Activated,
    Bus,
    Event,
    FindingChanged,
    GateChanged,
    KeyMarksChanged,
    Observer,
    PathsOpened,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    StudiesChanged,
    StudyClosed,
    VolumeChanged,
)
from viewer.session.library import Library
from viewer.session.review import Review

__all__ = [
    "Activated",
    "Event",
    "FindingChanged",
    "GateChanged",
    "KeyMarksChanged",
    "Library",
    "Observer",
    "PathsOpened",
    "ReportChanged",
    "ResultAdded",
    "ResultEntry",
    "Review",
    "Session",
    "StudiesChanged",
    "StudyClosed",
    "VolumeChanged",
]


class Session:
    """`library` holds what was opened, `review` what was made of it."""

    def __init__(self) -> None:
        self._bus = Bus()
        self.library = Library(self._bus)
        self.review = Review(self._bus, self.library)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(event)` after every change; returns a function that stops it."""
        return self._bus.subscribe(observer)

    def close_study(self, uid: str) -> None:
        """Close a study: its pictures, results and findings leave the store (not the journal)."""
        self._bus.check_thread()
        if self.library.study(uid) is None:
            return
        self.review.close(uid)
        self.library.close(uid)
        self._bus.tell(StudyClosed(uid))
        self._bus.tell(StudiesChanged())
