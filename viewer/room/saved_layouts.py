"""Layouts that readers saved by name, and the one used last for each type of examination."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from viewer.core.atomic import write_text
from viewer.core.errors import SettingsError, UsageError
from viewer.core.resources import user_config_dir
from viewer.core.study import Stack
from viewer.display.exam import exam_of, position_of
from viewer.display.protocols import Rule, RuleView, Series, check_rule
from viewer.room.context import Context
from viewer.session.views import ShownLayout, ShownView

_LOG = logging.getLogger(__name__)
#: A name of more characters is a mistake.
_LONGEST = 60


class _File(msgspec.Struct, forbid_unknown_fields=True):
    layout: tuple[Rule, ...] = ()
    last: dict[str, str] = {}


def layouts_file() -> Path:
    """Where saved layouts lie."""
    return user_config_dir() / "layouts.toml"


class SavedLayouts:
    """Saved layouts as rules without a condition: they hold where their series are there."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: _File | None = None

    def _file(self) -> _File:
        if self._kept is None:
            self._kept = _File()
            try:
                raw = tomllib.loads(layouts_file().read_text(encoding="utf-8"))
                self._kept = msgspec.convert(raw, _File)
            except FileNotFoundError:
                pass
            except (OSError, ValueError, msgspec.ValidationError):
                self._context.complain(
                    SettingsError(f"The saved layouts in {layouts_file().name} cannot be read.", "Delete the file.")
                )
        return self._kept

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the saved layouts, in the order they were saved."""
        return tuple(rule.name for rule in self._file().layout)

    def get(self, name: str) -> Rule | None:
        """A saved layout by its name."""
        return next((rule for rule in self._file().layout if rule.name == name), None)

    def last_for(self, stack: Stack) -> Rule | None:
        """The layout that was used last for this type of examination."""
        return self.get(self._file().last.get(exam_of(stack), ""))

    def save(self, rule: Rule) -> None:
        """Keep a layout, in the place of one with the same name.

        Raises:
            UsageError: its name is none.
        """
        if not rule.name.strip() or len(rule.name) > _LONGEST:
            raise UsageError(f"A layout's name has 1 to {_LONGEST} characters.", "Give one.")
        check_rule(rule, layouts_file().name)
        others = tuple(one for one in self._file().layout if one.name != rule.name)
        self._write((*others, rule), self._file().last)

    def remove(self, name: str) -> None:
        """Forget a layout."""
        kept = tuple(one for one in self._file().layout if one.name != name)
        self._write(kept, {exam: one for exam, one in self._file().last.items() if one != name})

    def use(self, stack: Stack, name: str) -> None:
        """From now on examinations of this type open with a layout; of "" by rule."""
        last = {exam: one for exam, one in self._file().last.items() if exam != exam_of(stack)}
        made = last | ({exam_of(stack): name} if name else {})
        if made != self._file().last:
            self._write(self._file().layout, made)

    def _write(self, layouts: tuple[Rule, ...], last: Mapping[str, str]) -> None:
        self._kept = _File(layouts, dict(last))
        plain: dict[str, Any] = {"layout": [msgspec.to_builtins(rule) for rule in layouts], "last": dict(last)}
        try:
            layouts_file().parent.mkdir(parents=True, exist_ok=True)
            write_text(layouts_file(), tomli_w.dumps(plain))
        except OSError as error:
            _LOG.warning("saved layouts not stored: %s", error.strerror)
            self._context.complain(SettingsError("The layouts could not be stored.", "Check the settings folder."))


def rule_of_layout(
    name: str, layout: ShownLayout, stacks: Mapping[str, Stack], active: str, priors: Sequence[str]
) -> Rule:
    """What the views show, as a rule for other studies of the kind.

    Args:
        stacks: of every view, by key; active: the stack that stands for the one that is opened.
        priors: stacks of an earlier study.
    """
    views = tuple(_view(one, stacks, active, priors) for one in layout.views)
    return Rule(name.strip(), layout.name, tuple(views), fixed=True)


def _view(shown: ShownView | None, stacks: Mapping[str, Stack], active: str, priors: Sequence[str]) -> RuleView:
    if shown is None:
        return RuleView(series=(Series(description="^$never"),), optional=True)
    plane = "acquired" if shown.plane == "native" else shown.plane
    prior = int(shown.stack_key in priors)
    given: dict[str, Any] = {"plane": plane, "window": shown.preset, "prior": prior, "optional": True}
    if shown.stack_key == active:
        return RuleView(**{**given, "optional": False})
    stack = stacks[shown.stack_key]
    if prior:
        return RuleView(**given)
    position = position_of(stack)
    words = f"^{re.escape(stack.description)}$" if stack.description else ""
    series = Series(modality=(stack.modality,), description=words, position=(position,) if position else ())
    return RuleView(series=(series,), **given)
