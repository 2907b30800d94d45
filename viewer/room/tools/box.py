"""The box that a reader places for packs: half-open voxel indices on the acquired grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import Box
from viewer.core.geometry import Geometry
from viewer.display.slicing import SliceView
from viewer.room.tools.base import Cursor, Host, Pointer, Tool
from viewer.room.views.camera import Camera
from viewer.room.views.picture import Picture

#: Side of the square that catches a handle (px).
HIT = 16
Corners2 = npt.NDArray[np.float64]


def corners_of(box: Box) -> npt.NDArray[np.float64]:
    """The eight outer corners of a box as voxel indices: float64 [8, 3]."""
    (k0, j0, i0), (k1, j1, i1) = box
    return np.array([[k - 0.5, j - 0.5, i - 0.5] for k in (k0, k1) for j in (j0, j1) for i in (i0, i1)])


def on_slice(box: Box, native: Geometry, view: SliceView) -> Corners2 | None:
    """Where a box lies on a slice: [[row0, column0], [row1, column1]], None where it does not reach it."""
    world = native.index_to_world(corners_of(box))
    across = view.slice_of(world)
    if not across.min() <= view.index <= across.max():
        return None
    pixels = view.world_to_pixel(world)
    return np.stack([pixels.min(axis=0), pixels.max(axis=0)])


def from_slice(corners: Corners2, picture: Picture, old: Box | None) -> Box:
    """The box drawn by a rectangle on a slice.

    Across the plane the old box keeps its extent where it reaches the slice; a new one is as
    deep (mm) as its sides are long on average, round the slice.
    """
    view, native = picture.view, picture.source.native
    low, high = np.sort(corners, axis=0)
    if old is not None and on_slice(old, native, view) is not None:
        across = view.slice_of(native.index_to_world(corners_of(old)))
        first, last = float(across.min()), float(across.max())
    else:
        depth_mm = float(np.mean((high - low) * np.array(view.mm)))
        half = max(depth_mm / max(picture.source.volume.geometry.spacing[view.across], 1e-6) / 2, 0.5)
        first, last = view.index - half, view.index + half
    index = []
    for depth in (first, last):
        for row in (low[0], high[0]):
            for column in (low[1], high[1]):
                kji = view.pixel_to_index(np.array([row, column]))
                kji[view.across] = depth
                index.append(kji)
    return _rounded(native.world_to_index(view.geometry.index_to_world(np.array(index))), native)


def _rounded(index: npt.NDArray[np.float64], native: Geometry) -> Box:
    """Voxels whose centres lie inside, at least one along each axis, within the grid."""
    low = np.ceil(index.min(axis=0) - 1e-6).astype(int)
    high = np.floor(index.max(axis=0) + 1e-6).astype(int) + 1
    shape = np.array(native.shape)
    low = np.clip(low, 0, shape - 1)
    high = np.clip(np.maximum(high, low + 1), 1, shape)
    k0, j0, i0 = low.tolist()
    k1, j1, i1 = high.tolist()
    return (k0, j0, i0), (k1, j1, i1)


def _px(camera: Camera) -> npt.NDArray[np.float64]:
    """Screen px per image pixel (along rows, along columns)."""
    return np.array(camera.mm) * camera.scale


class BoxTool(Tool):
    """Draw a box, or move it and its sides; it is cut by every plane it reaches."""

    id, name, short, icon, keys = "box", "Box", "Box", "roi-box", ("Shift+B",)
    menu = "Measure"
    cursor = Cursor.CROSS

    def __init__(self) -> None:
        self._anchor: npt.NDArray[np.float64] | None = None
        self._start: Corners2 | None = None
        self._moving: tuple[bool, bool, bool, bool] | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """Take hold of a handle or the box, or begin a new one."""
        picture = host.picture
        if picture is None:
            return
        here = None if host.roi is None else on_slice(host.roi, picture.source.native, picture.view)
        self._anchor = np.array(at.pixel)
        self._moving = None if here is None else _grip(here, at, _px(host.camera))
        self._start = here
        if self._moving is None:
            self._start = None

    def drag(self, host: Host, at: Pointer) -> None:
        """Follow the mouse."""
        self._follow(host, at, finished=False)

    def release(self, host: Host, at: Pointer) -> None:
        """Done."""
        self._follow(host, at, finished=True)
        self._anchor = self._start = self._moving = None

    def _follow(self, host: Host, at: Pointer, finished: bool) -> None:
        picture = host.picture
        if picture is None or self._anchor is None:
            return
        here = np.array(at.pixel)
        if self._start is None or self._moving is None:
            corners = np.stack([self._anchor, here])
            if np.abs(corners[1] - corners[0]).min() < 1:
                return
        else:
            top, bottom, left, right = self._moving
            corners = self._start.copy()
            shift = here - self._anchor
            corners[0] += shift * np.array([top, left])
            corners[1] += shift * np.array([bottom, right])
        host.place_roi(
            from_slice(np.clip(corners, -0.5, np.array(picture.view.shape) - 0.5), picture, host.roi), finished
        )


def _grip(corners: Corners2, at: Pointer, px: npt.NDArray[np.float64]) -> tuple[bool, bool, bool, bool] | None:
    """Which sides (top, bottom, left, right of the image) the pointer takes hold of; None = none.

    Args:
        px: screen px per image pixel along rows and columns.
    """
    point, reach = np.array(at.pixel), HIT / 2 / px
    if not ((point >= corners[0] - reach) & (point <= corners[1] + reach)).all():
        return None
    near = np.abs(corners - point) <= reach
    if near.any():
        return bool(near[0, 0]), bool(near[1, 0]), bool(near[0, 1]), bool(near[1, 1])
    return True, True, True, True
