"""A number that is right in another unit, a quantity in a unit of another kind, a size without a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.checks.sizes import Sized, is_distance, is_past, reading_sizes
from viewer.reporting.lint.facts import SAYING, Known, Reading, fits
from viewer.reporting.lint.lexicon import rows
from viewer.reporting.lint.quantities import UNITS, Kind, Quantity, quantities, unitless

#: How near two numbers must be to be the same one.
_NEAR = 0.06
_WORD_BEFORE = 34


def check(reading: Reading) -> Iterator[Issue]:
    """Units against the findings, against what is measured, and of organs against their size in a person."""
    for one in reading_sizes(reading):
        meant = compared(one, reading) or _measured(one, reading)
        if is_wrong_unit(one, meant):
            yield Issue(Code.UNIT, one.sentence.section, one.quote)
    for sentence in reading.sentences:
        if sentence.section not in SAYING:
            continue
        for quantity in quantities(sentence.text):
            if _is_other_kind(sentence.text, quantity) or _is_organ_in_other_unit(sentence.text, quantity):
                yield Issue(Code.UNIT, sentence.section, sentence.text[quantity.start : quantity.end])
        for start, end in unitless(sentence.text):
            if re.search(r"(?:measur\w*|size|大小|约|范围)\D{0,14}$", sentence.text[:start], re.IGNORECASE):
                yield Issue(Code.UNIT, sentence.section, sentence.text[start:end])


def compared(one: Sized, reading: Reading) -> list[Known]:
    """Findings with numbers of this kind that a number may be of."""
    meant = [fact for fact in reading.meant(one.mention, reading.standing) if _has(fact, one.quantity.kind)]
    return [fact for fact in meant if fits(one.mention, fact)] or meant


def _measured(one: Sized, reading: Reading) -> list[Known]:
    """Findings with numbers of other kinds alone."""
    return [fact for fact in reading.meant(one.mention, reading.standing) if fact.sizes]


def _has(fact: Known, kind: Kind) -> bool:
    return any(size.kind is kind for size in fact.sizes)


def is_wrong_unit(one: Sized, meant: list[Known]) -> bool:
    """True where the digits are a finding's in another unit, and none of its numbers in this one."""
    quantity = one.quantity
    known = [size for fact in meant for size in fact.sizes]
    if any(size.kind is quantity.kind and _is(max(quantity.values), size.value) for size in known):
        return False
    return any(_is_in_another(quantity, size.value, size.kind, size.scale) for size in known)


def _is_in_another(quantity: Quantity, value: float, kind: Kind, scale: float) -> bool:
    digits = max(quantity.written)
    if kind is not quantity.kind:
        return _is(digits, value / scale)
    others = [other for _, k, other in UNITS if k is kind and other != quantity.scale and 0.1 <= other <= 1e3]
    return any(_is(digits * other, value) for other in others)


def _is(told: float, known: float) -> bool:
    return abs(told - known) <= _NEAR * abs(known)


def _is_other_kind(text: str, quantity: Quantity) -> bool:
    """True for "volume of 30 mm", "attenuation of 40 mm": the word before the number asks for another kind."""
    before = re.split(r"[,;，；。]|\band\b", text[: quantity.start])[-1][-_WORD_BEFORE:]
    found = [(m.end(), row) for row, pattern in rows("quantities", "words") for m in pattern.finditer(before)]
    return bool(found) and quantity.kind.value not in max(found, key=lambda one: one[0])[1]["kinds"]


def _is_organ_in_other_unit(text: str, quantity: Quantity) -> bool:
    """True for "the common bile duct measures 5 cm": out of reach, and within it in the neighbouring unit."""
    if quantity.kind is not Kind.LENGTH or is_past(text, quantity) or is_distance(text, quantity):
        return False
    before = re.split(r"[;；。]", text[: quantity.start])[-1][-46:]
    for one, pattern in rows("quantities", "organs"):
        if re.search(rf"(?:{pattern.pattern})(?:{_VERB})", before, re.IGNORECASE):
            low, high = one["mm"]
            largest = max(quantity.values)
            outside = not low <= largest <= high
            return outside and any(low <= largest * factor <= high for factor in (10, 0.1))
    return False


_VERB = (
    r"[^,;，；]{0,18}?(?:measur\w*|is|are|of|diameter|thickness|length|[:：]|约|径|长|厚|为|宽)[^,;，；\d]{0,16}$|\s*$"
)
