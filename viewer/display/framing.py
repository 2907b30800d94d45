"""What stands round and over a rendered picture: strip, corners, letters, bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.display import compose as comp
from viewer.display.colours import DRAFT, PANEL, TEXT, WARN, Rgb
from viewer.display.compose import HEAT_BARE
from viewer.display.corners import (
    PLANE_TITLES,
    SMALL_WIDTH,
    View,
    Words,
    corners,
    english,
    gap_lines,
    heat_title,
    scale_bar,
)
from viewer.display.overlay import Line, OverlaySet
from viewer.display.pen import LINE_PX, PLATE, Sketch, elided, text_width
from viewer.display.slicing import Plane, SliceView
from viewer.display.window import Window

Rgb8 = npt.NDArray[np.uint8]

#: Height of the strip above a picture.
STRIP = 28
#: Corner text stands this far from the edge.
MARGIN = 8
#: Colour bar: width, height and distance from the top.
BAR_W, BAR_H, BAR_TOP, BAR_TOP_SMALL = 12, 160, 112, 48
#: The scale bar stands above the letter at the lower edge, in narrow pictures above the corner texts too.
BAR_UP, BAR_UP_NARROW, BAR_BESIDE_CORNERS = 36, 70, 640
#: The mark of everything a machine proposed and nobody accepted yet.
AI_DRAFT = "AI draft"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the picture.

    Attributes:
        corners, letters, bar: corner text, orientation letters, scale bar.
        badges: words that are always visible when true ("Lossy", "Resampled", "Tilt 12°").
        native: geometry of the acquired slices where `volume` is a resampled copy.
    """

    corners: bool = True
    letters: bool = True
    bar: bool = True
    badges: tuple[str, ...] = ()
    stack: Stack | None = None
    patient: tuple[str, ...] = ()
    when: str = ""
    words: Words = english
    native: Geometry | None = None

    def has_strip(self, ai: bool) -> bool:
        """True where the picture gets a strip above it: with corners, when there is a badge to show."""
        return self.corners and (ai or bool(self.badges))


#: Nothing but the picture and its overlays.
BARE = Frame(corners=False, letters=False, bar=False)


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the image lies on the canvas: x = left + column * across, y = top + row * down (px)."""

    left: float
    top: float
    across: float
    down: float
    size: tuple[int, int]

    def __call__(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map (..., 2) pixels (row, column) to (..., 2) canvas (x, y)."""
        x = self.left + (pixels[..., 1] + 0.5) * self.across
        y = self.top + (pixels[..., 0] + 0.5) * self.down
        return np.stack([x, y], axis=-1)


def draw_heat_bar(sketch: Sketch, overlays: OverlaySet, frame: Frame) -> None:
    """Colour bar on the right edge: weight, not probability, and it says so."""
    layer = overlays.heatmap
    if layer is None:
        return
    words = frame.words
    right, top = sketch.size[0] - MARGIN, BAR_TOP if sketch.size[0] >= SMALL_WIDTH else BAR_TOP_SMALL
    height = int(np.clip(sketch.size[1] / 2 - top - 2.5 * LINE_PX, 24, BAR_H))  # above the letter in the middle
    colours = comp.heat_colours(layer.failed)
    for step in range(height):
        level = 1.0 - (1.0 - HEAT_BARE) * step / max(height - 1, 1)
        red, green, blue = colours[round(level * 255)].astype(int)
        sketch.box((right - BAR_W, top + step), (BAR_W, 1), (int(red), int(green), int(blue), 255))
    for value in (1.0, 0.5, HEAT_BARE) if height > 3 * LINE_PX else (1.0, HEAT_BARE):
        y = top + (1.0 - value) / (1.0 - HEAT_BARE) * (height - 1)
        sketch.text(right - BAR_W - 8, y, f"{value:.1f}", TEXT, "right")
    sketch.text(right, top - LINE_PX, heat_title(overlays, words), TEXT, "right")
    sketch.text(
        right, top + height + LINE_PX, words("grey, failed its check") if layer.failed else "inferno", TEXT, "right"
    )


def draw_frame(
    sketch: Sketch, view: SliceView, window: Window, fit: Fit, frame: Frame, *, ai: bool, smooth: bool
) -> None:
    """Letters, gaps, scale bar and corner texts; without the strip a machine's mark goes on the picture."""
    if frame.letters:
        _draw_letters(sketch, view)
    _draw_gaps(sketch, view, fit, frame)
    if frame.bar:
        _draw_scale_bar(sketch, view, fit, frame)
    if frame.corners:
        interpolation = "linear" if smooth else "nearest"
        facts = View(view, window, frame.stack, frame.patient, frame.when, fit.across, interpolation, frame.words)
        _draw_corners(sketch, facts)
    elif ai:
        sketch.text(MARGIN + 4, sketch.size[1] - MARGIN - LINE_PX / 2, frame.words(AI_DRAFT), DRAFT)


