"""How lesions changed from study to study: the reader's pairs with their numbers, and what could be paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.pairing import Change, day_of, length_of, pair
from viewer.core.study import Study
from viewer.room.context import Context
from viewer.room.priors import Priors


@dataclass(frozen=True, slots=True)
class Changed:
    """A pair with the lengths it compares and how they differ."""

    earlier: ReaderMeasurement
    later: ReaderMeasurement
    before: Measurement
    after: Measurement
    change: Change
    since: str


class Changes:
    """Pairs measurements of one person's studies."""

    def __init__(self, context: Context) -> None:
        self._context, self._priors = context, Priors(context)

    def of(self, study: Study) -> tuple[Changed, ...]:
        """The pairs of a study, each measured anew from what is there."""
        session = self._context.session
        made = (self._changed(one.earlier, one.later) for one in session.pairs.of(study.uid))
        return tuple(one for one in made if one is not None)

    def _changed(self, earlier: str, later: str) -> Changed | None:
        get, study_of = self._context.session.measurements.get, self._context.session.library.study_of
        first, second = get(earlier), get(later)
        if first is None or second is None:
            return None
        then, now = study_of(first.stack_key), study_of(second.stack_key)
        if then is None or now is None:
            return None
        try:
            change = pair(first, second, day_of(then.date), day_of(now.date))
            return Changed(first, second, length_of(first), length_of(second), change, then.date)
        except UsageError:
            return None  # one was changed into something that has no length in mm

    def candidates(self, study: Study) -> tuple[tuple[ReaderMeasurement, ...], tuple[ReaderMeasurement, ...]]:
        """Lengths in a study and in earlier ones of the person that stand in no pair yet."""
        session = self._context.session
        taken = {number for one in session.pairs.of(study.uid) for number in (one.earlier, one.later)}
        earlier = [one for prior in self._priors.before(study) for one in session.measurements.of(prior.study.uid)]
        here = session.measurements.of(study.uid)
        return _lengths(here, taken), _lengths(earlier, taken)

    def put(self, first: str, second: str) -> None:
        """Pair two measurements of one person, the one of the earlier study first; words where they cannot be.

        Raises:
            UsageError: they are of two persons or one study, or measure no lengths of one kind.
        """
        session = self._context.session
        one, other = session.measurements.get(first), session.measurements.get(second)
        if one is None or other is None:
            raise UsageError("A measurement that was named is not there.", "Measure in both studies first.")
        studies = [session.library.study_of(m.stack_key) for m in (one, other)]
        if studies[0] is None or studies[1] is None or studies[0].uid == studies[1].uid:
            raise UsageError("A lesion is paired between two studies.", "Name a measurement of each.")
        if session.people.of(studies[0].uid) != session.people.of(studies[1].uid):
            raise UsageError("These measurements are of two patients.", "Pair measurements of one person.")
        pair(one, other, day_of(studies[0].date), day_of(studies[1].date))
        if (studies[0].date, studies[0].time) > (studies[1].date, studies[1].time):
            first, second = second, first
        session.pairs.put(first, second)

    def pair_up(self, first: str, second: str) -> None:
        """Pair two measurements, or say why not."""
        try:
            self.put(first, second)
        except UsageError as error:
            self._context.complain(error)

    def part(self, later: str) -> None:
        """Part the pair of a measurement, or say why not."""
        try:
            self._context.session.pairs.remove(later)
        except UsageError as error:
            self._context.complain(error)


def _lengths(found: Sequence[ReaderMeasurement], taken: set[str]) -> tuple[ReaderMeasurement, ...]:
    return tuple(one for one in found if one.id not in taken and _has_length(one))


def _has_length(one: ReaderMeasurement) -> bool:
    try:
        return length_of(one).value > 0
    except UsageError:
        return False


def note_of(changed: Changed) -> str:
    """A pair as a sentence of the report, in English: it is found again by pattern in other languages."""
    change = changed.change
    sign = "+" if change.change_mm >= 0 else "-"
    percent = f"{sign}{abs(change.change_percent):.0f} %"
    said = f"change from {_iso(changed.since)}: {sign}{abs(change.change_mm):.1f} mm ({percent})"
    if change.days is not None:
        said += f" in {change.days} days"
    if change.doubling_days is not None:
        said += f", volume doubling time {change.doubling_days:.0f} days"
    return said + (", within measurement error" if change.within_error else "")


def _iso(dicom_date: str) -> str:
    day = day_of(dicom_date)
    return dicom_date if day is None else day.isoformat()
