"""A presentation state on a stack of pictures: how each slice that it names is to be shown.

Source: PS3.4 N.2 (the transformations and their order); what the state says replaces what the
pictures say of themselves, their rescale and their photometric interpretation included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from viewer.core.graphic import Graphic, Layer, PictureRef, Space
from viewer.core.presentation import Area, Greys, Presentation
from viewer.core.study import Stack
from viewer.core.subtraction import Subtraction
from viewer.core.volume import VoiLut, VoiWindow, Volume
from viewer.display.graphics import GraphicLayer, PlacedOn, ShutterLayer, layer_colour
from viewer.display.slicing import SliceView
from viewer.display.window import Window

#: 2x2 moves of (x right, y down): a quarter turn clockwise, and left for right.
_QUARTER = np.array([[0, -1], [1, 0]])
_MIRROR = np.array([[-1, 0], [0, 1]])
_SAME = 1e-6
Matrix = npt.NDArray[np.int64]
Part = TypeVar("Part", Greys, Area)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How one slice is shown.

    Attributes:
        window: None where the state has none for this slice.
        inverted: greys turned round against what the pictures would show by themselves.
        turn: 2x2, stored (x = column, y = row) -> screen (x, y).
        area: what part is shown; None for all of it.
    """

    window: Window | None
    inverted: bool
    turn: Matrix
    area: Area | None


@dataclass(frozen=True, slots=True, eq=False)
class Presented:
    """A state as it lies on one stack.

    Attributes:
        id: of the object's stack and its number there.
        looks: slice k -> how it is shown; slices it does not name are left out.
        unread: what of the state is not applied, in words.
    """

    id: str
    name: str
    maker: str
    looks: dict[int, Look]
    layers: tuple[GraphicLayer, ...] = ()
    shutters: tuple[ShutterLayer, ...] = ()
    subtraction: Subtraction | None = None
    unread: tuple[str, ...] = ()

    def look(self, view: SliceView) -> Look | None:
        """How a view is shown; None for slices it does not name and for other planes."""
        return self.looks.get(view.index) if view.native else None


class Pictures:
    """The slices of a stack by the stored pictures they are; a picture that was split into several has none."""

    def __init__(self, stack: Stack) -> None:
        self._slices: dict[str, dict[int, int]] = {}
        split: set[tuple[str, int]] = set()
        for k, instance in enumerate(stack.instances):
            frames = self._slices.setdefault(instance.sop_instance_uid, {})
            frame = (instance.frame or 0) + 1
            if frame in frames:
                split.add((instance.sop_instance_uid, frame))
            frames[frame] = k
        for uid, frame in split:
            del self._slices[uid][frame]
        self._slices.pop("", None)

    def named(self, references: Sequence[PictureRef]) -> frozenset[int]:
        """Slices k that references name."""
        found: set[int] = set()
        for reference in references:
            frames = self._slices.get(reference.sop_instance_uid, {})
            wanted = reference.frames or tuple(frames)
            found.update(frames[frame] for frame in wanted if frame in frames)
        return frozenset(found)


def present(state: Presentation, stack: Stack, volume: Volume, own_id: str) -> Presented | None:
    """A state on a stack; None where it names none of its pictures."""
    pictures = Pictures(stack)
    whole = stack.series_uid in state.series_uids
    named = frozenset(range(len(stack.instances))) if whole else pictures.named(state.pictures)
    if not named or volume.stored.shape[0] != len(stack.instances):
        return None
    unread = dict.fromkeys(state.unread)
    greys, areas = _by_slice(state.greys, pictures, named), _by_slice(state.areas, pictures, named)
    looks = {k: _look(state, k, volume, greys.get(k), areas.get(k), unread=unread) for k in sorted(named)}
    layers = tuple(_layer(layer, named, looks, pictures, volume) for layer in state.layers)
    shutters = () if state.shutter is None else (ShutterLayer(state.shutter, volume.geometry, named),)
    words = (state.name, state.maker)
    return Presented(own_id, *words, looks, layers, shutters, state.subtraction, tuple(unread))


def _by_slice(parts: Sequence[Part], pictures: Pictures, named: frozenset[int]) -> dict[int, Part]:
    """Slice -> the first part of a state that is meant for it; one without a list is for all."""
    found: dict[int, Part] = {}
    for part in parts:
        for k in pictures.named(part.pictures) & named if part.pictures else named:
            found.setdefault(k, part)
    return found


def _look(
    state: Presentation, k: int, volume: Volume, greys: Greys | None, area: Area | None, *, unread: dict[str, None]
) -> Look:
    window = None if volume.is_colour else _window(greys, state, volume, k, unread)
    inverted = not volume.is_colour and state.inverse != volume.inverted
    return Look(window, inverted, turn_of(state), area)


