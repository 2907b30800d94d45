"""Sections of the right panel, cards and inline messages."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from viewer.ui.kit import icons
from viewer.ui.kit.basic import ElidedLabel, button, column, frame, icon_label, label, restyle, row
from viewer.words.i18n import tr

HEADER_HEIGHT = 36


class Section(QFrame):
    """A titled part of a panel; its header stays, with a count, when the part is folded.

    Signals:
        sight_wanted: a widget inside that shall be scrolled into sight.
    """

    sight_wanted = Signal(QWidget)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._title = title
        self._header = frame("header")
        self._header.setFixedHeight(HEADER_HEIGHT)
        self._button = QPushButton(title)
        self._button.setProperty("header", True)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._button.clicked.connect(self.toggle)
        self._count = ElidedLabel(role="caption")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        inside = row(self._header, 12)
        inside.setContentsMargins(12, 0, 12, 0)
        inside.addWidget(self._button)
        inside.addWidget(self._count, 1)
        self.content = frame("block")
        self.body: QVBoxLayout = column(self.content, 12, 8)
        whole = column(self)
        whole.addWidget(self._header)
        whole.addWidget(self.content)

    def set_title(self, title: str) -> None:
        """Name the section."""
        self._title = title
        self._button.setText(title)
        self._button.setAccessibleName(title)

    def set_count(self, text: str) -> None:
        """Words at the right of the header."""
        self._count.set_whole(text)

    @property
    def count(self) -> str:
        """The words at the right of the header."""
        return self._count.whole

    def toggle(self) -> None:
        """Fold or unfold."""
        self.set_open(not self.is_open)

    def set_open(self, is_open: bool) -> None:
        """Show or hide what is below the header."""
        self.content.setVisible(is_open)

    @property
    def is_open(self) -> bool:
        """True while the content shows."""
        return not self.content.isHidden()


class Card(QFrame):
    """A raised box; clickable where somebody listens to `clicked`."""

    clicked = Signal()
    double_clicked = Signal()

    def __init__(self, state: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setProperty("state", state)
        self.body: QVBoxLayout = column(self, 12, 6)

    def set_selected(self, selected: bool) -> None:
        """2 px accent border; the content does not shift for it."""
        self.setProperty("selected", selected)
        edge = 11 if selected else 12
        self.body.setContentsMargins(edge, edge, edge, edge)
        restyle(self)

    def set_clickable(self) -> None:
        """Take clicks, Enter and the Tab key."""
        self.setProperty("clickable", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A left click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A double click."""
        self.double_clicked.emit()
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter does what a click does."""
        plain = event.modifiers() is Qt.KeyboardModifier.NoModifier
        if plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
            return
        super().keyPressEvent(event)


class Message(QFrame):
    """An inline message: bold first sentence, the rest, one action, a cross where it may be closed."""

    closed = Signal()

    def __init__(
        self,
        state: str,
        what: str,
        more: str = "",
        actions: tuple[tuple[str, Callable[[], object]], ...] = (),
        *,
        closable: bool = False,
    ) -> None:
        super().__init__()
        self.setProperty("kind", "message")
        self.setProperty("state", state)
        self.setAccessibleName(f"{what} {more}".strip())
        mark = {"warn": ("warn", "warn"), "refuse": ("refuse", "refuse")}.get(state, ("report", "text_2"))
        outer = row(self, 8)
        outer.setContentsMargins(8, 8, 8, 8)
        outer.addWidget(icon_label(*mark, icons.BUTTON), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=4)
        strong = label(what, "small", wrap=True)
        strong.setStyleSheet("font-weight: 600;")
        words.addWidget(strong)
        if more:
            words.addWidget(label(more, "small", wrap=True, selectable=True))
        if actions:
            buttons = row(spacing=8)
            for text, act in actions:
                buttons.addWidget(button(text, act, style="compact"))
            buttons.addStretch(1)
            words.addLayout(buttons)
        outer.addLayout(words, 1)
        if closable:
            outer.addWidget(close_button(self._close), 0, Qt.AlignmentFlag.AlignTop)

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


def close_button(on_click: Callable[[], object]) -> QPushButton:
    """A small cross."""
    return icon_button("close", tr("Close"), on_click)


def icon_button(icon: str, name: str, on_click: Callable[[], object], *, token: str = "text_2") -> QPushButton:
    """A 24 px button with an icon alone; its name is tooltip and screen reader text."""
    made = button("", on_click, style="icononly", tip=name, name=name)
    made.setIcon(icons.icon(icon, token, icons.BUTTON))
    made.setIconSize(QSize(icons.BUTTON, icons.BUTTON))
    made.setFixedSize(24, 24)
    return made
