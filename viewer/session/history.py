"""One stack of undo over everything a reader does; it is rebuilt from what the journal holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viewer.core.errors import UsageError
from viewer.session.events import Bus, Event


class Thing(StrEnum):
    """What a step changes; the word the journal keeps."""

    FINDING = "finding"
    MEASUREMENT = "measurement"
    TEXT = "text"
    KEY_IMAGES = "key_images"
    LAYOUT = "layout"
    SEGMENT = "segment"
    PERSON = "person"
    BOX = "box"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Step:
    """One undoable step.

    Attributes:
        id: rises from step to step, over every run of the program.
        what: in English words ("Length on image 12").
        before, after: the thing as it was and as it became; None where there was none. They are
            nouns of the thing's kind and never changed.
    """

    id: int
    thing: Thing
    study_uid: str
    what: str
    before: Any
    after: Any


class Way(StrEnum):
    """What was done with a step."""

    DO = "do"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Move:
    """A step was done, taken back or done again; `at` orders moves over every run."""

    at: int
    way: Way
    step: Step

    @property
    def state(self) -> Any:
        """The thing as this leaves it."""
        return self.step.before if self.way is Way.UNDO else self.step.after


@dataclass(frozen=True, slots=True)
class Stepped(Event):
    """A step was made; it is told before anything else of it, so that the journal holds it first."""

    move: Move


@dataclass(frozen=True, slots=True)
class HistoryChanged(Event):
    """Other steps can be taken back or done again."""


class History:
    """What was done, in order.

    A store says once how it checks and takes over its things (`keep`), then makes every
    change through `do`.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._keepers: dict[Thing, tuple[Callable[[Step], None], Callable[[Move], None]]] = {}
        self._moves: list[Move] = []
        self._last = 0
        self._locked_by = ""

    def keep(self, thing: Thing, check: Callable[[Step], None], put: Callable[[Move], None]) -> None:
        """Things of this kind belong to a store: `check` raises where one may not change, `put` takes a state over."""
        self._keepers[thing] = (check, put)

    def lock(self, who: str) -> None:
        """Take no change any more but of what is on screen: another program writes in this place.

        Args:
            who: the other one, in words.
        """
        self._locked_by = who

    def check_open(self) -> None:
        """Refuse a change where another program writes.

        Raises:
            UsageError: one does, it is named.
        """
        if self._locked_by:
            raise UsageError(
                f"This place is worked in by {self._locked_by}; here everything can only be looked at.",
                "Close the other one, then open this window again.",
                "locked",
            )

    def do(self, thing: Thing, study_uid: str, what: str, *, before: Any, after: Any) -> None:
        """Change something, so that it can be taken back.

        Raises:
            UsageError: it may not be changed.
        """
        self._make(Way.DO, Step(self._next(), thing, study_uid, what, before, after))

    @property
    def undoable(self) -> Step | None:
        """The step that `undo` would take back."""
        done, _ = self.folded()
        return done[-1] if done else None

    @property
    def redoable(self) -> Step | None:
        """The step that `redo` would do again."""
        _, undone = self.folded()
        return undone[-1] if undone else None

    def undo(self) -> Step | None:
        """Take back the last step; None where there is none.

        Raises:
            UsageError: what it changed is locked by now.
        """
        step = self.undoable
        return None if step is None else self._make(Way.UNDO, step)

    def redo(self) -> Step | None:
        """Do again what `undo` took back; None where nothing was.

        Raises:
            UsageError: what it changes is locked by now.
        """
        step = self.redoable
        return None if step is None else self._make(Way.REDO, step)

    def restore(self, moves: Iterable[Move]) -> None:
        """Take over moves of earlier runs, without making them again."""
        self._bus.check_thread()
        known = {move.at for move in self._moves}
        fresh = [move for move in moves if move.at not in known]
        self._moves = sorted((*self._moves, *fresh), key=lambda move: move.at)
        self._last = max([self._last, *(move.at for move in fresh)])
        self._bus.tell(HistoryChanged())

    def close(self, study_uid: str) -> None:
        """Forget the steps of a study; `Session.close_study` is the one to call."""
        self._moves = [move for move in self._moves if move.step.study_uid != study_uid]

    def _make(self, way: Way, step: Step) -> Step:
        self._bus.check_thread()
        if step.thing is not Thing.LAYOUT:
            self.check_open()
        check, put = self._keepers[step.thing]
        check(step)
        move = Move(step.id if way is Way.DO else self._next(), way, step)
        self._moves.append(move)
        self._bus.tell(Stepped(move))
        put(move)
        self._bus.tell(HistoryChanged())
        return step

    def _next(self) -> int:
        self._last = max(self._last + 1, time.time_ns())
        return self._last

    def folded(self) -> tuple[list[Step], list[Step]]:
        """What can be taken back and what can be done again, the next one last."""
        done: dict[int, Step] = {}
        undone: dict[int, Step] = {}
        for move in self._moves:
            step = move.step
            if move.way is Way.UNDO:
                done.pop(step.id, None)
                undone[step.id] = step
            else:
                undone.pop(step.id, None)
                done[step.id] = step
            if move.way is Way.DO:
                undone.clear()
        return list(done.values()), list(undone.values())
