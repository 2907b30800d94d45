"""Organs and words of the other sex."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import Reading
from viewer.reporting.lint.lexicon import words

_SEXES = {
    **dict.fromkeys(("m", "male", "man", "男", "男性"), "male"),
    **dict.fromkeys(("f", "female", "w", "woman", "女", "女性"), "female"),
}
_OTHER = {"male": "female", "female": "male"}


def check(reading: Reading) -> Iterator[Issue]:
    """Words that only the other sex has, unless the sentence speaks of somebody else."""
    patient = reading.case.known.patient
    sex = _SEXES.get(((patient.sex if patient else None) or "").strip().casefold())
    if sex is None:
        return
    for sentence in reading.sentences:
        for match in words("sex", _OTHER[sex]).finditer(sentence.text):
            around = sentence.text[max(0, match.start() - 40) : match.end() + 24]
            if not words("sex", "others").search(around):
                yield Issue(Code.SEX, sentence.section, match.group())
