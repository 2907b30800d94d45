"""Everything drawn over the picture in screen pixels: corners, letters, bars, crosshair, gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from viewer.display import compose
from viewer.display.compose import HEAT_BARE
from viewer.display.corners import SMALL_WIDTH, Corners, ScaleBar, heat_title
from viewer.display.overlay import Line, OverlaySet
from viewer.display.slicing import Letters
from viewer.ui.kit.theme import colour
from viewer.ui.viewport.ink import LINE_PX, MARGIN, Points, elided, pen, put_block, put_text, stroke, text_width
from viewer.words.i18n import tr

BAR_W, BAR_H, BAR_TOP, BAR_TOP_SMALL = 12, 160, 112, 48
#: Gap round the point of the crosshair.
CROSSHAIR_GAP = 24
#: The scale bar stands above the letter at the lower edge, in narrow views above the corner texts too.
_SCALE_BAR_UP, _SCALE_BAR_UP_NARROW, _SCALE_BAR_UP_SMALL, _BAR_BESIDE_CORNERS = 36, 70, 54, 640
#: Room beside the letters in the middle of the upper and lower edge.
_LETTER_ROOM = 24


@dataclass(frozen=True, slots=True, eq=False)
class Hud:
    """What to draw; screen points are (x, y).

    Attributes:
        corners: None while the reader has switched them off (the scale bar goes with them).
        crosshair: screen point, or None.
        gaps: two end points on the screen and the gap in mm, each side of a gap once.
        heat: the overlay set whose heatmap's bar is shown, or None.
        note: words in the middle ("Reading image 12"), where there is no picture yet.
    """

    size: tuple[int, int]
    letters: Letters
    corners: Corners | None
    bar: ScaleBar | None
    crosshair: tuple[float, float] | None = None
    gaps: tuple[tuple[Points, float], ...] = ()
    heat: OverlaySet | None = None
    note: str = ""


def draw(painter: QPainter, hud: Hud) -> None:
    """Draw all of it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if hud.crosshair is not None:
        _draw_crosshair(painter, hud.size, hud.crosshair)
    _draw_gaps(painter, hud)
    if hud.corners is not None:
        _draw_corners(painter, hud.size, hud.corners)
    _draw_letters(painter, hud.size, hud.letters)
    if hud.bar is not None:
        _draw_scale_bar(painter, hud.size, hud.bar)
    if hud.heat is not None:
        _draw_heat_bar(painter, hud.size, hud.heat)
    if hud.note:
        put_text(painter, (hud.size[0] / 2, hud.size[1] / 2 + 2 * LINE_PX), hud.note, "text_2", "centre")


def _draw_crosshair(painter: QPainter, size: tuple[int, int], at: tuple[float, float]) -> None:
    x, y = round(at[0]) + 0.5, round(at[1]) + 0.5
    width, height = size
    lines = [
        QLineF(0, y, x - CROSSHAIR_GAP, y),
        QLineF(x + CROSSHAIR_GAP, y, width, y),
        QLineF(x, 0, x, y - CROSSHAIR_GAP),
        QLineF(x, y + CROSSHAIR_GAP, x, height),
    ]
    painter.setPen(QPen(colour("accent"), 1))
    painter.drawLines(lines)


def _draw_gaps(painter: QPainter, hud: Hud) -> None:
    """Both sides of each gap, and its width above the upper one."""
    for ends, _ in hud.gaps:
        painter.setPen(pen(painter, "warn", Line.DOTTED))
        painter.drawLine(QPointF(*ends[0]), QPointF(*ends[1]))
    for (one, gap), (other, _) in zip(hud.gaps[::2], hud.gaps[1::2], strict=True):
        words = tr("gap {mm} mm, no data between", mm=f"{gap:.1f}")
        y = float(min(one[:, 1].min(), other[:, 1].min())) - LINE_PX / 2 - 3
        put_text(painter, (hud.size[0] - MARGIN - 4, y), words, "warn", "right")


