"""The overlay key: a short press toggles, holding it shows the bare image until it is let go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

#: A press longer than this is a peek (ms).
HOLD_MS = 200
_TYPING = (QLineEdit, QPlainTextEdit, QTextEdit)


class PeekKey(QObject):
    """Watches one key of one window.

    Signals:
        toggled: a short press; peeked: True when the hold begins, False when it ends.
    """

    toggled = Signal()
    peeked = Signal(bool)

    def __init__(self, window: QWidget, key: str) -> None:
        super().__init__(window)
        self._window = window
        self.set_key(key)
        self._down = False
        self._held = 0
        self._peeking = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HOLD_MS)
        self._timer.timeout.connect(self._hold)

    def watch(self) -> None:
        """Begin, once the window has a handle: its key events pass there before any widget."""
        handle = self._window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def set_key(self, key: str) -> None:
        """Listen to another key; it is one key, perhaps with modifiers."""
        self._sequence = QKeySequence(key)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take the key out of the stream of events of this window."""
        kind = event.type()
        if kind is QEvent.Type.FocusOut and self._down:
            self._let_go()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or not isinstance(event, QKeyEvent):
            return False
        if kind is QEvent.Type.KeyPress and self._is_ours(event):
            if not event.isAutoRepeat() and not self._down:
                self._down, self._held = True, event.key()
                self._timer.start()
            return True
        if kind is QEvent.Type.KeyRelease and self._down and self._key_matches(event):
            if not event.isAutoRepeat():
                self._release()
            return True
        return False

    def _is_ours(self, event: QKeyEvent) -> bool:
        if isinstance(QApplication.focusWidget(), _TYPING):
            return False
        return QKeySequence(event.keyCombination()) == self._sequence

    def _key_matches(self, event: QKeyEvent) -> bool:
        """The key itself went up; a modifier may have gone before it."""
        return self._held == event.key()

    def _hold(self) -> None:
        if self._down:
            self._peeking = True
            self.peeked.emit(True)

    def _release(self) -> None:
        if not self._let_go():
            self.toggled.emit()

    def _let_go(self) -> bool:
        """End a press (the window lost the keyboard, or the key went up); True where it was a peek."""
        self._timer.stop()
        self._down = False
        was_peeking, self._peeking = self._peeking, False
        if was_peeking:
            self.peeked.emit(False)
        return was_peeking
