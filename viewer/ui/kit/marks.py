"""Badges, swatches, score bars and state icons: marks that always carry a word or a name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.finding import FindingState
from viewer.room.views.facts import BadgeSpec
from viewer.ui.kit import icons
from viewer.ui.kit.theme import colour, px
from viewer.words.i18n import tr


@dataclass(frozen=True, slots=True)
class BadgeStyle:
    """Icon, colours and border of one kind of badge."""

    icon: str
    token: str
    background: str
    dashed: bool = False


BADGES: dict[str, BadgeStyle] = {
    "suits": BadgeStyle("accepted", "accepted", "accepted_bg"),
    "accepted": BadgeStyle("", "accepted", "accepted_bg"),
    "checked": BadgeStyle("accepted", "accepted", "accepted_bg"),
    "warned": BadgeStyle("warn", "warn", "warn_bg"),
    "refused": BadgeStyle("refuse", "refuse", "refuse_bg"),
    "failed": BadgeStyle("", "refuse", "refuse_bg"),
    "proposed": BadgeStyle("proposed", "proposed", "proposed_bg", dashed=True),
    "unsure": BadgeStyle("", "unsure", "bg_raised"),
    "rejected": BadgeStyle("", "rejected", "bg_raised"),
    "plain": BadgeStyle("", "text_2", "bg_raised"),
}

STATE_ICONS: dict[FindingState, tuple[str, str]] = {
    FindingState.PROPOSED: ("proposed", "proposed"),
    FindingState.ACCEPTED: ("accepted", "accepted"),
    FindingState.UNSURE: ("unsure", "unsure"),
    FindingState.REJECTED: ("rejected", "rejected"),
}


class Badge(QWidget):
    """A 20 px badge: icon and word, tinted; its tooltip says the reason."""

    _HEIGHT = 20

    def __init__(self, kind: str, text: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = BADGES[kind]
        self._text = text
        self.setToolTip(tip)
        self.setAccessibleName(f"{text}. {tip}" if tip else text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        made = QFont(self.font())
        made.setPixelSize(px(12))
        made.setWeight(QFont.Weight.Medium)
        self.setFont(made)

    @property
    def text(self) -> str:
        """The badge's word."""
        return self._text

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Icon, word and 6 px on each side."""
        word = QFontMetricsF(self.font()).horizontalAdvance(self._text)
        mark = icons.BADGE + 4 if self._style.icon else 0
        return QSize(round(word) + mark + (13 if self._text else 8), self._HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw box, icon and word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colour(self._style.token), 1)
        if self._style.dashed:
            pen.setDashPattern([4, 2.5])
        painter.setPen(pen)
        painter.setBrush(colour(self._style.background))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        left = 6.0
        if self._style.icon:
            size = icons.BADGE
            drawn = icons.pixmap(self._style.icon, self._style.token, size, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left - 1, (self._HEIGHT - size) / 2), drawn)
            left += size + 3
        painter.setPen(colour(self._style.token))
        painter.drawText(QRectF(left, 0, self.width(), self._HEIGHT), Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()


def badge(spec: BadgeSpec) -> Badge:
    """The badge that says this."""
    return Badge(spec.kind, spec.text, spec.tip)


class ScoreBar(QWidget):
    """A score from 0 to 1 with a tick at its threshold."""

    def __init__(self, score: float, threshold: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score = min(max(score, 0.0), 1.0)
        self._threshold = threshold
        self.setFixedHeight(12)
        words = tr("Score {score:.2f}", score=score)
        self.setAccessibleName(words)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw bar and tick."""
        painter = QPainter(self)
        box = QRectF(0.5, 2.5, self.width() - 1, 7)
        painter.setPen(QPen(colour("line_control"), 1))
        painter.setBrush(colour("bg_window"))
        painter.drawRect(box)
        painter.fillRect(
            QRectF(box.left() + 0.5, box.top() + 0.5, (box.width() - 1) * self._score, 6), colour("text_3")
        )
        if self._threshold is not None:
            x = round(box.left() + box.width() * self._threshold)
            painter.fillRect(QRectF(x - 2, 0, 4, 12), colour("bg_window"))
            painter.fillRect(QRectF(x - 1, 0, 2, 12), colour("text_1"))
        painter.end()


class Swatch(QWidget):
    """A segment's colour with the pattern that backs it, 16 px.

    Args:
        value: "#RRGGBB".
        pattern: 0 plain, 1 diagonal, 2 dots, 3 horizontal lines (design.md, overlay palette).
    """

    def __init__(self, value: str, pattern: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QColor(value)
        self._pattern = pattern % 4
        self.setFixedSize(16, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw outline, fill and pattern."""
        painter = QPainter(self)
        fill = QColor(self._colour)
        fill.setAlphaF(0.28)
        box = QRectF(0.75, 0.75, 14.5, 14.5)
        painter.fillRect(box, fill)
        styles = (
            Qt.BrushStyle.NoBrush,
            Qt.BrushStyle.BDiagPattern,
            Qt.BrushStyle.Dense6Pattern,
            Qt.BrushStyle.HorPattern,
        )
        painter.setPen(QPen(self._colour, 1.5))
        if self._pattern:
            painter.setBrush(self._colour)
            brush = painter.brush()
            brush.setStyle(styles[self._pattern])
            painter.setBrush(brush)
        painter.drawRect(box)
        painter.end()
