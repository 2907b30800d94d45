"""The menu of a right click on a picture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from viewer.room.tools import TOOLS
from viewer.room.views.commands import presets_of
from viewer.room.views.view import View
from viewer.words.i18n import tr


def view_menu(parent: QWidget, actions: Mapping[str, QAction], view: View) -> QMenu:
    """Windows by name, tools, reset and key image: the window's own actions, so their keys stand beside them."""
    menu = QMenu(parent)
    windows = menu.addMenu(tr("Presets"))
    for preset in presets_of(view):
        entry = windows.addAction(tr(preset.name))
        entry.setShortcut(actions[f"window.preset{preset.key}"].shortcut())
        entry.triggered.connect(actions[f"window.preset{preset.key}"].trigger)
    windows.addActions([actions["window.auto"], actions["window.file"]])
    for heading in ("Image", "Measure"):
        tools = menu.addMenu(tr(heading))
        tools.addActions([actions[f"tool.{tool.id}"] for tool in TOOLS if tool.menu == heading])
    menu.addSeparator()
    menu.addActions([actions["image.key"], actions["view.reset"]])
    return menu
