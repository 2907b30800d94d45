"""Outlines, marks, the reader's drawings and the box, in screen pixels."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QTransform

from viewer.core.finding import FindingState
from viewer.core.measurement import ReaderMeasurement
from viewer.display.colours import Pattern, Rgb
from viewer.display.graphics import PlacedGraphic
from viewer.display.overlay import Line, SegmentStyle, SliceOverlay
from viewer.room.tools import MEASURES, MeasureTool
from viewer.room.views.camera import Camera
from viewer.room.views.picture import KEPT
from viewer.ui.kit.theme import colour
from viewer.ui.viewport.ink import (
    LINE_PX,
    MARGIN,
    Points,
    path_of,
    pattern_brush,
    pen,
    polygon,
    put_text,
    sketch,
    stroke,
    text_width,
)

HANDLE = 8
#: Token of each verdict's colour.
STATE_TOKENS: dict[FindingState, str] = {
    FindingState.PROPOSED: "proposed",
    FindingState.ACCEPTED: "accepted",
    FindingState.UNSURE: "unsure",
    FindingState.REJECTED: "rejected",
}
_RING = 10.0
_CHOSEN_WIDTH, _CHOSEN_CROSS = 3.0, 10.0


@dataclass(frozen=True, slots=True, eq=False)
class StyledPath:
    """All outlines of one segment on one slice, in image coordinates (x = column, y = row)."""

    path: QPainterPath
    style: SegmentStyle


def segment_paths(overlay: SliceOverlay) -> tuple[StyledPath, ...]:
    """One path a segment."""
    paths: dict[int, StyledPath] = {}
    for outline in overlay.outlines:
        styled = paths.setdefault(id(outline.style), StyledPath(QPainterPath(), outline.style))
        styled.path.addPolygon(polygon(outline.points[:, ::-1]))
    return tuple(paths.values())


class OutlinePaths:
    """Outlines of the slices painted last, as paths: scrolling to and fro makes none anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[SliceOverlay, tuple[StyledPath, ...]]] = OrderedDict()

    def of(self, overlay: SliceOverlay) -> tuple[StyledPath, ...]:
        """The paths of one slice's outlines."""
        found = self._kept.get(id(overlay))
        if found is None:
            found = self._kept[id(overlay)] = (overlay, segment_paths(overlay))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(id(overlay))
        return found[1]


def rect_of(corners: Points) -> QRectF:
    """Two opposite corners (x, y) as a rectangle."""
    return QRectF(QPointF(*corners[0]), QPointF(*corners[1])).normalized()


def draw_segments(
    painter: QPainter, paths: tuple[StyledPath, ...], transform: QTransform, patterns: bool, quick: bool
) -> None:
    """Outlines, and patterns inside where wanted; `quick` draws thin lines while the picture moves."""
    painter.save()
    painter.setTransform(transform, True)
    for styled in paths:
        if quick:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            sketch(painter, styled.path, styled.style.colour, styled.style.line)
        else:
            _draw_segment(painter, styled, patterns)
    painter.restore()


def _draw_segment(painter: QPainter, styled: StyledPath, patterns: bool) -> None:
    style = styled.style
    if patterns and style.pattern is not Pattern.PLAIN:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillPath(styled.path, pattern_brush(painter, style.pattern, style.colour))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    stroke(painter, styled.path, style.colour, style.line)
    if style.double:
        painter.setPen(pen(painter, style.colour, style.line, 4.5))
        painter.drawPath(styled.path)
        painter.setPen(pen(painter, "bg_viewport", Line.SOLID))
        painter.drawPath(styled.path)


def draw_marks(painter: QPainter, marks: list[tuple[Points, str, FindingState, Line]], size: tuple[int, int]) -> None:
    """Outlines of findings with their words; points are on the screen."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for points, label, state, line in marks:
        token = STATE_TOKENS[state]
        shape = path_of(points, closed=True)
        if len(points) == 1:
            shape = QPainterPath()
            shape.addEllipse(QPointF(*points[0]), _RING, _RING)
        stroke(painter, shape, token, line)
        box = shape.boundingRect()
        x = float(np.clip(box.left() + 4, MARGIN, max(MARGIN, size[0] - text_width(label) - MARGIN)))
        y = float(np.clip(box.bottom() + LINE_PX, LINE_PX, size[1] - LINE_PX))
        put_text(painter, (x, y), label, token)


def draw_graphics(painter: QPainter, placed: tuple[PlacedGraphic, ...], camera: Camera) -> None:
    """Marks of other systems: lines, crosses and texts; a program's own are dashed, the chosen one is wide."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for mark in placed:
        line = Line.DASHED if mark.ai else Line.SOLID
        for points in mark.lines:
            stroke(painter, path_of(camera.to_screen(points)), mark.colour, line)
            if mark.selected:
                painter.setPen(pen(painter, mark.colour, line, _CHOSEN_WIDTH))
                painter.drawPath(path_of(camera.to_screen(points)))
        for x, y in camera.to_screen(mark.points).tolist():
            _cross(painter, x, y, _CHOSEN_CROSS if mark.selected else 6, mark.colour)
        _put_lines(painter, camera.to_screen(mark.text_at), mark, camera.canvas)


