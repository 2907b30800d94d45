"""A change, or none, against a prior that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import SAYING, Reading
from viewer.reporting.lint.lexicon import words


def check(reading: Reading) -> Iterator[Issue]:
    """Words of change where no prior is known."""
    if reading.case.known.prior is not None:
        return
    for sentence in reading.sentences:
        if sentence.section not in SAYING:
            continue
        for match in words("change", "says").finditer(sentence.text):
            around = sentence.text[max(0, match.start() - 48) : match.end() + 32]
            if not words("change", "unless").search(around):
                yield Issue(Code.CHANGE, sentence.section, match.group())
                break
