"""Steps that hold words and numbers against rules: lint, overrule, guideline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from viewer.core.errors import UsageError
from viewer.jobs import guideline as guidelines
from viewer.jobs.report_lint import Remark
from viewer.room.script.params import Params
from viewer.room.script.sitting import Sitting

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint(Params):
    """`lint`."""

    study_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrule(Params):
    """`overrule`."""

    code: str
    reason: str
    quote: str | None = None
    study_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline(Params):
    """`guideline`."""

    name: str
    input: dict[str, Any]
    language: Literal["en", "zh"] = "en"
    to_report: bool = False
    study_uid: str | None = None


def lint(sitting: Sitting, p: Lint) -> Result:
    """`lint`: what stands open or overruled in the words of a report."""
    study = sitting.study(p.study_uid)
    return {"issues": [as_said(one) for one in sitting.room.reporting.linting.remarks(study)]}


def overrule(sitting: Sitting, p: Overrule) -> Result:
    """`overrule`: let what the lint asks stand, with a reason; `quote` names one of several."""
    study, linting = sitting.study(p.study_uid), sitting.room.reporting.linting
    found = [one for one in linting.remarks(study) if one.code == p.code and p.quote in (None, one.quote)]
    if not found:
        raise UsageError(f"The lint asks nothing of '{p.code}' here.", "See the step 'lint'.")
    for one in found:
        linting.overrule(study, one, p.reason, sitting.context.settings.reader_name)
    return lint(sitting, Lint(study_uid=p.study_uid))


def as_said(one: Remark) -> dict[str, Any]:
    """A remark as an answer has it."""
    said: dict[str, Any] = {"code": one.code.value, "section": one.section, "quote": one.quote, "text": one.words}
    return said | {"critical": one.is_critical, "overruled": one.reason or None}


def guideline(sitting: Sitting, p: Guideline) -> Result:
    """`guideline`: what one says of a case; with `to_report` its words go into the recommendation, with the trace."""
    answer = guidelines.ask(p.name, p.input, p.language)
    if p.to_report:
        study = sitting.study(p.study_uid)
        sections = sitting.session.review.report_text(study.uid)
        words = guidelines.added(sections.get("recommendation", ""), guidelines.trace(answer, p.language))
        sitting.session.review.put_report_text(study.uid, sections | {"recommendation": words})
    return answer
