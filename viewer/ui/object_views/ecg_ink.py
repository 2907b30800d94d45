"""How the parts of an ECG sheet are drawn: grid, traces, lead names, caliper."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from viewer.core.finding import Evidence, EvidenceKind
from viewer.core.waveform import lead_name
from viewer.display import ecg
from viewer.display.calipers import Caliper
from viewer.ui.kit.theme import BODY, CAPTION, TOKENS, colour, font

#: Small boxes are drawn from this scale (px per mm) on; below it they would be a grey haze.
SMALL_BOXES = 3.2
#: An interval that repeats is drawn from this width (px) on.
_LEAST_MARCH = 4.0


def grid(sheet: ecg.Sheet, scale: float, size: QSize, ratio: float) -> QPixmap:
    """The boxes of the paper, `scale` px per mm."""
    made = QPixmap(size * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(colour("bg_viewport"))
    painter = QPainter(made)
    for step, ink in ((1, _faded("line", 0.62)), (5, _faded("line_control", 0.55))):
        if step == 1 and scale < SMALL_BOXES:
            continue
        painter.setPen(QPen(ink, 1))
        across = [round(x * scale) + 0.5 for x in range(0, int(sheet.width) + 1, step)]
        down = [round(y * scale) + 0.5 for y in range(0, int(sheet.height) + 1, step)]
        painter.drawLines([QLineF(x, 0, x, sheet.height * scale) for x in across])
        painter.drawLines([QLineF(0, y, sheet.width * scale, y) for y in down])
    painter.end()
    return made


def lines_of(sheet: ecg.Sheet) -> list[list[QPolygonF]]:
    """The runs of each strip's trace, mm of paper."""
    return [
        [QPolygonF([QPointF(x, y) for x, y in run.tolist()]) for run in ecg.trace(strip, sheet.paper)]
        for strip in sheet.strips
    ]


def traces(painter: QPainter, sheet: ecg.Sheet, lines: list[list[QPolygonF]], scale: float) -> None:
    """Traces and calibration pulses."""
    painter.save()
    painter.scale(scale, scale)
    ink = QPen(colour("text_1"), 1.5)
    ink.setCosmetic(True)
    ink.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(ink)
    for strip, runs in zip(sheet.strips, lines, strict=True):
        for run in runs:
            painter.drawPolyline(run)
        if strip.pulse:
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in ecg.pulse(strip, sheet.paper).tolist()]))
        else:
            painter.drawLine(QLineF(strip.x, strip.y - 2.5, strip.x, strip.y + 2.5))
    painter.restore()


def names(painter: QPainter, sheet: ecg.Sheet, scale: float) -> None:
    """The name of each lead on its plate."""
    painter.setFont(font(BODY, QFont.Weight.DemiBold))
    for strip in sheet.strips:
        place = QPointF(strip.x * scale + 6, (strip.y - ecg.ROW_MM / 2) * scale + 16)
        _plated(painter, strip.lead.name, place, TOKENS.text_1)


def marks(painter: QPainter, sheet: ecg.Sheet, evidence: Sequence[Evidence], scale: float) -> None:
    """The leads and beats that decided, as bands under the traces: beats on the leads that decided, else on all.

    Leads as a whole get a faint band; a beat's band is the stronger the more it decided.
    """
    leads = {one.text.upper() for one in evidence if one.kind is EvidenceKind.LEAD}
    beats = [one for one in evidence if one.kind is EvidenceKind.MOMENT]
    most = max((one.share for one in beats), default=1.0)
    for strip in sheet.strips:
        if leads and lead_name(strip.lead.name) not in leads:
            continue
        painter.fillRect(_band(sheet, strip, strip.start, strip.stop, scale), _faded("accent", 0.08))
        for one in beats:
            start, stop = max(one.start, strip.start), min(one.end, strip.stop)
            if start < stop:
                ink = _faded("accent", 0.12 + 0.16 * one.share / most)
                painter.fillRect(_band(sheet, strip, start, stop, scale), ink)


def _band(sheet: ecg.Sheet, strip: ecg.Strip, start: float, stop: float, scale: float) -> QRectF:
    left, right = (strip.x + (at - strip.start) * sheet.paper.speed for at in (start, stop))
    return QRectF(left * scale, (strip.y - ecg.ROW_MM / 2) * scale, (right - left) * scale, ecg.ROW_MM * scale)


def caliper(painter: QPainter, shown: Caliper, scale: float, width: int, march: bool) -> None:
    """Legs, what lies between them, and with `march` the interval along the strip.

    Args:
        width: of the sheet, px.
    """
    top = (shown.strip.y - ecg.ROW_MM / 2) * scale
    low = (shown.strip.y + ecg.ROW_MM / 2) * scale
    (x0, _), (x1, _) = shown.legs
    if march and abs(x1 - x0) * scale >= _LEAST_MARCH:
        painter.setPen(QPen(_faded("measure", 0.7), 1, Qt.PenStyle.DashLine))
        painter.drawLines([QLineF(x * scale, top, x * scale, low) for x in shown.marches])
    for n, (x, y) in enumerate(shown.legs):
        painter.setPen(QPen(colour("measure"), 2 if n == shown.active else 1.25))
        painter.drawLine(QLineF(x * scale, top, x * scale, low))
        painter.drawLine(QLineF(x * scale - 5, y * scale, x * scale + 5, y * scale))
    painter.setPen(QPen(colour("measure"), 1.25))
    painter.drawLine(QLineF(x0 * scale, top + 4, x1 * scale, top + 4))
    if x0 != x1:
        text = shown.reading.text
        painter.setFont(font(CAPTION, QFont.Weight.Medium))
        taken = QFontMetricsF(painter.font()).horizontalAdvance(text)
        left = min(max(x0, x1) * scale + 8, width - taken - 8)
        _plated(painter, text, QPointF(left, low - 6), TOKENS.measure)


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
