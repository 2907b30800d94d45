"""Every check of a report: one module each, found here by its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.checks import (
    change,
    contradiction,
    impossible,
    level,
    mentioned,
    placeholder,
    prior,
    sex,
    side,
    size,
    technique,
    unit,
)
from viewer.reporting.lint.facts import Reading


@dataclass(frozen=True, slots=True)
class Check:
    """What finds issues of one code."""

    code: Code
    run: Callable[[Reading], Iterator[Issue]]


#: The one place to add a check.
CHECKS: tuple[Check, ...] = (
    Check(Code.SIDE, side.check),
    Check(Code.LEVEL, level.check),
    Check(Code.UNIT, unit.check),
    Check(Code.SIZE, size.check),
    Check(Code.PRIOR_DATE, prior.check),
    Check(Code.CHANGE, change.check),
    Check(Code.NOT_MENTIONED, mentioned.check_accepted),
    Check(Code.REJECTED, mentioned.check_rejected),
    Check(Code.CONTRADICTION, contradiction.check),
    Check(Code.SEX, sex.check),
    Check(Code.TECHNIQUE, technique.check),
    Check(Code.PLACEHOLDER, placeholder.check),
    Check(Code.IMPOSSIBLE, impossible.check),
)
