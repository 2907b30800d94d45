"""What the report's section and its writer show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.finding import Finding, FindingState
from viewer.core.report import Signature
from viewer.core.sections import ASIDE
from viewer.core.study import Study
from viewer.room.events import SealsChanged, SettingsChanged
from viewer.room.room import Room
from viewer.session import (
    Activated,
    FindingChanged,
    KeyMarksChanged,
    ReportChanged,
    ResultAdded,
    Session,
    StudyClosed,
    ViewsChanged,
)
from viewer.words.i18n import said, tr
from viewer.words.language import words_in
from viewer.words.people import patient_line, patient_name, study_words


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """What the lint asks of some words: finished words, whether signing waits, and why a reader lets it stand."""

    code: str
    section: str
    quote: str
    words: str
    is_critical: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReportView:
    """All the report shows; `blocked` says why there can be no report now ("" = there can).

    `exports`: of each folder it was written to its name, what its seal says, and whether that is all well.
    """

    study_uid: str = ""
    patient: str = ""
    patient_line: str = ""
    study: str = ""
    accepted: tuple[tuple[int, Finding], ...] = ()
    open_numbers: tuple[int, ...] = ()
    open_ids: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    statement: tuple[str, ...] = ()
    signature: Signature | None = None
    reader: str = ""
    organization: str = ""
    language: str = "en"
    blocked: str = ""
    key_images: int = 0
    exports: tuple[tuple[str, str, bool], ...] = ()
    remarks: tuple[RemarkRow, ...] = ()

    @property
    def critical(self) -> int:
        """How many remarks signing waits for."""
        return sum(one.is_critical and not one.reason for one in self.remarks)

    @property
    def state_words(self) -> str:
        """ "draft · 1 accepted, 2 open"."""
        if not self.study_uid or (not self.accepted and not self.open_numbers and not any(t for _, t in self.sections)):
            return tr("empty")
        state = tr("signed") if self.signature else tr("draft")
        counts = tr("{a} accepted, {o} open", a=len(self.accepted), o=len(self.open_numbers))
        return f"{state} · {counts}"


#: After these events it is to be built anew.
HEARS = (
    Activated,
    ResultAdded,
    StudyClosed,
    SettingsChanged,
    FindingChanged,
    ReportChanged,
    KeyMarksChanged,
    ViewsChanged,
    SealsChanged,
)


def state(session: Session, room: Room) -> ReportView:
    """What the report shows for the study of the active stack."""
    study, settings = session.library.active_study, room.context.settings
    if study is None:
        return ReportView()
    numbered = list(enumerate(session.review.findings(study.uid), start=1))
    still_open = [(n, f) for n, f in numbered if f.is_open]
    hide = settings.hide_patient_name
    return ReportView(
        study.uid,
        patient_name(study.patient, hide),
        patient_line(study.patient, study, hide),
        study_words(study),
        tuple((n, f) for n, f in numbered if f.state is FindingState.ACCEPTED),
        tuple(n for n, _ in still_open),
        tuple(f.id for _, f in still_open),
        tuple((key, text) for key, text in session.review.report_text(study.uid).items() if key not in ASIDE),
        _statement(session, room, study),
        session.review.signature(study.uid),
        settings.reader_name,
        settings.organization,
        settings.language,
        tr("Off: two patients are on screen.") if session.two_patients else "",
        len(session.review.key_marks(study.uid)),
        tuple((seal.name, said(seal.words), seal.sound) for seal in room.seals.exports(study.uid)),
        _remarks(room, study),
    )


def _remarks(room: Room, study: Study) -> tuple[RemarkRow, ...]:
    return tuple(
        RemarkRow(one.code.value, one.section, one.quote, said(one.words), one.is_critical, one.reason)
        for one in room.reporting.linting.remarks(study)
    )


def _statement(session: Session, room: Room, study: Study) -> tuple[str, ...]:
    """The sentences that the paper will print of the packs, word for word."""
    from viewer.jobs.report_content import ReportInput, build
    from viewer.reporting.statement import ai_statement

    stacks = {stack.key: stack for stack in study.stacks}
    held = session.review.latest_results(study.uid)
    entries = [entry for entry in held if entry.stack_key in stacks]
    results = tuple(replace(e.result, findings=session.review.findings_of(e.id)) for e in entries)
    if not results:
        return (tr("No pack has run on this study."),)
    findings = tuple(finding for result in results for finding in result.findings)
    language = room.context.settings.language
    given = ReportInput(study, stacks[entries[0].stack_key], results, findings, language=language)
    report = build(given, room.context.settings, room.packs.name)
    return tuple(ai_statement(report, words_in(language)))
