"""What a report says and takes back: there and not there, normal and not, small and large, larger and smaller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from viewer.reporting.lint.case import Code, Issue
from viewer.reporting.lint.facts import SAYING, Known, Reading, fits
from viewer.reporting.lint.lexicon import compiled, rows, table, words
from viewer.reporting.lint.mentions import Mention, Status
from viewer.reporting.lint.places import agree, organs_in, sides
from viewer.reporting.lint.text import Sentence

#: Things of which there are always others: that one is not there says nothing of the next.
_VAGUE = frozenset(
    [
        "lesion",
        "focus",
        "mass_effect",
        "dilatation",
        "calcification",
        "lymphadenopathy",
        "catheter",
        "tube",
        "degeneration",
        "osteoarthritis",
        "white_matter",
        "tear",
        "disc_bulge",
        "opacity",
        "infection",
        "granuloma",
        "cyst",
        "atherosclerosis",
        "scar",
        "pacemaker",
        "vasogenic_edema",
        "hypertrophy",
        "necrosis",
        "reduced_ef",
        "sinusitis",
        "atrophy",
        "fibrosis",
    ]
)
_NO = (Status.NOT_THERE, Status.NOT_SUCH)
_NORMAL_LIMITS = re.compile(
    r"otherwise|remain(?:der|ing)|apart|other than|except|in (?:size|caliber|calibre|contour|signal|"
    r"position|shape|morphology|alignment|course|thickness|"
    r"configuration|attenuation|echotexture|echogenicity|appearance for)|for age|upper limits|borderline|"
    r"其余|余|除|大小|形态",
    re.IGNORECASE,
)


def check(reading: Reading) -> Iterator[Issue]:
    """All ways in which a report contradicts itself, and a denial of what was accepted."""
    for one in (_denied, _accepted, _normal, _removed, _degrees, _directions, _counts):
        yield from one(reading)


def _denied(reading: Reading) -> Iterator[Issue]:
    for no in (one for one in reading.said if one.status in _NO):
        for yes in (o for o in reading.said if o.status is Status.THERE and o.concept.name == no.concept.name):
            if yes.sentence is not no.sentence and _same_thing(yes, no) and _is_such(yes, no):
                later = max((no, yes), key=lambda one: (SAYING.index(one.sentence.section), one.sentence.start))
                yield Issue(Code.CONTRADICTION, later.sentence.section, later.quote())
                return


def _is_such(yes: Mention, no: Mention) -> bool:
    """False where what is not there leaves what is: another kind of it, or things of which there are always others."""
    if no.concept.name in _VAGUE and not (no.organs and yes.organs):
        return False
    before = yes.sentence.text[max(0, yes.start - 30) : yes.end].casefold()
    return no.status is Status.NOT_THERE or no.such.casefold() in before


def _same_thing(one: Mention, other: Mention) -> bool:
    if one.side and other.side and not one.side & other.side:
        return False
    if one.organs and other.organs and not one.organs & other.organs:
        return False
    told = {place.axis: place.values for place in one.places}
    return all(place.axis not in told or agree(place.values, told[place.axis], place.axis) for place in other.places)


def _accepted(reading: Reading) -> Iterator[Issue]:
    """A denial of what was accepted."""
    for no in reading.said:
        if no.status in _NO and (no.concept.name not in _VAGUE or no.organs):
            meant = [one for one in reading.meant(no, reading.accepted) if one.concept.name == no.concept.name]
            meant = [one for one in meant if no.such.casefold() in (one.fact.label or "").casefold()]
            meant = [one for one in meant if no.organs & one.organs or _is_plain(no, one)]
            denied = any(fits(no, one) and (no.side >= one.side or not no.side) for one in meant)
            if denied and (not no.places or all(fits(no, one) for one in meant)):
                yield Issue(Code.CONTRADICTION, no.sentence.section, no.quote())


def _is_plain(no: Mention, fact: Known) -> bool:
    """True where a denial names no organ, or the finding none, and it is of no thing of which there are others."""
    return no.concept.name not in _VAGUE and not (no.organs and fact.organs)


def _normal(reading: Reading) -> Iterator[Issue]:
    """ "The lungs are clear" beside a consolidation."""
    for sentence in reading.sentences:
        if sentence.section not in SAYING:
            continue
        for row, pattern in rows("normal", "statements"):
            match = pattern.search(sentence.text)
            if match is None or _NORMAL_LIMITS.search(sentence.text[max(0, match.start() - 24) : match.end() + 28]):
                continue
            if any(_is_denied_by(one, row, sentence, match) for one in reading.said):
                yield Issue(Code.CONTRADICTION, sentence.section, match.group())


def _is_denied_by(one: Mention, row: dict[str, object], sentence: Sentence, match: re.Match[str]) -> bool:
    if one.status is not Status.THERE or one.sentence is sentence:
        return False
    if not _classes(row)(one):
        return False
    side = frozenset().union(*(token.sides for token in sides(sentence.text[max(0, match.start() - 20) : match.end()])))
    if side and one.side and not side & one.side or side and not one.side and len(side) == 1:
        return False
    whole = bool(row.get("whole"))
    if whole and (sentence.section != "impression" or sentence.text.strip(" .。\n1)-") != match.group().strip(" .。")):
        return False
    return not (one.sentence.section == sentence.section and one.sentence.start > sentence.start and row.get("once"))


def _classes(row: dict[str, object]) -> Callable[[Mention], bool]:
    named = row["denies"]
    assert isinstance(named, list)
    organ = row.get("organ")

    def holds(one: Mention) -> bool:
        concept = one.concept
        here = (
            concept.name in named
            or "acute" in named
            and concept.acute
            or "lung" in named
            and concept.lung
            or "any" in named
            and not concept.minor
            and concept.name not in ("catheter", "tube", "pacemaker", "reduced_ef", "midline_shift")
        )
        return here and (organ is None or organ in one.organs or organ in organs_in(one.quote()))

    return holds


def _removed(reading: Reading) -> Iterator[Issue]:
    """An organ that was taken out and is told as if it were there."""
    whole = " . ".join(reading.case.section(name) for name in ("indication", *SAYING))
    for row in table("normal")["removed"]:
        if not compiled({"en": row["done"], "zh": row["done_zh"]}).search(whole):
            continue
        for sentence in reading.sentences:
            if sentence.section in SAYING:
                for match in compiled({"en": row["there"], "zh": row["there_zh"]}).finditer(sentence.text):
                    yield Issue(Code.CONTRADICTION, sentence.section, match.group())


def _degrees(reading: Reading) -> Iterator[Issue]:
    """A small effusion in the findings, a large one in the impression."""
    yield from _against(reading, "small", "large")
    yield from _against(reading, "large", "small")
    yield from _against(reading, "fresh", "aged")
    yield from _against(reading, "aged", "fresh")


def _directions(reading: Reading) -> Iterator[Issue]:
    """Larger in the findings, smaller or unchanged in the impression."""
    for one, other in (
        ("more", "less"),
        ("less", "more"),
        ("same", "more"),
        ("same", "less"),
        ("more", "same"),
        ("less", "same"),
    ):
        yield from _against(reading, one, other)


def _against(reading: Reading, first: str, second: str) -> Iterator[Issue]:
    """Words of one list beside a thing in the findings, of the other list beside it in the impression."""
    in_findings = [one for one in _there(reading, "findings") if _near_word(one, first)]
    for one in _there(reading, "impression"):
        found = _near_word(one, second)
        if not found or _near_word(one, first):
            continue
        before = [other for other in in_findings if other.concept.name == one.concept.name and _same_thing(other, one)]
        every = [o for o in _there(reading, "findings") if o.concept.name == one.concept.name and _same_thing(o, one)]
        if before and not any(_near_word(other, second) for other in every):
            yield Issue(Code.CONTRADICTION, "impression", found)


def _there(reading: Reading, section: str) -> list[Mention]:
    kinds = (Status.THERE, Status.OLD)
    return [one for one in reading.said if one.sentence.section == section and one.status in kinds]


def _near_word(one: Mention, kind: str) -> str:
    """The word of a list that stands in the sentence of a thing and belongs to no other thing; "" for none."""
    text = one.sentence.text
    start = max(text.rfind(mark, 0, one.start) for mark in (",", ";", "，", "；", " and ")) + 1
    ends = [at for mark in (",", ";", "，", "；", " with ") if (at := text.find(mark, one.end)) >= 0]
    end = min(ends, default=len(text)) if kind in ("small", "large", "fresh", "aged") else len(text)
    if kind in ("small", "large", "fresh", "aged"):
        end = min(end, one.end + 20)
        start = max(start, one.start - 45)
    found = words("degrees", kind).search(text[start:end])
    return found.group() if found else ""


def _counts(reading: Reading) -> Iterator[Issue]:
    """A single nodule in one section, several in another."""
    for kind, other in (("single", "several"), ("several", "single")):
        first = [one for one in _there(reading, "findings") if _near_count(one, kind)]
        for one in _there(reading, "impression"):
            word = _near_count(one, other)
            same = [before for before in first if before.concept.name == one.concept.name and _same_thing(before, one)]
            alike = [before for before in _there(reading, "findings") if before.concept.name == one.concept.name]
            if word and same and not any(_near_count(before, other) for before in alike):
                yield Issue(Code.CONTRADICTION, "impression", word)


def _near_count(one: Mention, kind: str) -> str:
    found = words("degrees", kind).search(one.sentence.text[max(0, one.start - 30) : one.end])
    return found.group() if found else ""
