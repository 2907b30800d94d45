"""What is open: the only mutable store of the program.

It is changed on one thread (the GUI's) and tells plain observers what changed; widgets and
the journal are such observers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from viewer.session.boxes import Boxes
from viewer.session.events import (
    Activated,
    BoxesChanged,
    Bus,
    Event,
    FindingChanged,
    GateChanged,
    KeyMarksChanged,
    LayoutWanted,
    MeasurementsChanged,
    Observer,
    OverlaysChanged,
    PathsOpened,
    Registered,
    ReportChanged,
    ResultAdded,
    ResultEntry,
    SegmentsChanged,
    SelectionChanged,
    Signed,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
    ViewsMoved,
    VolumeChanged,
)
from viewer.session.history import History, HistoryChanged, Step, Stepped, Thing
from viewer.session.library import Library
from viewer.session.measurements import Measurements
from viewer.session.overlays import OverlayChoice, OverlayChoices
from viewer.session.pairs import LesionPair, Pairs
from viewer.session.people import Namesake, People, Person
from viewer.session.registrations import Registrations
from viewer.session.review import Review
from viewer.session.segments import Segments
from viewer.session.views import ShownLayout, ShownView, Views

__all__ = [
    "Activated",
    "Boxes",
    "BoxesChanged",
    "Event",
    "FindingChanged",
    "GateChanged",
    "History",
    "HistoryChanged",
    "KeyMarksChanged",
    "LesionPair",
    "LayoutWanted",
    "Library",
    "Measurements",
    "MeasurementsChanged",
    "Observer",
    "OverlayChoice",
    "OverlayChoices",
    "OverlaysChanged",
    "Namesake",
    "PathsOpened",
    "People",
    "Person",
    "Registered",
    "Registrations",
    "ReportChanged",
    "ResultAdded",
    "ResultEntry",
    "Review",
    "Segments",
    "SegmentsChanged",
    "SelectionChanged",
    "Session",
    "ShownLayout",
    "ShownView",
    "Signed",
    "Step",
    "Stepped",
    "StudiesChanged",
    "StudyClosed",
    "Thing",
    "Views",
    "ViewsChanged",
    "ViewsMoved",
    "VolumeChanged",
]


_Kind = TypeVar("_Kind", bound=Event)


class Session:
    """What one program holds.

    Attributes:
        library: what was opened; people: whose it is; review: what was made of it; measurements: what was
            measured on it.
        segments: what was drawn on it voxel by voxel; registrations: how its series lie on each other.
        boxes: what packs shall look at; views: what is on screen; overlays: what lies over it.
        pairs: measurements of one lesion at two times.
        history: what was done, and can be taken back.
    """

    def __init__(self) -> None:
        self._bus = Bus()
        self.library = Library(self._bus)
        self.history = History(self._bus)
        self.people = People(self._bus, self.library, self.history)
        self.review = Review(self._bus, self.library, self.history)
        self.measurements = Measurements(self._bus, self.library, self.history, self.review.signature)
        self.pairs = Pairs(self._bus, self.library, self.history, self.measurements)
        self.segments = Segments(self._bus, self.library, self.history)
        self.registrations = Registrations(self._bus)
        self.boxes = Boxes(self._bus, self.library, self.history)
        self.views = Views(self._bus, self.library, self.history)
        self.overlays = OverlayChoices(self._bus)

    @property
    def people_shown(self) -> tuple[Person, ...]:
        """Whose pictures are on screen, once each."""
        shown = (self.people.of_stack(key) for key in self.views.shown)
        return tuple(dict.fromkeys(person for person in shown if person is not None))

    @property
    def two_patients(self) -> bool:
        """True while pictures of more than one patient are on screen."""
        return len(self.people_shown) > 1

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
        self.people.close(uid)
        self.boxes.close(uid)
        self.pairs.close(uid)
        self.measurements.close(uid)
        self.segments.close(uid)
        self.review.close(uid)
        self.history.close(uid)
        self.library.close(uid)
        self._bus.tell(StudyClosed(uid))
        self._bus.tell(StudiesChanged())
