"""An inline message low in a view: it takes no focus and goes by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from viewer.room.views.facts import Message
from viewer.ui.kit import icons
from viewer.ui.kit.theme import CAPTION, TOKENS, font
from viewer.words.i18n import language, tr

#: How long a message stays (ms), and how high it may be (px).
STAY_MS = 8000
MOST_HEIGHT = 64
#: Room below it for corner text and scale bar.
_ABOVE_CORNERS = 84
_SIDE = 8
_STYLES = {"warn": ("warn", "warn_bg"), "refuse": ("refuse", "refuse_bg"), "info": ("line_control", "bg_raised")}


class Notice(QFrame):
    """Icon, bold first sentence, the rest, and an x."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icon = QLabel()
        self._title = _line(QFont.Weight.DemiBold, TOKENS.text_1)
        self._body = _line(QFont.Weight.Normal, TOKENS.text_2)
        close = QToolButton()
        close.setIcon(icons.icon("close", "text_2", icons.BUTTON))
        close.setAutoRaise(True)
        close.setFixedSize(24, 24)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setAccessibleName(tr("Close message"))
        close.setToolTip(tr("Close message"))
        close.clicked.connect(self.hide)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._body)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 4, 6)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._room = parent
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAY_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def words(self) -> tuple[str, str]:
        """Bold sentence and the rest."""
        return self._title.text(), self._body.text()

    def say(self, message: Message) -> None:
        """Show a message for a while."""
        ink, background = _STYLES[message.kind]
        self.setStyleSheet(
            f"Notice {{ background: {getattr(TOKENS, background)}; border: 1px solid {getattr(TOKENS, ink)};"
            " border-radius: 4px; }"
        )
        name = "refuse" if message.kind == "refuse" else "warn"
        token = ink if message.kind != "info" else "text_2"
        self._icon.setPixmap(icons.pixmap(name, token, icons.BUTTON, self.devicePixelRatioF()))
        self._title.setText(message.title)
        self._body.setText(message.body)
        self._body.setVisible(bool(message.body))
        self.setAccessibleName(f"{message.title} {message.body}")
        self.place()
        self.show()
        self.raise_()
        self._timer.start()

    def place(self) -> None:
        """Low in the view, above the corner text."""
        width = max(self._room.width() - 2 * _SIDE, 0)
        self.setFixedWidth(width)
        self._row.activate()
        wanted = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
        height = min(max(wanted, 36), MOST_HEIGHT)
        self.setFixedHeight(height)
        self.move(_SIDE, max(self._room.height() - _ABOVE_CORNERS - height, 0))


def _line(weight: QFont.Weight, ink: str) -> QLabel:
    made = QLabel()
    made.setFont(font(CAPTION, weight, language()))
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setStyleSheet(f"color: {ink}; background: transparent; border: none;")
    return made
