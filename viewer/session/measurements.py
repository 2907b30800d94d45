"""What readers measured and drew."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from viewer.core import judging
from viewer.core.errors import UsageError
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.session.events import Bus, MeasurementsChanged
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


class Measurements:
    """Measurements of open studies by id; every change is one step of undo."""

    def __init__(
        self, bus: Bus, library: Library, history: History, signature_of: Callable[[str], Signature | None]
    ) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._by_id: dict[str, ReaderMeasurement] = {}
        self._studies: dict[str, str] = {}
        self._signature_of = signature_of
        history.keep(Thing.MEASUREMENT, self._check, self._take)

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Every measurement, oldest first."""
        return tuple(self._by_id.values())

    def of(self, study_uid: str) -> tuple[ReaderMeasurement, ...]:
        """Measurements on the pictures of a study, oldest first."""
        return tuple(one for one in self._by_id.values() if self._study_uid(one) == study_uid)

    def get(self, measurement_id: str) -> ReaderMeasurement | None:
        """One measurement."""
        return self._by_id.get(measurement_id)

    def put(self, measurement: ReaderMeasurement) -> None:
        """Add a measurement, or change the one with its id.

        Raises:
            UsageError: its study is not open, or its report is signed and covers it.
        """
        before = self._by_id.get(measurement.id)
        if before == measurement:
            return
        self._step(before or measurement, before, measurement)

    def remove(self, measurement_id: str) -> ReaderMeasurement | None:
        """Take one away; returns it, None where there was none.

        Raises:
            UsageError: its report is signed and covers it.
        """
        before = self._by_id.get(measurement_id)
        if before is not None:
            self._step(before, before, None)
        return before

    def restore(self, study_uid: str, measurements: Iterable[ReaderMeasurement]) -> None:
        """Take over what the journal holds of a study, without a step to undo."""
        self._bus.check_thread()
        found = {one.id: one for one in measurements}
        self._studies |= dict.fromkeys(found, study_uid)
        self._by_id = found | self._by_id
        for key in dict.fromkeys(one.stack_key for one in found.values()):
            self._bus.tell(MeasurementsChanged(key))

    def close(self, study_uid: str) -> None:
        """Forget the measurements of a study; `Session.close_study` is the one to call."""
        self._by_id = {one.id: one for one in self._by_id.values() if self._study_uid(one) != study_uid}
        self._studies = {name: uid for name, uid in self._studies.items() if uid != study_uid}

    def _step(
        self, named: ReaderMeasurement, before: ReaderMeasurement | None, after: ReaderMeasurement | None
    ) -> None:
        study_uid = self._study_uid(named)
        if not study_uid:
            raise UsageError("The study of this measurement is not open.", "Open it, then measure.")
        what = f"{named.name} on image {named.slice_index + 1}"
        self._history.do(Thing.MEASUREMENT, study_uid, what, before=before, after=after)

    def _study_uid(self, one: ReaderMeasurement) -> str:
        """Its study, also where this copy of it lacks the stack."""
        if one.id in self._studies:
            return self._studies[one.id]
        study = self._library.study_of(one.stack_key)
        return "" if study is None else study.uid

    def _check(self, step: Step) -> None:
        """Drawing on a picture is always allowed; what a signature covers keeps its numbers.

        Raises:
            UsageError: a signed measurement would change.
        """
        self._check_unsigned(step.study_uid, step.before, step.after)

    def _check_unsigned(self, study_uid: str, *states: ReaderMeasurement | None) -> None:
        signature = self._signature_of(study_uid)
        if any(judging.is_signed_with(state, signature) for state in states if state is not None):
            judging.check_unsigned(signature)

    def _take(self, move: Move) -> None:
        named: ReaderMeasurement = move.step.before or move.step.after
        if move.state is None:
            self._by_id.pop(named.id, None)
        else:
            self._by_id[named.id] = move.state
            self._studies[named.id] = move.step.study_uid
        self._bus.tell(MeasurementsChanged(named.stack_key))
