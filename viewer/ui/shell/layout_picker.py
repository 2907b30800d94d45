"""The menu of the Layout button: a grid to pick from, saved layouts, and a line to save one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget, QWidgetAction

from viewer.room.room import Room
from viewer.ui.kit.theme import colour
from viewer.words.i18n import tr

#: Rows and columns of the largest grid to pick.
MOST = 3
_CELL, _GAP, _EDGE, _WORDS = 34, 4, 12, 24


class GridPicker(QWidget):
    """Cells to pick rows and columns from, with the mouse or the arrow keys and Enter."""

    picked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        side = MOST * (_CELL + _GAP) + 2 * _EDGE
        self.setFixedSize(QSize(side, side + _WORDS))
        self._at = (1, 1)
        self._name()

    def _name(self) -> None:
        self.setAccessibleName(tr("Grid of views, {rows} by {columns}", rows=self._at[0], columns=self._at[1]))
        self.update()

    def _move(self, rows: int, columns: int) -> None:
        self._at = (min(max(rows, 1), MOST), min(max(columns, 1), MOST))
        self._name()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The cell under the pointer is the last one of the grid."""
        step = _CELL + _GAP
        self._move(int((event.position().y() - _EDGE) // step) + 1, int((event.position().x() - _EDGE) // step) + 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Pick."""
        self.mouseMoveEvent(event)
        self.picked.emit(*self._at)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows move, Enter picks; the rest is the menu's."""
        moves = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        move = moves.get(Qt.Key(event.key()))
        if move is not None:
            self._move(self._at[0] + move[0], self._at[1] + move[1])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.picked.emit(*self._at)
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is under the pointer."""
        self._move(1, 1)
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Cells, and the size in words."""
        painter = QPainter(self)
        step = _CELL + _GAP
        for row in range(MOST):
            for column in range(MOST):
                chosen = row < self._at[0] and column < self._at[1]
                box = QRect(_EDGE + column * step, _EDGE + row * step, _CELL, _CELL)
                painter.fillRect(box, colour("sel" if chosen else "bg_window"))
                painter.setPen(colour("accent" if chosen else "line_control"))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.setPen(colour("text_1"))
        words = QRect(0, _EDGE + MOST * step, self.width(), _WORDS)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, f"{self._at[0]} × {self._at[1]}")
        painter.end()


class LayoutMenu(QMenu):
    """Made anew each time it opens: saved layouts come and go."""

    def __init__(self, room: Room, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room, self._actions = room, actions
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Grid, saved layouts, the line to save one, and back to the rules."""
        self.clear()
        picker, holder = GridPicker(self), QWidgetAction(self)
        picker.picked.connect(self._pick)
        holder.setDefaultWidget(picker)
        self.addAction(holder)
        layouts = self._room.layouts
        names = layouts.saved.names
        if names:
            self.addSeparator()
            forget = QMenu(tr("Forget a layout"), self)
            for name in names:
                self.addAction(name).triggered.connect(partial(self._apply, name))
                forget.addAction(name).triggered.connect(partial(self._forget, name))
            self.addMenu(forget)
        self.addSeparator()
        line, saver = QLineEdit(), QWidgetAction(self)
        line.setPlaceholderText(tr("Save layout as"))
        line.setAccessibleName(tr("Save layout as"))
        line.setMaxLength(60)
        line.returnPressed.connect(lambda: self._save(line.text()))
        saver.setDefaultWidget(line)
        self.addAction(saver)
        self.addSeparator()
        self.addActions([self._actions["view.hang"], self._actions["file.hanging"]])

    def _pick(self, rows: int, columns: int) -> None:
        self.close()
        self._room.layouts.choose(rows, columns)

    def _apply(self, name: str, _checked: bool = False) -> None:
        self._room.layouts.apply(name)

    def _forget(self, name: str, _checked: bool = False) -> None:
        self._room.layouts.saved.remove(name)

    def _save(self, name: str) -> None:
        self.close()
        self._room.layouts.save(name)


def attach(button: QWidget | None, menu: LayoutMenu) -> None:
    """The button of the toolbar opens the menu; its key goes on to the next layout as before."""
    if isinstance(button, QToolButton):
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
