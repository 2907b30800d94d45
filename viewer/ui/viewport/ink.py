"""Pens, plates and text on a picture, in the sizes of design.md."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from viewer.display.colours import TILE, Pattern, Rgb, tile
from viewer.display.overlay import Line
from viewer.ui.kit.theme import CAPTION, colour, font
from viewer.words.i18n import language

Points = npt.NDArray[np.float64]

LINE_PX = 16
MARGIN = 8
LINE_WIDTH, HALO_WIDTH = 1.5, 3.5
HALO_ALPHA = 0.7
PATTERN_ALPHA = 140
_DASHES = {Line.DASHED: (5.0, 4.0), Line.DOTTED: (2.0, 4.0)}


@lru_cache(maxsize=4)
def _font(of_language: str) -> QFont:
    return font(CAPTION, QFont.Weight.Medium, of_language)


@lru_cache(maxsize=2048)
def _width(text: str, of_language: str) -> float:
    return QFontMetricsF(_font(of_language)).horizontalAdvance(text)


def text_width(text: str) -> float:
    """Width of a line of text in px."""
    return _width(text, language())


def elided(lines: tuple[str, ...], room: float) -> tuple[str, ...]:
    """Lines cut with an ellipsis where they are wider than `room` px."""
    metrics = QFontMetricsF(_font(language()))
    return tuple(
        line if text_width(line) <= room else metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
        for line in lines
    )


def put_text(painter: QPainter, at: tuple[float, float], text: str, ink: Rgb | str, align: str = "left") -> None:
    """A line of text on its plate; `at` is the middle of its left, centre or right end.

    Args:
        ink: its colour, or the token of it.
    """
    width = text_width(text)
    left = at[0] - {"left": 0.0, "centre": width / 2, "right": width}[align]
    plate = _plate((text,), ink, "centre", language(), _ratio(painter))
    painter.drawPixmap(QPointF(round(left) - 4, round(at[1] - LINE_PX / 2)), plate)


def put_block(
    painter: QPainter, lines: tuple[str, ...], corner: tuple[float, float], bottom: bool, right: bool
) -> None:
    """A corner's lines on one plate, growing away from its corner point."""
    kept = tuple(line for line in lines if line)
    if not kept:
        return
    plate = _plate(kept, "text_1", "right" if right else "left", language(), _ratio(painter))
    size = plate.deviceIndependentSize()
    left = corner[0] - size.width() if right else corner[0]
    top = corner[1] - size.height() if bottom else corner[1]
    painter.drawPixmap(QPointF(round(left), round(top)), plate)


def _ratio(painter: QPainter) -> float:
    return float(painter.device().devicePixelRatio())


@lru_cache(maxsize=512)
def _plate(lines: tuple[str, ...], ink: Rgb | str, align: str, of_language: str, ratio: float) -> QPixmap:
    """Lines of text on a dark plate, ready to be put on a picture again and again."""
    width = round(max(_width(line, of_language) for line in lines)) + 8
    height = LINE_PX * len(lines)
    made = QPixmap(ceil(width * ratio), ceil(height * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(colour("plate"))
    painter = QPainter(made)
    painter.setFont(_font(of_language))
    painter.setPen(colour(ink) if isinstance(ink, str) else QColor(*ink))
    sides = {"left": Qt.AlignmentFlag.AlignLeft, "right": Qt.AlignmentFlag.AlignRight}
    flags = sides.get(align, Qt.AlignmentFlag.AlignHCenter) | Qt.AlignmentFlag.AlignVCenter
    for number, line in enumerate(lines):
        painter.drawText(QRectF(4, number * LINE_PX, width - 8, LINE_PX), flags | Qt.TextFlag.TextDontClip, line)
    painter.end()
    return made


def pen(painter: QPainter, ink: Rgb | str, line: Line = Line.SOLID, width: float = LINE_WIDTH) -> QPen:
    """A cosmetic pen in an overlay colour or a token; cosmetic widths count device px, ours logical ones."""
    return _pen(ink, line, width, _ratio(painter))


@lru_cache(maxsize=128)
def _pen(ink: Rgb | str, line: Line, width: float, ratio: float) -> QPen:
    made = QPen(colour(ink) if isinstance(ink, str) else QColor(*ink), width * ratio)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if line in _DASHES:
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
        made.setDashPattern([px / width for px in _DASHES[line]])
    return made


@lru_cache(maxsize=4)
def _halo(ratio: float) -> QPen:
    """The dark line below every coloured one."""
    ink = colour("bg_viewport")
    ink.setAlphaF(HALO_ALPHA)
    made = QPen(ink, HALO_WIDTH * ratio)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return made


def sketch(painter: QPainter, path: QPainterPath, ink: Rgb | str, line: Line = Line.SOLID) -> None:
    """A path in one thin line: quick, for pictures that move."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(painter, ink, line, 1.0))
    painter.drawPath(path)


def stroke(painter: QPainter, path: QPainterPath, ink: Rgb | str, line: Line = Line.SOLID) -> None:
    """A path with its halo."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_halo(_ratio(painter)))
    painter.drawPath(path)
    painter.setPen(pen(painter, ink, line))
    painter.drawPath(path)


def path_of(points: Points, closed: bool = False) -> QPainterPath:
    """A path through points (x, y)."""
    path = QPainterPath()
    path.addPolygon(polygon(points))
    if closed:
        path.closeSubpath()
    return path


def polygon(points: Points) -> QPolygonF:
    """Points (x, y) as Qt's polygon."""
    made: QPolygonF = arrayToQPolygonF(points[:, 0], points[:, 1])
    return made


@lru_cache(maxsize=64)
def _tile_pixmap(pattern: Pattern, ink: Rgb) -> QPixmap:
    words = np.where(tile(pattern), QColor(*ink, PATTERN_ALPHA).rgba(), 0).astype(np.uint32)
    image = QImage(words.tobytes(), TILE, TILE, TILE * 4, QImage.Format.Format_ARGB32)
    return QPixmap.fromImage(image.copy())


def pattern_brush(painter: QPainter, pattern: Pattern, ink: Rgb) -> QBrush:
    """The segment's pattern, standing still on the screen whatever the painter's transform."""
    brush = QBrush(_tile_pixmap(pattern, ink))
    inverse, possible = painter.transform().inverted()
    if possible:
        brush.setTransform(inverse)
    return brush
