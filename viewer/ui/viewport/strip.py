"""The strip above a picture: what it is on the left, what must always be seen on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from viewer.room.views.facts import BadgeSpec
from viewer.ui.kit.marks import Badge
from viewer.ui.kit.theme import CAPTION, TOKENS, font
from viewer.words.i18n import language

HEIGHT = 28
_GAP = 8
#: A subtitle with less room (px) than this says nothing.
_LEAST_SUB = 64


class Strip(QWidget):
    """28 px high, whatever stands in it: the picture below never moves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(f"background: {TOKENS.bg_panel};")
        self._title = _label(QFont.Weight.DemiBold, TOKENS.text_1)
        self._sub = _label(QFont.Weight.Normal, TOKENS.text_3)
        self._words = ("", "")
        self._specs: tuple[BadgeSpec, ...] = ()
        self._badges: list[Badge] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(_GAP, 0, _GAP, 0)
        self._row.setSpacing(_GAP)
        self._row.addWidget(self._title)
        self._row.addWidget(self._sub)
        self._row.addStretch(1)

    @property
    def specs(self) -> tuple[BadgeSpec, ...]:
        """The badges on show."""
        return self._specs

    @property
    def words(self) -> tuple[str, str]:
        """Title and subtitle, unshortened."""
        return self._words

    def set_words(self, title: str, sub: str) -> None:
        """Name of the picture and what it belongs to."""
        if (title, sub) != self._words:
            self._words = (title, sub)
            self._arrange()

    def set_badges(self, specs: Sequence[BadgeSpec]) -> None:
        """Show these badges, left to right."""
        if tuple(specs) != self._specs:
            self._specs = tuple(specs)
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Badges give up words, and the name is shortened, as room goes."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as the layout wants it."""
        return QSize(0, HEIGHT)

    def _arrange(self) -> None:
        for badge in self._badges:
            self._row.removeWidget(badge)
            badge.hide()
            badge.deleteLater()
        self._badges = self._fitting_badges()
        for badge in self._badges:
            self._row.addWidget(badge)
            badge.show()
        self._shorten_words()

    def _fitting_badges(self) -> list[Badge]:
        """Badges with as many words as there is room for beside the title."""
        room = self.width() - 2 * _GAP - QFontMetrics(self._title.font()).horizontalAdvance(self._words[0]) - _GAP
        bare = 0
        while True:
            badges = [self._badge(spec, 0 < spec.collapse <= bare) for spec in self._specs]
            width = sum(badge.sizeHint().width() + _GAP for badge in badges)
            if width <= room or bare >= max((spec.collapse for spec in self._specs), default=0):
                return badges
            for badge in badges:
                badge.deleteLater()
            bare += 1

    def _badge(self, spec: BadgeSpec, bare: bool) -> Badge:
        tip = f"{spec.text}: {spec.tip}" if spec.tip and bare else spec.tip or (spec.text if bare else "")
        badge = Badge(spec.kind, "" if bare else spec.text, tip, self)
        badge.setAccessibleName(". ".join(part for part in (spec.text, spec.tip) if part))
        badge.hide()
        return badge

    def _shorten_words(self) -> None:
        taken = sum(badge.sizeHint().width() + _GAP for badge in self._badges)
        room = max(self.width() - 2 * _GAP - taken, 0)
        title, sub = self._words
        metrics = QFontMetrics(self._title.font())
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
        self._title.setText(shown)
        self._title.setFixedWidth(min(metrics.horizontalAdvance(shown) + 2, room))
        room -= metrics.horizontalAdvance(shown) + 2 + _GAP
        metrics = QFontMetrics(self._sub.font())
        shown = metrics.elidedText(sub, Qt.TextElideMode.ElideRight, max(room, 0)) if room > _LEAST_SUB else ""
        self._sub.setText(shown)
        self._sub.setFixedWidth(max(0, min(metrics.horizontalAdvance(shown) + 2, room)))


def _label(weight: QFont.Weight, ink: str) -> QLabel:
    made = QLabel()
    made.setFont(font(CAPTION, weight, language()))
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setStyleSheet(f"color: {ink}; background: transparent;")
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    return made
