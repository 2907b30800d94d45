"""Values of one grid at the pixels of a slice of another, by position in the patient (mm).

Pictures that share a grid, lie parallel, or lie askew all go the same way: pixel -> LPS -> index.
Parallel grids need only one index a row and one a column, which is what keeps scrolling fast.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import FloatArray, Geometry
from viewer.core.volume import Array
from viewer.display.slicing import Plane, SliceView, cut, cut_array

#: Grids are parallel when an index drifts by less than this many voxels over the whole slice.
_PARALLEL_VOXELS = 1e-3
#: The array axis of the columns: cuts across it gather each value from another place.
_COLUMNS = 2


def same_frame(first: Geometry, second: Geometry) -> bool:
    """True unless both name a frame of reference and the names differ: then mm do not compare."""
    one, two = first.frame_of_reference_uid, second.frame_of_reference_uid
    return one is None or two is None or one == two


def nearest(values: Array, geometry: Geometry, view: SliceView) -> Array:
    """Labels [rows, columns] at the pixels of a view, 0 outside their grid (never mixed)."""
    if _one_grid(geometry, view.geometry):
        found = cut_array(values, cut(geometry, view.plane), view.index)
        return found if view.across != _COLUMNS else np.ascontiguousarray(found)  # looked at many times from here on
    lines = _parallel(geometry, view)
    if lines is None:
        kji = geometry.world_to_index(view.pixel_to_world(_pixel_grid(view)))
        return _gather(values, np.rint(kji).astype(np.int64))
    return _gather_parallel(values, [np.rint(line).astype(np.int64) for line in lines])


def linear(values: Array, geometry: Geometry, view: SliceView) -> npt.NDArray[np.float32]:
    """Values [rows, columns] at the pixels of a view, interpolated, 0 outside their grid."""
    lines = _parallel(geometry, view)
    if lines is None:
        kji = geometry.world_to_index(view.pixel_to_world(_pixel_grid(view)))
        lines = [kji[..., 0], kji[..., 1], kji[..., 2]]
    inside = np.ones((1, 1), dtype=bool)
    lows, parts = [], []
    for line, size in zip(lines, geometry.shape, strict=True):
        inside = inside & (line > -0.5) & (line < size - 0.5)
        held = np.clip(line, 0, size - 1)
        low = np.minimum(np.floor(held).astype(np.int64), max(size - 2, 0))
        lows.append(low)
        parts.append((held - low).astype(np.float32))
    return np.asarray(np.where(inside, _blend(values, lows, parts, geometry.shape), 0), dtype=np.float32)


@lru_cache(maxsize=256)
def _one_grid(first: Geometry, second: Geometry) -> bool:
    """True where both are the same voxels and call their axes alike: then position is index."""
    return first.same_grid(second) and all(cut(first, plane) == cut(second, plane) for plane in Plane)


def _blend(
    values: Array, lows: list[npt.NDArray[np.int64]], parts: list[npt.NDArray[np.float32]], shape: tuple[int, int, int]
) -> npt.NDArray[np.float32]:
    """Weighted sum of the eight neighbours; axes with no part between two voxels are skipped."""
    total = np.zeros(np.broadcast_shapes(*(low.shape for low in lows)), dtype=np.float32)
    moving = [bool(part.any()) for part in parts]
    for corner in range(8):
        up = [corner >> axis & 1 for axis in range(3)]
        if any(u and not m for u, m in zip(up, moving, strict=True)):
            continue
        weight: npt.NDArray[np.float32] = np.ones((1, 1), dtype=np.float32)
        for part, u in zip(parts, up, strict=True):
            weight = weight * (part if u else 1 - part)
        index = tuple(np.minimum(low + u, size - 1) for low, u, size in zip(lows, up, shape, strict=True))
        total += weight * values[index]
    return total


def _pixel_grid(view: SliceView) -> FloatArray:
    """(row, column) of every pixel: float64 [rows, columns, 2]."""
    rows, columns = view.shape
    return np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).astype(np.float64)


def _parallel(geometry: Geometry, view: SliceView) -> list[FloatArray] | None:
    """Index lines (k, j, i), each [rows, 1], [1, columns] or [1, 1]; None where the grids lie askew."""
    rows, columns = view.shape
    down = np.stack([np.arange(rows), np.zeros(rows)], axis=-1)
    along = np.stack([np.zeros(columns), np.arange(columns)], axis=-1)
    by_row = geometry.world_to_index(view.pixel_to_world(down))
    by_column = geometry.world_to_index(view.pixel_to_world(along))
    lines = []
    for axis in range(3):
        row_drift, column_drift = np.ptp(by_row[:, axis]), np.ptp(by_column[:, axis])
        if min(row_drift, column_drift) > _PARALLEL_VOXELS:
            return None
        if max(row_drift, column_drift) <= _PARALLEL_VOXELS:
            lines.append(by_row[:1, axis].reshape(1, 1))
        elif row_drift > column_drift:
            lines.append(by_row[:, axis].reshape(-1, 1))
        else:
            lines.append(by_column[:, axis].reshape(1, -1))
    return lines


def _gather_parallel(values: Array, lines: list[npt.NDArray[np.int64]]) -> Array:
    inside = np.ones((1, 1), dtype=bool)
    for line, size in zip(lines, values.shape, strict=True):
        inside = inside & (line >= 0) & (line < size)
    if not inside.any():
        return np.zeros(np.broadcast_shapes(*(line.shape for line in lines)), dtype=values.dtype)
    held = [np.clip(line, 0, size - 1) for line, size in zip(lines, values.shape, strict=True)]
    found = _take_lines(values, held)
    return found if inside.all() else np.where(inside, found, 0).astype(values.dtype)


def _take_lines(values: Array, lines: list[npt.NDArray[np.int64]]) -> Array:
    """`values[k, j, i]` for index lines; one gather an axis where each moves on its own."""
    by_row = [axis for axis in range(3) if lines[axis].shape[0] > 1]
    by_column = [axis for axis in range(3) if lines[axis].shape[1] > 1]
    if len(by_row) != 1 or len(by_column) != 1:
        return np.asarray(values[tuple(lines)])
    fixed = 3 - by_row[0] - by_column[0]
    flat = values[(slice(None),) * fixed + (int(lines[fixed][0, 0]),)]
    flat = flat if by_row[0] < by_column[0] else flat.T
    return np.asarray(flat.take(lines[by_row[0]][:, 0], axis=0).take(lines[by_column[0]][0], axis=1))


def _gather(values: Array, kji: npt.NDArray[np.int64]) -> Array:
    inside = np.all((kji >= 0) & (kji < np.array(values.shape)), axis=-1)
    held = np.clip(kji, 0, np.array(values.shape) - 1)
    return np.where(inside, values[held[..., 0], held[..., 1], held[..., 2]], 0).astype(values.dtype)
