"""What a template left for somebody to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import Reading
from viewer.reporting.lint.lexicon import table


def check(reading: Reading) -> Iterator[Issue]:
    """Marks of templates, in every section, each place once."""
    for section, text in reading.case.report.items():
        taken: list[tuple[int, int]] = []
        for pattern in table("placeholders")["marks"]:
            for match in re.finditer(pattern, text or ""):
                if all(match.end() <= a or match.start() >= b for a, b in taken):
                    taken.append(match.span())
                    yield Issue(Code.PLACEHOLDER, section, match.group())
