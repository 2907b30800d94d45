"""The inputs of a case, held against what a table allows, and conditions on them that know "not given"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from viewer.core.errors import InputError
from viewer.reporting.guidelines.schema import COUNT, Bounds, Input, Mean, Table, When

#: A number (exact, as it was written), a word, an answer, or None for what is not given.
Value = Decimal | str | bool | None
_STEP = {"whole": Decimal(1), "tenth": Decimal("0.1")}


@dataclass(frozen=True, slots=True)
class Values:
    """Inputs and means by name; `lacking`: name of what has no value -> what to ask for."""

    known: Mapping[str, Value]
    lacking: Mapping[str, tuple[str, ...]]

    def with_all(self, other: Values) -> Values:
        """These and others."""
        return Values({**self.known, **other.known}, {**self.lacking, **other.lacking})


def read_item(table: Table, raw: object) -> Values:
    """One item of a case (a nodule), with its means.

    Raises:
        InputError: it is impossible.
    """
    inputs = [given for given in table.inputs if given.place == "item"]
    known = _read(inputs, raw)
    for order in table.orders:
        least, most = known.get(order.least), known.get(order.most)
        if isinstance(least, Decimal) and isinstance(most, Decimal) and least > most:
            raise InputError(f"'{order.least}' is larger than '{order.most}'.", "Measure again, then correct both.")
    lacking: dict[str, tuple[str, ...]] = {name: (name,) for name, value in known.items() if value is None}
    for mean in table.means:
        known[mean.name] = _mean(mean, known)
        absent = tuple(name for name in mean.of if known[name] is None)
        if absent:
            lacking[mean.name] = (mean.missing,) if mean.missing else absent
    return Values(known, lacking)


def read_case(table: Table, raw: Mapping[str, Any]) -> Values:
    """What stands beside the items.

    Raises:
        InputError: it is impossible.
    """
    known = _read([given for given in table.inputs if given.place == "case"], raw)
    patient = raw.get("patient")
    known |= _read([given for given in table.inputs if given.place == "patient"], {} if patient is None else patient)
    return Values(known, {name: (name,) for name, value in known.items() if value is None})


def read_items(table: Table, raw: Mapping[str, Any]) -> list[Values]:
    """The items of a case, at least one; a table without items has one that is empty.

    Raises:
        InputError: there is none, or one is impossible.
    """
    if not table.items:
        return [read_item(table, raw)]
    listed = raw.get(table.items)
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise InputError(f"There are no {table.items}.", f"Give '{table.items}' as a list with at least one.")
    count: dict[str, Value] = {COUNT: Decimal(len(listed))}
    return [read_item(table, one).with_all(Values(count, {})) for one in listed]


def _read(inputs: Iterable[Input], raw: object) -> dict[str, Value]:
    if not isinstance(raw, Mapping):
        raise InputError("This is no object with named inputs.", "Give names and values.")
    return {given.name: _value(given, raw.get(given.name)) for given in inputs}


def _value(given: Input, raw: object) -> Value:
    if raw is None:
        return None
    if given.flag:
        if not isinstance(raw, bool):
            raise InputError(f"'{given.name}' is neither true nor false.", "Answer yes or no.")
        return raw
    if given.words:
        if not isinstance(raw, str) or raw not in given.words:
            raise InputError(f"'{given.name}' cannot be {raw!r}.", f"It is one of: {', '.join(given.words)}.")
        return raw
    return _number(given, raw)


def _number(given: Input, raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise InputError(f"'{given.name}' is no number.", "Give a number.")
    try:
        number = Decimal(str(raw))
    except InvalidOperation as error:
        raise InputError(f"'{given.name}' is no number.", "Give a number.") from error
    bounds = Bounds(above=given.above, at_least=given.at_least, at_most=given.at_most)
    if not (number.is_finite() and within(number, bounds)):
        raise InputError(f"'{given.name}' cannot be {raw}.", "Measure again, then correct it.")
    return number


def _mean(mean: Mean, known: Mapping[str, Value]) -> Decimal | None:
    """Exact in the digits that were given: 5.4 and 5.6 are 5.5, and 5.5 is 6."""
    numbers = [value for name in mean.of if isinstance(value := known[name], Decimal)]
    if len(numbers) < len(mean.of):
        return None
    total: Decimal = sum(numbers, Decimal(0))
    return (total / len(numbers)).quantize(_STEP[mean.rounding], rounding=ROUND_HALF_UP)


def within(number: Decimal, bounds: Bounds) -> bool:
    """True where each bound that is given holds."""
    tests = (
        bounds.above is None or number > Decimal(str(bounds.above)),
        bounds.at_least is None or number >= Decimal(str(bounds.at_least)),
        bounds.below is None or number < Decimal(str(bounds.below)),
        bounds.at_most is None or number <= Decimal(str(bounds.at_most)),
    )
    return all(tests)


def holds(when: When, values: Values) -> bool | None:
    """True, False, or None where it depends on what is not given."""
    answers = [_holds(wanted, values.known.get(name)) for name, wanted in when.items()]
    return False if False in answers else None if None in answers else True


def _holds(wanted: tuple[str, ...] | Bounds | bool, value: Value) -> bool | None:
    if value is None:
        return None
    if isinstance(wanted, Bounds):
        return isinstance(value, Decimal) and within(value, wanted)
    return value is wanted if isinstance(wanted, bool) else value in wanted


def lacking(whens: Iterable[When], values: Values) -> list[str]:
    """What to ask for before these conditions are decided, in their order, each once."""
    names = [ask for when in whens for name in when for ask in values.lacking.get(name, ())]
    return list(dict.fromkeys(names))
