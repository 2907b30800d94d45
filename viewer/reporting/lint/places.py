"""Sides, places and levels in words: where each stands and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from viewer.reporting.lint.lexicon import axes, organs
from viewer.reporting.lint.numerals import ORDINAL, counted, ordinal

LEFT, RIGHT = "left", "right"
BOTH = frozenset({LEFT, RIGHT})
#: Words after a side that make it part of another name: the right atrium, a left-handed person, a left lateral view.
_NAMES = (
    r"(?!(?:[ -]sided)?[ -](?:atri|ventric|heart|hand(?:ed|er)|internal jugular|ij\b|subclavian|picc|arm|jugular|port|"
    r"main ?stem|coronary|aortic arch|anterior descending|circumflex|lateral decubitus|"
    r"anterior oblique|femoral (?:line|"
    r"catheter|vein)|posterior oblique|lateral (?:view|projection|radiograph|position)|of mid|dominan|"
    r"chest (?:port|wall port)|"
    r"axillary|brachiocephalic|pacemaker|pectoral|ac\b|approach|bundle))"
)
_SIDES: tuple[tuple[str, frozenset[str]], ...] = (
    (r"(?<![A-Za-z])(?:bilateral(?:ly)?|both(?= \w)|bi(?:bas|ap)[a-z]+|both sides)(?![A-Za-z])", BOTH),
    (rf"(?<![A-Za-z-])left(?:[- ]sided)?(?![A-Za-z]){_NAMES}", frozenset({LEFT})),
    (rf"(?<![A-Za-z-])right(?:[- ]sided)?(?![A-Za-z]){_NAMES}", frozenset({RIGHT})),
    (r"(?<![A-Za-z])(?:L[UL]L|[Ll]ingula(?:r)?)(?![A-Za-z])", frozenset({LEFT})),
    (r"(?<![A-Za-z])R[UML]L(?![A-Za-z])", frozenset({RIGHT})),
    (r"(?<![A-Za-z])(?:[Ll]t|LT)(?:\.|(?= )) ?(?=[a-z])", frozenset({LEFT})),
    (r"(?<![A-Za-z])(?:[Rr]t|RT)(?:\.|(?= )) ?(?=[a-z])", frozenset({RIGHT})),
    (
        r"(?<![\w.'’])L(?= (?:[a-z]{2}|>|<|MCA|ICA|PCA|ACA)|[>)\].,]|-sided)(?!-\d)|"
        r"(?<=on the )L(?![\w])",
        frozenset({LEFT}),
    ),
    (
        r"(?<![\w.'’])R(?= (?:[a-z]{2}|>|<|MCA|ICA|PCA|ACA)|[>)\].,]|-sided)(?!-\d)|"
        r"(?<=on the )R(?![\w])",
        frozenset({RIGHT}),
    ),
    (r"双(?=侧|肺|肾|下|上|眼|膝|髋|乳|胸|肩|手|足|腕|侧)|两(?:侧|肺|肾|下肺|上肺|胸)", BOTH),
    (r"(?<!居)(?<!向)(?<!偏)左(?!右|心|室|房|前斜|侧位|侧卧|锁骨下|颈内|前降|主支)(?:侧)?", frozenset({LEFT})),
    (r"(?<!左)(?<!居)(?<!向)(?<!偏)右(?!心|室|房|前斜|侧位|侧卧|锁骨下|颈内|主支)(?:侧)?", frozenset({RIGHT})),
)
_SIDE_PATTERNS = tuple(
    (re.compile(p, re.IGNORECASE if "eft" in p[:28] or "ight" in p[:28] or "bilat" in p else 0), s) for p, s in _SIDES
)

_LETTERS = {"l": "L", "t": "T", "d": "T", "c": "C", "s": "S", "腰": "L", "胸": "T", "颈": "C", "骶": "S"}
#: Vertebrae there are; a person may have a sixth lumbar one or a thirteenth rib, so rarely that it is asked about.
_MOST = {"L": 5, "T": 12, "C": 8, "S": 5}
_N = r"\d{1,2}"
_ZH_N = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_SPINE = (
    re.compile(
        rf"(?<![A-Za-z0-9])(?P<a>[LTCSD])(?P<n>{_N})(?:(?:\s?[-–/]\s?| on )(?P<b>[LTCSD])?"
        rf"(?P<m>{_N}))?(?![\dA-Za-z])(?!\.\d)"
    ),
    re.compile(
        rf"(?P<a>[腰胸颈骶])(?:椎)?(?:第)?(?P<n>{_ZH_N})(?:\s?[-–/～~至、]\s?(?P<b>[腰胸颈骶LTCS])?(?P<m>{_ZH_N}))?(?=椎|"
        rf"[^\d个年月天周]|$)"
    ),
    re.compile(rf"第(?P<n>{_ZH_N})(?P<a>[腰胸颈骶])椎"),
    re.compile(
        rf"(?<![A-Za-z])(?P<o>{ORDINAL})(?: (?:and|to) (?P<p>{ORDINAL}))? (?P<w>lumbar|thoracic|"
        rf"cervical|dorsal|sacral)(?! spine)",
        re.IGNORECASE,
    ),
)
_WORDS = {"lumbar": "L", "thoracic": "T", "dorsal": "T", "cervical": "C", "sacral": "S"}
#: T1 and T2 are sequences unless a vertebra is meant.
_SEQUENCE = re.compile(r"T[12]")
_VERTEBRAL = re.compile(
    r"^(?:[-–/]\w+)?[ -](?:vertebra|level|body|bodies|fracture|compression|disc|disk|superior|"
    r"inferior|endplate|spinous|lamina|nerve root|root)|^(?:[-–/](?:T|D)?\d)|^椎",
    re.IGNORECASE,
)
_NUMBERED = (
    (
        "rib",
        re.compile(
            rf"(?<![A-Za-z])({ORDINAL})(?:(?:[,-]| and| to| through)? ?({ORDINAL}))? (?:(?:anterior|posterior|"
            rf"lateral|costal)[a-z]* )*ribs?",
            re.IGNORECASE,
        ),
    ),
    (
        "rib",
        re.compile(
            r"ribs? (?:numbers? )?(\d{1,2})(?:\s?(?:-|–|to|and)\s?(\d{1,2}))?"
            r"(?![\d.])(?! ?(?:mm|cm))",
            re.IGNORECASE,
        ),
    ),
    ("rib", re.compile(rf"第({_ZH_N})(?:[-–、至～]({_ZH_N}))?(?:前|后|侧|腋)?肋")),
    (
        "segment",
        re.compile(
            r"(?:segments?|seg\.?) ?([IVX]{1,4}|\d)[ab]?(?:\s?(?:/|-|and)\s?([IVX]{1,4}|"
            r"\d)[ab]?)?(?![A-Za-z\d])"
        ),
    ),
    ("segment", re.compile(r"(?<![A-Za-z\d])S(\d)(?=段)()")),
    ("segment", re.compile(r"(?:第)?([ⅠⅡⅢⅣⅤⅥⅦⅧ]|\d|[IVX]{1,4})(?:/([ⅠⅡⅢⅣⅤⅥⅦⅧ]|\d))?段")),
    (
        "ray",
        re.compile(
            rf"(?<![A-Za-z])({ORDINAL})() (?:(?:left|right|proximal|middle|distal) )*(?:metacarpal|metatarsal|"
            rf"phalan|finger|toe|digit)",
            re.IGNORECASE,
        ),
    ),
    ("ray", re.compile(rf"第({_ZH_N})()(?:掌骨|跖骨|指|趾|近节|中节|远节)")),
    ("clock", re.compile(r"(?<!\d)(\d{1,2})(?::00)?() ?o['’]?clock", re.IGNORECASE)),
    ("clock", re.compile(r"(?<!\d)(\d{1,2})()点(?:钟)?(?:方向|位)")),
)


@dataclass(frozen=True, slots=True)
class SideToken:
    """A side and where it stands."""

    sides: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlaceToken:
    """A place on an axis ("lung": upper; "spine": L4, L5) and where it stands."""

    axis: str
    values: frozenset[str]
    start: int
    end: int
    #: False for a level that nobody has (T14).
    can_be: bool = True


def sides(text: str) -> list[SideToken]:
    """Every side that is told, in the order of the text."""
    found = [SideToken(s, m.start(), m.end()) for pattern, s in _SIDE_PATTERNS for m in pattern.finditer(text)]
    return sorted(found, key=lambda one: one.start)


def side_of(text: str | None) -> frozenset[str]:
    """The side a finding's field says; empty for none."""
    plain = (text or "").strip().casefold()
    known = {
        "l": {LEFT}, "r": {RIGHT}, "left": {LEFT}, "right": {RIGHT}, "both": BOTH, "bilateral": BOTH, "b": BOTH,
        "左": {LEFT}, "右": {RIGHT}, "左侧": {LEFT}, "右侧": {RIGHT}, "双侧": BOTH, "两侧": BOTH, "双": BOTH,
    }  # fmt: skip
    return frozenset(known[plain]) if plain in known else frozenset().union(*(one.sides for one in sides(plain)))


