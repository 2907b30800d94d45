"""The menu of what was opened lately."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu

from viewer.room.recent import recent_paths
from viewer.room.room import Room
from viewer.words.i18n import tr


def add_recent(menu: QMenu, room: Room) -> QMenu:
    """A submenu below the actions of opening, filled each time it is looked at."""
    recent = QMenu(tr("Open recent"), menu)

    def fill() -> None:
        recent.clear()
        paths = recent_paths(room.context.journal)
        for path in paths:
            shown = Path(path)
            name = f"{shown.name}  ({shown.parent})".replace("&", "&&")
            recent.addAction(name).triggered.connect(partial(_open, room, path))
        if not paths:
            recent.addAction(tr("Nothing was opened yet")).setEnabled(False)

    recent.aboutToShow.connect(fill)
    actions = menu.actions()
    before = next((action for action in actions if action.isSeparator()), actions[0])
    menu.insertMenu(before, recent)
    return recent


def _open(room: Room, path: str, *_checked: object) -> None:
    room.opening.open_paths([path])
