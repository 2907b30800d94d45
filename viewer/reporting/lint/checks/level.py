"""A level, lobe, segment or rib that is not the finding's, or not the one told before."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.checks.sizes import is_another, is_told_besides
from viewer.reporting.lint.facts import Known, Reading, off_axes, same_side
from viewer.reporting.lint.mentions import Mention, Status
from viewer.reporting.lint.places import PlaceToken, agree

#: Axes of which a report may name a neighbour besides.
_LOOSE = frozenset({"brain", "shaft"})


def check(reading: Reading) -> Iterator[Issue]:
    """Places of what is there against the findings; what no finding tells, against the findings section."""
    for mention in reading.mentions:
        if mention.status in (Status.THERE, Status.OPEN) and mention.places:
            meant = reading.placed(mention)
            if any(is_another(mention, one, reading) or is_told_besides(mention, one, reading) for one in meant):
                continue
            axes = _off(mention, meant) if meant else _moved(mention, reading)
            tokens = [one for one in mention.places if one.axis in axes]
            if tokens:
                yield Issue(Code.LEVEL, mention.sentence.section, mention.quote(tokens))


def _off(mention: Mention, meant: list[Known]) -> list[str]:
    """Axes on which no finding it may mean lies where it is told."""
    sided = [one for one in meant if same_side(mention, one)] or meant
    off = [off_axes(mention, one) for one in sided]
    return [] if not all(off) else off[0]


def _moved(mention: Mention, reading: Reading) -> list[str]:
    if mention.sentence.section != "impression":
        return []
    told = [
        one
        for one in reading.said
        if one.sentence.section == "findings" and one.concept is mention.concept and one.status is Status.THERE
    ]
    if not told or not all(one.places for one in told):
        return []
    return [token.axis for token in mention.places if token.axis not in _LOOSE and _is_elsewhere(token, told)]


def _is_elsewhere(token: PlaceToken, told: list[Mention]) -> bool:
    before = [one.values for mention in told for one in mention.places if one.axis == token.axis]
    return bool(before) and not any(agree(token.values, one, token.axis) for one in before)