def turn_of(state: Presentation) -> Matrix:
    """Stored (x, y) -> screen (x, y): the turn comes before the flip (PS3.3 C.10.6)."""
    turned = np.linalg.matrix_power(_QUARTER, state.turns)
    return np.asarray(_MIRROR @ turned if state.flipped else turned)


def _window(greys: Greys | None, state: Presentation, volume: Volume, k: int, unread: dict[str, None]) -> Window | None:
    """The state's window in the values of the volume."""
    scale = _into_values(state, volume, k)
    why = ""
    if greys is None:
        why = "no window of its own"
    elif scale is None:
        why = "window: its values come from another table than the picture's"
    elif greys.lut is not None and not _plain(scale):
        why = "VOI table: its values are rescaled otherwise than the picture's"
    if greys is None or scale is None or why:
        unread[why] = None
        return None
    made = _table(greys.lut) if greys.lut is not None else _rescaled(greys.window, scale)
    return None if made is None else replace(made, name=state.name, origin="file", curve=state.curve)


def _plain(scale: tuple[float, float]) -> bool:
    return abs(scale[0] - 1) < _SAME and abs(scale[1]) < _SAME


def _table(lut: VoiLut) -> Window:
    width = float(max(len(lut.table) - 1, 1))
    return Window(lut.first + width / 2, width, "LUT", lut=lut)


def _rescaled(own: VoiWindow | None, scale: tuple[float, float]) -> Window | None:
    """A window in other values; LINEAR's half steps (PS3.3 C.11.2.1.2) go along as an exact one."""
    if own is None or _plain(scale):
        return None if own is None else Window(own.center, own.width, own.function)
    center, width, function = own.center, own.width, own.function
    if function == "LINEAR":
        center, width, function = center - 0.5, max(width - 1, _SAME), "LINEAR_EXACT"
    return Window(center * scale[0] + scale[1], width * abs(scale[0]), function)


def _into_values(state: Presentation, volume: Volume, k: int) -> tuple[float, float] | None:
    """(factor, offset) from values by the state's rescale to values of the volume; None where they do not compare."""
    if state.has_lut or volume.lut is not None:
        return (1.0, 0.0) if state.has_lut and volume.lut is not None else None
    slope, intercept = volume.slice_rescale(k)
    if state.rescale[0] == 0:
        return None
    factor = slope / state.rescale[0]
    return (factor, intercept - state.rescale[1] * factor) if factor > 0 else None


def _layer(
    layer: Layer, named: frozenset[int], looks: dict[int, Look], pictures: Pictures, volume: Volume
) -> GraphicLayer:
    marks: list[PlacedOn] = []
    for graphic in layer.graphics:
        slices = named & pictures.named(graphic.pictures) if graphic.pictures else named
        if Space.DISPLAY not in (graphic.space, graphic.anchor_space if graphic.anchor else graphic.space):
            marks.append(PlacedOn(graphic, slices))
            continue
        marks += [PlacedOn(on_pixels(graphic, looks[k], volume), frozenset({k})) for k in sorted(slices)]
    return GraphicLayer(layer.name, tuple(marks), volume.geometry, layer_colour(layer.colour), layer.automatic)


def on_pixels(graphic: Graphic, look: Look, volume: Volume) -> Graphic:
    """A graphic whose points count the displayed area, in pixels of the picture."""
    anchor = graphic.anchor
    points = graphic.points
    if graphic.space is Space.DISPLAY:
        points = tuple(_pixel(point, look, volume) for point in points)
    if anchor is not None and graphic.anchor_space is Space.DISPLAY:
        anchor = _pixel(anchor, look, volume)
    return replace(graphic, points=points, anchor=anchor, space=Space.PIXEL, anchor_space=Space.PIXEL)


def _pixel(share: Sequence[float], look: Look, volume: Volume) -> tuple[float, float]:
    """(row, column) of a share (x, y) of the displayed area as it stands on the screen."""
    first, last = corners_of(look, volume.geometry.shape[1:])
    ends = look.turn @ np.array([[first[1], last[1]], [first[0], last[0]]], dtype=np.float64)
    # The outer edges of the corner pixels, on the screen: half a pixel beyond their centres.
    step = np.where(ends[:, 1] >= ends[:, 0], 0.5, -0.5)
    low, high = ends[:, 0] - step, ends[:, 1] + step
    x, y = look.turn.T @ (low + (high - low) * np.array([share[0], share[1]]))
    return float(y), float(x)


def corners_of(look: Look, shape: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Pixels (row, column) that stand at the top left and bottom right of the screen."""
    if look.area is not None:
        return look.area.first, look.area.last
    rows, columns = shape
    back = look.turn.T
    corners = []
    for end in (np.array([-1, -1]), np.array([1, 1])):
        x, y = back @ end
        corners.append((rows - 1 if y > 0 else 0, columns - 1 if x > 0 else 0))
    return corners[0], corners[1]
