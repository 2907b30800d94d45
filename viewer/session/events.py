"""What an observer of the session is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding


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


@dataclass(frozen=True, slots=True)
class StudiesChanged:
    """Studies or refused files came or went."""


@dataclass(frozen=True, slots=True)
class PathsOpened:
    """The reader opened these paths."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyClosed:
    """A study was closed; late results for it are dropped."""

    study_uid: str


@dataclass(frozen=True, slots=True)
class Activated:
    """Another stack is the one that panels speak of ("" = none)."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class VolumeChanged:
    """Pictures of a stack were loaded or let go."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class GateChanged:
    """The gate judged packs for a stack."""

    stack_key: str


@dataclass(frozen=True, slots=True, eq=False)
class ResultAdded:
    """An analysis finished; `restored` when it came from the journal."""

    entry: ResultEntry
    restored: bool = False


@dataclass(frozen=True, slots=True)
class FindingChanged:
    """One finding changed; `action` is the word the journal keeps."""

    finding: Finding
    study_uid: str
    action: str
    restored: bool = False


@dataclass(frozen=True, slots=True)
class ReportChanged:
    """The reader's text of a report, or its signature, changed."""

    study_uid: str
    restored: bool = False


@dataclass(frozen=True, slots=True)
class KeyMarksChanged:
    """The reader marked a picture for the report, or took a mark away."""

    study_uid: str
    restored: bool = False


Event = (
    StudiesChanged
    | PathsOpened
    | StudyClosed
    | Activated
    | VolumeChanged
    | GateChanged
    | ResultAdded
    | FindingChanged
    | ReportChanged
    | KeyMarksChanged
)
Observer = Callable[[Event], None]


class Bus:
    """Tells plain observers of changes, all on the thread that made it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._observers: list[Observer] = []

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(event)` after every change; returns a function that stops it."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    def tell(self, event: Event) -> None:
        """Hand `event` to every observer."""
        for observer in tuple(self._observers):
            observer(event)

    def check_thread(self) -> None:
        """Raise RuntimeError off the session's own thread."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("the session was changed off its own thread")
