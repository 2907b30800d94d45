"""What would be hung for a stack: by the rules that hold, with the priors there are."""

from __future__ import annotations

from typing import Any

from viewer.display.exam import in_study
from viewer.display.hanging import Exam, Hanging, hang, single
from viewer.room.context import Context
from viewer.room.priors import Priors
from viewer.room.protocols import Protocols
from viewer.room.saved_layouts import SavedLayouts
from viewer.room.views import places
from viewer.room.views.filling import Wanted


class Planner:
    """Asks the rules.

    Attributes:
        protocols: the rules; priors: earlier studies of the person who is read; saved: layouts saved by name.
    """

    def __init__(self, context: Context) -> None:
        self._session = context.session
        self.protocols, self.priors = Protocols(context), Priors(context)
        self.saved = SavedLayouts(context)
        self._study_uid = ""

    def exam(self, key: str) -> Exam | None:
        """What a rule chooses from when a stack opens."""
        library = self._session.library
        stack, study = library.stack(key), library.study_of(key)
        if stack is None or study is None:
            return None
        current = tuple(in_study(one, study.description) for one in study.stacks)
        opened = next(one for one in current if one.key == key)
        return Exam(opened, current, tuple(prior.stacks for prior in self.priors.before(study)))

    def plan(self, key: str) -> Hanging | None:
        """How a stack is hung by rule, with what stands beside it; None where it is not open."""
        exam = self.exam(key)
        if exam is None:
            return None
        own = self.saved.last_for(exam.opened)
        return hang(exam, (*((own,) if own is not None else ()), *self.protocols.rules)) or single(exam.opened)

    def is_next_patient(self, key: str) -> bool:
        """True where the stack that comes is of another patient than the one this was asked of before."""
        study, before = self._session.library.study_of(key), self._study_uid
        self._study_uid = study.uid if study is not None else ""
        return self._session.people.of(self._study_uid) != self._session.people.of(before)


class LeftPlace:
    """Where an earlier run left the views, until its stacks are shown."""

    def __init__(self) -> None:
        self._place: dict[str, Any] = {}

    def take(self, place: dict[str, Any]) -> None:
        """Come back there."""
        self._place = place

    def forget(self) -> None:
        """It was come back to."""
        self._place = {}

    def loaded(self, scanning: bool) -> None:
        """A stack is there; until a scan is over it may come again with more slices."""
        if not scanning:
            self.forget()

    def is_by_hand(self, key: str) -> bool:
        """True where the reader had arranged this stack by hand."""
        return bool(self._place.get("by_hand")) and self._place.get("stack") == key

    @property
    def wanted(self) -> list[Wanted]:
        """What the views showed."""
        return places.wanted_in(self._place)

    @property
    def layout(self) -> str:
        """Name of the arrangement."""
        return str(self._place["layout"])

    @property
    def whole(self) -> str:
        """The plane that had all of the place; "" for none."""
        return str(self._place.get("maximised") or "")
