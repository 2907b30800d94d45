"""The ECG sheet: grid, traces, lead names, calibration pulses and calipers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.core.finding import Evidence
from viewer.display import ecg
from viewer.display.calipers import Caliper
from viewer.ui.kit.theme import colour
from viewer.ui.object_views import ecg_ink
from viewer.words.i18n import tr

#: Scale of the sheet on screen, px per mm of paper.
LEAST_SCALE, MOST_SCALE = 2.0, 16.0
#: A caliper leg is taken hold of within this many px.
GRIP_PX = 8
#: One press of an arrow key moves a caliper leg this far, mm of paper.
KEY_MM = 0.25


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
        self.evidence: tuple[Evidence, ...] = ()
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
        self._lines = ecg_ink.lines_of(sheet)
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

    def set_evidence(self, evidence: tuple[Evidence, ...]) -> None:
        """Mark the leads and beats that decided; () takes the marks away."""
        self.evidence = evidence
        self.update()

    def clear_caliper(self) -> None:
        """Take the caliper away."""
        self._caliper = None
        self.measured.emit("")
        self.update()

    def set_caliper(self, strip: ecg.Strip, start: float, stop: float) -> None:
        """Put the caliper's legs at two places (mm along x) on a strip's trace."""
        self._caliper = Caliper.over(strip, self._sheet.paper, start, stop)
        self._tell()

    @property
    def reading(self) -> ecg.Reading | None:
        """What the caliper measures."""
        return None if self._caliper is None else self._caliper.reading

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The whole sheet at the present scale."""
        return QSize(round(self._sheet.width * self._scale), round(self._sheet.height * self._scale))

    def _tell(self) -> None:
        reading = self.reading
        self.measured.emit(reading.text if reading else "")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a leg, or start a new caliper."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = event.position().x() / self._scale, event.position().y() / self._scale
        if self._caliper is not None:
            grip = self._caliper.nearest(x, y, GRIP_PX / self._scale)
            if grip is not None:
                self._caliper.active = grip
                return
        strip = ecg.strip_at(self._sheet, x, y)
        if strip is None:
            self.clear_caliper()
            return
        self.set_caliper(strip, x, x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag the active leg."""
        if self._caliper is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._move_leg(event.position().x() / self._scale)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click without a drag leaves no caliper."""
        if self._caliper is not None and self._caliper.is_closed:
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
        if self._caliper is not None:
            self._caliper.move(x)
            self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw grid, traces, names and caliper."""
        painter = QPainter(self)
        if self._grid is None:
            self._grid = ecg_ink.grid(self._sheet, self._scale, self.sizeHint(), self.devicePixelRatioF())
        painter.drawPixmap(0, 0, self._grid)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ecg_ink.marks(painter, self._sheet, self.evidence, self._scale)
        # Names lie under the traces: no plate may hide a wave.
        ecg_ink.names(painter, self._sheet, self._scale)
        ecg_ink.traces(painter, self._sheet, self._lines, self._scale)
        if self._caliper is not None:
            ecg_ink.caliper(painter, self._caliper, self._scale, self.width(), self._march)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()
