"""Whose pictures these are: the block on top of the right panel."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.room.events import SettingsChanged
from viewer.room.panels.studies import shown_letters
from viewer.room.room import Room
from viewer.session import Activated, ResultAdded, Session, StudiesChanged, StudyClosed, ViewsChanged
from viewer.words.people import patient_line, patient_name, study_words


@dataclass(frozen=True, slots=True)
class PatientView:
    """Name; sex, age and ID; study; `letter` where two patients are on screen. All "" while nothing is open."""

    name: str = ""
    who: str = ""
    study: str = ""
    letter: str = ""


#: After these events it is to be built anew.
HEARS = (Activated, ResultAdded, StudyClosed, SettingsChanged, StudiesChanged, ViewsChanged)


def state(session: Session, room: Room) -> PatientView:
    """The patient of the active stack."""
    study, hide = session.library.active_study, room.context.settings.hide_patient_name
    if study is None:
        return PatientView()
    person = session.people.of(study.uid)
    return PatientView(
        patient_name(study.patient, hide),
        patient_line(study.patient, study, hide),
        study_words(study),
        shown_letters(session).get(person.key if person is not None else "", ""),
    )