def strip(width: int, view: SliceView, frame: Frame, ai: bool) -> Rgb8:
    """The strip above a picture: what it shows on the left, badges on the right: [STRIP, width, 3]."""
    sketch = Sketch(np.full((STRIP, width, 3), PANEL, dtype=np.uint8))
    right = float(width - MARGIN)
    badges = [(text, WARN) for text in frame.badges] + ([(frame.words(AI_DRAFT), DRAFT)] if ai else [])
    for text, colour in reversed(badges):
        right = _badge(sketch, right, text, colour, dash=colour is DRAFT)
    title = frame.words(PLANE_TITLES[view.plane]) if view.plane is not Plane.NATIVE else ""
    name = "" if frame.stack is None else frame.stack.description or frame.stack.modality
    text = " · ".join(part for part in (title, name) if part)
    sketch.text(MARGIN, STRIP / 2, elided(text, right - 2 * MARGIN), TEXT, plate=False)
    return sketch.finish()


def _badge(sketch: Sketch, right: float, text: str, colour: Rgb, dash: bool) -> float:
    """A framed word that ends at `right`; returns where the next one may end."""
    left = right - text_width(text) - 16
    frame = np.array([[left, 4.5], [right, 4.5], [right, STRIP - 4.5], [left, STRIP - 4.5]])
    sketch.polyline(frame, colour, Line.DASHED if dash else Line.SOLID, closed=True, halo=False)
    sketch.text(left + 8, STRIP / 2, text, colour, plate=False)
    return left - 8


def _draw_letters(sketch: Sketch, view: SliceView) -> None:
    width, height = sketch.size
    letters = view.letters
    sketch.text(MARGIN + 4, height / 2, letters.left, TEXT)
    sketch.text(width - MARGIN - 4, height / 2, letters.right, TEXT, "right")
    sketch.text(width / 2, MARGIN + LINE_PX / 2, letters.top, TEXT, "centre")
    sketch.text(width / 2, height - MARGIN - LINE_PX / 2, letters.bottom, TEXT, "centre")


def _draw_gaps(sketch: Sketch, view: SliceView, fit: Fit, frame: Frame) -> None:
    """Both sides of each gap, and its width above the upper one."""
    gaps = [(fit(ends), mm) for ends, mm in gap_lines(frame.native, view)]
    for points, _ in gaps:
        sketch.polyline(points, WARN, Line.DOTTED)
    for (one, mm), (other, _) in zip(gaps[::2], gaps[1::2], strict=True):
        label = frame.words("gap {mm} mm, no data between").format(mm=f"{mm:.1f}")
        y = float(min(one[:, 1].min(), other[:, 1].min())) - LINE_PX / 2 - 3
        sketch.text(sketch.size[0] - MARGIN - 4, y, label, WARN, "right")


def _draw_scale_bar(sketch: Sketch, view: SliceView, fit: Fit, frame: Frame) -> None:
    width, height = sketch.size
    bar = scale_bar(view, fit.across, width, frame.words)
    y = height - (BAR_UP if width >= BAR_BESIDE_CORNERS or not frame.corners else BAR_UP_NARROW)
    if bar.pixels == 0:
        sketch.text(width / 2, y, bar.label, WARN, "centre")
        return
    left = (width - bar.pixels - 12 - text_width(bar.label)) / 2
    sketch.box((left - 6, y - LINE_PX / 2), (bar.pixels + 14, LINE_PX), PLATE)
    ends = np.array([[left, y], [left + bar.pixels, y]])
    sketch.polyline(ends, TEXT, Line.SOLID)
    for x in (left, left + bar.pixels):
        sketch.polyline(np.array([[x, y - 4], [x, y + 4]]), TEXT, Line.SOLID)
    sketch.text(left + bar.pixels + 12, y, bar.label, TEXT)


def _draw_corners(sketch: Sketch, facts: View) -> None:
    width, height = sketch.size
    lines = corners(facts, small=width < SMALL_WIDTH)
    room = width / 2 - MARGIN - 24
    left, right = MARGIN + 4, width - MARGIN - 4
    for number in range(3):
        above = MARGIN + LINE_PX * (number + 0.5)
        sketch.text(left, above, _line(lines.top_left, number, room), TEXT)
        sketch.text(right, above, _line(lines.top_right, number, room), TEXT, "right")
        below = height - above
        sketch.text(left, below, _line(lines.bottom_left[::-1], number, room), TEXT)
        sketch.text(right, below, _line(lines.bottom_right[::-1], number, room), TEXT, "right")


def _line(lines: tuple[str, ...], number: int, room: float) -> str:
    return elided(lines[number], room) if number < len(lines) else ""
