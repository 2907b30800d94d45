"""What the studies panel lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from viewer.core.study import Patient, Refusal, Study
from viewer.room.events import ExternalChanged, ScanEnded, ScanProgressed, SettingsChanged
from viewer.room.presentations import Presentations
from viewer.room.room import Room
from viewer.session import Activated, OverlaysChanged, Session, StudiesChanged, StudyClosed, ViewsChanged
from viewer.words.i18n import date_words, tr
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


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One row: a patient, a study of theirs, a stack, or a presentation state of the stack above it.

    `key`: stack key or study UID; a state has the key of its stack, and `state`.
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
    """

    rows: tuple[StudyRow, ...] = ()
    shown: tuple[str, ...] = ()
    patients: int = 0
    files: int = 0
    refused: tuple[Refusal, ...] = ()
    scanning: bool = False
    hanging: str = ""


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
)


def state(session: Session, room: Room) -> StudiesView:
    """Every open study, and what was not opened."""
    library, views = session.library, session.views
    states = {key: state_rows(room.presentations, key) for key in views.shown}
    return StudiesView(
        tuple(rows_of(library.studies, views.shown, room.context.settings.hide_patient_name, states)),
        views.shown,
        len(library.patients),
        library.files,
        library.refused,
        room.opening.is_busy,
        room.hanging.words,
    )


def rows_of(studies: Sequence[Study], shown: Sequence[str], hide_names: bool, states: States) -> list[StudyRow]:
    """Rows of every study, patient by patient, newest study first."""
    made: list[StudyRow] = []
    by_patient: dict[Patient, list[Study]] = {}
    for study in studies:
        by_patient.setdefault(study.patient, []).append(study)
    letters = shown_letters(studies, shown)
    for patient, theirs in by_patient.items():
        newest = sorted(theirs, key=lambda s: (s.date, s.time), reverse=True)
        made.append(
            StudyRow(
                RowKind.PATIENT,
                patient.id,
                patient_name(patient, hide_names),
                patient_line(patient, newest[0], hide_names),
                letter=letters.get(patient, ""),
                first=not made,
            )
        )
        made += _study_rows(newest, shown, states)
    return made


def shown_letters(studies: Sequence[Study], shown: Sequence[str]) -> dict[Patient, str]:
    """A, B, ... for the patients on screen, where there are two or more."""
    on_screen = dict.fromkeys(s.patient for key in shown for s in studies if any(k.key == key for k in s.stacks))
    if len(on_screen) < 2:
        return {}
    return {patient: chr(ord("A") + n) for n, patient in enumerate(on_screen)}


def _study_rows(newest: Sequence[Study], shown: Sequence[str], states: States) -> Iterator[StudyRow]:
    for position, study in enumerate(newest):
        yield StudyRow(RowKind.STUDY, study.uid, _study_line(study, newest[0], position), study.description)
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
