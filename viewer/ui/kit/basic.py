"""Labels, buttons, lines and boxes in the styles of the theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from viewer.ui.kit import icons
from viewer.ui.kit.theme import colour

#: A series that is being dragged: its stack key as UTF-8.
STACK_MIME = "application/x-secondread-stack"


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label; `role` picks its style (page, title, strong, secondary, caption, ...)."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class ElidedLabel(QLabel):
    """One line that ends in "…" where it does not fit; its tooltip then holds the whole text."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self._whole = ""
        self.set_whole(text)

    def set_whole(self, text: str) -> None:
        """Show `text`, shortened to the width there is."""
        self._whole = text
        self.setAccessibleName(text)
        self._elide()
        self.updateGeometry()

    @property
    def whole(self) -> str:
        """The text before shortening."""
        return self._whole

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """May become narrow."""
        return QSize(24, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the whole text."""
        self.ensurePolished()
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Shorten anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.ensurePolished()
        shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width(), 8))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


#: A little air between a button's icon and its word.
_HAIR = "\u2009"


def button(
    text: str,
    on_click: Callable[[], object] | None = None,
    *,
    icon: str = "",
    style: str = "",
    tip: str = "",
    name: str = "",
) -> QPushButton:
    """A push button; `style` is "", "primary", "quiet", "link", "compact", "chip" or "icononly".

    It takes focus from the Tab key only, so that a click leaves the keys with the picture.
    """
    made = QPushButton(f"{_HAIR}{text}" if icon and text else text)
    for word in style.split():
        made.setProperty(word, True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setCursor(Qt.CursorShape.ArrowCursor)
    if icon:
        token = "on_accent" if "primary" in style else "text_1"
        made.setIcon(icons.icon(icon, token, icons.BUTTON, token))
        made.setIconSize(QSize(icons.BUTTON, icons.BUTTON))
    if tip:
        made.setToolTip(tip)
    made.setAccessibleName(name or text or tip)
    if on_click is not None:
        made.clicked.connect(_plain(on_click))
    return made


def _plain(function: Callable[[], object]) -> Callable[[], None]:
    """Drop the `checked` argument of `clicked`."""

    def call() -> None:
        function()

    return call


def line() -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setProperty("kind", "line")
    made.setFixedHeight(1)
    return made


def frame(kind: str, state: str = "") -> QFrame:
    """A box in one of the theme's kinds (panel, card, header, block, footer, message)."""
    made = QFrame()
    made.setProperty("kind", kind)
    if state:
        made.setProperty("state", state)
    return made


def column(parent: QWidget | None = None, margins: int = 0, spacing: int = 0) -> QVBoxLayout:
    """A vertical layout with even margins."""
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    made.setContentsMargins(margins, margins, margins, margins)
    made.setSpacing(spacing)
    return made


def row(parent: QWidget | None = None, spacing: int = 8) -> QHBoxLayout:
    """A horizontal layout without margins."""
    made = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        inner = item.layout()
        if widget is not None:
            _let_keyboard_go(widget)
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def _let_keyboard_go(widget: QWidget) -> None:
    """A widget that goes away must not push the keyboard to whatever comes next in the window."""
    focused = QApplication.focusWidget()
    if focused is not None and (focused is widget or widget.isAncestorOf(focused)):
        focused.clearFocus()


def icon_label(name: str, token: str, size: int = icons.LIST, tip: str = "") -> QLabel:
    """An icon that is no button; `tip` names it for tooltips and screen readers."""
    made = QLabel()
    made.setFixedSize(size, size)
    made.setPixmap(icons.pixmap(name, token, size, made.devicePixelRatioF()))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    return made


class FocusRing(QWidget):
    """The 2 px accent ring, 1 px outside the button that has the keyboard; nothing shifts for it."""

    _GAP = 3

    def __init__(self, app: QApplication) -> None:
        super().__init__(None)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._target: QWidget | None = None
        app.focusChanged.connect(self._on_focus)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._target is not None:
            self._target.removeEventFilter(self)
        self._target = None
        self.hide()
        if isinstance(new, QPushButton) and new.parentWidget() is not None and not new.property("chip"):
            self._target = new
            new.installEventFilter(self)
            self.setParent(new.parentWidget())
            self._follow()
            self.show()
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the button when it moves, hide with it."""
        if watched is self._target:
            if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
                self._follow()
            elif event.type() in (QEvent.Type.Hide, QEvent.Type.ParentChange, QEvent.Type.DeferredDelete):
                self.hide()
                self.setParent(None)
                self._target = None
        return False

    def _follow(self) -> None:
        if self._target is not None:
            gap = self._GAP
            self.setGeometry(QRect(self._target.geometry()).adjusted(-gap, -gap, gap, gap))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("accent"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()
