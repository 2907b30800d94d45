"""Tilted or unevenly spaced stacks on a right-angled, even grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from viewer.core.geometry import FloatArray, Geometry
from viewer.core.volume import Array, Volume

#: The new grid may hold this many times the slices of the old one.
_MOST_SLICES = 8


def resample_regular(volume: Volume) -> Volume:
    """The volume on a right-angled, even grid that covers all of its slices; linear between slices.

    In-plane spacing and directions stay; the step along the normal is the smallest true gap.
    Every new row lies between two old slices: the shift of a tilted stack and the gap of an uneven
    one are taken from the old slices' own positions. Voxels outside the old stack hold its lowest value.

    Returns:
        float32 values after the modality LUT, in the same unit; the same volume where it is regular already.
    """
    old = volume.geometry
    if old.shape[0] < 2 or (not old.is_tilted and old.is_even) or volume.is_colour:
        return volume
    new = _grid(old)
    values = _interpolated(volume, old, new)
    return replace(volume, stored=values, geometry=new, slope=1.0, intercept=0.0, lut=None, padding=None)


def _origins(old: Geometry) -> FloatArray:
    return np.array([old.slice_origin(k) for k in range(old.shape[0])])


def _grid(old: Geometry) -> Geometry:
    """Right-angled grid: same rows and columns directions, enlarged to hold the leaning slices."""
    gap, down, across = old.spacing
    normal, row, column = old.normal, old.row_direction, old.column_direction
    shift = _origins(old) - old.slice_origin(0)
    along = shift @ normal
    gaps = np.diff(along)
    step = max(float(gaps.min()), float(along[-1]) / (_MOST_SLICES * old.shape[0]))
    right, bottom = shift @ row, shift @ column
    start = old.slice_origin(0) + row * right.min() + column * bottom.min()
    shape = (
        int(np.ceil(along[-1] / step - 1e-6)) + 1,
        old.shape[1] + int(np.ceil((bottom.max() - bottom.min()) / down - 1e-6)),
        old.shape[2] + int(np.ceil((right.max() - right.min()) / across - 1e-6)),
    )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = normal * step, column * down, row * across, start
    return replace(old, shape=shape, affine=affine, slice_positions=None)


def _interpolated(volume: Volume, old: Geometry, new: Geometry) -> Array:
    """[K, J, I] float32: each new slice is a blend of its two neighbours, each shifted in its plane."""
    _, down, across = old.spacing
    origins = _origins(old) - np.asarray(new.affine[:3, 3])
    along = origins @ new.normal
    offsets = np.stack([origins @ new.column_direction / down, origins @ new.row_direction / across], axis=1)
    lowest = min(float(volume.values(k).min()) for k in range(old.shape[0]))
    step = float(np.linalg.norm(new.affine[:3, 0]))
    out = np.full(new.shape, lowest, np.float32)
    for n in range(new.shape[0]):
        where = float(np.clip(np.interp(n * step, along, np.arange(len(along))), 0, len(along) - 1))
        low = min(int(where), len(along) - 2)
        share = where - low
        out[n] = (1 - share) * _shifted(volume, low, offsets[low], new, lowest)
        if share > 0:
            out[n] += share * _shifted(volume, low + 1, offsets[low + 1], new, lowest)
    return out


def _shifted(volume: Volume, k: int, offset: FloatArray, new: Geometry, lowest: float) -> Array:
    """Slice k moved by `offset` (rows, columns) on the new grid, linear."""
    picture = volume.values(k).astype(np.float32)
    for axis in (0, 1):
        picture = _moved(picture, float(offset[axis]), new.shape[axis + 1], axis, lowest)
    return picture


def _moved(picture: Array, offset: float, size: int, axis: int, lowest: float) -> Array:
    """Move along one axis by a fractional number of pixels onto `size` pixels."""
    whole = int(np.floor(offset + 1e-9))
    share = np.float32(max(0.0, offset - whole))
    shape = list(picture.shape)
    shape[axis] = size
    placed = np.full(shape, lowest, np.float32)
    count = min(picture.shape[axis], size - whole)
    _part(placed, axis, whole, whole + count)[...] = _part(picture, axis, 0, count)
    if share == 0:
        return placed
    before = np.full(shape, lowest, np.float32)
    _part(before, axis, 1, size)[...] = _part(placed, axis, 0, size - 1)
    return np.asarray((1 - share) * placed + share * before)


def _part(array: Array, axis: int, start: int, stop: int) -> Array:
    return array[start:stop] if axis == 0 else array[:, start:stop]
