"""Executes a scene with a painter: strokes, plates and text, in the sizes of the scene."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from shiboken6 import VoidPtr

from viewer.display.colours import TILE, Pattern, Rgb, tile
from viewer.display.overlay import Line, SegmentStyle, SliceOverlay
from viewer.display.scene import (
    DASHES,
    HALO_WIDTH,
    HANDLE,
    LINE_PX,
    LINE_WIDTH,
    PLATE_PX,
    Align,
    Block,
    Fill,
    Handle,
    Ink,
    Outlines,
    Points,
    Stroke,
    Text,
)
from viewer.room.views.picture import KEPT
from viewer.ui.kit.theme import CAPTION, colour, font
from viewer.ui.viewport.convert import transform_of
from viewer.words.i18n import language

HALO_ALPHA = 0.7
PATTERN_ALPHA = 140
#: Width of the outer of two lines.
_DOUBLE_WIDTH = 4.5


@dataclass(frozen=True, slots=True, eq=False)
class StyledPath:
    """All outlines of one segment on one slice, in image coordinates (x = column, y = row)."""

    path: QPainterPath
    style: SegmentStyle


class OutlinePaths:
    """Outlines of the slices painted last, as paths: scrolling to and fro makes none anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[SliceOverlay, tuple[StyledPath, ...]]] = OrderedDict()

    def of(self, overlay: SliceOverlay) -> tuple[StyledPath, ...]:
        """The paths of one slice's outlines."""
        found = self._kept.get(id(overlay))
        if found is None:
            found = self._kept[id(overlay)] = (overlay, _segment_paths(overlay))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(id(overlay))
        return found[1]


def _segment_paths(overlay: SliceOverlay) -> tuple[StyledPath, ...]:
    """One path a segment."""
    paths: dict[int, StyledPath] = {}
    for outline in overlay.outlines:
        styled = paths.setdefault(id(outline.style), StyledPath(QPainterPath(), outline.style))
        styled.path.addPolygon(_polygon(outline.points[:, ::-1]))
    return tuple(paths.values())


class QtPen:
    """Draws the items of a scene.

    Args:
        paths: outlines that were drawn before; quick: thin lines, for pictures that move.
    """

    def __init__(self, painter: QPainter, paths: OutlinePaths, quick: bool = False) -> None:
        self._painter, self._paths, self._quick = painter, paths, quick
        self._ratio = float(painter.device().devicePixelRatio())

    def text_width(self, text: str) -> float:
        """Width of a line of text in px."""
        return _width(text, language())

    def elided(self, text: str, room: float) -> str:
        """The text, cut with an ellipsis where it is wider than `room` px."""
        if self.text_width(text) <= room:
            return text
        return QFontMetricsF(_font(language())).elidedText(text, Qt.TextElideMode.ElideRight, room)

    def stroke(self, item: Stroke) -> None:
        """Lines with their halo."""
        if item.line is Line.NONE:
            return
        path = QPainterPath()
        for points in item.lines:
            path.addPolygon(_polygon(points))
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, item.smooth)
        self._draw(path, item.ink, item.line, item.width, item.halo)

    def _draw(self, path: QPainterPath, ink: Ink, line: Line, width: float = LINE_WIDTH, halo: bool = True) -> None:
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        if halo:
            self._painter.setPen(_halo(self._ratio))
            self._painter.drawPath(path)
        self._painter.setPen(_pen(ink, line, width, self._ratio))
        self._painter.drawPath(path)

    def outlines(self, item: Outlines) -> None:
        """Outlines of segments, and patterns inside where wanted."""
        self._painter.save()
        self._painter.setTransform(transform_of(item.matrix), True)
        for styled in self._paths.of(item.overlay):
            if self._quick:
                self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                self._draw(styled.path, styled.style.colour, styled.style.line, 1.0, halo=False)
            else:
                self._outline(styled, item.patterns)
        self._painter.restore()

    def _outline(self, styled: StyledPath, patterns: bool) -> None:
        style = styled.style
        if patterns and style.pattern is not Pattern.PLAIN:
            self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._painter.fillPath(styled.path, _pattern_brush(self._painter, style.pattern, style.colour))
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._draw(styled.path, style.colour, style.line)
        if style.double:
            self._draw(styled.path, style.colour, style.line, _DOUBLE_WIDTH, halo=False)
            self._draw(styled.path, "bg_viewport", Line.SOLID, halo=False)

    def text(self, item: Text) -> None:
        """A line of text on its plate."""
        left = item.at[0] - item.align.value * self.text_width(item.text)
        plate = _plate((item.text,), item.ink, Align.CENTRE, language(), self._ratio)
        self._painter.drawPixmap(QPointF(round(left) - PLATE_PX, round(item.at[1] - LINE_PX / 2)), plate)

    def block(self, item: Block) -> None:
        """Lines of text on one plate."""
        align = Align.RIGHT if item.right else Align.LEFT
        plate = _plate(item.lines, "text_1", align, language(), self._ratio)
        size = plate.deviceIndependentSize()
        left = item.at[0] - size.width() if item.right else item.at[0]
        top = item.at[1] - size.height() if item.bottom else item.at[1]
        self._painter.drawPixmap(QPointF(round(left), round(top)), plate)

    def fill(self, item: Fill) -> None:
        """A filled rectangle."""
        self._painter.fillRect(QRectF(*item.corner, *item.size), _colour(item.ink))

    def handle(self, item: Handle) -> None:
        """A square with a dark middle."""
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._painter.setPen(_pen("measure", Line.SOLID, LINE_WIDTH, self._ratio))
        self._painter.setBrush(colour("bg_viewport"))
        x, y = (round(v) - HANDLE / 2 for v in item.at)
        self._painter.drawRect(QRectF(x, y, HANDLE, HANDLE))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)


