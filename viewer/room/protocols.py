"""The hanging rules that hold: a site's own before the program's, kept in a file beside the settings."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from viewer.core.atomic import write_text
from viewer.core.errors import OutputError, SettingsError
from viewer.core.resources import user_config_dir
from viewer.display.protocols import Rule, builtin_rules, check_rule, read_rules, rules_text
from viewer.room.context import Context
from viewer.room.events import SettingsChanged

_LOG = logging.getLogger(__name__)


def site_file() -> Path:
    """Where a site's own rules lie."""
    return user_config_dir() / "hanging_protocols.toml"


class Protocols:
    """A site's rules, and all of them in their order."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._own: tuple[Rule, ...] | None = None

    @property
    def own(self) -> tuple[Rule, ...]:
        """A site's rules; none, with words to the reader, where their file cannot be read."""
        if self._own is None:
            try:
                self._own = read_rules(site_file())
            except SettingsError as error:
                self._own = ()
                self._context.complain(error)
        return self._own

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order in which they are tried."""
        return (*self.own, *builtin_rules())

    def put(self, rules: Iterable[Rule]) -> None:
        """Keep a site's rules, whole or not at all.

        Raises:
            SettingsError: one of them cannot be hung.
            OutputError: they cannot be stored.
        """
        made = tuple(rules)
        for rule in made:
            check_rule(rule, site_file().name)
        try:
            site_file().parent.mkdir(parents=True, exist_ok=True)
            write_text(site_file(), rules_text(made))
        except OSError as error:
            _LOG.warning("hanging rules not stored: %s", error.strerror)
            raise OutputError("The hanging rules could not be stored.", "Check the settings folder.") from error
        self._own = made
        self._context.session.tell(SettingsChanged())
