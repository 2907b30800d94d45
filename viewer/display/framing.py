"""What stands round and over a rendered picture: strip, corners, letters, bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.display.colours import DRAFT, PANEL, TEXT, WARN, Rgb
from viewer.display.corners import PLANE_TITLES, SMALL_WIDTH, View, Words, corners, english, gap_lines, scale_bar
from viewer.display.hud import Hud, hud_items
from viewer.display.marking import gap_items, graphic_items, mark_items
from viewer.display.overlay import Line, OverlaySet, SliceOverlay
from viewer.display.pen import Sketch, elided, text_width
from viewer.display.scene import LINE_PX, MARGIN, Item, Metrics, Outlines, Stroke, Text
from viewer.display.slicing import Letters, Plane, SliceView
from viewer.display.window import Window

Rgb8 = npt.NDArray[np.uint8]

#: Height of the strip above a picture.
STRIP = 28
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

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """2x3 float64: image coordinates (x = column, y = row, 1) -> canvas px (x, y)."""
        dx, dy = self.left + self.across / 2, self.top + self.down / 2
        return np.array([[self.across, 0.0, dx], [0.0, self.down, dy]])

    def __call__(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map (..., 2) pixels (row, column) to (..., 2) canvas (x, y)."""
        x = self.left + (pixels[..., 1] + 0.5) * self.across
        y = self.top + (pixels[..., 0] + 0.5) * self.down
        return np.stack([x, y], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A slice as it goes into a file.

    Attributes:
        overlays: what lies over it; overlay: the same on this slice.
        smooth: pixels were interpolated (display only).
    """

    view: SliceView
    window: Window
    overlays: OverlaySet
    overlay: SliceOverlay
    fit: Fit
    frame: Frame
    smooth: bool


def shot_items(shot: Shot, metrics: Metrics) -> Iterator[Item]:
    """Everything over the image; without the strip a machine's mark goes on the picture."""
    fit, frame, view = shot.fit, shot.frame, shot.view
    (width, height), words = fit.size, shot.frame.words
    yield Outlines(shot.overlay, fit.matrix)
    for mark in shot.overlay.marks:
        yield from mark_items(mark, fit, fit.size, metrics)
    for graphic in shot.overlay.graphics:
        yield from graphic_items(graphic, fit, fit.size, metrics)
    yield from gap_items(tuple((fit(ends), mm) for ends, mm in gap_lines(frame.native, view)), width, words)
    yield from hud_items(_hud(shot), metrics)
    if shot.overlays.shows_ai and not frame.corners:
        yield Text((MARGIN + 4, height - MARGIN - LINE_PX / 2), words(AI_DRAFT), DRAFT)


def _hud(shot: Shot) -> Hud:
    fit, frame, view, width = shot.fit, shot.frame, shot.view, shot.fit.size[0]
    interpolation = "linear" if shot.smooth else "nearest"
    facts = View(view, shot.window, frame.stack, frame.patient, frame.when, fit.across, interpolation, frame.words)
    has_heat = shot.overlays.heatmap is not None and shot.overlay.heat is not None
    return Hud(
        fit.size,
        view.letters if frame.letters else Letters(),
        corners(facts, small=width < SMALL_WIDTH) if frame.corners else None,
        scale_bar(view, fit.across, width, frame.words) if frame.bar else None,
        shot.overlays if has_heat else None,
        words=frame.words,
    )


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
    sketch.words(MARGIN, STRIP / 2, elided(text, right - 2 * MARGIN), TEXT)
    return sketch.finish()


def _badge(sketch: Sketch, right: float, text: str, colour: Rgb, dash: bool) -> float:
    """A framed word that ends at `right`; returns where the next one may end."""
    left = right - text_width(text) - 16
    low, high = 4.5, STRIP - 4.5
    frame = np.array([[left, low], [right, low], [right, high], [left, high], [left, low]])
    sketch.stroke(Stroke((frame,), colour, Line.DASHED if dash else Line.SOLID, halo=False))
    sketch.words(left + 8, STRIP / 2, text, colour)
    return left - 8
