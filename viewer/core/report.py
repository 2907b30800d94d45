"""The findings report."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import Provenance
from viewer.core.annotation import KeyMark
from viewer.core.finding import Finding
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Instance, Patient

#: Said in README, About box and every report.
INTENDED_USE = "Research and education. Not a medical device; not cleared for diagnosis."


class ReportStatus(Enum):
    """Draft until signed; unverified: a copy of what is signed and cannot be verified here."""

    AI_DRAFT = "AI draft"
    DRAFT = "draft"
    SIGNED = "signed"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, eq=False)
class KeyImage:
    """A picture for the report: uint8 RGB [rows, columns, 3] and what it shows.

    Attributes:
        mark: what the reader marked, where the reader chose it.
        instance: the stored picture it shows, None for cuts across slices and for other files.
    """

    pixels: npt.NDArray[np.uint8]
    caption: str
    finding_id: str = ""
    mark: KeyMark | None = None
    instance: Instance | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, for whom and when (ISO 8601 with offset)."""

    name: str
    organization: str
    when: str


@dataclass(frozen=True, slots=True)
class PackRun:
    """What one pack did and what became of its proposals.

    Attributes:
        outcome: "ran", "refused" or "failed".
        words: all reasons, or what happened; `brief`: the one that decided.
        proposed = accepted + rejected + unsure + waiting; `edited` of the accepted were changed.
        outlined: structures that were measured and wait for no verdict.
        below_threshold: not shown because the score is under the threshold.
    """

    pack_id: str
    name: str
    outcome: str
    words: str = ""
    brief: str = ""
    accepted: int = 0
    rejected: int = 0
    unsure: int = 0
    waiting: int = 0
    edited: int = 0
    below_threshold: int = 0
    outlined: int = 0
    provenance: Provenance | None = None
    seconds: float = 0.0

    @property
    def proposed(self) -> int:
        """All proposals that were shown."""
        return self.accepted + self.rejected + self.unsure + self.waiting


@dataclass(frozen=True, slots=True)
class Report:
    """All that goes on paper; `findings` holds accepted ones only.

    Attributes:
        sections: words under indication, comparison, technique, quality, impression, recommendation.
        runs: every pack that was asked for, also refused and failed ones.
        created: when this version was made (ISO 8601 with offset); `version` counts from 1.
        digest: sha256 of what is signed, "" for a draft.
        measured: the reader's own measurements; `pictures`: their ids -> the picture each lies on, in words.
    """

    patient: Patient
    study_uid: str
    study_date: str
    study_description: str
    modality: str
    findings: tuple[Finding, ...]
    key_images: tuple[KeyImage, ...] = ()
    sections: dict[str, str] = field(default_factory=dict)
    status: ReportStatus = ReportStatus.AI_DRAFT
    signature: Signature | None = None
    provenance: tuple[Provenance, ...] = ()
    language: str = "en"
    synthetic: bool = False
    accession: str = ""
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    runs: tuple[PackRun, ...] = ()
    study_time: str = ""
    patient_age: str = ""
    body_part: str = ""
    view: str = ""
    letterhead: tuple[str, ...] = ()
    author: str = ""
    organization: str = ""
    created: str = ""
    version: int = 1
    digest: str = ""
    measured: tuple[ReaderMeasurement, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)
