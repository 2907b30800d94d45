"""Numbers, dates and levels that no person and no calendar has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.dates import dates
from viewer.reporting.lint.facts import Reading
from viewer.reporting.lint.lexicon import rows
from viewer.reporting.lint.mentions import mentions
from viewer.reporting.lint.places import levels, places
from viewer.reporting.lint.quantities import Kind, Quantity, quantities
from viewer.reporting.lint.text import Sentence

#: Least and most of any number of a kind (first unit of the kind).
_REACH = {
    Kind.LENGTH: (0.01, 2500.0),
    Kind.HOUNSFIELD: (-1100.0, 5000.0),
    Kind.ANGLE: (0.0, 360.0),
    Kind.RATE: (10.0, 400.0),
}
#: Longest thing (mm) that a report calls so.
_LONGEST = {
    "nodule": 100.0,
    "calculus": 150.0,
    "gallstone": 100.0,
    "midline_shift": 40.0,
    "tear": 150.0,
    "polyp": 120.0,
}
_LONGEST_ANY = 450.0
#: Lengths of no part of the body.
_WAY = re.compile(r"(?:height|身高|travel|walk|distance)\W{0,3}\D{0,10}$", re.IGNORECASE)
_SPINAL = re.compile(
    r"vertebra|disc|disk|spin(?:e|al)|fracture|body|level|compress|stenosis|hernia|椎|骨折|脊柱", re.IGNORECASE
)


def check(reading: Reading) -> Iterator[Issue]:
    """Every sentence: quantities, dates, levels, scores."""
    body = reading.case.exam.body_part or ""
    for sentence in reading.sentences:
        for start, end in sorted(set(_spans(sentence, body))):
            yield Issue(Code.IMPOSSIBLE, sentence.section, sentence.text[start:end])


def _spans(sentence: Sentence, body: str) -> Iterator[tuple[int, int]]:
    text = sentence.text
    yield from ((one.start, one.end) for one in quantities(text) if _is_out_of_reach(text, one))
    yield from _too_long(sentence)
    yield from ((one.start, one.end) for one in dates(text) if not one.can_be)
    if _SPINAL.search(text + body):
        yield from ((one.start, one.end) for one in levels(text) if not one.can_be)
    yield from ((one.start, one.end) for one in places(text) if one.axis in ("rib", "clock") and not one.can_be)
    yield from _scores(text)


def _is_out_of_reach(text: str, quantity: Quantity) -> bool:
    low, high = _REACH.get(quantity.kind, (float("-inf"), float("inf")))
    if quantity.kind is Kind.LENGTH and re.search(
        r"(?:height|身高|travel|walk|distance)\W{0,3}\D{0,10}$", text[: quantity.start], re.IGNORECASE
    ):
        return False
    return not all(low <= number <= high for number in quantity.values)


def _too_long(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """A thing that is longer than any of its kind."""
    found = mentions(sentence)
    for quantity in quantities(sentence.text):
        if quantity.kind is not Kind.LENGTH or not found:
            continue
        nearest = min(found, key=lambda one: min(abs(one.start - quantity.end), abs(quantity.start - one.end)))
        if max(quantity.values) > _LONGEST.get(nearest.concept.name, _LONGEST_ANY):
            yield quantity.start, quantity.end


def _scores(text: str) -> Iterator[tuple[int, int]]:
    """Named numbers with their reach: ejection fraction, ratio, stenosis, age, BI-RADS ..."""
    for (low, high), pattern in _score_patterns():
        for match in pattern.finditer(text):
            if not low <= float(match.group("n").replace("−", "-")) <= high:
                yield match.start("n"), match.end()


@cache
def _score_patterns() -> tuple[tuple[tuple[float, float], re.Pattern[str]], ...]:
    """Reach and pattern of each named number, its name before it or behind it."""
    found = []
    for row, name in rows("ranges", "numbers"):
        unit = rf"(?:\s*(?:{row['unit']}))?" if "unit" in row else ""
        forms = [rf"(?:{name.pattern}){_BETWEEN}(?P<n>[-−]?\d+(?:\.\d+)?)(?![\d./]*/){unit}"]
        if "behind" in row:
            forms.append(rf"(?<![\d.,/-])(?P<n>\d+(?:\.\d+)?)(?:{row['behind']})")
        found += [(tuple(row["reach"]), re.compile(form, re.IGNORECASE)) for form in forms]
    return tuple(found)


_BETWEEN = (
    r"(?:\s*\([A-Za-z]{2,5}\))?(?:\s|of|is|was|estimated|measured|measures|at|about|approximately|"
    r"calculated|=|:|：|约|为|是|达|大约|左右)*"
)
