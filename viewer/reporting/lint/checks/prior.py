"""A date of the prior study that is not its date."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.dates import Told, dates, iso
from viewer.reporting.lint.facts import SAYING, Reading
from viewer.reporting.lint.numerals import NUMBER, value
from viewer.reporting.lint.text import Sentence

#: In findings and impression a date is the prior's only where the sentence compares.
_COMPARES = re.compile(
    r"compar|since|prior|previous|earlier|last|interval|than (?:on|in)|unchanged|stable|change|from|较|"
    r"比较|对比|前片|前次|自|以来|与",
    re.IGNORECASE,
)
_AGO = re.compile(
    rf"(?<![A-Za-z])({NUMBER}) (day|week|month|year)s? (?:ago|earlier|prior|before|previously|old)|"
    rf"({NUMBER})\s*(?:个)?(天|日|周|月|年)前",
    re.IGNORECASE,
)
_DAYS = {
    "day": 1.0,
    "week": 7.0,
    "month": 30.4,
    "year": 365.25,
    "天": 1.0,
    "日": 1.0,
    "周": 7.0,
    "月": 30.4,
    "年": 365.25,
}
_NONE = re.compile(
    r"\b(?:none|nil|no (?:prior|previous|comparison|relevant)|not available|unavailable)\b|无|没有", re.IGNORECASE
)
#: Dates of something else.
_ELSE = re.compile(
    r"(?:surg|operat|resect|biops|admi|born|dob|trauma|fall|treat|chemo|discussed|informed|手术|出生)\w*[^.;]{0,25}$",
    re.IGNORECASE,
)


def check(reading: Reading) -> Iterator[Issue]:
    """Dates in the comparison, and beside words that compare, against the prior's."""
    prior = reading.case.known.prior
    date, exam = iso(prior.date) if prior else None, iso(reading.case.exam.date)
    for sentence in reading.sentences:
        told = list(_told(sentence))
        if not told:
            yield from _ago(sentence, date, exam)
        elif prior is None and sentence.section == "comparison" and not _NONE.search(sentence.text):
            yield from _issues(sentence, told)
        elif date is not None and not any(one.fits(date) for one in told):
            yield from _issues(sentence, [one for one in told if exam is None or not one.fits(exam)])


def _told(sentence: Sentence) -> Iterator[Told]:
    if sentence.section == "comparison" or sentence.section in SAYING and _COMPARES.search(sentence.text):
        for one in dates(sentence.text):
            if not _ELSE.search(sentence.text[: one.start]):
                yield one


def _issues(sentence: Sentence, told: list[Told]) -> Iterator[Issue]:
    for one in told:
        yield Issue(Code.PRIOR_DATE, sentence.section, sentence.text[one.start : one.end])


def _ago(sentence: Sentence, date: datetime.date | None, exam: datetime.date | None) -> Iterator[Issue]:
    """ "Three months ago" where the prior is a year old."""
    if date is None or exam is None or sentence.section != "comparison":
        return
    for match in _AGO.finditer(sentence.text):
        number, unit = (match.group(1), match.group(2)) if match.group(1) else (match.group(3), match.group(4))
        told, true = value(number), (exam - date).days / _DAYS[unit.casefold()]
        if told is not None and abs(told - true) > max(1.0, 0.35 * true):
            yield Issue(Code.PRIOR_DATE, sentence.section, match.group())