def _colour(ink: Ink) -> QColor:
    return colour(ink) if isinstance(ink, str) else QColor(*ink)


@lru_cache(maxsize=4)
def _font(of_language: str) -> QFont:
    return font(CAPTION, QFont.Weight.Medium, of_language)


@lru_cache(maxsize=2048)
def _width(text: str, of_language: str) -> float:
    return QFontMetricsF(_font(of_language)).horizontalAdvance(text)


@lru_cache(maxsize=512)
def _plate(lines: tuple[str, ...], ink: Ink, align: Align, of_language: str, ratio: float) -> QPixmap:
    """Lines of text on a dark plate, ready to be put on a picture again and again."""
    width = round(max(_width(line, of_language) for line in lines)) + 2 * PLATE_PX
    height = LINE_PX * len(lines)
    made = QPixmap(ceil(width * ratio), ceil(height * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(colour("plate"))
    painter = QPainter(made)
    painter.setFont(_font(of_language))
    painter.setPen(_colour(ink))
    sides = {Align.LEFT: Qt.AlignmentFlag.AlignLeft, Align.RIGHT: Qt.AlignmentFlag.AlignRight}
    flags = sides.get(align, Qt.AlignmentFlag.AlignHCenter) | Qt.AlignmentFlag.AlignVCenter
    for number, line in enumerate(lines):
        place = QRectF(PLATE_PX, number * LINE_PX, width - 2 * PLATE_PX, LINE_PX)
        painter.drawText(place, flags | Qt.TextFlag.TextDontClip, line)
    painter.end()
    return made


@lru_cache(maxsize=128)
def _pen(ink: Ink, line: Line, width: float, ratio: float) -> QPen:
    """A cosmetic pen; cosmetic widths count device px, ours logical ones."""
    made = QPen(_colour(ink), width * ratio)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if line in DASHES:
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
        made.setDashPattern([px / width for px in DASHES[line]])
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


def _polygon(points: Points) -> QPolygonF:
    """Points (x, y) as Qt's polygon."""
    made = QPolygonF()
    made.resize(len(points))
    room = VoidPtr(made.data(), points.nbytes, True)  # type: ignore[call-arg,arg-type] # the stubs know less
    np.frombuffer(room, dtype=np.float64).reshape(-1, 2)[:] = points  # type: ignore[call-overload] # it is a buffer
    return made


@lru_cache(maxsize=64)
def _tile_pixmap(pattern: Pattern, ink: Rgb) -> QPixmap:
    words = np.where(tile(pattern), QColor(*ink, PATTERN_ALPHA).rgba(), 0).astype(np.uint32)
    image = QImage(words.tobytes(), TILE, TILE, TILE * 4, QImage.Format.Format_ARGB32)
    return QPixmap.fromImage(image.copy())


def _pattern_brush(painter: QPainter, pattern: Pattern, ink: Rgb) -> QBrush:
    """The segment's pattern, standing still on the screen whatever the painter's transform."""
    brush = QBrush(_tile_pixmap(pattern, ink))
    inverse, possible = painter.transform().inverted()
    if possible:
        brush.setTransform(inverse)
    return brush
