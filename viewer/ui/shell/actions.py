"""The rows of the table of actions as Qt's actions, with the reader's keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from viewer.room.actions import ACTIONS, ActionRow, keys_of, printed_key
from viewer.ui.kit import icons
from viewer.ui.kit.keys import native
from viewer.words.i18n import tr


def build(parent: QWidget, rebound: Mapping[str, str]) -> dict[str, QAction]:
    """Make every action of the window, with its words, keys and icon."""
    made: dict[str, QAction] = {}
    for entry in ACTIONS:
        action = QAction(tr(entry.text), parent)
        action.setObjectName(entry.id)
        if entry.short:
            action.setIconText(tr(entry.short))
        if entry.icon:
            action.setIcon(icons.icon(entry.icon))
        action.setCheckable(bool(entry.tool) or entry.toggle)
        action.setChecked(entry.on)
        made[entry.id] = action
    bind(made, rebound)
    return made


def bind(actions: Mapping[str, QAction], rebound: Mapping[str, str]) -> None:
    """Give every action its keys, the reader's own or the defaults; what shows them follows."""
    for entry in ACTIONS:
        action = actions[entry.id]
        action.setShortcuts([QKeySequence(key) for key in keys_of(entry, rebound)])
        action.setToolTip(tip_of(entry, rebound))


def native_key(action_id: str, rebound: Mapping[str, str]) -> str:
    """The key of an action as this system writes it; "" where it has none."""
    return native(printed_key(action_id, rebound))


def tip_of(entry: ActionRow, rebound: Mapping[str, str]) -> str:
    """Its words and its key."""
    key = native_key(entry.id, rebound)
    return f"{tr(entry.text)} ({key})" if key else tr(entry.text)
