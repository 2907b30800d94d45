"""A size that is none of the finding's, or another than the one told before."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.checks.sizes import Sized, is_another, reading_sizes
from viewer.reporting.lint.checks.unit import compared, is_wrong_unit
from viewer.reporting.lint.facts import Known, Reading
from viewer.reporting.lint.mentions import Mention, Status
from viewer.reporting.lint.quantities import Kind, Quantity

#: Kinds of numbers that are compared.
_COMPARED = frozenset({Kind.LENGTH, Kind.VOLUME, Kind.AREA, Kind.HOUNSFIELD, Kind.PERCENT, Kind.ANGLE})
#: Share of a number that rounding may take away beyond its last place.
_SHARE = 0.06


def check(reading: Reading) -> Iterator[Issue]:
    """Sizes against the findings; what no finding tells, against the findings section."""
    told = reading_sizes(reading)
    for one in told:
        if one.quantity.kind not in _COMPARED:
            continue
        meant = compared(one, reading)
        if any(is_another(one.mention, fact, reading) for fact in meant):
            continue
        if meant:
            if not any(_fits(one.quantity, fact) for fact in meant) and not is_wrong_unit(one, meant):
                yield Issue(Code.SIZE, one.sentence.section, one.quote)
        elif _differs(one, told):
            yield Issue(Code.SIZE, one.sentence.section, one.quote)


def _fits(quantity: Quantity, fact: Known) -> bool:
    """True where every number told is one of the finding's, or as many as were measured."""
    known = sorted((size.value for size in fact.sizes if size.kind is quantity.kind), reverse=True)
    if not known:
        return True
    if quantity.until is not None:
        return quantity.values[0] * (1 - _SHARE) <= max(known) <= quantity.until * (1 + _SHARE)
    told = sorted(zip(quantity.values, quantity.steps, strict=True), reverse=True)
    if len(told) == 1 and len(known) > 1:
        known.append(sum(known[:2]) / 2)
    right = [any(_is(number, step, one) for one in known) for number, step in told]
    return right[0] and sum(right) >= min(len(known), len(told))


def _is(told: float, step: float, known: float) -> bool:
    return abs(told - known) <= max(0.51 * step, _SHARE * abs(known)) + 1e-9


def _differs(one: Sized, told: tuple[Sized, ...]) -> bool:
    """True for a size of the impression that the findings tell otherwise of the same thing."""
    if one.sentence.section != "impression" or one.mention.concept.minor:
        return False
    before = [
        other
        for other in told
        if other.sentence.section == "findings"
        and other.mention.concept is one.mention.concept
        and other.quantity.kind is one.quantity.kind
        and _alike(other.mention, one.mention)
    ]
    largest = max(one.quantity.values)
    numbers = [n for other in before for n in (*other.quantity.values, other.quantity.until) if n is not None]
    return bool(numbers) and not any(_is(largest, one.quantity.steps[0], n) or _is(n, 0, largest) for n in numbers)


def _alike(one: Mention, other: Mention) -> bool:
    same_side = not one.side or not other.side or bool(one.side & other.side)
    same_organ = not one.organs or not other.organs or bool(one.organs & other.organs)
    return same_side and same_organ and Status.NOT_THERE not in (one.status, other.status)
