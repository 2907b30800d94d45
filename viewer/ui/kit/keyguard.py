"""Keys that belong to the control that has the keyboard before they are a shortcut of the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QComboBox, QWidget

#: Says of a widget and a key whether it wants it; modifiers beside Shift and the number pad were asked before.
Wants = Callable[[QWidget, Qt.Key], bool]
_PRESS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
ARROWS = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right}
_MOVES = ARROWS | {Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}
_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


def control_wants(widget: QWidget, key: Qt.Key) -> bool:
    """What Qt's own controls do with keys: press, choose, slide."""
    if isinstance(widget, QAbstractButton):
        return key in _PRESS
    if isinstance(widget, (QAbstractItemView, QComboBox)):
        return key in _PRESS | _MOVES
    if isinstance(widget, QAbstractSlider):
        return key in _MOVES
    return bool(widget.property("clickable")) and key in _PRESS


class KeyGuard(QObject):
    """Watches the keys of one window, from when its handle exists.

    Args:
        wants: what other widgets want beside `control_wants`.
    """

    def __init__(self, window: QWidget, wants: Wants) -> None:
        super().__init__(window)
        self._window, self._wants = window, wants

    def watch(self) -> None:
        """Begin, once the window has a handle."""
        handle = self._window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep a wanted key from becoming a shortcut; Enter presses a button as Space does."""
        kind = event.type()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        widget = QApplication.focusWidget()
        if widget is None or widget.window() is not self._window or event.modifiers() & ~_PLAIN:
            return False
        key = Qt.Key(event.key())
        if kind is QEvent.Type.ShortcutOverride:
            event.setAccepted(control_wants(widget, key) or self._wants(widget, key))
            return event.isAccepted()
        if isinstance(widget, QAbstractButton) and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            widget.click()
            return True
        return False
