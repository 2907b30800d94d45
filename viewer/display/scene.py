"""What lies over an image, built once in screen px: a painter and a file renderer only execute it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from viewer.display.colours import Rgb
from viewer.display.overlay import Line, SliceOverlay

#: Screen points: float64 [n, 2] (x, y) in px.
Points = npt.NDArray[np.float64]
#: A colour, or the token of one (`colours.TOKENS`).
Ink = Rgb | str

#: Height of a line of text, the plate's margin beside it, and how far text stands from the edge.
LINE_PX, PLATE_PX, MARGIN = 16, 4, 8
#: Widths of a stroke and of the dark halo below it.
LINE_WIDTH, HALO_WIDTH = 1.5, 3.5
#: Dash and gap in px.
DASHES: dict[Line, tuple[float, float]] = {Line.DASHED: (5.0, 4.0), Line.DOTTED: (2.0, 4.0)}
#: Side of the square that a drawing is held by.
HANDLE = 8


class Align(Enum):
    """Which end of a text stands at its place."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """Lines of one kind.

    Attributes:
        width: px; `halo`: a dark line below, so that they are seen on bright pictures.
        smooth: edges are softened; straight lines along pixels are not.
    """

    lines: tuple[Points, ...]
    ink: Ink
    line: Line = Line.SOLID
    width: float = LINE_WIDTH
    halo: bool = True
    smooth: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """The outlines of a slice's segments, in image coordinates.

    Attributes:
        matrix: 2x3 float64, image (x = column, y = row, 1) -> screen px.
        patterns: segments are filled with their pattern too.
    """

    overlay: SliceOverlay
    matrix: npt.NDArray[np.float64]
    patterns: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text on its plate; `at` (x, y) is the middle of its left, centre or right end."""

    at: tuple[float, float]
    text: str
    ink: Ink = "text_1"
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of text on one plate that grows away from its corner `at`."""

    at: tuple[float, float]
    lines: tuple[str, ...]
    bottom: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled rectangle: corner (x, y), size (width, height)."""

    corner: tuple[float, float]
    size: tuple[float, float]
    ink: Ink


@dataclass(frozen=True, slots=True)
class Handle:
    """A square that a drawing is held by; `at` is its middle."""

    at: tuple[float, float]


Item = Stroke | Outlines | Text | Block | Fill | Handle
Scene = tuple[Item, ...]


class Metrics(Protocol):
    """How wide text is where the scene will be drawn."""

    def text_width(self, text: str) -> float:
        """Width of a line of text in px."""

    def elided(self, text: str, room: float) -> str:
        """The text, cut with an ellipsis where it is wider than `room` px."""


class Pen(Metrics, Protocol):
    """Executes the items of a scene."""

    def stroke(self, item: Stroke) -> None:
        """Lines."""

    def outlines(self, item: Outlines) -> None:
        """Outlines of segments."""

    def text(self, item: Text) -> None:
        """A line of text."""

    def block(self, item: Block) -> None:
        """Lines of text."""

    def fill(self, item: Fill) -> None:
        """A rectangle."""

    def handle(self, item: Handle) -> None:
        """A handle."""


def draw(pen: Pen, items: Iterable[Item]) -> None:
    """Draw a scene, first to last."""
    for item in items:
        if isinstance(item, Stroke):
            pen.stroke(item)
        elif isinstance(item, Text):
            pen.text(item)
        elif isinstance(item, Fill):
            pen.fill(item)
        elif isinstance(item, Block):
            pen.block(item)
        elif isinstance(item, Outlines):
            pen.outlines(item)
        else:
            pen.handle(item)


def segment(x0: float, y0: float, x1: float, y1: float) -> Points:
    """A straight line."""
    return np.array([[x0, y0], [x1, y1]])


def cross(at: Points, size: float) -> tuple[Points, Points]:
    """Two strokes that cross at a point (x, y)."""
    x, y = at.tolist()
    return segment(x - size, y - size, x + size, y + size), segment(x + size, y - size, x - size, y + size)
