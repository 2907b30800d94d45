"""How patients, studies, stacks and numbers are said in the window."""

from __future__ import annotations

from viewer.core.study import Kind, Patient, Stack, Study
from viewer.words.i18n import date_words, language, time_words, tr
from viewer.words.language import words_in
from viewer.words.persons import age_on, calendar_day, spoken_name

_SEXES = {"M": "M", "F": "F", "O": "other sex"}


def patient_name(patient: Patient, hide: bool = False) -> str:
    """The name as read aloud: family and given name, the ideographic group first where there is one."""
    if hide:
        return tr("hidden")
    return spoken_name(patient.name) or tr("no name")


def age_words(born: str, on: str, stated: str = "") -> str:
    """Age on a day, from the birth date, else as the file states it (AS, PS3.5 6.2: "004Y"); "" unknown."""
    return words_in(language()).age(age_on(born, on, stated))


def patient_line(patient: Patient, study: Study | None = None, hide: bool = False) -> str:
    """Sex, age and ID: "F 4 Y · ID SYN-0001"."""
    on = study.date if study else ""
    stated = (
        next((s.header.get("PatientAge", "") for s in study.stacks if s.header.get("PatientAge")), "") if study else ""
    )
    sex = tr(_SEXES.get(patient.sex.strip().upper(), ""))
    who = " ".join(part for part in (sex, age_words(patient.birth_date, on, stated)) if part)
    number = tr("hidden") if hide else patient.id
    return " · ".join(part for part in (who, f"ID {number}" if number else tr("no ID")) if part)


def study_words(study: Study) -> str:
    """Description and date: "Chest X-ray PA · 2 Mar 2026, 10:14"."""
    separator = " " if language() == "zh" else ", "
    when = separator.join(part for part in (date_words(study.date), time_words(study.time)) if part)
    return " · ".join(part for part in (study_title(study), when or tr("no date")) if part)


def study_title(study: Study) -> str:
    """The study's description, or what it is made of."""
    kinds = dict.fromkeys(s.modality for s in study.stacks if s.modality)
    return study.description or ", ".join(kinds)


def stack_title(stack: Stack) -> str:
    """The series description, or modality and number."""
    if stack.description:
        return stack.description
    number = f" {stack.series_number}" if stack.series_number is not None else ""
    return f"{stack.modality or tr('Series')}{number}"


#: Kinds whose images are counted; of others their kind is said.
_PICTURES = (Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE)


def stack_line(stack: Stack, shown: bool = False) -> str:
    """Modality, number of images and whether it is shown: "CT · 300 images · shown"."""
    what = images_words(stack.frames) if stack.kind in _PICTURES else tr(stack.kind.words)
    view = stack.header.get("ViewPosition", "") if stack.kind is Kind.IMAGE else ""
    parts = [" ".join(part for part in (stack.modality, view) if part), what]
    if stack.number is not None:
        parts.insert(1, tr("stack {n}", n=stack.number))
    if shown:
        parts.append(tr("shown"))
    return " · ".join(part for part in parts if part)


def images_words(count: int) -> str:
    """ "1 image", "300 images"."""
    return tr("1 image") if count == 1 else tr("{n} images", n=count)


#: Cautions that the status bar says and the studies list need not repeat.
_QUIET_CODES = frozenset({"detector_spacing"})


def stack_cautions(stack: Stack) -> str:
    """Warnings as short words: "tilt, uneven gaps, lossy"."""
    said = (w.code for w in stack.warnings if w.badge and w.code not in _QUIET_CODES)
    return ", ".join(dict.fromkeys(tr(code.replace("_", " ")) for code in said))


def seconds_words(seconds: float) -> str:
    """A time span with unit: "14.2 s", "3 min"."""
    if seconds < 60:
        return tr("{n} s", n=f"{seconds:.1f}")
    return tr("{n} min", n=round(seconds / 60))


def eta_words(seconds: float) -> str:
    """ "about 9 s left"."""
    if seconds < 90:
        return tr("about {n} s left", n=max(1, round(seconds)))
    return tr("about {n} min left", n=round(seconds / 60))


def days_between(first: str, second: str) -> int | None:
    """Whole days between two DICOM dates, None where one is missing."""
    a, b = calendar_day(first), calendar_day(second)
    return None if a is None or b is None else abs((b - a).days)


def corner_lines(study: Study, hide: bool = False) -> tuple[str, ...]:
    """Lines of the corner "who": name; sex and age; ID."""
    who, _, number = patient_line(study.patient, study, hide).rpartition(" · ")
    return tuple(part for part in (patient_name(study.patient, hide), who, number.removeprefix("ID ")) if part)