def _draw_corners(painter: QPainter, size: tuple[int, int], lines: Corners) -> None:
    width, height = size
    room = width / 2 - MARGIN - _LETTER_ROOM
    left, right, top, bottom = MARGIN, width - MARGIN, MARGIN, height - MARGIN
    put_block(painter, elided(lines.top_left, room), (left, top), bottom=False, right=False)
    put_block(painter, elided(lines.top_right, room), (right, top), bottom=False, right=True)
    put_block(painter, elided(lines.bottom_left, room), (left, bottom), bottom=True, right=False)
    put_block(painter, elided(lines.bottom_right, room), (right, bottom), bottom=True, right=True)


def _draw_letters(painter: QPainter, size: tuple[int, int], letters: Letters) -> None:
    width, height = size
    ink = "text_1"
    half = LINE_PX / 2
    places = (
        (letters.left, (MARGIN + 4, height / 2), "left"),
        (letters.right, (width - MARGIN - 4, height / 2), "right"),
        (letters.top, (width / 2, MARGIN + half), "centre"),
        (letters.bottom, (width / 2, height - MARGIN - half), "centre"),
    )
    for text, at, align in places:
        if text:
            put_text(painter, at, text, ink, align)


def _draw_scale_bar(painter: QPainter, size: tuple[int, int], bar: ScaleBar) -> None:
    width, height = size
    narrow = _SCALE_BAR_UP_NARROW if width >= SMALL_WIDTH else _SCALE_BAR_UP_SMALL
    up = _SCALE_BAR_UP if width >= _BAR_BESIDE_CORNERS else narrow
    y = height - up + 0.5
    if bar.pixels == 0:
        put_text(painter, (width / 2, y), bar.label, "warn", "centre")
        return
    left = round((width - bar.pixels - 12 - text_width(bar.label)) / 2) + 0.5
    right = left + round(bar.pixels)
    path = QPainterPath(QPointF(left, y - 4))
    path.lineTo(left, y + 4)
    path.moveTo(left, y)
    path.lineTo(right, y)
    path.moveTo(right, y - 4)
    path.lineTo(right, y + 4)
    plate = QRectF(round(left) - 6, round(y - LINE_PX / 2), round(right) + 8 - (round(left) - 6), LINE_PX)
    painter.fillRect(plate, colour("plate"))  # white on the edge of a bright picture is read too
    stroke(painter, path, "text_1")
    put_text(painter, (right + 12, y), bar.label, "text_1")


def _draw_heat_bar(painter: QPainter, size: tuple[int, int], overlays: OverlaySet) -> None:
    """Colour bar: weight, not probability, and it says so."""
    layer = overlays.heatmap
    if layer is None:
        return
    right, top = size[0] - MARGIN, BAR_TOP if size[0] >= SMALL_WIDTH else BAR_TOP_SMALL
    height = int(np.clip(size[1] / 2 - top - 2.5 * LINE_PX, 24, BAR_H))  # it ends above the letter in the middle
    colours = compose.heat_colours(layer.failed)
    for step in range(height):
        level = round((1.0 - (1.0 - HEAT_BARE) * step / max(height - 1, 1)) * 255)
        painter.fillRect(QRectF(right - BAR_W, top + step, BAR_W, 1), QColor(*(int(c) for c in colours[level])))
    for value in (1.0, 0.5, HEAT_BARE) if height > 3 * LINE_PX else (1.0, HEAT_BARE):
        y = top + (1.0 - value) / (1.0 - HEAT_BARE) * (height - 1)
        put_text(painter, (right - BAR_W - 8, y), f"{value:.1f}", "text_1", "right")
    put_text(painter, (right - 4, top - LINE_PX), heat_title(overlays, tr), "text_1", "right")
    name = tr("grey, failed its check") if layer.failed else "inferno"
    put_text(painter, (right - 4, top + height + LINE_PX), name, "text_1", "right")
