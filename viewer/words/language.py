"""The report's words in one language, and dates, numbers and sides as that language writes them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from viewer.core.errors import UsageError
from viewer.core.finding import Finding, Measurement, Side
from viewer.core.phrases import phrases_in
from viewer.core.resources import resources_dir
from viewer.words.numbers import value_words
from viewer.words.persons import calendar_day

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """`resources/report/<language>.toml`: sections as attributes of `table`."""

    language: str
    table: dict[str, Any]

    def __call__(self, section: str, key: str, /, **values: object) -> str:
        """One phrase, its fields filled in."""
        return str(self.table[section][key]).format(**values)

    def name(self, text: str) -> str:
        """A pack's word (label, place, unit) in this language, or itself where nothing is known."""
        return str(self.table.get("words", {}).get(text, text))

    def said(self, text: str) -> str:
        """A finished sentence of the program (a gate's reason, a caution) in this language."""
        return phrases_in(self.language).say(text)

    @property
    def unknown(self) -> str:
        """The word for what nobody knows."""
        return str(self.table["unknown"])

    def date(self, text: str) -> str:
        """A DICOM date (20260302) or ISO 8601 date as written here; as it stands where it is neither."""
        day = calendar_day(text)
        if day is None:
            return text or self.unknown
        month = self.table["months"][day.month - 1]
        return str(self.table["date"]).format(day=day.day, month=month, year=day.year)

    def moment(self, text: str) -> str:
        """An ISO 8601 moment as date and minutes; the offset is the writer's own."""
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return text or self.unknown
        return f"{self.date(when.date().isoformat())} {when:%H:%M}"

    def age(self, text: str) -> str:
        """A DICOM age ("004Y") in words, "" where there is none."""
        if len(text) != 4 or not text[:3].isdigit() or text[3] not in "DWMY":
            return ""
        return self("age", text[3], n=int(text[:3]))

    def side(self, side: Side) -> str:
        """Left, right or both in words, "" for none."""
        return str(self.table["sides"][side.value]) if side.value else ""

    def place(self, finding: Finding) -> str:
        """Place of a finding; where the reader changed the side, that side and what the AI had said."""
        text, side = self.name(finding.location.text), self.side(finding.side)
        if finding.original is not None and finding.side_edited:
            was = text or self.side(finding.original.side) or self.unknown
            return self("table", "side_edit", side=side or self.unknown, place=was)
        return text or side or "–"

    def measurement(self, measurement: Measurement) -> str:
        """Name, number and unit."""
        return self("table", "size", name=self.name(measurement.name), value=self.value(measurement))

    def value(self, measurement: Measurement) -> str:
        """Number, error and unit, and a word where it was never held against patients."""
        value = value_words(measurement)
        return value if measurement.validated else self("table", "not_validated", value=value)


@cache
def words_in(language: str) -> Words:
    """The words of a language.

    Raises:
        UsageError: there is no such language.
    """
    if language not in LANGUAGES:
        raise UsageError(f"There is no report in the language {language!r}.", f"Choose one of {', '.join(LANGUAGES)}.")
    path = resources_dir() / "report" / f"{language}.toml"
    return Words(language, tomllib.loads(path.read_text(encoding="utf-8")))
