"""What a report names: each thing with its side, place, organ, and whether it is said to be there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from viewer.reporting.lint.lexicon import Concept, concepts, words
from viewer.reporting.lint.places import PlaceToken, SideToken, organs_in, places, sides
from viewer.reporting.lint.text import Sentence


class Status(StrEnum):
    """What is said of a thing."""

    THERE = "there"
    NOT_THERE = "not there"
    NOT_SUCH = "not such"  # "no large effusion": of others nothing is said
    OPEN = "open"  # "cannot be excluded", "to rule out"
    OLD = "old"


#: What separates two things in one sentence.
_APART = re.compile(r"[,;、，；&]|(?<![\dA-Z])/(?!\d)|\b(?:and|with|or|plus)\b|及|和|伴|并|与|或", re.IGNORECASE)
#: After a comma that is no list of things that are not there.
_ANEW = re.compile(
    r"(?:,\s*|\band\s+)(?:with |findings? |compatible |consistent |there (?:is|are) |(?:and |"
    r"but )?(?:a|an) |only |and there )|"
    r",\s*(?:and )?(?:small|mild|moderate|large|tiny|trace|minimal|stable|unchanged|left|right|bilateral|multiple)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_NORMAL = re.compile(
    r"\b(?:clear|normal|unremarkable|intact|preserved|patent|free|sharp|well[- ]aerated)\b|"
    r"清晰|正常|未见|锐利|通畅|无异常",
    re.IGNORECASE,
)
#: What separates the items of a list.
_ITEM = re.compile(r",|\b(?:or|nor|and)\b|、|及|和|或")
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z-]+")
#: More words than this between a "no" and a thing are no name of it.
_NEAR_WORDS = 4
#: So many letters before a thing its "old" may stand, and after it its "no".
_NEAR_OLD, _NEAR_AFTER = 28, 48


@dataclass(frozen=True, slots=True)
class Mention:
    """One thing that a sentence names; `start` and `end` count from the start of its sentence."""

    concept: Concept
    sentence: Sentence
    start: int
    end: int
    status: Status
    sides: tuple[SideToken, ...] = ()
    places: tuple[PlaceToken, ...] = ()
    organs: frozenset[str] = frozenset()
    #: Of NOT_SUCH: such as which there is none ("acute").
    such: str = ""

    @property
    def side(self) -> frozenset[str]:
        """The sides that are told of it."""
        return frozenset().union(*(one.sides for one in self.sides))

    @property
    def is_there(self) -> bool:
        """True where it is said to be there, now or long ago."""
        return self.status in (Status.THERE, Status.OLD)

    def quote(self, tokens: Iterable[SideToken | PlaceToken] = ()) -> str:
        """The words from the first to the last of itself and these."""
        spans = [(self.start, self.end), *((one.start, one.end) for one in tokens)]
        return self.sentence.text[min(a for a, _ in spans) : max(b for _, b in spans)]


def mentions(sentence: Sentence, extra: Sequence[Concept] = ()) -> list[Mention]:
    """All that a sentence names, in its order; of two that overlap the longer one."""
    spans = _spans(sentence.text, extra)
    side_tokens, place_tokens = sides(sentence.text), places(sentence.text)
    found = []
    for n, (start, end, concept) in enumerate(spans):
        window = Window(sentence.text, spans, n)
        near = [one for one in side_tokens if window.holds(one.start, one.end)]
        if concept.name == "midline_shift":
            near = []
        lying = [one for one in place_tokens if window.holds(one.start, one.end)]
        around = sentence.text[window.start : window.end]
        status, such = _status(sentence.text, spans, n)
        chosen = tuple(_chosen(near, start, end))
        organs = organs_in(around)
        found.append(Mention(concept, sentence, start, end, status, chosen, tuple(lying), organs, such))
    return [_alone(one, found, side_tokens) for one in found]


def _alone(one: Mention, found: Sequence[Mention], tokens: Sequence[SideToken]) -> Mention:
    """The only thing of a sentence that is there has the side the sentence tells."""
    others = [o for o in found if o is not one and o.status is not Status.NOT_THERE and not o.concept.minor]
    same = {token.sides for token in tokens}
    if one.sides or others or len(same) != 1 or one.status is Status.NOT_THERE or one.concept.name == "midline_shift":
        return one
    return replace(one, sides=tuple(tokens))


def _spans(text: str, extra: Sequence[Concept]) -> list[tuple[int, int, Concept]]:
    every = [
        (match.start(), match.end(), concept)
        for concept in (*extra, *concepts().values())
        for match in concept.pattern.finditer(text)
        if match.end() > match.start()
    ]
    kept: list[tuple[int, int, Concept]] = []
    for start, end, concept in sorted(every, key=lambda one: one[0] - one[1]):
        if all(end <= a or start >= b for a, b, _ in kept):
            kept.append((start, end, concept))
    return sorted(kept, key=lambda one: one[0])


def concept_of(label: str) -> Concept | None:
    """What a finding's label names: the longest match, the last of equals."""
    spans = _spans(label, ())
    return max(spans, key=lambda one: (one[1] - one[0], one[0]))[2] if spans else None


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a sentence that speaks of its n-th thing."""

    text: str
    spans: Sequence[tuple[int, int, Concept]]
    n: int

    @property
    def start(self) -> int:
        """After the last separator behind the thing before; the start of the sentence for the first."""
        if self.n == 0:
            return 0
        before = self.spans[self.n - 1][1]
        between = self.text[before : self.spans[self.n][0]]
        apart = _APART.search(between)
        return before + (apart.start() if apart else len(between))

    @property
    def end(self) -> int:
        """Where the words on the next thing, or on what is normal, begin."""
        here = self.spans[self.n][1]
        if self.n + 1 < len(self.spans):
            between = self.text[here : self.spans[self.n + 1][0]]
            apart = _APART.search(between)
            return here + (apart.start() if apart else len(between))
        rest = self.text[here:]
        for apart in _APART.finditer(rest):
            if _NORMAL.search(rest, apart.end()):
                return here + apart.start()
        return len(self.text)

    def holds(self, start: int, end: int) -> bool:
        """True for a word in this part."""
        return self.start <= start and end <= self.end or self.spans[self.n][0] <= start < self.spans[self.n][1]


def _chosen(near: Sequence[SideToken], start: int, end: int) -> list[SideToken]:
    """Sides before the thing, else those after it."""
    before = [one for one in near if one.start < end]
    return before or [one for one in near if one.start >= end]


def _status(text: str, spans: Sequence[tuple[int, int, Concept]], n: int) -> tuple[Status, str]:
    start, end, _ = spans[n]
    before = _reach(text[:start])
    after = words("status", "breaks").split(text[end:], maxsplit=1)[0]
    if words("status", "open").search(before[-60:]) or words("status", "open").search(after[:60]):
        return Status.OPEN, ""
    no = _last(words("status", "before"), before)
    if no is not None and not _is_anew(before[no:], text[end:]):
        limited = words("status", "limits").search(_ITEM.split(before[no:])[-1])
        limited = limited or _strange(_ITEM.split(before[no:])[-1])
        limited = limited or words("status", "limits_all").search(before[no:]) or words("status", "rest").search(text)
        return (Status.NOT_SUCH, limited.group()) if limited else (Status.NOT_THERE, "")
    nearest_next = spans[n + 1][0] - end if n + 1 < len(spans) else len(after)
    said = words("status", "after").search(after[:_NEAR_AFTER])
    if said and (said.start() <= nearest_next or _joined(after[: said.start()])):
        return Status.NOT_THERE, ""
    old = words("status", "old").search(text[max(0, start - _NEAR_OLD, spans[n - 1][1] if n else 0) : start])
    return (Status.OLD if old else Status.THERE), ""


def _strange(between: str) -> re.Match[str] | None:
    """A word between a "no" and a thing that makes it another thing: "no talar fracture"."""
    if len(between.split()) > _NEAR_WORDS:
        return None
    known = words("status", "neutral")
    return next((one for one in _ENGLISH.finditer(between) if not known.fullmatch(one.group())), None)


def _joined(between: str) -> bool:
    """True where things are listed: "effusion and pneumothorax are not seen"."""
    return bool(re.search(r"\b(?:and|or)\b|、|及|和", between)) and not re.search(r"\b(?:is|are|was|were)\b", between)


def _reach(before: str) -> str:
    """What stands before a thing and can still deny it."""
    return words("status", "breaks").split(before)[-1] if before else before


def _last(pattern: re.Pattern[str], text: str) -> int | None:
    """End of the last match."""
    end = None
    for match in pattern.finditer(text):
        end = match.end()
    return end


def _is_anew(after_no: str, rest: str) -> bool:
    """True where the sentence begins anew behind its "no": "no pneumothorax, a small effusion"."""
    anew = _ANEW.search(after_no)
    return anew is not None and not _LIST.search(after_no[anew.start() :] + rest)
