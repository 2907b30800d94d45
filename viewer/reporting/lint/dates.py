"""Dates as reports write them, with every way an ambiguous one can be read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<{0}>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|"
    r"DEC)[A-Za-z]*\.?"
)
_HAN = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_FORMS = (
    r"(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)",
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)",
    r"(?<![\d.])(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d\d)(?!\d)",
    r"(?<![\d./-])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d\d)(?![\d/])",
    rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|"
    rf"th)?[\s-]+(?:of )?{_MONTH.format('w')}(?:,?[\s-]+'?(?P<y>(?:19|20)\d\d|\d\d(?![\d.:]))(?!\d))?",
    rf"{_MONTH.format('w')}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y>(?:19|20)\d\d))?(?!\d)",
    rf"{_MONTH.format('w')},?\s+(?:of )?(?P<y>(?:19|20)\d\d)(?!\d)",
    r"(?P<y>(?:19|20)\d\d|[〇零一二三四五六七八九]{4})\s*年\s*(?:(?P<m>\d{1,2}|"
    r"[一二三四五六七八九十]{1,2})\s*月\s*(?:(?P<d>\d{1,2}|[一二三四五六七八九十]{1,3})\s*[日号])?)?",
    r"(?<![\d年])(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]",
    r"(?<![\d/])(?P<m>\d{1,2})/(?P<y>(?:19|20)\d\d)(?!\d)",
)
_PATTERNS = tuple(re.compile(form) for form in _FORMS)


@dataclass(frozen=True, slots=True)
class Told:
    """A date in a text: its readings as (year, month, day), None for what is not told."""

    readings: tuple[tuple[int | None, int | None, int | None], ...]
    start: int
    end: int

    def fits(self, date: datetime.date) -> bool:
        """True where one reading is that date, as far as it is told."""
        wanted = (date.year, date.month, date.day)
        return any(
            all(part is None or part == whole for part, whole in zip(reading, wanted, strict=True))
            for reading in self.readings
        )

    @property
    def can_be(self) -> bool:
        """False for a day that no calendar has."""
        return any(_exists(reading) for reading in self.readings)

    @property
    def is_whole(self) -> bool:
        """True where day, month and year are told."""
        return None not in self.readings[0]


def _exists(reading: tuple[int | None, int | None, int | None]) -> bool:
    year, month, day = reading
    try:
        datetime.date(year or 2024, month or 1, day or 1)
    except ValueError:
        return False
    return True


def dates(text: str) -> Iterator[Told]:
    """Every date of a text, the longest reading of each place."""
    taken: list[tuple[int, int]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append((match.start(), match.end()))
                yield Told(_readings(match.groupdict()), match.start(), match.end())


def _readings(parts: dict[str, str | None]) -> tuple[tuple[int | None, int | None, int | None], ...]:
    year = _year(parts.get("y"))
    first, second = parts.get("a"), parts.get("b")
    if first and second:
        both = {(year, int(second), int(first)), (year, int(first), int(second))}
        possible = tuple(reading for reading in sorted(both) if _exists(reading))
        return possible or tuple(sorted(both))
    word = parts.get("w")
    month = _MONTHS.index(word[:3].casefold()) + 1 if word else _number(parts.get("m"))
    return ((year, month, _number(parts.get("d"))),)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    year = int("".join(_HAN.get(letter, letter) for letter in text))
    return year + 2000 if year < 100 else year


def _number(text: str | None) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    tens, _, ones = text.partition("十") if "十" in text else ("0", "", text)
    return (int(_HAN.get(tens, tens or "1")) * 10) + (int(_HAN[ones]) if ones else 0)


def iso(text: str | None) -> datetime.date | None:
    """A date of the context (ISO 8601, or DICOM's eight digits); None where it is none."""
    plain = (text or "").strip()[:10]
    for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"):
        try:
            return datetime.datetime.strptime(plain[:8] if form == "%Y%m%d" else plain, form).date()
        except ValueError:
            continue
    return None
