"""What an observer of the session is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding
from viewer.core.registration import SeriesRegistration
from viewer.core.report import Signature


@dataclass(frozen=True, slots=True, eq=False)
class ResultEntry:
    """One finished analysis and what it was made on.

    Attributes:
        folder: where its arrays and files lie, None while they are not written.
        note: words about what is missing ("the masks could not be read"), else "".
    """

    id: str
    stack_key: str
    study_uid: str
    result: AnalysisResult
    folder: Path | None = None
    note: str = ""

    def lies_on(self, key: str) -> bool:
        """True for the stack of the result and for the other phases of a beat it measured."""
        return key == self.stack_key or any(mask.stack_key == key for mask in self.result.phase_masks)


class Event:
    """Something an observer is told of; every event is a frozen dataclass, named by the field."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StudiesChanged(Event):
    """Studies or refused files came or went."""


@dataclass(frozen=True, slots=True)
class PathsOpened(Event):
    """The reader opened these paths."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyClosed(Event):
    """A study was closed; late results for it are dropped."""

    study_uid: str


@dataclass(frozen=True, slots=True)
class Activated(Event):
    """Another stack is the one that panels speak of ("" = none)."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class VolumeChanged(Event):
    """Pictures of a stack were loaded or let go."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class GateChanged(Event):
    """The gate judged packs for a stack."""

    stack_key: str


@dataclass(frozen=True, slots=True, eq=False)
class ResultAdded(Event):
    """An analysis finished; `restored` when it came from the journal."""

    entry: ResultEntry
    restored: bool = False


@dataclass(frozen=True, slots=True)
class FindingChanged(Event):
    """One finding changed."""

    finding: Finding
    study_uid: str


@dataclass(frozen=True, slots=True)
class ReportChanged(Event):
    """The reader's text of a report, or its signature, changed."""

    study_uid: str


@dataclass(frozen=True, slots=True)
class Signed(Event):
    """The reader signed the report of a study."""

    study_uid: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class SelectionChanged(Event):
    """Another finding is selected ("" = none)."""

    finding_id: str


@dataclass(frozen=True, slots=True)
class BoxesChanged(Event):
    """The reader placed a box for a pack on a stack, or took one away."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class OverlaysChanged(Event):
    """The reader chose what lies over the pictures."""


@dataclass(frozen=True, slots=True)
class MeasurementsChanged(Event):
    """The reader measured or drew on a stack, or changed or took away what was there."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class SegmentsChanged(Event):
    """The reader drew a segment on a stack, changed it or took it away."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class Registered(Event):
    """The reader accepted how one series lies on another."""

    study_uid: str
    registration: SeriesRegistration


@dataclass(frozen=True, slots=True)
class ViewsChanged(Event):
    """Other stacks are on screen, or they are arranged in another way."""


@dataclass(frozen=True, slots=True)
class LayoutWanted(Event):
    """Views shall take over `Session.views.layout`: a change of it was taken back or done again."""


@dataclass(frozen=True, slots=True)
class ViewsMoved(Event):
    """A view shows another slice, or through another window."""


@dataclass(frozen=True, slots=True)
class KeyMarksChanged(Event):
    """The reader marked a picture for the report, or took a mark away."""

    study_uid: str


Observer = Callable[[Event], None]
_Kind = TypeVar("_Kind", bound=Event)


class Bus:
    """Tells plain observers of changes, all on the thread that made it.

    Observers hear in the order they subscribed in. What an observer tells while it hears of
    something is delivered after that: every event reaches all before the next one.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._observers: list[Observer] = []
        self._waiting: deque[Event] = deque()
        self._telling = False

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(event)` after every change; returns a function that stops it."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    def on(self, kind: type[_Kind], observer: Callable[[_Kind], object]) -> Callable[[], None]:
        """Call `observer(event)` after events of one kind; returns a function that stops it."""

        def hear(event: Event) -> None:
            if isinstance(event, kind):
                observer(event)

        return self.subscribe(hear)

    def tell(self, event: Event) -> None:
        """Hand `event` to every observer; an error of one is raised once all have heard."""
        self.check_thread()
        self._waiting.append(event)
        if self._telling:
            return
        self._telling = True
        failure: Exception | None = None
        try:
            while self._waiting:
                failure = self._deliver(self._waiting.popleft()) or failure
        finally:
            self._telling = False
        if failure is not None:
            raise failure

    def _deliver(self, event: Event) -> Exception | None:
        failure: Exception | None = None
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - raised again once everybody heard
                failure = failure or error
        return failure

    def check_thread(self) -> None:
        """Raise RuntimeError off the session's own thread."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("the session was changed off its own thread")
