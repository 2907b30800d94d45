"""The words of reports as data (`resources/lint/*.toml`): concepts, places, organs, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from viewer.core.resources import resources_dir

Patterns = Mapping[str, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a report may tell of (see concepts.toml)."""

    name: str
    pattern: re.Pattern[str]
    kin: frozenset[str] = frozenset()
    acute: bool = False
    lung: bool = False
    minor: bool = False


def compiled(patterns: Patterns) -> re.Pattern[str]:
    """English patterns at word bounds and Chinese ones anywhere, as one."""
    english = "|".join(f"(?:{one})" for one in patterns.get("en", ()))
    chinese = "|".join(f"(?:{one})" for one in patterns.get("zh", ()))
    parts = [rf"(?<![A-Za-z])(?:{english})(?![A-Za-z])" if english else "", chinese]
    return re.compile("|".join(part for part in parts if part), re.IGNORECASE)


@cache
def table(name: str) -> dict[str, Any]:
    """One file of words."""
    return tomllib.loads((resources_dir() / "lint" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def concepts() -> dict[str, Concept]:
    """Every concept by its name."""
    return {
        name: Concept(
            name,
            compiled(one),
            frozenset(one.get("kin", ())),
            acute=one.get("acute", False),
            lung=one.get("lung", False),
            minor=one.get("minor", False),
        )
        for name, one in table("concepts").items()
    }


@cache
def axes() -> dict[str, dict[str, re.Pattern[str]]]:
    """Axis of places -> value -> how it is written."""
    return {
        axis: {value: compiled(one) for value, one in values.items()}
        for axis, values in table("places")["axes"].items()
    }


@cache
def organs() -> dict[str, re.Pattern[str]]:
    """Organ -> how it is written."""
    return {name: compiled(one) for name, one in table("places")["organs"].items()}


@cache
def organ_groups() -> tuple[frozenset[str], ...]:
    """Organs that are told for one another."""
    return tuple(frozenset(group) for group in table("places")["together"])


@cache
def rows(file: str, name: str) -> tuple[tuple[dict[str, Any], re.Pattern[str]], ...]:
    """Rows of a file, each with its patterns."""
    return tuple((row, compiled(row)) for row in table(file)[name])


@cache
def named_rows(file: str, name: str) -> dict[str, tuple[dict[str, Any], re.Pattern[str]]]:
    """Rows of a file that have names."""
    return {key: (row, compiled(row)) for key, row in table(file)[name].items()}


@cache
def words(file: str, name: str) -> re.Pattern[str]:
    """A list of patterns of a file."""
    return compiled(table(file)[name])
