"""What is open: the only mutable store of the program.

It is changed on one thread (the GUI's) and tells plain observers what changed; widgets and
the journal are such observers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from viewer.core.study import Patient
from viewer.session.boxes import Boxes
from viewer.session.events import (
    Activated,
    BoxesChanged,
    Bus,
    Event,
    FindingChanged,
    GateChanged,
    KeyMarksChanged,
    MeasurementsChanged,
    Observer,
    OverlaysChanged,
    PathsOpened,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    SelectionChanged,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
    VolumeChanged,
)
from viewer.session.library import Library
from viewer.session.review import Review
from viewer.session.views import Views

__all__ = [
    "Activated",
    "Boxes",
    "BoxesChanged",
    "Event",
    "FindingChanged",
    "GateChanged",
    "KeyMarksChanged",
    "Library",
    "MeasurementsChanged",
    "Observer",
    "OverlaysChanged",
    "PathsOpened",
    "ReportChanged",
    "ResultAdded",
    "ResultEntry",
    "Review",
    "SelectionChanged",
    "Session",
    "StudiesChanged",
    "StudyClosed",
    "Views",
    "ViewsChanged",
    "VolumeChanged",
]


_Kind = TypeVar("_Kind", bound=Event)


class Session:
    """What one program holds.

    Attributes:
        library: what was opened; review: what was made of it; boxes: what packs shall look at; views: what is shown.
    """

    def __init__(self) -> None:
        self._bus = Bus()
        self.library = Library(self._bus)
        self.review = Review(self._bus, self.library)
        self.boxes = Boxes(self._bus)
        self.views = Views(self._bus)

    @property
    def patients_shown(self) -> tuple[Patient, ...]:
        """Whose pictures are on screen, once each."""
        studies = (self.library.study_of(key) for key in self.views.shown)
        return tuple(dict.fromkeys(study.patient for study in studies if study is not None))

    @property
    def two_patients(self) -> bool:
        """True while pictures of more than one patient are on screen."""
        return len(self.patients_shown) > 1

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(event)` after every change; returns a function that stops it."""
        return self._bus.subscribe(observer)

    def on(self, kind: type[_Kind], observer: Callable[[_Kind], object]) -> Callable[[], None]:
        """Call `observer(event)` after events of one kind; returns a function that stops it."""
        return self._bus.on(kind, observer)

    def tell(self, event: Event) -> None:
        """Tell every observer of something that is not kept here (a scan goes on, words of trouble)."""
        self._bus.tell(event)

    def close_study(self, uid: str) -> None:
        """Close a study: its pictures, results and findings leave the store (not the journal)."""
        self._bus.check_thread()
        if self.library.study(uid) is None:
            return
        self.review.close(uid)
        self.library.close(uid)
        self._bus.tell(StudyClosed(uid))
        self._bus.tell(StudiesChanged())
