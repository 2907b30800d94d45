"""What a lint reads: a report's sections, and what is known of patient, exam, prior and findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from viewer.core.errors import InputError

SECTIONS = ("indication", "comparison", "technique", "findings", "impression", "recommendation")


class Code(StrEnum):
    """What can be wrong with a report."""

    SIDE = "side_mismatch"
    LEVEL = "level_mismatch"
    UNIT = "unit_error"
    SIZE = "size_mismatch"
    PRIOR_DATE = "prior_date_wrong"
    CHANGE = "change_without_prior"
    NOT_MENTIONED = "accepted_not_mentioned"
    REJECTED = "rejected_mentioned"
    CONTRADICTION = "contradiction"
    SEX = "sex_mismatch"
    TECHNIQUE = "technique_mismatch"
    PLACEHOLDER = "placeholder_left"
    IMPOSSIBLE = "impossible_value"


class Part(msgspec.Struct, frozen=True):
    """An object of a case; keys that are not known are passed over."""


class Patient(Part, frozen=True):
    """Sex as DICOM or in words."""

    sex: str | None = None
    age_years: float | None = None


class Exam(Part, frozen=True):
    """What was made; `contrast` in words, or yes or no; dates ISO 8601."""

    modality: str | None = None
    body_part: str | None = None
    date: str | None = None
    technique: str | None = None
    contrast: bool | str | None = None


class Prior(Part, frozen=True):
    """The study a change is told against."""

    date: str | None = None
    modality: str | None = None


class Measured(Part, frozen=True):
    """A number of a finding."""

    name: str | None = ""
    value: float | None = None
    unit: str | None = ""


class Fact(Part, frozen=True):
    """A finding that somebody judged."""

    id: str | int | None = ""
    label: str | None = ""
    side: str | None = ""
    site: str | None = ""
    state: str | None = ""
    measurements: tuple[Measured, ...] | None = ()


class Context(Part, frozen=True):
    """All that is known beside the report."""

    patient: Patient | None = None
    exam: Exam | None = None
    prior: Prior | None = None
    findings: tuple[Fact, ...] | None = ()


class Case(Part, frozen=True):
    """A report with its context; a section that is missing is empty."""

    report: dict[str, str | None]
    id: str | int | None = ""
    language: str | None = "en"
    context: Context | None = None

    def section(self, name: str) -> str:
        """The words of a section."""
        return self.report.get(name) or ""

    @property
    def known(self) -> Context:
        """The context, empty where there is none."""
        return self.context or Context()

    @property
    def exam(self) -> Exam:
        """The exam, empty where nothing is known."""
        return self.known.exam or Exam()


@dataclass(frozen=True, slots=True)
class Issue:
    """Something to look at; `quote` stands in that section exactly so ("" where words are missing)."""

    code: Code
    section: str
    quote: str


def read(raw: Any) -> Case:
    """A case from its JSON object.

    Raises:
        InputError: it is no case; the place is named.
    """
    try:
        return msgspec.convert(raw, Case)
    except msgspec.ValidationError as error:
        what = f"This report cannot be read: {str(error).replace('`', chr(39))}."
        raise InputError(what, "Give it as the documentation of `lint` says.") from error
