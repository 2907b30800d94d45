"""The lint over a report that is being written: what stands open before it may be signed (decision 0023)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.core.finding import Finding
from viewer.core.overruled import Overruled, overruled_in
from viewer.core.sections import ASIDE, OVERRULED
from viewer.core.study import Stack, Study
from viewer.reporting.lint import lint
from viewer.reporting.lint.case import Case, Code, Context, Exam, Fact, Issue, Measured, Patient, Prior

#: What may hurt somebody: nothing is signed over it unless a reader says why it stands.
CRITICAL = frozenset(
    {
        Code.SIDE,
        Code.LEVEL,
        Code.UNIT,
        Code.SIZE,
        Code.REJECTED,
        Code.CONTRADICTION,
        Code.PLACEHOLDER,
        Code.IMPOSSIBLE,
    }
)
#: What each code says to a person; `{quote}` are the words of the report.
SAID = {
    Code.SIDE: "The side of “{quote}” is not that of the finding.",
    Code.LEVEL: "The place of “{quote}” is not that of the finding.",
    Code.UNIT: "The unit of “{quote}” cannot be right.",
    Code.SIZE: "“{quote}” is not what was measured.",
    Code.PRIOR_DATE: "“{quote}” is not the date of the prior study.",
    Code.CHANGE: "“{quote}” speaks of a change, and no prior study is known.",
    Code.NOT_MENTIONED: "An accepted finding is not mentioned.",
    Code.REJECTED: "“{quote}” was rejected.",
    Code.CONTRADICTION: "“{quote}” contradicts what the report or its findings say.",
    Code.SEX: "“{quote}” does not fit the patient's sex.",
    Code.TECHNIQUE: "“{quote}” is not how these pictures were made.",
    Code.PLACEHOLDER: "“{quote}” was left from a template.",
    Code.IMPOSSIBLE: "“{quote}” cannot be.",
}
_NONE = re.compile(r"^\s*(?:none|nil|no\b|not available|n/?a|无|没有)|^\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing the lint asks about; `reason` is why a reader lets it stand, "" while it is open."""

    code: Code
    section: str
    quote: str
    reason: str = ""

    @property
    def is_critical(self) -> bool:
        """True where signing waits for it."""
        return self.code in CRITICAL

    @property
    def is_open(self) -> bool:
        """True while nobody said why it stands."""
        return not self.reason

    @property
    def words(self) -> str:
        """What is said to a person, in English."""
        return SAID[self.code].format(quote=self.quote)


def remarks(
    study: Study,
    stack: Stack | None,
    findings: Iterable[Finding],
    sections: Mapping[str, str],
    priors: Sequence[Study] = (),
) -> tuple[Remark, ...]:
    """What to look at in the words a person wrote; accepted findings are printed by the program and never missing.

    Args:
        study: whose report it is; `stack`: the pictures it tells of.
        findings: as they stand judged.
        sections: words by keys of `core.sections`, with what was overruled.
        priors: other studies of the patient that are at hand.
    """
    written = {key: text for key, text in sections.items() if key not in ASIDE and text.strip()}
    if not written:
        return ()
    context = Context(
        patient=Patient(study.patient.sex),
        exam=_exam(study, stack),
        prior=_prior(study, written.get("comparison", ""), priors),
        findings=tuple(_fact(finding) for finding in findings),
    )
    found = lint(Case(report=dict(written), context=context))
    kept = overruled_in(sections.get(OVERRULED, ""))
    return tuple(
        Remark(one.code, one.section, one.quote, _reason(one, kept))
        for one in found
        if one.code is not Code.NOT_MENTIONED
    )


def _reason(issue: Issue, kept: Sequence[Overruled]) -> str:
    same = (one for one in kept if one.code == issue.code and one.section == issue.section and one.quote == issue.quote)
    return next((one.reason for one in same), "")


def _exam(study: Study, stack: Stack | None) -> Exam:
    if stack is None:
        return Exam(date=study.date, contrast="unknown")
    header = stack.header
    agent = header.get("ContrastBolusAgent", "").strip()
    technique = f"{stack.description} {header.get('ViewPosition', '')}".strip()
    body = header.get("BodyPartExamined", "")
    return Exam(stack.modality, body, study.date, technique, agent or "unknown")


def _prior(study: Study, comparison: str, priors: Sequence[Study]) -> Prior | None:
    """The last study before this one; one that is only named in words is not known further."""
    earlier = [one for one in priors if one.uid != study.uid and one.date and one.date < study.date]
    if earlier:
        last = max(earlier, key=lambda one: one.date)
        return Prior(last.date, next((stack.modality for stack in last.stacks), ""))
    return None if _NONE.search(comparison) else Prior()


def _fact(finding: Finding) -> Fact:
    sizes = tuple(Measured(one.name, one.value, one.unit) for one in finding.measurements)
    place = "" if finding.side_edited else finding.location.text
    return Fact(finding.id, finding.label, finding.side.value, place, finding.state.value, sizes)


def check_settled(found: Iterable[Remark]) -> None:
    """Refuse to sign over what may hurt somebody.

    Raises:
        UsageError: something critical is open; the first is said.
    """
    waiting = [one for one in found if one.is_critical and one.is_open]
    if waiting:
        raise UsageError(
            f"The report cannot be signed yet ({len(waiting)} to settle): {waiting[0].words}",
            "Correct the words, or say why they stand.",
            "lint",
        )
