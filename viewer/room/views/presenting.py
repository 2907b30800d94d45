"""Shows a view the way a presentation state wants one of its slices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from viewer.core.presentation import Area, SizeMode
from viewer.display.presented import Look, corners_of
from viewer.display.slicing import SliceView
from viewer.display.window import Window
from viewer.room.views.camera import Camera, Turn
from viewer.room.views.view import Screen, View

_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """How a view was seen before a state was laid on it."""

    window: Window | None
    inverted: bool
    camera: Camera


def seen(view: View) -> Seen:
    """How a view is seen now."""
    return Seen(view.window, view.picture is not None and view.picture.inverted, view.camera)


def leave_look(view: View, before: Seen) -> None:
    """As it was before, on a canvas that may have another size by now."""
    if view.picture is None:
        return
    view.picture.inverted = before.inverted
    if before.window is not None:
        view.take_window(before.window)
    view.set_camera(before.camera.resized(*view.camera.canvas))
    view.surface.refresh()


def take_look(view: View, look: Look) -> None:
    """Window, greys, turn and displayed area of a slice; nothing is said to other views."""
    picture = view.picture
    if picture is None:
        return
    picture.inverted = look.inverted
    if look.window is not None:
        view.take_window(look.window)
    camera = replace(view.camera, turn=turn_in(picture.view, look), part=_part(picture.view, look)).fit()
    zoom = _zoom(view.screen, look.area)
    view.set_camera(camera if zoom is None else camera.at_zoom(zoom))
    view.surface.refresh()


def turn_in(view: SliceView, look: Look) -> Turn:
    """The look's turn for the camera, whose image axes are the view's and not the stored ones."""
    down_j, right_j, down_i, right_i = view.to_index[1:, :2].reshape(-1)
    stored = np.array([[right_i, down_i], [right_j, down_j]])
    turn = np.rint(look.turn @ stored).astype(int)
    return ((int(turn[0, 0]), int(turn[0, 1])), (int(turn[1, 0]), int(turn[1, 1])))


def _part(view: SliceView, look: Look) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Middle (row, column) and size (rows, columns) of the displayed area in the view; None for all of it."""
    if look.area is None:
        return None
    corners = np.array(corners_of(look, view.shape), dtype=np.float64)
    pixels = view.index_to_pixel(np.column_stack([np.full(2, view.index), corners]))
    (row, column), (rows, columns) = pixels.mean(axis=0), np.abs(pixels[1] - pixels[0]) + 1
    return (float(row), float(column)), (float(rows), float(columns))


def _zoom(screen: Screen, area: Area | None) -> float | None:
    """Screen px per column of the picture; None where the area is fitted."""
    if area is not None and area.mode is SizeMode.MAGNIFY and area.magnification:
        return float(area.magnification / screen.ratio)
    if area is not None and area.mode is SizeMode.TRUE_SIZE and area.mm is not None:
        return float(area.mm[1] * screen.dpi / _MM_PER_INCH)
    return None
