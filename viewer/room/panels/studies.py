"""What the studies panel lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from viewer.core.people import Difference
from viewer.core.study import Refusal, Study
from viewer.reading import is_picture
from viewer.room.browsing import Filter
from viewer.room.events import (
    BrowsingChanged,
    ExternalChanged,
    ScanEnded,
    ScanProgressed,
    SealsChanged,
    SettingsChanged,
)
from viewer.room.presentations import Presentations
from viewer.room.room import Room
from viewer.session import (
    Activated,
    FindingChanged,
    KeyMarksChanged,
    MeasurementsChanged,
    OverlaysChanged,
    Person,
    ReportChanged,
    Session,
    Signed,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
)
from viewer.session.progress import Progress, progress_of
from viewer.words.i18n import date_words, said, tr
from viewer.words.people import days_between, patient_line, patient_name, stack_cautions, stack_line, stack_title


@dataclass(frozen=True, slots=True)
class StateRow:
    """A presentation state in the studies list: `on` while it is applied."""

    id: str
    name: str
    line: str
    on: bool


def state_rows(presentations: Presentations, key: str) -> tuple[StateRow, ...]:
    """Presentation states that name pictures of a stack."""
    on = presentations.state(key)
    return tuple(
        StateRow(s.id, s.name or tr("Presentation state"), s.maker, on is not None and on.id == s.id)
        for s in presentations.states(key)
    )


class RowKind(Enum):
    """What a row is."""

    PATIENT = 0
    STUDY = 1
    STACK = 2
    STATE = 3
    PERSON = 4


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One row: a patient, a study of theirs, a stack, a presentation state, or somebody with the same ID.

    `key`: stack key or study UID, of a patient that of one of their studies; a state has the key of its stack,
    and `state`; a person of the same ID has the key of the patient above, and in `state` their own ("" = joined).
    """

    kind: RowKind
    key: str
    title: str
    line: str
    caution: str = ""
    letter: str = ""
    first: bool = False
    shown: bool = False
    state: str = ""


States = Mapping[str, Sequence[StateRow]]


@dataclass(frozen=True, slots=True)
class StudiesView:
    """What the panel shows.

    Attributes:
        shown: keys of the stacks on screen; patients: how many have an open study.
        files: how many were looked at; refused: those that were not opened; scanning: a scan still runs.
        hanging: the rule that hung what is on screen.
        filter: what is looked for; counts: how many studies that words and days find are unread, drafts and signed.
        open: how many studies are open.
    """

    rows: tuple[StudyRow, ...] = ()
    shown: tuple[str, ...] = ()
    patients: int = 0
    files: int = 0
    refused: tuple[Refusal, ...] = ()
    scanning: bool = False
    hanging: str = ""
    filter: Filter = Filter()
    counts: Mapping[Progress, int] = field(default_factory=dict)
    open: int = 0


#: After these events it is to be built anew.
HEARS = (
    Activated,
    StudyClosed,
    SettingsChanged,
    StudiesChanged,
    ScanProgressed,
    ScanEnded,
    ViewsChanged,
    OverlaysChanged,
    ExternalChanged,
    SealsChanged,
    BrowsingChanged,
    ReportChanged,
    FindingChanged,
    KeyMarksChanged,
    Signed,
    MeasurementsChanged,
)


def state(session: Session, room: Room) -> StudiesView:
    """Every open study, and what was not opened."""
    library, views = session.library, session.views
    states = {key: state_rows(room.presentations, key) for key in views.shown}
    rows = rows_of(session, room.context.settings.hide_patient_name, states, room.browsing.shows)
    return StudiesView(
        tuple(_sealed(row, room) for row in rows),
        views.shown,
        len(session.people.all),
        library.files,
        library.refused,
        room.opening.is_busy,
        room.hanging.words,
        room.browsing.filter,
        room.browsing.counts(),
        len(library.studies),
    )


