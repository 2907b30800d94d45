"""Bars: how often values fall into steps, as a small picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.room.tools.region import Histogram
from viewer.ui.kit.theme import CAPTION, colour, font
from viewer.words.i18n import language, tr
from viewer.words.numbers import number_words


class HistogramBars(QWidget):
    """A histogram with both ends of its axis."""

    _HEIGHT, _AXIS = 72, 18

    def __init__(self, histogram: Histogram, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._histogram = histogram
        self.setFixedHeight(self._HEIGHT)
        self.setFont(font(CAPTION, language=language()))
        low, high = self._ends()
        pixels = sum(histogram.counts)
        self.setAccessibleName(tr("Histogram of {n} pixels, {low} to {high}", n=pixels, low=low, high=high))
        self.setToolTip(self.accessibleName())

    def _ends(self) -> tuple[str, str]:
        unit = self._histogram.unit
        return number_words(self._histogram.low, unit), number_words(self._histogram.high, unit)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Bars from the axis up, then what its ends are."""
        painter = QPainter(self)
        counts, most = self._histogram.counts, max(self._histogram.counts)
        room, width = self._HEIGHT - self._AXIS, self.width() / len(counts)
        for n, count in enumerate(counts):
            height = room * count / most
            painter.fillRect(QRectF(n * width, room - height, max(width - 1, 1), height), colour("measure"))
        painter.fillRect(QRectF(0, room, self.width(), 1), colour("line_control"))
        painter.setPen(colour("text_2"))
        low, high = self._ends()
        painter.drawText(QRectF(0, room + 2, self.width(), self._AXIS), 0x01, low)
        painter.drawText(QRectF(0, room + 2, self.width(), self._AXIS), 0x02, high)
        painter.end()
