"""Signals that are no 12-lead ECG (pressures, EEG, breathing, sound): one row each, own scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QScrollArea, QScrollBar, QWidget

from viewer.core.waveform import Channel, Waveform
from viewer.ui.kit.basic import column, frame, label
from viewer.ui.kit.theme import CAPTION, colour, font
from viewer.words.i18n import tr

#: Height of one row and width of its name and scale, px.
ROW_PX, NAME_PX = 96, 168
#: Seconds on screen and smallest distance of time marks, px.
PAGE_S, MARK_PX = 10.0, 80
#: The scroll bar counts tenths of a second.
TENTHS = 10


class SignalRows(QWidget):
    """All channels over the same stretch of time."""

    def __init__(self, channels: tuple[Channel, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channels = channels
        self._start = 0.0
        self._ranges = [_range(channel.samples) for channel in channels]
        self.setMinimumHeight(ROW_PX * len(channels) + 28)
        self.setMinimumWidth(480)
        self.setAccessibleName(tr("Signals"))

    def set_start(self, seconds: float) -> None:
        """Show the stretch from `seconds` on."""
        self._start = seconds
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw every row and the time marks."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("bg_viewport"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marks(painter)
        for n, channel in enumerate(self._channels):
            self._paint_row(painter, QRectF(NAME_PX, n * ROW_PX, self.width() - NAME_PX, ROW_PX), channel, n)
        painter.end()

    def _paint_marks(self, painter: QPainter) -> None:
        width = self.width() - NAME_PX
        step = _nice(PAGE_S * MARK_PX / max(1, width))
        painter.setFont(font(CAPTION))
        first = math.ceil(self._start / step) * step
        for n in range(int(PAGE_S / step) + 1):
            seconds = first + n * step
            x = NAME_PX + (seconds - self._start) / PAGE_S * width
            painter.setPen(QPen(colour("line"), 1))
            painter.drawLine(QLineF(x, 0, x, ROW_PX * len(self._channels)))
            painter.setPen(colour("text_3"))
            painter.drawText(QPointF(x + 4, ROW_PX * len(self._channels) + 18), f"{seconds:g} s")

    def _paint_row(self, painter: QPainter, box: QRectF, channel: Channel, n: int) -> None:
        low, high = self._ranges[n]
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(QLineF(0, box.bottom(), self.width(), box.bottom()))
        painter.setPen(colour("text_1"))
        painter.drawText(QRectF(8, box.top() + 8, NAME_PX - 16, 32), int(Qt.TextFlag.TextWordWrap), channel.name)
        painter.setPen(colour("text_3"))
        unit = channel.unit.replace("uV", "µV") or tr("no unit")
        painter.drawText(QPointF(8, box.bottom() - 12), f"{low:.4g} … {high:.4g} {unit}")
        painter.setPen(QPen(colour("text_1"), 1.25))
        for run in self._runs(channel, box, low, high):
            painter.drawPolyline(run)

    def _runs(self, channel: Channel, box: QRectF, low: float, high: float) -> list[QPolygonF]:
        rate = channel.frequency_hz or 1.0
        first = max(0, int(self._start * rate))
        values = channel.samples[first : first + int(PAGE_S * rate) + 1]
        if len(values) < 2:
            return []
        x = box.left() + (np.arange(len(values)) + first - self._start * rate) / rate / PAGE_S * box.width()
        y = box.bottom() - 8 - (values - low) / (high - low) * (box.height() - 16)
        x, y = _thin(x, y, max(1, len(values) // (2 * max(1, int(box.width())))))
        edges = np.flatnonzero(np.diff(np.isfinite(y).astype(np.int8))) + 1
        runs = zip(np.split(x, edges), np.split(y, edges), strict=True)
        return [_polygon(px, py) for px, py in runs if len(px) > 1 and np.isfinite(py[0])]


class SignalsView(QWidget):
    """A waveform object that is no ECG."""

    def __init__(self, waveform: Waveform, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SignalRows(waveform.channels)
        outer = column(self)
        area = QScrollArea()
        area.setWidget(self.rows)
        area.setWidgetResizable(True)
        outer.addWidget(area, 1)
        longest = max((len(c.samples) / (c.frequency_hz or 1.0) for c in waveform.channels), default=0.0)
        self.time = QScrollBar(Qt.Orientation.Horizontal)
        self.time.setAccessibleName(tr("Time in the recording"))
        self.time.setMaximum(max(0, math.ceil((longest - PAGE_S) * TENTHS)))
        self.time.setPageStep(int(PAGE_S * TENTHS))
        self.time.setVisible(self.time.maximum() > 0)
        self.time.valueChanged.connect(self._on_time)
        outer.addWidget(self.time)
        foot = frame("footer")
        inside = column(foot, margins=8)
        said = "   ".join((waveform.title, tr("{n} channels", n=len(waveform.channels)), *waveform.annotations[:3]))
        inside.addWidget(label(said, "caption2", wrap=True))
        outer.addWidget(foot)

    @Slot(int)
    def _on_time(self, tenths: int) -> None:
        self.rows.set_start(tenths / TENTHS)


def _range(samples: npt.NDArray[np.float64]) -> tuple[float, float]:
    good = samples[np.isfinite(samples)]
    if not len(good):
        return 0.0, 1.0
    low, high = float(good.min()), float(good.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _thin(x: npt.NDArray[Any], y: npt.NDArray[Any], step: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Smallest and largest value of every `step` samples, so that no spike is lost."""
    if step < 3:
        return x, y
    count = len(x) // step * step
    blocks = np.nan_to_num(y[:count]).reshape(-1, step)
    pairs = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
    index = (pairs + np.arange(len(blocks))[:, None] * step).ravel()
    return x[index], y[index]


def _polygon(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])


def _nice(step: float) -> float:
    """The next of 1, 2, 5 x 10^n that is not smaller."""
    power = 10.0 ** math.floor(math.log10(max(step, 1e-6)))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= step * 0.999)
