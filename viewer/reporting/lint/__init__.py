"""Reads a report against its findings and facts, English and Chinese: sides, levels, numbers, dates, contradictions.

case, text, numerals -> quantities, dates, lexicon -> places -> mentions -> facts -> checks
"""

from __future__ import annotations

from viewer.reporting.lint.case import Case, Issue
from viewer.reporting.lint.checks import CHECKS
from viewer.reporting.lint.facts import Reading


def lint(case: Case) -> list[Issue]:
    """Everything to look at in a report, each place once, in the order of the checks."""
    reading = Reading(case)
    return list(dict.fromkeys(issue for check in CHECKS for issue in check.run(reading)))
