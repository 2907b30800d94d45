"""Marks, bit planes and shutters of other systems, and how they lie on a slice.

Marks in pixels lie on the acquired slices they name. Marks in millimetres lie on every slice of
any plane that they touch: what is drawn of a line is the part within half a slice of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import Geometry
from viewer.core.graphic import BitPlane, Bits, Graphic, Shape, Space
from viewer.core.presentation import Shutter
from viewer.core.volume import Array
from viewer.display.colours import Rgb, hex_colour
from viewer.display.slicing import SliceView
from viewer.display.structures import fill_polygon

Points = npt.NDArray[np.float64]
#: Colour of marks whose file names none, and of bit planes.
MARK_COLOUR: Rgb = (255, 208, 96)
PLANE_COLOUR: Rgb = (126, 211, 255)
#: Corners of a drawn circle or ellipse, and points between two of a curve.
_ROUND, _BETWEEN = 96, 12
_HALF_SLICE = 0.5
#: Points further from the picture than this (pixels) are no mark on it; painting them could take for ever.
_FARTHEST = 100_000.0
#: A recommended colour below this in every channel would vanish on a dark picture.
_LEAST_SEEN = 64


@dataclass(frozen=True, slots=True, eq=False)
class PlacedOn:
    """A graphic and the acquired slices k it lies on; None where it lies by its millimetres."""

    graphic: Graphic
    slices: frozenset[int] | None


@dataclass(frozen=True, slots=True, eq=False)
class GraphicLayer:
    """Marks that are shown together.

    Attributes:
        grid: of the acquired slices, by which PIXEL marks are placed.
        ai: made by a program alone: dashed, and the picture says "AI draft".
        selected: the one mark that the reader went to, without its words.
    """

    name: str
    marks: tuple[PlacedOn, ...]
    grid: Geometry
    colour: Rgb = MARK_COLOUR
    ai: bool = False
    visible: bool = True
    selected: Graphic | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlaneLayer:
    """A bit plane and whether it is on."""

    plane: BitPlane
    grid: Geometry
    colour: Rgb = PLANE_COLOUR
    visible: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class ShutterLayer:
    """A shutter over some acquired slices."""

    shutter: Shutter
    grid: Geometry
    slices: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedGraphic:
    """A mark on one slice, in pixels (row, column).

    Attributes:
        lines: open polylines float64 [n, 2]; points: float64 [m, 2] drawn as crosses.
        text: on its plate at `text_at`; empty for none.
    """

    lines: tuple[Points, ...]
    points: Points
    text: str
    text_at: Points
    colour: Rgb
    ai: bool
    selected: bool


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """Pixels of a slice that take one colour: bool [rows, columns]."""

    bits: Bits
    colour: Rgb


def same_slices(grid: Geometry, view: SliceView) -> bool:
    """True where the view shows acquired slices of this grid, pixel for pixel."""
    return view.native and (view.geometry is grid or view.geometry.same_grid(grid))


def place_graphics(layers: Sequence[GraphicLayer], view: SliceView) -> tuple[PlacedGraphic, ...]:
    """Every mark that lies on a slice."""
    placed = []
    for layer in layers:
        on_grid = layer.visible and same_slices(layer.grid, view)
        for mark in layer.marks if layer.visible else ():
            found = _placed(mark, layer, view, on_grid)
            if found is not None:
                placed.append(found)
    return tuple(placed)


def _placed(mark: PlacedOn, layer: GraphicLayer, view: SliceView, on_grid: bool) -> PlacedGraphic | None:
    graphic = mark.graphic
    if not np.isfinite([value for point in graphic.points for value in point]).all():
        return None
    if mark.slices is None:
        lines, points = _in_space(graphic, view)
    elif on_grid and view.index in mark.slices:
        lines, points = _on_pixels(graphic, view)
    else:
        return None
    if (not lines and not len(points)) or not all(_near(part) for part in (*lines, points)):
        return None
    ends = [line[-1] for line in lines]
    at = points[-1] if len(points) else ends[-1]
    if graphic.shape is Shape.TEXT:
        at, lines, points = _text_parts(graphic, points, lines)
    chosen = layer.selected is not None and replace(graphic, text="") == layer.selected
    return PlacedGraphic(lines, points, graphic.text, at, layer.colour, layer.ai, chosen)


def _near(pixels: Points) -> bool:
    return bool((np.abs(pixels) < _FARTHEST).all())


def _on_pixels(graphic: Graphic, view: SliceView) -> tuple[tuple[Points, ...], Points]:
    """Lines and points of a PIXEL graphic on the view of its slice."""
    own = np.array([*graphic.points, *([graphic.anchor] if graphic.anchor else [])], dtype=np.float64).reshape(-1, 2)
    if graphic.shape not in (Shape.POINTS, Shape.TEXT):
        own = outline_of(graphic.shape, own)
    index = np.column_stack([np.full(len(own), view.index), own])
    pixels = view.index_to_pixel(index)
    if graphic.shape in (Shape.POINTS, Shape.TEXT) or len(pixels) < 2:
        return (), pixels
    return (pixels,), np.empty((0, 2))


def _text_parts(
    graphic: Graphic, pixels: Points, lines: tuple[Points, ...]
) -> tuple[Points, tuple[Points, ...], Points]:
    """Where a text stands, and its line to what it speaks of."""
    box = pixels[: len(graphic.points)]
    if not len(box):
        return pixels[-1], (), np.empty((0, 2))
    at = np.array([box[:, 0].min(), box[:, 1].min()])
    if graphic.anchor is None:
        return at, (), np.empty((0, 2))
    return at, (np.stack([at, pixels[-1]]),), np.empty((0, 2))


def _in_space(graphic: Graphic, view: SliceView) -> tuple[tuple[Points, ...], Points]:
    """Lines and points of a PATIENT graphic, as far as they lie within half a slice of the view."""
    frame = view.geometry.frame_of_reference_uid
    none: tuple[tuple[Points, ...], Points] = (), np.empty((0, 2))
    if graphic.space is not Space.PATIENT or not frame or frame != graphic.frame_of_reference_uid:
        return none
    world = np.array(graphic.points, dtype=np.float64).reshape(-1, 3)
    if graphic.shape not in (Shape.POINTS, Shape.TEXT):
        world = outline_of(graphic.shape, world)
    across, pixels = view.slice_of(world), view.world_to_pixel(world)
    if graphic.shape is Shape.POINTS or len(world) < 2:
        return (), pixels[np.abs(across - view.index) <= _HALF_SLICE]
    return tuple(_within(pixels, across - view.index)), np.empty((0, 2))


def _within(pixels: Points, away: Points) -> list[Points]:
    """The parts of a polyline that lie within half a slice; `away` in slices [n]."""
    pieces: list[list[Points]] = []
    joined = False
    for n in range(len(pixels) - 1):
        span = _inside(float(away[n]), float(away[n + 1]))
        if span is None:
            joined = False
            continue
        start, end = (pixels[n] + (pixels[n + 1] - pixels[n]) * t for t in span)
        if joined and span[0] == 0.0:
            pieces[-1].append(end)
        else:
            pieces.append([start, end])
        joined = span[1] == 1.0
    return [np.stack(piece) for piece in pieces]


def _inside(one: float, other: float) -> tuple[float, float] | None:
    """Share (from, to) of a step from `one` to `other` slices away that is within half a slice."""
    if one == other:
        return (0.0, 1.0) if abs(one) <= _HALF_SLICE else None
    enter, leave = sorted(((-_HALF_SLICE - one) / (other - one), (_HALF_SLICE - one) / (other - one)))
    start, end = max(enter, 0.0), min(leave, 1.0)
    return (start, end) if start <= end else None


def outline_of(shape: Shape, points: Points) -> Points:
    """A polyline [n, d] of a shape given in any number of dimensions d (circles in two)."""
    if shape is Shape.CIRCLE and len(points) == 2:
        radius = float(np.linalg.norm(points[1] - points[0]))
        return _round(points[0], np.array([radius, 0.0]), np.array([0.0, radius]))
    if shape is Shape.ELLIPSE and len(points) == 4:
        return _round(points.mean(axis=0), (points[1] - points[0]) / 2, (points[3] - points[2]) / 2)
    if shape is Shape.CURVE and len(points) > 2:
        return _curve(points)
    return points


def _round(centre: Points, one: Points, other: Points) -> Points:
    turn = np.linspace(0, 2 * np.pi, _ROUND + 1)[:, None]
    return np.asarray(centre + np.cos(turn) * one + np.sin(turn) * other)


def _curve(points: Points) -> Points:
    """A Catmull-Rom spline through all points; closed where the first is the last."""
    closed = bool(np.allclose(points[0], points[-1]))
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    knots = np.concatenate([before[None], points, after[None]])
    t = np.linspace(0, 1, _BETWEEN, endpoint=False)[:, None]
    parts = []
    for p0, p1, p2, p3 in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        a, b, c = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
        parts.append(p1 + 0.5 * t * (a + t * (b + t * c)))
    return np.concatenate([*parts, points[-1:]])


def place_stamps(planes: Sequence[PlaneLayer], shutters: Sequence[ShutterLayer], view: SliceView) -> tuple[Stamp, ...]:
    """Pixels that a shutter covers, then those of the bit planes, on one slice."""
    stamps = []
    for shutter in shutters:
        if view.index in shutter.slices and same_slices(shutter.grid, view):
            grey = round(shutter.shutter.grey * 255)
            covered = ~open_part(shutter.shutter, shutter.grid.shape[1:])
            stamps.append(Stamp(_on_view(covered, view), (grey, grey, grey)))
    for layer in planes:
        bits = layer.plane.on(view.index) if layer.visible and same_slices(layer.grid, view) else None
        if bits is not None and bits.shape == layer.grid.shape[1:]:
            stamps.append(Stamp(_on_view(bits, view), layer.colour))
    return tuple(stamps)


def _on_view(bits: Bits, view: SliceView) -> Bits:
    """Acquired rows and columns, the way up the view shows them."""
    (down_j, right_j), (down_i, right_i) = view.to_index[1:, :2]
    turned = bits.T if down_j == 0 else bits
    down, right = (down_i, right_j) if down_j == 0 else (down_j, right_i)
    return turned[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1]


def open_part(shutter: Shutter, shape: tuple[int, int]) -> Bits:
    """Pixels of a picture [rows, columns] that a shutter leaves open."""
    row, column = np.ogrid[: shape[0], : shape[1]]
    inside: Array = np.ones(shape, dtype=bool)
    if shutter.rectangle is not None:
        top, bottom, left, right = shutter.rectangle
        inside = inside & (row >= top) & (row <= bottom) & (column >= left) & (column <= right)
    if shutter.circle is not None:
        r, c, radius = shutter.circle
        inside = inside & ((row - r) ** 2 + (column - c) ** 2 <= radius**2)
    if len(shutter.polygon) > 2:
        inside = inside & fill_polygon(np.array(shutter.polygon, dtype=np.float64), shape)
    return np.asarray(inside, dtype=bool)


def layer_colour(colour: str | None) -> Rgb:
    """A layer's recommended colour; ours where it has none or one too dark to be seen on a picture."""
    own = hex_colour(colour) if colour else None
    return own if own is not None and max(own) >= _LEAST_SEEN else MARK_COLOUR