def places(text: str) -> list[PlaceToken]:
    """Every place that is told: lobes, levels, ribs, segments ..."""
    found = [
        PlaceToken(axis, frozenset({value}), match.start(), match.end())
        for axis, values in axes().items()
        for value, pattern in values.items()
        for match in pattern.finditer(text)
    ]
    return sorted([*found, *levels(text), *_numbered(text)], key=lambda one: one.start)


def levels(text: str) -> Iterator[PlaceToken]:
    """Vertebrae and discs: L4, L4-5, C5/C6, 腰4/5, the eleventh thoracic vertebra."""
    for number, pattern in enumerate(_SPINE):
        for match in pattern.finditer(text):
            if number == 0 and _SEQUENCE.fullmatch(match.group()) and not _VERTEBRAL.match(text[match.end() :]):
                continue
            named = _vertebrae(match)
            if named:
                can_be = all(0 < n <= _MOST[letter] for letter, n in named)
                values = frozenset(f"{letter}{n}" for letter, n in named)
                yield PlaceToken("spine", values, match.start(), match.end(), can_be)


def _vertebrae(match: re.Match[str]) -> list[tuple[str, int]]:
    parts = match.groupdict()
    if parts.get("o"):
        letter = _WORDS[parts["w"].casefold()]
        return [(letter, ordinal(one)) for one in (parts["o"], parts.get("p")) if one]
    letter, first = _LETTERS[parts["a"].casefold()], counted(parts["n"])
    if first is None:
        return []
    named = [(letter, first)]
    last = counted(parts["m"]) if parts.get("m") else None
    if last is not None:
        end = _LETTERS[parts["b"].casefold()] if parts.get("b") else "S" if letter == "L" and last == 1 else letter
        named += [(letter, n) for n in range(first + 1, last)] if end == letter else []
        named.append((end, last))
    return named