def _sealed(row: StudyRow, room: Room) -> StudyRow:
    """A stack's row with what the seal of its result folder says."""
    stack = room.context.session.library.stack(row.key) if row.kind is RowKind.STACK else None
    seal = room.seals.of(stack) if stack is not None and not is_picture(stack) else None
    if seal is None:
        return row
    if seal.sound:
        return replace(row, line=f"{row.line} · {said(seal.words)}")
    return replace(row, caution=", ".join(part for part in (said(seal.words), row.caution) if part))


def rows_of(
    session: Session, hide_names: bool, states: States, shows: Callable[[Study], bool] = lambda _study: True
) -> list[StudyRow]:
    """Rows of every study, patient by patient, newest study first."""
    made: list[StudyRow] = []
    letters = shown_letters(session)
    for person in session.people.all:
        theirs = sorted(session.people.studies_of(person), key=lambda s: (s.date, s.time), reverse=True)
        newest = [study for study in theirs if shows(study)]
        if not newest:
            continue
        made.append(
            StudyRow(
                RowKind.PATIENT,
                person.key,
                patient_name(person.patient, hide_names),
                patient_line(person.patient, newest[0], hide_names),
                letter=letters.get(person.key, ""),
                first=not made,
            )
        )
        made += _person_rows(session, person, hide_names)
        made += _study_rows(session, theirs, newest, states)
    return made


def shown_letters(session: Session) -> dict[str, str]:
    """A, B, ... for the patients on screen by their key, where there are two or more."""
    on_screen = session.people_shown
    return {person.key: chr(ord("A") + n) for n, person in enumerate(on_screen)} if len(on_screen) > 1 else {}


def _person_rows(session: Session, person: Person, hide_names: bool) -> Iterator[StudyRow]:
    """Others with the same ID, who can be joined; and that studies were joined."""
    if person.joined:
        words = differs_words(person.joined, joined=True)
        yield StudyRow(RowKind.PERSON, person.key, words, tr("Take them apart again"))
    for namesake in person.same_id:
        other = session.people.of(namesake.key)
        if other is not None:
            todo = tr("Join with {name}", name=patient_name(other.patient, hide_names))
            yield StudyRow(RowKind.PERSON, person.key, differs_words(namesake.differs), todo, state=namesake.key)


def differs_words(differs: tuple[Difference, ...], joined: bool = False) -> str:
    """ "Same ID, name and sex differ"."""
    if not differs:
        return tr("Same ID")
    what = tr(" and ").join(tr(one.value) for one in differs)
    if joined:
        return tr("Joined by hand, {what} differs" if len(differs) == 1 else "Joined by hand, {what} differ", what=what)
    return tr("Same ID, {what} differs" if len(differs) == 1 else "Same ID, {what} differ", what=what)


def _study_rows(
    session: Session, theirs: Sequence[Study], found: Sequence[Study], states: States
) -> Iterator[StudyRow]:
    """The studies that are looked for; which of them is a prior is told among all of the person."""
    shown = session.views.shown
    for study in found:
        line, read = _study_line(study, theirs[0], theirs.index(study)), progress_of(session, study.uid)
        said_so = line if read is Progress.UNREAD else f"{line} · {tr(read.value)}"
        yield StudyRow(RowKind.STUDY, study.uid, said_so, study.description)
        for stack in study.stacks:
            here = stack.key in shown
            yield StudyRow(
                RowKind.STACK,
                stack.key,
                stack_title(stack),
                stack_line(stack, here),
                stack_cautions(stack),
                shown=here,
            )
            for one in states.get(stack.key, ()):
                yield StudyRow(RowKind.STATE, stack.key, one.name, one.line, shown=one.on, state=one.id)


def _study_line(study: Study, newest: Study, position: int) -> str:
    day = date_words(study.date) or tr("no date")
    if position == 0:
        return f"{tr('Current')} · {day}"
    days = days_between(study.date, newest.date)
    ago = tr("{n} days", n=days) if days is not None else ""
    return " · ".join(part for part in (tr("Prior"), day, ago) if part)
