"""Lesion pairs: two measurements of one thing at two times, as the reader paired them."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.session.events import Bus, MeasurementsChanged
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library
from viewer.session.measurements import Measurements


@dataclass(frozen=True, slots=True)
class LesionPair:
    """Ids of the earlier and of the later measurement."""

    earlier: str
    later: str


class Pairs:
    """The pairs of each study, kept with the study of the later measurement; every change is one step of undo."""

    def __init__(self, bus: Bus, library: Library, history: History, measurements: Measurements) -> None:
        self._bus, self._library, self._history, self._measurements = bus, library, history, measurements
        self._of: dict[str, tuple[LesionPair, ...]] = {}
        history.keep(Thing.PAIRS, self._check, self._take)

    def of(self, study_uid: str) -> tuple[LesionPair, ...]:
        """Pairs whose later measurement lies in a study, both measurements still there."""
        get = self._measurements.get
        return tuple(pair for pair in self._of.get(study_uid, ()) if get(pair.earlier) and get(pair.later))

    def put(self, earlier: str, later: str) -> LesionPair:
        """Pair two measurements; each is of one pair at most.

        Raises:
            UsageError: one is not there, or its study is not open.
        """
        made, study = LesionPair(earlier, later), self._study_of(later)
        self._study_of(earlier)
        before = self._of.get(study, ())
        ids = {earlier, later}
        kept = tuple(pair for pair in before if not ids & {pair.earlier, pair.later})
        self._history.do(Thing.PAIRS, study, "Lesion pair", before=before, after=(*kept, made))
        return made

    def remove(self, later: str) -> None:
        """Part the pair of a measurement."""
        study = self._study_of(later)
        before = self._of.get(study, ())
        after = tuple(pair for pair in before if pair.later != later)
        if after != before:
            self._history.do(Thing.PAIRS, study, "Lesion pair", before=before, after=after)

    def restore(self, study_uid: str, pairs: tuple[LesionPair, ...]) -> None:
        """Take over what the journal holds, without a step to undo."""
        if pairs:
            self._of.setdefault(study_uid, pairs)

    def close(self, study_uid: str) -> None:
        """Forget a study; `Session.close_study` is the one to call."""
        self._of.pop(study_uid, None)

    def _study_of(self, measurement_id: str) -> str:
        found = self._measurements.get(measurement_id)
        study = None if found is None else self._library.study_of(found.stack_key)
        if study is None:
            raise UsageError("A measurement that was named is not there.", "Measure in both studies first.")
        return study.uid

    def _check(self, _step: Step) -> None:
        """Pairs may always be said: they change no number."""

    def _take(self, move: Move) -> None:
        self._of[move.step.study_uid] = tuple(move.state)
        self._bus.tell(MeasurementsChanged(""))
