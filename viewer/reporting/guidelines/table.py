"""What a table says of a case: its rule with the inputs it rests on, or why it cannot apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import takewhile
from typing import Any

from viewer.core.errors import InputError
from viewer.reporting.guidelines.schema import COUNT, Exclusion, Rule, Step, Table
from viewer.reporting.guidelines.values import Value, Values, holds, lacking, read_case, read_items

Answer = dict[str, Any]
_CANNOT = {"en": "{title} cannot apply: {why}.", "zh": "{title}不适用：{why}。"}
_NOT_GIVEN = {"en": "not given: {names}", "zh": "缺少：{names}"}


def evaluate(table: Table, raw: Mapping[str, Any], language: str = "en") -> Answer:
    """What the guideline says.

    Args:
        table: the guideline.
        raw: its inputs by name; sizes in mm.
        language: of `text`, "en" or "zh".

    Returns:
        guideline, edition, source, applies; then rule, size_mm, steps, alternatives, used, text; or
        missing (names) or excluded_by (a name), and text.

    Raises:
        InputError: the input is impossible.
    """
    items, case = read_items(table, raw), read_case(table, raw)
    governing = _most_suspicious(table, items)
    values = items[governing].with_all(case)
    head: Answer = {"guideline": table.name, "edition": table.edition, "source": table.source}
    excluded = next((one for one in table.exclusions if holds(one.when, values)), None)
    if excluded is not None:
        return head | {"applies": False, "excluded_by": excluded.name, "text": _excluded(table, excluded, language)}
    possible = [rule for rule in table.rules if holds(rule.when, values) is not False]
    missing = _missing(table, items, values, possible)
    if missing:
        why = _NOT_GIVEN[language].format(names=", ".join(missing))
        return head | {"applies": False, "missing": missing, "text": _cannot(table, why, language)}
    if not possible:
        raise InputError(f"'{table.name}' has no rule for this case.", "Decide without it.")
    return head | {"applies": True, **_told(table, possible[0], values, governing, language)}


def _most_suspicious(table: Table, items: Sequence[Values]) -> int:
    """Index of the item that governs; what is not given may be as suspicious as it can."""

    def rank(index: int) -> tuple[int, Decimal, int]:
        values = items[index]
        fits = (n for n, line in enumerate(table.suspicion) if holds(line.when, values) is not False)
        size = values.known.get(table.size)
        return next(fits, len(table.suspicion)), -(size if isinstance(size, Decimal) else Decimal(0)), index

    return min(range(len(items)), key=rank)


def _missing(table: Table, items: Sequence[Values], values: Values, possible: Sequence[Rule]) -> list[str]:
    """What to ask for; while an item lacks a required input, which others it will need is not known."""
    required = [given.name for given in table.inputs if given.place == "item" and given.required]
    absent = [name for item in items for name in required if name in item.lacking]
    # Rules are asked in order: the first that holds for sure needs nothing more.
    open_rules = list(takewhile(lambda rule: not holds(rule.when, values), possible))
    needed = lacking([rule.when for rule in open_rules], values)
    if absent:
        beside = {given.name for given in table.inputs if given.place != "item"}
        needed = [name for name in needed if name in beside]
    return list(dict.fromkeys([*lacking([one.when for one in table.exclusions], values), *absent, *needed]))


def _told(table: Table, rule: Rule, values: Values, governing: int, language: str) -> Answer:
    names = [name for when in (*(one.when for one in table.exclusions), rule.when) for name in when]
    used = {name: plain(values.known[name]) for name in dict.fromkeys(_with_sources(table, names)) if name != COUNT}
    if table.items:
        used |= {table.items: plain(values.known[COUNT]), "governing": governing}
    size: Answer = {"size_mm": plain(values.known[table.size])} if table.size else {}
    steps = [_step(step) for step in rule.steps]
    text = rule.text_zh or rule.text if language == "zh" else rule.text
    said: Answer = {"steps": steps, "alternatives": list(rule.alternatives), "used": used, "text": text}
    return {"rule": rule.id} | size | said


def _with_sources(table: Table, names: Sequence[str]) -> list[str]:
    """Names, each mean followed by what it is the mean of."""
    of = {mean.name: mean.of for mean in table.means}
    return [every for name in names for every in (name, *of.get(name, ()))]


def _step(step: Step) -> Answer:
    if step.after_months is not None:
        return {"what": step.what, "after_months": list(step.after_months), "strength": step.strength}
    often: Answer = {"every_months": step.every_months, "until_months": step.until_months}
    return {"what": step.what, **often, "strength": step.strength}


def plain(value: Value) -> float | int | str | bool | None:
    """A value as JSON has it: whole numbers without a point."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def _excluded(table: Table, exclusion: Exclusion, language: str) -> str:
    why = exclusion.text_zh or exclusion.text if language == "zh" else exclusion.text
    return _cannot(table, why, language)


def _cannot(table: Table, why: str, language: str) -> str:
    title = table.title_zh or table.title if language == "zh" else table.title
    return _CANNOT[language].format(title=title, why=why)
