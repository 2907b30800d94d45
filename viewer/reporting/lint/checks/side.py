"""A side that is not the finding's, not the exam's, or not the one told before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.checks.sizes import is_another
from viewer.reporting.lint.facts import SAYING, Known, Reading, same_organ
from viewer.reporting.lint.mentions import Mention, Status
from viewer.reporting.lint.places import BOTH, side_of, sides

#: Lobes that only one side has.
_NOWHERE = re.compile(
    r"\bleft (?:lung )?(?:middle|mid) lobe\b|\bright (?:upper lobe )?lingula\w*|左肺?中叶|右肺?(?:上叶)?舌[段叶]",
    re.IGNORECASE,
)
#: Parts of the body that are taken of one side.
_LIMB = re.compile(
    r"knee|hip|shoulder|wrist|ankle|elbow|hand|foot|femur|humerus|tibia|forearm|leg|breast|clavicle|膝|髋|肩|腕|踝|肘|手|足|乳",
    re.IGNORECASE,
)


def check(reading: Reading) -> Iterator[Issue]:
    """Sides of what is there against the findings; what no finding tells, against the findings section."""
    for mention in reading.mentions:
        if mention.status in (Status.THERE, Status.OPEN) and mention.side:
            meant = [one for one in reading.placed(mention) if one.side]
            if any(is_another(mention, one, reading) for one in meant):
                continue
            if _is_wrong(mention, meant) if meant else _is_turned(mention, reading):
                yield Issue(Code.SIDE, mention.sentence.section, mention.quote(mention.sides))
    yield from _halves(reading)
    yield from _nowhere(reading)
    yield from _exam(reading)


def _is_wrong(mention: Mention, meant: list[Known]) -> bool:
    every = frozenset().union(*(one.side for one in meant))
    return not (mention.side == every or any(mention.side <= one.side for one in meant))


def _is_turned(mention: Mention, reading: Reading) -> bool:
    """True where no finding is known and the impression tells the other side than the findings did."""
    if mention.sentence.section != "impression" or mention.concept.name in ("catheter", "tube"):
        return False
    told = [one for one in reading.said if one.sentence.section == "findings" and one.concept is mention.concept]
    told = [one for one in told if one.status is Status.THERE and _near(one, mention)]
    before = frozenset().union(*(one.side for one in told))
    return bool(before) and all(one.side for one in told) and not mention.side & before


def _near(one: Mention, other: Mention) -> bool:
    return not one.organs or not other.organs or bool(one.organs & other.organs)


def _halves(reading: Reading) -> Iterator[Issue]:
    """A finding of both sides of which a section tells one alone."""
    for fact in reading.accepted:
        if fact.side != BOTH:
            continue
        for section in SAYING:
            told = [
                one
                for one in reading.said
                if one.sentence.section == section and one.concept is fact.concept and one.status is Status.THERE
            ]
            told = [one for one in told if same_organ(one, fact)]
            sided = [one for one in told if one.side]
            if len(frozenset().union(*(one.side for one in told))) == 1 and len(sided) == len(told):
                yield Issue(Code.SIDE, section, sided[0].quote(sided[0].sides))


def _nowhere(reading: Reading) -> Iterator[Issue]:
    for sentence in reading.sentences:
        if sentence.section in (*SAYING, "recommendation"):
            for match in _NOWHERE.finditer(sentence.text):
                yield Issue(Code.SIDE, sentence.section, match.group())


def _exam(reading: Reading) -> Iterator[Issue]:
    """The other knee than the one that was taken."""
    exam = reading.case.exam
    said = f"{exam.body_part or ''} {exam.technique or ''}"
    limb = _LIMB.search(said)
    taken = side_of(said)
    if limb is None or len(taken) != 1:
        return
    for sentence in reading.sentences:
        if sentence.section != "technique":
            continue
        for token in sides(sentence.text):
            rest = sentence.text[token.start : token.end + 25]
            part = _LIMB.match(sentence.text[token.end :].lstrip(" 侧"))
            if part and part.group().casefold() == limb.group().casefold() and not token.sides & taken:
                yield Issue(
                    Code.SIDE, sentence.section, rest[: token.end - token.start + 1 + len(part.group())].strip()
                )
