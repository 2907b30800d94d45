"""Hanging rules as typed data: the program's own in `resources`, a site's in a file of the same form.

A rule says of the stack that is opened when it holds, and which stacks of the study, or of an earlier one,
stand in its views. Nothing in a rule is evaluated but regular expressions, matched without regard to case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli_w

from viewer.core.errors import SettingsError
from viewer.core.resources import resources_dir

#: A layout is "three" (a tall view beside two), or "ROWSxCOLUMNS" of at most so many.
MOST_CELLS_A_SIDE = 4
_GRID = re.compile(r"([1-9])x([1-9])")
_MESSAGE = re.compile(r"(.*?)(?: - at `\$\.?([^`]*)`)?", re.DOTALL)


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which stacks are meant: every key that is given must hold.

    Attributes:
        modality, kind: one of these; kinds in the words of `info`.
        body_part: found in Body Part Examined, protocol, study or series description.
        description: found in series description, protocol or sequence name; `without` must not be.
        position: one of these, by View Position (0018,5101), else as a word of the series description.
        side: "L" or "R", by Image Laterality (0020,0062) or Laterality, else as a word of the description.
        contrast: with (true) or without (false) a contrast agent, by (0018,0010) or the description.
        slices: least number along the shortest side of the grid; thickest_mm: greatest distance of slices.
    """

    modality: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    body_part: str = ""
    description: str = ""
    without: str = ""
    position: tuple[str, ...] = ()
    side: Literal["", "L", "R"] = ""
    contrast: bool | None = None
    slices: int = 0
    thickest_mm: float | None = None


class RuleView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One view of a rule.

    Attributes:
        series: alternatives, the first that is there is taken; none for the stack that is opened.
        prior: 0 for this study, 1 for the newest earlier one of the same person and body part, ...
        plane: "acquired" shows the slices as they were taken, the way up that readers expect.
        window: name of a preset; "" for the file's own window, else percentiles.
        sync: views with the same word here follow each other: by position in one frame of reference, else by offset.
        justify: edge that the picture lies at, for chest walls back to back.
        optional: the rule holds without it.
    """

    series: tuple[Series, ...] = ()
    prior: int = 0
    plane: Literal["acquired", "axial", "coronal", "sagittal"] = "acquired"
    window: str = ""
    sync: str = ""
    justify: Literal["", "left", "right"] = ""
    optional: bool = False


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A hanging rule.

    Attributes:
        name: shown to the reader while it holds.
        layout: "three", or "ROWSxCOLUMNS"; with fewer pictures than views it shrinks unless `fixed`.
        views: the main one first.
        when: of the stack that is opened.
        least: with fewer views that have a picture the rule does not hold.
        fixed: a view without its picture stays empty in its place.
    """

    name: str
    layout: str
    views: tuple[RuleView, ...]
    when: Series = Series()
    least: int = 1
    fixed: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[Rule, ...] = ()


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """The program's own rules, in their order."""
    return read_rules(resources_dir() / "hanging_protocols.toml")


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file, in their order; none where there is no file.

    Raises:
        SettingsError: it is no such file; the rule and the key are named.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = msgspec.convert(raw, _File).rule
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    except msgspec.ValidationError as error:
        raise _unreadable(path, _said(str(error))) from error
    for rule in rules:
        check_rule(rule, path.name)
    return rules


def rules_text(rules: Iterable[Rule]) -> str:
    """The rules as the text of a file that `read_rules` takes."""
    plain: dict[str, Any] = {"rule": [msgspec.to_builtins(rule) for rule in rules]}
    return tomli_w.dumps(plain)


def check_rule(rule: Rule, where: str) -> None:
    """Refuse a rule that cannot be hung.

    Raises:
        SettingsError: with why.
    """
    if not rule.name.strip():
        raise SettingsError(f"A hanging rule in {where} has no name.", "Give it one.")
    if not rule.views or len(rule.views) > cells_of(rule.layout):
        raise SettingsError(
            f"The hanging rule '{rule.name}' in {where} has {len(rule.views)} views for the layout '{rule.layout}'.",
            "Give 1 view or more, and at most as many as the layout has places.",
        )
    for pattern in _patterns(rule):
        try:
            re.compile(pattern)
        except re.error as error:
            raise SettingsError(
                f"The hanging rule '{rule.name}' in {where} has a pattern that cannot be read: {pattern}.",
                "Correct it.",
            ) from error


def cells_of(layout: str) -> int:
    """How many places a layout has; 0 where there is no such layout."""
    if layout == "three":
        return 3
    found = _GRID.fullmatch(layout)
    rows, columns = (int(part) for part in found.groups()) if found is not None else (0, 0)
    return rows * columns if max(rows, columns) <= MOST_CELLS_A_SIDE else 0


def _patterns(rule: Rule) -> Iterator[str]:
    for series in (rule.when, *(one for view in rule.views for one in view.series)):
        yield from (series.body_part, series.description, series.without)


def _said(message: str) -> str:
    """What msgspec says, the place first: "rule[2].layout: Expected `str`, got `int`"."""
    found = _MESSAGE.fullmatch(message)
    assert found is not None
    what, place = found.group(1).replace("`", "'"), (found.group(2) or "").replace("[...]", "")
    return f"{place}: {what}" if place else what


def _unreadable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"The hanging rules in {path.name} cannot be read ({why}).",
        "Correct or delete the file; the program's own rules hold until then.",
    )
