"""What the report's section and its writer show."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.analysis import Provenance
from viewer.core.finding import Finding, FindingState
from viewer.core.report import Signature
from viewer.core.study import Study
from viewer.room.events import SettingsChanged
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
from viewer.words.i18n import date_words, tr
from viewer.words.people import patient_line, patient_name, study_words


@dataclass(frozen=True, slots=True)
class ReportView:
    """All the report shows; `blocked` says why there can be no report now ("" = there can)."""

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
)


def state(session: Session, room: Room) -> ReportView:
    """What the report shows for the study of the active stack."""
    study, settings = session.library.active_study, room.context.settings
    if study is None:
        return ReportView()
    numbered = list(enumerate(session.review.findings(study.uid), start=1))
    still_open = [(n, f) for n, f in numbered if f.state is FindingState.PROPOSED]
    hide = settings.hide_patient_name
    return ReportView(
        study.uid,
        patient_name(study.patient, hide),
        patient_line(study.patient, study, hide),
        study_words(study),
        tuple((n, f) for n, f in numbered if f.state is FindingState.ACCEPTED),
        tuple(n for n, _ in still_open),
        tuple(f.id for _, f in still_open),
        tuple(session.review.report_text(study.uid).items()),
        _statement(session, room, study),
        session.review.signature(study.uid),
        settings.reader_name,
        settings.organization,
        settings.language,
        tr("Off: two patients are on screen.") if session.two_patients else "",
        len(session.review.key_marks(study.uid)),
    )


def _statement(session: Session, room: Room, study: Study) -> tuple[str, ...]:
    """One sentence a pack: name, version, weights, when, on what, and what was made of it."""
    lines = []
    for entry in session.review.latest_results(study.uid):
        provenance = entry.result.provenance
        if provenance is None or entry.result.outcome != "ran":
            continue
        findings = session.review.findings_of(entry.id)
        accepted = sum(f.state is FindingState.ACCEPTED for f in findings)
        lines.append(
            tr(
                "{pack} {version}, weights {hash}, run {when} on {device}. "
                "{accepted} of {all} findings accepted. Scores are not probabilities.",
                pack=room.packs.name(provenance.pack_id),
                version=provenance.pack_version,
                hash=f"{provenance.weights_sha256[:4]}…{provenance.weights_sha256[-4:]}",
                when=_when(provenance),
                device=provenance.device,
                accepted=accepted,
                all=len(findings),
            )
        )
    return tuple(lines) or (tr("No pack has run on this study."),)


def _when(provenance: Provenance) -> str:
    return f"{date_words(provenance.started[:10])} {provenance.started[11:16]}".strip()