def _numbered(text: str) -> Iterator[PlaceToken]:
    for axis, pattern in _NUMBERED:
        for match in pattern.finditer(text):
            numbers = [n for part in match.groups() if part and (n := _count(part)) is not None]
            if numbers:
                span = range(numbers[0], numbers[-1] + 1) if axis == "rib" and numbers[-1] >= numbers[0] else numbers
                can_be = all(0 < n <= (13 if axis == "rib" else 20) for n in numbers)
                values = frozenset(str(n) for n in span)
                yield PlaceToken(axis, values, match.start(), match.end(), can_be)


def _count(text: str) -> int | None:
    number = counted(text)
    if number is None and re.fullmatch(ORDINAL, text, re.IGNORECASE):
        return ordinal(text)
    return number


def organs_in(text: str) -> frozenset[str]:
    """Organs that are named."""
    return frozenset(name for name, pattern in organs().items() if pattern.search(text))


def agree(told: frozenset[str], known: frozenset[str], axis: str) -> bool:
    """True where a place told is the place known: a disc needs both of its vertebrae."""
    if axis == "lung":
        told, known = (frozenset("upper" if one == "lingula" else one for one in side) for side in (told, known))
    if axis == "spine" and len(told) == len(known) == 2:
        return told == known
    return bool(told & known)
