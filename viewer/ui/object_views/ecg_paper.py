"""The ECG sheet: grid, traces, lead names, calibration pulses and calipers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewer.display import ecg
from viewer.ui.kit.theme import BODY, CAPTION, TOKENS, colour, font
from viewer.words.i18n import tr

#: Scale of the sheet on screen, px per mm of paper.
LEAST_SCALE, MOST_SCALE = 2.0, 16.0
#: A caliper leg is taken hold of within this many px.
GRIP_PX = 8
#: One press of an arrow key moves a caliper leg this far, mm of paper.
KEY_MM = 0.25
#: Small boxes are drawn from this scale on; below it they would be a grey haze.
SMALL_BOXES = 3.2


@dataclass(slots=True)
class Caliper:
    """Two legs on one strip, (x, y) in mm of paper; `active` is the leg that the keys move."""

    strip: ecg.Strip
    legs: list[tuple[float, float]]
    active: int = 1


class EcgPaper(QWidget):
    """Draws one `Sheet`; dragging sets the caliper, a double click asks for one lead alone.

    Signals:
        measured: words of the caliper's reading, "" when it is cleared.
        lead_wanted: name of the lead that was double-clicked.
    """

    measured = Signal(str)
    lead_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = ecg.Sheet((), 100.0, 50.0, ecg.Paper())
        self._lines: list[list[QPolygonF]] = []
        self._scale = 4.0
        self._grid: QPixmap | None = None
        self._caliper: Caliper | None = None
        self._march = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(tr("ECG sheet"))
        self.setAccessibleDescription(tr("Drag to measure; arrow keys move the caliper, Esc clears it"))

    @property
    def sheet(self) -> ecg.Sheet:
        """What is drawn."""
        return self._sheet

    @property
    def caliper(self) -> Caliper | None:
        """The caliper, None while nothing is measured."""
        return self._caliper

    @property
    def pixels_per_mm(self) -> float:
        """Scale of the sheet on screen."""
        return self._scale

    def set_sheet(self, sheet: ecg.Sheet) -> None:
        """Draw another sheet; the caliper goes."""
        self._sheet = sheet
        self._lines = [
            [QPolygonF([QPointF(x, y) for x, y in run.tolist()]) for run in ecg.trace(strip, sheet.paper)]
            for strip in sheet.strips
        ]
        self.clear_caliper()
        self.set_scale(self._scale)

    def set_scale(self, pixels_per_mm: float) -> None:
        """Draw with another number of px per mm."""
        self._scale = min(MOST_SCALE, max(LEAST_SCALE, pixels_per_mm))
        self._grid = None
        self.setFixedSize(self.sizeHint())
        self.update()

    def set_march(self, on: bool) -> None:
        """Repeat the caliper's interval along the strip, to see whether beats keep time."""
        self._march = on
        self.update()

    def clear_caliper(self) -> None:
        """Take the caliper away."""
        self._caliper = None
        self.measured.emit("")
        self.update()

    def set_caliper(self, strip: ecg.Strip, start: float, stop: float) -> None:
        """Put the caliper's legs at two places (mm along x) on a strip's trace."""
        legs = [(x, self._trace_y(strip, x)) for x in (start, stop)]
        self._caliper = Caliper(strip, legs)
        self._tell()

    @property
    def reading(self) -> ecg.Reading | None:
        """What the caliper measures."""
        if self._caliper is None:
            return None
        start, stop = self._caliper.legs
        return ecg.measure(start, stop, self._sheet.paper)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The whole sheet at the present scale."""
        return QSize(round(self._sheet.width * self._scale), round(self._sheet.height * self._scale))

    def _tell(self) -> None:
        reading = self.reading
        self.measured.emit(reading.text if reading else "")
        self.update()

    def _trace_y(self, strip: ecg.Strip, x: float) -> float:
        """Where the strip's trace stands at x (mm); its zero line where nothing was recorded."""
        paper = self._sheet.paper
        seconds = strip.start + (x - strip.x) / paper.speed
        n = round(seconds * strip.lead.frequency_hz)
        values = strip.lead.millivolts
        value = values[n] if 0 <= n < len(values) and np.isfinite(values[n]) else 0.0
        return float(strip.y - value * paper.gain)

    def _inside(self, strip: ecg.Strip, x: float) -> float:
        width = (strip.stop - strip.start) * self._sheet.paper.speed
        return min(max(x, strip.x), strip.x + width)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a leg, or start a new caliper."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = event.position().x() / self._scale, event.position().y() / self._scale
        grip = self._leg_at(x, y)
        if grip is not None and self._caliper is not None:
            self._caliper.active = grip
            return
        strip = ecg.strip_at(self._sheet, x, y)
        if strip is None:
            self.clear_caliper()
            return
        self.set_caliper(strip, x, x)

    def _leg_at(self, x: float, y: float) -> int | None:
        if self._caliper is None or abs(y - self._caliper.strip.y) > ecg.ROW_MM / 2:
            return None
        away = [abs(leg[0] - x) * self._scale for leg in self._caliper.legs]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= GRIP_PX else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag the active leg."""
        if self._caliper is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._move_leg(event.position().x() / self._scale)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click without a drag leaves no caliper."""
        if self._caliper is not None and self._caliper.legs[0] == self._caliper.legs[1]:
            self.clear_caliper()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the lead alone."""
        strip = ecg.strip_at(self._sheet, event.position().x() / self._scale, event.position().y() / self._scale)
        if strip is not None:
            self.clear_caliper()
            self.lead_wanted.emit(strip.lead.name)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl and wheel zoom; the wheel alone scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_scale(self._scale * 1.1 ** (event.angleDelta().y() / 120))
            event.accept()
            return
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows move the active leg (Shift: ten times as far), Tab within it swaps legs, Esc clears."""
        steps = {Qt.Key.Key_Left: -KEY_MM, Qt.Key.Key_Right: KEY_MM}
        caliper = self._caliper
        if caliper is None:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.clear_caliper()
        elif event.key() == Qt.Key.Key_Space:
            caliper.active = 1 - caliper.active
            self.update()
        elif event.key() in steps:
            times = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._move_leg(caliper.legs[caliper.active][0] + steps[Qt.Key(event.key())] * times)
        else:
            super().keyPressEvent(event)

    def _move_leg(self, x: float) -> None:
        caliper = self._caliper
        if caliper is None:
            return
        x = self._inside(caliper.strip, x)
        caliper.legs[caliper.active] = (x, self._trace_y(caliper.strip, x))
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw grid, traces, names and caliper."""
        painter = QPainter(self)
        if self._grid is None:
            self._grid = self._paint_grid()
        painter.drawPixmap(0, 0, self._grid)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Names lie under the traces: no plate may hide a wave.
        self._paint_names(painter)
        painter.save()
        painter.scale(self._scale, self._scale)
        self._paint_traces(painter)
        painter.restore()
        if self._caliper is not None:
            self._paint_caliper(painter, self._caliper)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_grid(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(self.sizeHint() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(colour("bg_viewport"))
        painter = QPainter(made)
        width, height = self._sheet.width, self._sheet.height
        for step, ink in ((1, _faded("line", 0.62)), (5, _faded("line_control", 0.55))):
            if step == 1 and self._scale < SMALL_BOXES:
                continue
            painter.setPen(QPen(ink, 1))
            across = [round(x * self._scale) + 0.5 for x in range(0, int(width) + 1, step)]
            down = [round(y * self._scale) + 0.5 for y in range(0, int(height) + 1, step)]
            painter.drawLines([QLineF(x, 0, x, height * self._scale) for x in across])
            painter.drawLines([QLineF(0, y, width * self._scale, y) for y in down])
        painter.end()
        return made

    def _paint_traces(self, painter: QPainter) -> None:
        ink = QPen(colour("text_1"), 1.5)
        ink.setCosmetic(True)
        ink.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(ink)
        paper = self._sheet.paper
        for strip, runs in zip(self._sheet.strips, self._lines, strict=True):
            for run in runs:
                painter.drawPolyline(run)
            if strip.pulse:
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in ecg.pulse(strip, paper).tolist()]))
            else:
                painter.drawLine(QLineF(strip.x, strip.y - 2.5, strip.x, strip.y + 2.5))

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(font(BODY, QFont.Weight.DemiBold))
        for strip in self._sheet.strips:
            place = QPointF(strip.x * self._scale + 6, (strip.y - ecg.ROW_MM / 2) * self._scale + 16)
            _plated(painter, strip.lead.name, place, TOKENS.text_1)

    def _paint_caliper(self, painter: QPainter, caliper: Caliper) -> None:
        top = (caliper.strip.y - ecg.ROW_MM / 2) * self._scale
        low = (caliper.strip.y + ecg.ROW_MM / 2) * self._scale
        if self._march:
            self._paint_march(painter, caliper, top, low)
        for n, (x, y) in enumerate(caliper.legs):
            painter.setPen(QPen(colour("measure"), 2 if n == caliper.active else 1.25))
            painter.drawLine(QLineF(x * self._scale, top, x * self._scale, low))
            painter.drawLine(QLineF(x * self._scale - 5, y * self._scale, x * self._scale + 5, y * self._scale))
        (x0, _), (x1, _) = caliper.legs
        painter.setPen(QPen(colour("measure"), 1.25))
        painter.drawLine(QLineF(x0 * self._scale, top + 4, x1 * self._scale, top + 4))
        reading = self.reading
        if reading is not None and x0 != x1:
            painter.setFont(font(CAPTION, QFont.Weight.Medium))
            width = QFontMetricsF(painter.font()).horizontalAdvance(reading.text)
            left = min(max(x0, x1) * self._scale + 8, self.width() - width - 8)
            _plated(painter, reading.text, QPointF(left, low - 6), TOKENS.measure)

    def _paint_march(self, painter: QPainter, caliper: Caliper, top: float, low: float) -> None:
        (x0, _), (x1, _) = caliper.legs
        step = abs(x1 - x0)
        if step * self._scale < 4:
            return
        width = (caliper.strip.stop - caliper.strip.start) * self._sheet.paper.speed
        ink = QPen(_faded("measure", 0.7), 1, Qt.PenStyle.DashLine)
        painter.setPen(ink)
        first = x0 - int((x0 - caliper.strip.x) / step) * step
        for place in np.arange(first, caliper.strip.x + width, step).tolist():
            painter.drawLine(QLineF(place * self._scale, top, place * self._scale, low))


def _faded(token: str, share: float) -> QColor:
    made = colour(token)
    made.setAlphaF(share)
    return made


def _plated(painter: QPainter, text: str, place: QPointF, ink: str) -> None:
    """Text on its dark plate; `place` is the left end of its base line."""
    box = QFontMetricsF(painter.font()).boundingRect(text).translated(place).adjusted(-3, -1, 3, 1)
    painter.fillRect(box, colour("plate"))
    painter.setPen(QColor(ink))
    painter.drawText(place, text)
