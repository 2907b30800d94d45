"""What the Change section shows: lesions paired between two studies, and what can still be paired."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.measurement import ReaderMeasurement
from viewer.room.changes import Changed
from viewer.room.events import ScanEnded, SettingsChanged
from viewer.room.room import Room
from viewer.session import Activated, MeasurementsChanged, Session, StudiesChanged, StudyClosed
from viewer.words.i18n import date_words, tr


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One pair: id of its later measurement, name, both lengths, what changed in words; whether that is measurable."""

    later: str
    earlier: str
    name: str
    lengths: str
    change: str
    since: str
    within_error: bool


@dataclass(frozen=True, slots=True)
class ChangesView:
    """The pairs, and measurements (id, words) of this study and of earlier ones that could be paired."""

    rows: tuple[ChangeRow, ...] = ()
    here: tuple[tuple[str, str], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()


#: After these events it is to be built anew.
HEARS = (Activated, StudiesChanged, StudyClosed, ScanEnded, SettingsChanged, MeasurementsChanged)


def state(session: Session, room: Room) -> ChangesView:
    """Of the active study; nothing where no earlier study of the person is open."""
    study = session.library.active_study
    if study is None:
        return ChangesView()
    here, earlier = room.changes.candidates(study)
    rows = tuple(_row(one) for one in room.changes.of(study))
    if not earlier and not rows:
        return ChangesView()
    return ChangesView(rows, _named(session, here), _named(session, earlier))


def _named(session: Session, found: tuple[ReaderMeasurement, ...]) -> tuple[tuple[str, str], ...]:
    made = []
    for one in found:
        study = session.library.study_of(one.stack_key)
        size = next(value for value in one.values if value.unit == "mm")
        when = date_words(study.date) if study is not None else ""
        made.append((one.id, f"{tr(one.name)} {size.value:.1f} mm · {when}"))
    return tuple(made)


def _row(one: Changed) -> ChangeRow:
    change = one.change
    words = f"{change.change_mm:+.1f} mm · {change.change_percent:+.0f} %".replace("-", "\u2212")
    times = [tr("{n} days", n=change.days)] if change.days is not None else []
    if change.doubling_days is not None:
        times.append(tr("volume doubles in {n} days", n=round(change.doubling_days)))
    lengths = f"{one.before.value:.1f} → {one.after.value:.1f} mm"
    since = " · ".join((tr("since {day}", day=date_words(one.since)), *times))
    return ChangeRow(one.later.id, one.earlier.id, tr(one.later.name), lengths, words, since, change.within_error)
