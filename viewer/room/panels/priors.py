"""What the Priors section shows: earlier studies of the active series' patient and body part."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.room.events import ScanEnded, SettingsChanged, ThumbnailMade
from viewer.room.room import Room
from viewer.session import (
    Activated,
    MeasurementsChanged,
    ReportChanged,
    Session,
    Signed,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
)
from viewer.session.progress import Progress, progress_of
from viewer.words.i18n import date_words, tr
from viewer.words.people import patient_name, stack_title


@dataclass(frozen=True, slots=True)
class PriorRow:
    """An earlier series to compare with: its key, title, date and days, the state of its report, its picture made."""

    key: str
    title: str
    when: str
    report: str
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class PriorsView:
    """The section; `stack_key` is the series they are priors of, `off` why none can be compared now."""

    stack_key: str = ""
    whose: str = ""
    rows: tuple[PriorRow, ...] = ()
    off: str = ""


#: How far an earlier study was read here.
REPORT_WORDS = {
    Progress.UNREAD: "no report here",
    Progress.DRAFT: "report: draft",
    Progress.SIGNED: "report: final, signed",
}

#: After these events it is to be built anew.
HEARS = (
    Activated,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
    ScanEnded,
    ThumbnailMade,
    SettingsChanged,
    ReportChanged,
    MeasurementsChanged,
    Signed,
)


def state(session: Session, room: Room) -> PriorsView:
    """Of each earlier study of the body part the series that shows most likely the same."""
    stack, study = session.library.stack(session.library.active), session.library.active_study
    if stack is None or study is None:
        return PriorsView()
    rows = tuple(
        PriorRow(
            found.key,
            stack_title(found),
            " · ".join((date_words(prior.study.date), tr("{n} days", n=prior.days))),
            tr(REPORT_WORDS[progress_of(session, prior.study.uid)]),
            room.opening.thumbnail(found.key) is not None,
        )
        for prior, found in room.hanging.planner.priors.like(stack)
    )
    name = patient_name(study.patient, room.context.settings.hide_patient_name)
    off = tr("Compare is off while two patients are on screen.") if session.two_patients else ""
    return PriorsView(stack.key, tr("Priors of {name}", name=name), rows, off)
