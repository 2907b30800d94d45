"""What the report's section and its writer show."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.finding import Finding
from viewer.core.report import Signature
from viewer.words.i18n import tr

#: Section name -> heading; in the order they stand on paper.
TEXTS: tuple[tuple[str, str], ...] = (
    ("indication", "Indication"),
    ("comparison", "Comparison"),
    ("technique", "Technique and image quality"),
    ("findings", "Findings"),
    ("impression", "Impression"),
    ("recommendation", "Recommendation"),
)


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