def _put_lines(painter: QPainter, at: Points, mark: PlacedGraphic, canvas: tuple[int, int]) -> None:
    """A mark's words below and right of their place, held on the canvas."""
    lines = [line for line in mark.text.split("\n") if line]
    if not lines:
        return
    wide = max(text_width(line) for line in lines)
    x = float(np.clip(at[0] + 8, MARGIN, max(MARGIN, canvas[0] - wide - MARGIN)))
    y = float(np.clip(at[1] + LINE_PX, LINE_PX, max(LINE_PX, canvas[1] - LINE_PX * len(lines))))
    for number, line in enumerate(lines):
        put_text(painter, (x, y + number * LINE_PX), line, mark.colour)


def draw_drawing(painter: QPainter, drawing: ReaderMeasurement, points: Points, selected: bool) -> None:
    """One drawing of the reader; points are on the screen."""
    tool = MEASURES[drawing.tool]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    path = QPainterPath()
    for line in tool.strokes(points):
        path.addPolygon(polygon(line))
    stroke(painter, path, "measure")
    words = tool.words(drawing)
    if words:
        _draw_words(painter, tool, words, points)
    if selected:
        for x, y in tool.handles(points).tolist():
            draw_handle(painter, x, y)


def _cross(painter: QPainter, x: float, y: float, size: float, ink: Rgb | str = "measure") -> None:
    path = QPainterPath(QPointF(x - size, y - size))
    path.lineTo(x + size, y + size)
    path.moveTo(x + size, y - size)
    path.lineTo(x - size, y + size)
    stroke(painter, path, ink)


def _draw_words(painter: QPainter, tool: type[MeasureTool], words: tuple[str, ...], points: Points) -> None:
    """The numbers on their plate, off the thing they measure, with a leader; a text stands at its place."""
    anchor = tool.anchor(points)
    if not tool.leader:
        put_text(painter, (float(anchor[0]), float(anchor[1])), words[0], "measure")
        return
    at = anchor + np.array([36.0, 28.0])
    painter.setPen(pen(painter, "measure", Line.SOLID, 1.0))
    painter.drawLine(QPointF(*(anchor + np.array([6.0, 4.0]))), QPointF(*at))
    for number, line in enumerate(words):
        put_text(painter, (float(at[0]) + 4, float(at[1]) + number * LINE_PX), line, "measure")


def box_handles(rect: QRectF) -> list[tuple[float, float]]:
    """The eight handles: corners and middles of the sides, clockwise from the top left."""
    x0, x1, xm = rect.left(), rect.right(), rect.center().x()
    y0, y1, ym = rect.top(), rect.bottom(), rect.center().y()
    return [(x0, y0), (xm, y0), (x1, y0), (x1, ym), (x1, y1), (xm, y1), (x0, y1), (x0, ym)]


def draw_box(painter: QPainter, rect: QRectF, label: str, handles: bool) -> None:
    """The reader's box for packs."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    path = QPainterPath()
    path.addRect(rect)
    stroke(painter, path, "measure")
    if handles:
        for x, y in box_handles(rect):
            draw_handle(painter, x, y)
    if label:
        put_text(painter, (rect.left() + 4, rect.top() - LINE_PX / 2 - 5), label, "measure")


def draw_handle(painter: QPainter, x: float, y: float) -> None:
    """An 8 px square."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen(painter, "measure", Line.SOLID, 1.5))
    painter.setBrush(colour("bg_viewport"))
    painter.drawRect(QRectF(round(x) - HANDLE / 2, round(y) - HANDLE / 2, HANDLE, HANDLE))
    painter.setBrush(Qt.BrushStyle.NoBrush)
