"""What stands at the edges of a picture: corner texts, orientation letters, scale bar, colour bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from viewer.display import compose
from viewer.display.compose import HEAT_BARE
from viewer.display.corners import SMALL_WIDTH, Corners, ScaleBar, Words, english, heat_title
from viewer.display.overlay import OverlaySet
from viewer.display.scene import LINE_PX, MARGIN, Align, Block, Fill, Item, Metrics, Stroke, Text, segment
from viewer.display.slicing import Letters

#: Colour bar: width, height and distance from the top.
BAR_W, BAR_H, BAR_TOP, BAR_TOP_SMALL = 12, 160, 112, 48
#: The scale bar stands above the letter at the lower edge, in narrow views above the corner texts too.
_SCALE_BAR_UP, _SCALE_BAR_UP_NARROW, _SCALE_BAR_UP_SMALL, _BAR_BESIDE_CORNERS = 36, 70, 54, 640
#: Room beside the letters in the middle of the upper and lower edge.
_LETTER_ROOM = 24


@dataclass(frozen=True, slots=True, eq=False)
class Hud:
    """What stands at the edges.

    Attributes:
        corners: None while the reader has switched them off.
        bar: None for no scale bar; heat: the overlay set whose heatmap's bar is shown, or None.
        note: words in the middle ("Reading image 12"), where there is no picture yet.
    """

    size: tuple[int, int]
    letters: Letters
    corners: Corners | None
    bar: ScaleBar | None
    heat: OverlaySet | None = None
    note: str = ""
    words: Words = english


def hud_items(hud: Hud, metrics: Metrics) -> Iterator[Item]:
    """All of it."""
    if hud.corners is not None:
        yield from _corners(hud.size, hud.corners, metrics)
    yield from _letters(hud.size, hud.letters)
    if hud.bar is not None:
        yield from _scale_bar(hud.size, hud.bar, hud.corners is not None, metrics)
    if hud.heat is not None:
        yield from heat_bar(hud.size, hud.heat, hud.words)
    if hud.note:
        yield Text((hud.size[0] / 2, hud.size[1] / 2 + 2 * LINE_PX), hud.note, "text_2", Align.CENTRE)


def _corners(size: tuple[int, int], lines: Corners, metrics: Metrics) -> Iterator[Item]:
    width, height = size
    room = width / 2 - MARGIN - _LETTER_ROOM
    for texts, bottom, right in (
        (lines.top_left, False, False),
        (lines.top_right, False, True),
        (lines.bottom_left, True, False),
        (lines.bottom_right, True, True),
    ):
        kept = tuple(metrics.elided(line, room) for line in texts if line)
        if kept:
            at = (width - MARGIN if right else MARGIN, height - MARGIN if bottom else MARGIN)
            yield Block(at, kept, bottom, right)


def _letters(size: tuple[int, int], letters: Letters) -> Iterator[Item]:
    width, height = size
    half = LINE_PX / 2
    places = (
        (letters.left, (MARGIN + 4, height / 2), Align.LEFT),
        (letters.right, (width - MARGIN - 4, height / 2), Align.RIGHT),
        (letters.top, (width / 2, MARGIN + half), Align.CENTRE),
        (letters.bottom, (width / 2, height - MARGIN - half), Align.CENTRE),
    )
    for text, at, align in places:
        if text:
            yield Text(at, text, "text_1", align)


def _scale_bar(size: tuple[int, int], bar: ScaleBar, corners: bool, metrics: Metrics) -> Iterator[Item]:
    width, height = size
    narrow = _SCALE_BAR_UP_NARROW if width >= SMALL_WIDTH else _SCALE_BAR_UP_SMALL
    up = _SCALE_BAR_UP if width >= _BAR_BESIDE_CORNERS or not corners else narrow
    y = height - up + 0.5
    if bar.pixels == 0:
        yield Text((width / 2, y), bar.label, "warn", Align.CENTRE)
        return
    left = round((width - bar.pixels - 12 - metrics.text_width(bar.label)) / 2) + 0.5
    right = left + round(bar.pixels)
    start = round(left) - 6
    # white on the edge of a bright picture is read too
    yield Fill((start, round(y - LINE_PX / 2)), (round(right) + 8 - start, LINE_PX), "plate")
    ends = tuple(segment(x, y - 4, x, y + 4) for x in (left, right))
    yield Stroke((segment(left, y, right, y), *ends), "text_1", smooth=False)
    yield Text((right + 12, y), bar.label)


def heat_bar(size: tuple[int, int], overlays: OverlaySet, words: Words = english) -> Iterator[Item]:
    """Colour bar on the right edge: weight, not probability, and it says so."""
    layer = overlays.heatmap
    if layer is None:
        return
    right, top = size[0] - MARGIN, BAR_TOP if size[0] >= SMALL_WIDTH else BAR_TOP_SMALL
    height = int(np.clip(size[1] / 2 - top - 2.5 * LINE_PX, 24, BAR_H))  # it ends above the letter in the middle
    colours = compose.heat_colours(layer.failed)
    for step in range(height):
        level = round((1.0 - (1.0 - HEAT_BARE) * step / max(height - 1, 1)) * 255)
        red, green, blue = colours[level].astype(int).tolist()
        yield Fill((right - BAR_W, top + step), (BAR_W, 1), (red, green, blue))
    for value in (1.0, 0.5, HEAT_BARE) if height > 3 * LINE_PX else (1.0, HEAT_BARE):
        y = top + (1.0 - value) / (1.0 - HEAT_BARE) * (height - 1)
        yield Text((right - BAR_W - 8, y), f"{value:.1f}", "text_1", Align.RIGHT)
    yield Text((right - 4, top - LINE_PX), heat_title(overlays, words), "text_1", Align.RIGHT)
    name = words("grey, failed its check") if layer.failed else "inferno"
    yield Text((right - 4, top + height + LINE_PX), name, "text_1", Align.RIGHT)
