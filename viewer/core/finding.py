"""Findings: what a pack proposes and what the reader makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.16): value, scheme (SCT, DCM, UCUM, 99SECONDREAD) and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its unit (UCUM), e.g. Volume 1814 mm3; `range` is +/- where known.

    `context` says what it was measured on where a report names it (tracking id, finding, site).
    `validated` is False for what was never held against patients: it is then said wherever it is shown.
    """

    name: str
    value: float
    unit: str
    code: Code | None = None
    plus_minus: float | None = None
    context: str = ""
    validated: bool = True


class Side(Enum):
    """Side of the patient."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a finding lies.

    Attributes:
        text: place in words ("Right lower zone").
        points_lps: outline or single point, LPS mm (pictures without a patient frame: the
            same numbers mean column, row, slice steps times the spacing).
        box_kji: half-open voxel box ((k0, j0, i0), (k1, j1, i1)) on the analysed series.
        slice_index: k of the slice to jump to.
        segment: number in the result's mask, if any.
    """

    text: str = ""
    points_lps: tuple[tuple[float, float, float], ...] = ()
    box_kji: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None
    slice_index: int | None = None
    segment: int | None = None


class EvidenceKind(StrEnum):
    """What a part of an input is: letters of a text, a moment of a signal, or one lead of it."""

    WORDS = "words"
    MOMENT = "moment"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A part of a text or a signal that decided.

    Attributes:
        start, end: half-open; letters of the text, or seconds of the signal; 0 and 0 for a lead as a whole.
        share: of what speaks for the finding, 0..1.
        text: the words, or the lead's name.
    """

    kind: EvidenceKind
    start: float
    end: float
    share: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold fixed beforehand and what it was measured to do."""

    name: str
    threshold: float
    sensitivity: float | None = None
    specificity: float | None = None
    n: int | None = None


class FindingKind(StrEnum):
    """What a pack says with it: a question answered, or anatomy outlined so that it can be measured."""

    FINDING = "finding"
    ANATOMY = "anatomy"


class FindingState(Enum):
    """The reader's verdict."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    UNSURE = "unsure"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Finding:
    """One proposal of a pack (or a reader's own finding, pack = "") and its verdict.

    `kind` anatomy is a measurement with a picture: it waits for no verdict, and enters a report once accepted.
    `notes` are the program's words on it: what could not be measured, and why; `evidence` is what decided
    where the input was no picture.
    """

    id: str
    pack: str
    label: str
    series_uid: str | None
    code: Code | None = None
    score: float | None = None
    operating_point: OperatingPoint | None = None
    side: Side = Side.NONE
    location: Location = Location()
    measurements: tuple[Measurement, ...] = ()
    state: FindingState = FindingState.PROPOSED
    edited: bool = False
    original: Finding | None = None
    reader: str = ""
    when: str = ""
    reason: str = ""
    comment: str = ""
    result_id: str = ""
    tracking_uid: str = ""
    notes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    kind: FindingKind = FindingKind.FINDING

    @property
    def is_open(self) -> bool:
        """True while a verdict is owed: nothing can be signed before."""
        return self.state is FindingState.PROPOSED and self.kind is FindingKind.FINDING

    @property
    def side_edited(self) -> bool:
        """True where the reader changed the side: `location.text` then still names the pack's."""
        return self.original is not None and self.original.side is not self.side

    def judged(self, state: FindingState, reader: str, when: str, reason: str = "") -> Finding:
        """The same finding with a verdict (`when` = ISO 8601 with offset)."""
        return replace(self, state=state, reader=reader, when=when, reason=reason)

    def edited_to(self, *, label: str, side: Side, comment: str) -> Finding:
        """The same finding in the reader's words; the original is kept."""
        original = self.original or self
        return replace(self, label=label, side=side, comment=comment, edited=True, original=original)
