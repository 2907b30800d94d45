"""How far the reading of a study is."""

from __future__ import annotations

from enum import StrEnum

from viewer.core.finding import FindingState
from viewer.session import Session


class Progress(StrEnum):
    """Of a study, by what is kept of it."""

    UNREAD = "unread"
    DRAFT = "draft"
    SIGNED = "signed"


def progress_of(session: Session, study_uid: str) -> Progress:
    """Signed; a draft where the reader wrote, measured, marked or judged anything; else unread."""
    review = session.review
    if review.signature(study_uid) is not None:
        return Progress.SIGNED
    written = any(text.strip() for text in review.report_text(study_uid).values())
    judged = any(finding.state is not FindingState.PROPOSED for finding in review.findings(study_uid))
    drawn = session.measurements.of(study_uid) or session.segments.of(study_uid) or review.key_marks(study_uid)
    return Progress.DRAFT if written or judged or drawn else Progress.UNREAD
