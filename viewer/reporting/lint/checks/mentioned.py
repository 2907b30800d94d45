"""Accepted findings that are not told, and rejected ones that are."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import Known, Reading, fits, same_organ, same_place, same_side
from viewer.reporting.lint.mentions import Mention, Status


def check_accepted(reading: Reading) -> Iterator[Issue]:
    """Each accepted finding has a mention of its own; there are no words to quote where it has none."""
    told = [one for one in reading.said if one.status is not Status.NOT_THERE and one.status is not Status.NOT_SUCH]
    section = "findings" if reading.case.section("findings").strip() else "impression"
    for fact in reading.accepted:
        if not any(_tells(mention, fact, reading) for mention in told):
            yield Issue(Code.NOT_MENTIONED, section, "")


def _tells(mention: Mention, fact: Known, reading: Reading) -> bool:
    """True where a mention may mean the finding and no other finding fits it better."""
    own = mention.concept.name == fact.concept.name
    if not own and mention.concept.name not in fact.concept.kin or not same_organ(mention, fact):
        return False
    others = [one for one in reading.accepted if one is not fact and same_organ(mention, one)]
    if own:
        rivals = [one for one in others if one.concept.name == mention.concept.name]
        return fits(mention, fact) or not any(fits(mention, one) for one in rivals)
    rivals = [one for one in others if mention.concept.name in (one.concept.name, *one.concept.kin)]
    return fits(mention, fact) and all(
        _score(mention, fact, reading) >= _score(mention, one, reading) for one in rivals
    )


def _score(mention: Mention, fact: Known, reading: Reading) -> int:
    """How much of what is told beside a related name is the finding's: its side, its places, its own name."""
    if not fits(mention, fact):
        return -1
    axes = {one.axis for one in mention.places}
    named = any(
        one.concept.name == fact.concept.name and one.sentence is mention.sentence and one.is_there
        for one in reading.said
    )
    return int(bool(mention.side & fact.side)) + len(axes & set(fact.places)) + 2 * named


def check_rejected(reading: Reading) -> Iterator[Issue]:
    """What is said to be there, was rejected, and is not one of the findings that stand."""
    for mention in reading.said:
        if mention.status is not Status.THERE:
            continue
        rejected = [one for one in reading.rejected if one.concept.name == mention.concept.name]
        rejected = [one for one in rejected if same_organ(mention, one)]
        if any(_is_that(mention, one) for one in rejected) and not _stands(mention, reading):
            yield Issue(Code.REJECTED, mention.sentence.section, mention.quote())


def _is_that(mention: Mention, fact: Known) -> bool:
    return same_side(mention, fact) and same_place(mention, fact)


def _stands(mention: Mention, reading: Reading) -> bool:
    return any(fits(mention, one) for one in reading.meant(mention, reading.standing))
