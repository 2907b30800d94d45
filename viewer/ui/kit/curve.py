"""Volumes over a heart beat as a small curve."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from viewer.core.cine import CineFunction
from viewer.ui.kit.theme import colour
from viewer.words.i18n import tr


class BeatCurve(QWidget):
    """Volume against time; end-diastole and end-systole are ringed and named."""

    _HEIGHT = 148
    _LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 24, 24

    def __init__(self, cine: CineFunction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cine = cine
        self.setFixedHeight(self._HEIGHT)
        self.setMinimumWidth(200)
        words = tr(
            "Volume over {n} heart phases, largest {largest:.0f} mL, smallest {smallest:.0f} mL",
            n=len(cine.phases),
            largest=cine.largest_ml,
            smallest=cine.smallest_ml,
        )
        self.setAccessibleName(words)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw axes, curve and both marks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(
            self._LEFT, self._TOP, self.width() - self._LEFT - self._RIGHT, self._HEIGHT - self._TOP - self._BOTTOM
        )
        self._axes(painter, box)
        points = self._points(box)
        painter.setPen(QPen(colour("accent"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        self._mark(painter, box, points[self._cine.end_diastole], tr("end-diastole"), above=True)
        self._mark(painter, box, points[self._cine.end_systole], tr("end-systole"), above=False)
        painter.end()

    def _top(self) -> float:
        """Upper end of the axis: the next ten above the largest volume."""
        return 10.0 * (int(self._cine.largest_ml / 10) + 1)

    def _points(self, box: QRectF) -> list[QPointF]:
        times = [phase.time_ms for phase in self._cine.phases]
        span = (times[-1] - times[0]) or 1.0
        return [
            QPointF(
                box.left() + box.width() * (phase.time_ms - times[0]) / span,
                box.bottom() - box.height() * phase.volume_ml / self._top(),
            )
            for phase in self._cine.phases
        ]

    def _axes(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.topLeft(), box.topRight())
        painter.setPen(colour("text_3"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, y in ((self._top(), box.top()), (0.0, box.bottom())):
            painter.drawText(QRectF(0, y - 8, self._LEFT - 6, 16), right, f"{value:.0f} mL")
        first, last = self._cine.phases[0].time_ms, self._cine.phases[-1].time_ms
        under = QRectF(box.left(), box.bottom() + 4, box.width(), 16)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, f"{first:.0f} ms")
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, f"{last:.0f} ms")

    def _mark(self, painter: QPainter, box: QRectF, at: QPointF, words: str, *, above: bool) -> None:
        painter.setPen(QPen(colour("accent"), 1.5))
        painter.setBrush(colour("bg_window"))
        painter.drawEllipse(at, 4, 4)
        painter.setPen(colour("text_2"))
        left = min(max(at.x() - 50, box.left() + 4), box.right() - 100)
        top = at.y() - 24 if above else min(at.y() + 8, box.bottom() - 16)
        painter.drawText(QRectF(left, top, 100, 16), Qt.AlignmentFlag.AlignCenter, words)
