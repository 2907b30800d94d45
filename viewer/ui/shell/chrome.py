"""Menu bar and toolbar, made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QToolBar, QToolButton

from viewer.room.actions import ACTIONS, MENUS, TOOLBAR
from viewer.ui.kit import icons
from viewer.ui.kit.regions import step_inside
from viewer.words.i18n import tr

#: Below these window sizes the toolbar shows icons alone (design.md, "Layout").
WORDS_FROM_WIDTH, WORDS_FROM_HEIGHT = 1440, 860
_WITH_WORDS, _BARE = 56, 44


def build_menus(window: QMainWindow, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """Menus in their order, a separator where the group changes."""
    bar = window.menuBar()
    bar.clear()
    bar.setFixedHeight(28)
    made: dict[str, QMenu] = {}
    for name in MENUS:
        menu = bar.addMenu(tr(name))
        group = 0
        for entry in ACTIONS:
            if entry.menu != name:
                continue
            if entry.group != group:
                menu.addSeparator()
                group = entry.group
            menu.addAction(actions[entry.id])
        made[name] = menu
    mark = QLabel("SecondRead")
    mark.setStyleSheet("font-size: 12px; font-weight: 500; padding-right: 12px;")
    bar.setCornerWidget(mark, Qt.Corner.TopRightCorner)
    return made


def group_tools(window: QMainWindow, actions: Mapping[str, QAction]) -> QActionGroup:
    """Tools exclude each other."""
    group = QActionGroup(window)
    group.setExclusive(True)
    for entry in ACTIONS:
        if entry.tool:
            group.addAction(actions[entry.id])
    return group


class ToolBar(QToolBar):
    """One row: icon over word, or the icon alone; what does not fit goes behind "more"."""

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setWindowTitle(tr("Toolbar"))
        self.setIconSize(QSize(icons.LIST, icons.LIST))
        self.setFixedHeight(_WITH_WORDS)
        for number, names in enumerate(TOOLBAR):
            if number:
                self.addSeparator()
            for name in names:
                self.addAction(actions[name])
        self._words = True
        self._style_buttons()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Tab goes round in the toolbar."""
        return step_inside(self, forward)

    def fit(self, width: int, height: int) -> None:
        """Show or leave out the words for a window of this size."""
        words = width >= WORDS_FROM_WIDTH and height >= WORDS_FROM_HEIGHT
        if words != self._words:
            self._words = words
            self._style_buttons()

    def _style_buttons(self) -> None:
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if self._words else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)
        self.setFixedHeight(_WITH_WORDS if self._words else _BARE)
        for button in self.findChildren(QToolButton):
            if button.defaultAction() is None:
                continue
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setMinimumWidth(56 if self._words else 36)
            button.setFixedHeight(48 if self._words else 36)
            button.setAccessibleName(button.defaultAction().text())
