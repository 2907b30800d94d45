"""Numbers with their units as reports write them: "3.2 x 4.1 cm", "8mm×6mm", "twelve-millimetre", "八毫米"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from viewer.reporting.lint.numerals import NUMBER, step, value


class Kind(StrEnum):
    """What a unit measures."""

    LENGTH = "length"
    AREA = "area"
    VOLUME = "volume"
    HOUNSFIELD = "hounsfield"
    PERCENT = "percent"
    ANGLE = "angle"
    RATE = "rate"
    PRESSURE = "pressure"
    SPEED = "speed"
    MASS = "mass"
    TIME = "time"
    RATIO = "ratio"


#: Pattern of a unit -> what it measures, and how much of the first unit of its kind one is (mm, mm2, mm3 ...).
UNITS: tuple[tuple[str, Kind, float], ...] = (
    (r"mm\s?hg|毫米汞柱", Kind.PRESSURE, 1),
    (r"(?:cubic millimet(?:er|re)s?|mm(?:\^?3|³)|立方毫米)", Kind.VOLUME, 1),
    (r"(?:cubic centimet(?:er|re)s?|cm(?:\^?3|³)|ccm?|m[lL]|millilit(?:er|re)s?|立方厘米|毫升)", Kind.VOLUME, 1e3),
    (r"(?:lit(?:er|re)s?|升)", Kind.VOLUME, 1e6),
    (r"(?:square millimet(?:er|re)s?|mm(?:\^?2|²)|平方毫米)", Kind.AREA, 1),
    (r"(?:square centimet(?:er|re)s?|cm(?:\^?2|²)|平方厘米)", Kind.AREA, 1e2),
    (r"(?:cm|m)/s(?:ec)?", Kind.SPEED, 1),
    (r"(?:millimet(?:er|re)s?|mm|毫米)", Kind.LENGTH, 1),
    (r"(?:centimet(?:er|re)s?|cms?|厘米|公分)", Kind.LENGTH, 10),
    (r"(?:micromet(?:er|re)s?|microns?|[µμu]m|微米)", Kind.LENGTH, 1e-3),
    (r"(?:inch(?:es)?|英寸)", Kind.LENGTH, 25.4),
    (r"(?:kilomet(?:er|re)s?|km|公里)", Kind.LENGTH, 1e6),
    (r"(?:met(?:er|re)s?|m|米)", Kind.LENGTH, 1e3),
    (r"(?:HU|Hounsfield(?: units?)?|亨氏单位)", Kind.HOUNSFIELD, 1),
    (r"(?:%|％|percent|per cent)", Kind.PERCENT, 1),
    (r"(?:degrees?|°(?!\s?C)|度)", Kind.ANGLE, 1),
    (r"(?:bpm|beats(?: per minute|/min)|次/分)", Kind.RATE, 1),
    (r"(?:kg|kilograms?|千克|公斤)", Kind.MASS, 1e3),
    (r"(?:mg|milligrams?|毫克)", Kind.MASS, 1e-3),
    (r"(?:g|grams?|克)", Kind.MASS, 1),
    (r"(?:ms|milliseconds?|毫秒)", Kind.TIME, 1),
)
_UNIT = "|".join(f"(?P<u{n}>{pattern})" for n, (pattern, _, _) in enumerate(UNITS))
_ANY_UNIT = "|".join(re.sub(r"\(\?P<\w+>", "(?:", pattern) for pattern, _, _ in UNITS)
_BY = r"\s*(?:x|×|✕|\*|by|X|乘)\s*"
_QUANTITY = re.compile(
    rf"(?<![A-Za-z0-9_.])(?P<sign>[-−–](?=\d))?(?P<first>{NUMBER})"
    rf"(?:(?:\s*(?:{_ANY_UNIT})?{_BY})(?P<second>{NUMBER}))?(?:(?:\s*(?:{_ANY_UNIT})?{_BY})(?P<third>{NUMBER}))?"
    rf"(?:\s*(?:-|–|—|~|～|to|至|到)\s*(?P<until>{NUMBER}))?"
    rf"[\s-]?\s?(?:{_UNIT})(?![A-Za-z³²])",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?<![A-Za-z0-9_.])(?P<first>\d+(?:[.,]\d+)?){_BY}(?P<second>\d+(?:[.,]\d+)?)(?:{_BY}(?P<third>\d+(?:[.,]\d+)?))?"
    rf"(?!\s*(?:{_ANY_UNIT}))(?![\d.]*\d)"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Numbers with one unit.

    Attributes:
        values: in the first unit of their kind (mm, mm2, mm3); `steps`: one of the last place written.
        written: as they stand, before the unit; `scale`: how much of the first unit theirs is.
        until: end of a range, in the first unit.
        start, end: in the text.
    """

    values: tuple[float, ...]
    steps: tuple[float, ...]
    written: tuple[float, ...]
    kind: Kind
    scale: float
    start: int
    end: int
    until: float | None = None


def quantities(text: str) -> Iterator[Quantity]:
    """Every number with a unit, in the order of the text."""
    for match in _QUANTITY.finditer(text):
        kind, scale = next(
            (kind, scale) for n, (_, kind, scale) in enumerate(UNITS) if match.group(f"u{n}") is not None
        )
        if re.match(r"onths?|in(?:s|utes?)?\b", text[match.end() :]):  # "3 m" of "3 months"
            continue
        parts = [part for name in ("first", "second", "third") if (part := match.group(name))]
        sign = -1.0 if match.group("sign") and not _is_dash(text, match.start()) else 1.0
        written = tuple(sign * (value(part) or 0.0) for part in parts)
        until = match.group("until")
        last = value(until) if until else None
        yield Quantity(
            tuple(number * scale for number in written),
            tuple(step(part) * scale for part in parts),
            written,
            kind,
            scale,
            match.start(),
            match.end(),
            None if last is None else last * scale,
        )


def _is_dash(text: str, start: int) -> bool:
    """True for a dash that is none of a number: "L4 -5 mm", "size - 5 mm"."""
    return bool(re.search(r"[\w)]\s*$", text[:start])) and not re.search(r"(?:is|of|measures|=|:|为)\s*$", text[:start])


def unitless(text: str) -> Iterator[tuple[int, int]]:
    """Places of sizes without any unit: "12 x 8"."""
    taken = [(one.start, one.end) for one in quantities(text)]
    for match in _BARE.finditer(text):
        if all(match.end() <= start or match.start() >= end for start, end in taken):
            yield match.start(), match.end()


def unit_of(text: str) -> tuple[Kind, float] | None:
    """What the unit of a measurement is (UCUM or words); None where it is not known."""
    plain = text.strip()
    known = {"{ratio}": Kind.RATIO, "1": Kind.RATIO, "deg": Kind.ANGLE, "[hnsf'U]": Kind.HOUNSFIELD}
    if plain in known:
        return known[plain], 1.0
    for pattern, kind, scale in UNITS:
        if re.fullmatch(pattern, plain, re.IGNORECASE):
            return kind, scale
    return None
