"""A guideline's table as typed data: inputs, exclusions, rules. Nothing in it is ever evaluated as code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from viewer.core.errors import ReadError

Said = Annotated[str, Meta(pattern=r"\S")]
Months = Annotated[int, Meta(ge=0, le=1200)]
#: A name that counts the items of a case.
COUNT = "count"
#: A table is text of some 10 KB (bytes).
_MAX_BYTES = 2**20


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An object of a table: fields by name and type, nothing else."""


class Bounds(Part, frozen=True):
    """A range of numbers; each bound that is given holds."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None


#: Name of an input or mean -> the words it may be, the range it lies in, or the answer.
When = dict[str, tuple[str, ...] | Bounds | bool]


class Input(Part, frozen=True):
    """One input: a number within bounds, one of some words, or (`flag`) yes or no.

    Attributes:
        place: "item" of each item, "patient" in that object, "case" beside them.
        required: an item without it stops the guideline, whatever the rules ask.
    """

    name: Said
    place: Literal["case", "patient", "item"] = "case"
    words: tuple[str, ...] = ()
    flag: bool = False
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    required: bool = False


class Order(Part, frozen=True):
    """Two inputs of an item of which the first is never larger."""

    least: Said
    most: Said


class Mean(Part, frozen=True):
    """The mean of some inputs of an item; halves are rounded up. `missing` is what it is called where it lacks."""

    name: Said
    of: tuple[str, ...]
    rounding: Literal["whole", "tenth"] = "whole"
    missing: str = ""


class Exclusion(Part, frozen=True):
    """Where the guideline is not made for: `text` goes on after "cannot apply:"."""

    name: Said
    when: When
    text: Said
    text_zh: str = ""


class Suspicion(Part, frozen=True):
    """One line of the order in which items govern."""

    when: When


class Step(Part, frozen=True):
    """What is to be done: once between two months, or every so many months until an end."""

    what: Said
    strength: Literal["do", "consider", "optional"]
    after_months: tuple[Months, Months] | None = None
    every_months: Months | None = None
    until_months: Months | None = None

    def __post_init__(self) -> None:
        """Refuse a step that is neither or both."""
        often = self.every_months is not None and self.until_months is not None
        if (self.after_months is not None) == often:
            raise ValueError("a step has after_months, or every_months and until_months")


class Rule(Part, frozen=True):
    """One cell of the table."""

    id: Said
    when: When
    text: Said
    text_zh: str = ""
    steps: tuple[Step, ...] = ()
    alternatives: tuple[str, ...] = ()


class Table(Part, frozen=True):
    """A guideline.

    Attributes:
        items: key of the list of items ("nodules"); "" where a case has none.
        size: the input or mean that is told as the size and decides between equally suspicious items.
    """

    name: Said
    title: Said
    edition: Said
    source: Said
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    title_zh: str = ""
    items: str = ""
    size: str = ""
    inputs: tuple[Input, ...] = ()
    orders: tuple[Order, ...] = ()
    means: tuple[Mean, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    suspicion: tuple[Suspicion, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that stand for nothing."""
        known = {given.name for given in self.inputs} | {mean.name for mean in self.means} | {COUNT}
        strange = sorted(set(_names(self)) - known)
        if strange:
            raise ValueError(f"'{strange[0]}' is no input and no mean")


def _names(table: Table) -> Iterator[str]:
    """Every name of an input or mean that something in the table rests on."""
    for when in [
        *(rule.when for rule in table.rules),
        *(exclusion.when for exclusion in table.exclusions),
        *(line.when for line in table.suspicion),
    ]:
        yield from when
    for mean in table.means:
        yield from mean.of
    for order in table.orders:
        yield from (order.least, order.most)
    yield from filter(None, [table.size])


def load(path: Path) -> Table:
    """A table from its file.

    Raises:
        ReadError: it is missing or no guideline; the place is named.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(raw, Table)
    except (OSError, ValueError, RecursionError) as error:
        what = f"The guideline '{path.name}' cannot be read: {str(error).replace('`', chr(39))}."
        raise ReadError(what, "Correct the file; docs/guidelines.md says what it holds.") from error
