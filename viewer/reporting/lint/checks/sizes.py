"""Whose size a number of the report is: the thing it stands beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from viewer.reporting.lint.dates import dates
from viewer.reporting.lint.facts import SAYING, Known, Reading, fits
from viewer.reporting.lint.lexicon import words
from viewer.reporting.lint.mentions import Mention, Status
from viewer.reporting.lint.places import organs_in
from viewer.reporting.lint.quantities import Quantity, quantities
from viewer.reporting.lint.text import Sentence

#: A size of another time, before and after the number.
_THEN = re.compile(
    r"(?:previous(?:ly)?|prior|formerly|earlier|was|were|from|compared (?:with|to)|versus|vs\.?|"
    r"last (?:study|scan|exam)|"
    r"initially|before|原(?:为|约|大小)?|前(?:次|片)|此前|之前|上次|既往|由|从)[^.;，。；]{0,22}$|较前\s*[（(][^）)]{0,8}$",
    re.IGNORECASE,
)
_THEN_AFTER = re.compile(
    r"^[^.;,，。；]{0,6}?\b(?:previously(?! (?:measur\w+ |was |about |approximately )?\d)|"
    r"before|yesterday|earlier|on (?:the )?prior|in (?:19|20)\d\d|on \d)|"
    r"^[^，。；]{0,4}(?:之前|前次)",
    re.IGNORECASE,
)
#: No size but a distance, a slice, a dose.
_DISTANCE = re.compile(
    r"^\s*(?:(?:of|in|to the) )?(?:from|above|below|distal|proximal|deep|away|cranial|caudal|"
    r"superior to|inferior to|lateral to|"
    r"medial to|anterior to|posterior to|slices?|sections?|thick sections?|collimation|reconstruct|"
    r"intervals?|of (?:iodinated|"
    r"contrast|gad|omnipaque|iohexol|iopamidol|visipaque|ultravist)|contrast|rightward|leftward|"
    r"right-to-left|left-to-right|"
    r"(?:of )?(?:rightward |leftward )?mid-?line|(?:of )?(?:displacement|retraction|shortening|translation|"
    r"depression|separation|distraction|"
    r"diastasis|subluxation|step-?off|overlap|foreshortening)|apart|higher|lower than)|"
    r"^\s*(?:的)?(?:层厚|间隔|处|造影)",
    re.IGNORECASE,
)
_DISTANCE_BEFORE = re.compile(
    r"(?:slice thickness|collimation|at a distance|distance|approximately at|tip (?:is|lies|of)|"
    r"(?:increas|decreas|grown|enlarg|larger|smaller|reduc|shift)[a-z]*(?: in size)? by|within|less than|greater than|"
    r"more than|larger than|smaller than|under|over|<|>|≤|≥|层厚|距|移位|偏移|小于|大于|不超过)[^.;，。；]{0,18}$",
    re.IGNORECASE,
)
#: "The right kidney measures": the number is the organ's.
_ORGAN = re.compile(
    r"(?:measur(?:es|ing|ed)|is|are|has a|diameter|length|size|thickness|测|大小|长约|径)", re.IGNORECASE
)
#: A sentence that goes on with what was named before.
_GOES_ON = re.compile(
    r"^\s*(?:it|this|the lesion|which|they|these|measur|size|maximum|max\.|diameter|volume|its|"
    r"the (?:largest|larger|lesion|"
    r"mass|nodule)|approximately|其|大小|直径|最大|长径|范围|该|测|约)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sized:
    """A number and the thing it is a size of."""

    quantity: Quantity
    mention: Mention
    sentence: Sentence

    @property
    def quote(self) -> str:
        """The number as it stands."""
        return self.sentence.text[self.quantity.start : self.quantity.end]


def sized(reading: Reading) -> Iterator[Sized]:
    """Every number of findings, impression and recommendation that is a present size of what is there."""
    before: Mention | None = None
    for sentence in reading.sentences:
        if sentence.section not in (*SAYING, "recommendation"):
            continue
        here = [one for one in reading.mentions if one.sentence is sentence]
        near = [one for one in here if one.status is not Status.NOT_THERE]
        for quantity in quantities(sentence.text):
            if is_past(sentence.text, quantity) or is_distance(sentence.text, quantity):
                continue
            owner = _owner(sentence.text, quantity, near)
            if owner is None and not near and before is not None and _GOES_ON.search(sentence.text):
                owner = before if before.sentence.section == sentence.section else None
            if owner is not None:
                yield Sized(quantity, owner, sentence)
        before = near[-1] if near else (None if here or organs_in(sentence.text) else before)


def is_past(text: str, quantity: Quantity) -> bool:
    """True for a size of another time."""
    start = text[: quantity.start]
    then = _THEN.search(start[-40:])
    if then and re.match(r"was|were", then.group(), re.IGNORECASE):
        # "was 5 mm" is of another time only beside a size of now.
        return any(one.end <= quantity.start for one in quantities(start))
    if re.search(r"(?:mm|cm|毫米|厘米)\s*[（(]\s*$", start):
        return True
    after = text[quantity.end :]
    dated = any(re.fullmatch(r"\W*(?:in|on|at|of)?\W*", after[: one.start], re.IGNORECASE) for one in dates(after[:30]))
    return bool(then or dated or _THEN_AFTER.search(after))


def is_distance(text: str, quantity: Quantity) -> bool:
    """True for what is no size."""
    return bool(_DISTANCE.search(text[quantity.end :][:40]) or _DISTANCE_BEFORE.search(text[: quantity.start][-40:]))


def _owner(text: str, quantity: Quantity, near: list[Mention]) -> Mention | None:
    """The thing right behind the number ("8 mm nodule"), else the last one before it, else the next."""
    behind = [one for one in near if one.start >= quantity.end]
    if behind and len(re.findall(r"[\w-]+", text[quantity.end : behind[0].start])) <= 4:
        between = text[quantity.end : behind[0].start]
        if not re.search(r"[,;，；(（]|\b(?:with|and|in)\b|伴", between):
            return behind[0]
    ahead = [one for one in near if one.end <= quantity.start]
    if ahead:
        between = text[ahead[-1].end : quantity.start]
        return None if _is_of_organ(between) else ahead[-1]
    if behind and not _is_of_organ(text[: quantity.start]):
        return behind[0]
    return None


def _is_of_organ(between: str) -> bool:
    """True where an organ and its verb stand between: "the right kidney measures"."""
    verb = _ORGAN.search(between)
    if verb is None or not organs_in(between[: verb.start()][-30:]):
        return False
    return not re.search(
        r"\b(?:in|of|within|at|from|over|along|near|on)\b[^,;]*$|[,，]\s*$|位于|于", between[: verb.start()]
    )


def is_another(mention: Mention, fact: Known, reading: Reading) -> bool:
    """True for one thing more of a finding's kind: said so, or with a side or place and a size of its own."""
    text = mention.sentence.text
    if words("status", "besides").search(text[max(0, mention.start - 30) : mention.start]):
        return True
    own = [one.quantity for one in reading_sizes(reading) if one.mention is mention]
    known = [size for size in fact.sizes if any(size.kind is one.kind for one in own)]
    new = re.search(r"\bnew\b|新发", text[max(0, mention.start - 30) : mention.start], re.IGNORECASE)
    if not (new or own and known) or fits(mention, fact) and not new:
        return False
    same = any(abs(n - size.value) <= 0.2 * size.value for one in own for n in one.values for size in known)
    return not same and is_told_besides(mention, fact, reading)


def is_told_besides(mention: Mention, fact: Known, reading: Reading) -> bool:
    """True where the section tells the finding itself, at its side or place."""
    section = [one for one in reading.mentions if one.sentence.section == mention.sentence.section]
    names = (mention.concept.name, fact.concept.name)
    alike = [one for one in section if one is not mention and one.is_there and one.concept.name in names]
    return any(fits(one, fact) for one in alike if one.side or one.places)


def reading_sizes(reading: Reading) -> tuple[Sized, ...]:
    """All sizes of a report, found once."""
    if "sizes" not in reading.kept:
        reading.kept["sizes"] = tuple(sized(reading))
    found: tuple[Sized, ...] = reading.kept["sizes"]
    return found
