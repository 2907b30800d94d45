"""Grids of nnU-Net: spline resampling of pictures, with edges aligned and coarse axes apart.

Both grids cover the same box: output index o lies at (o + 0.5) * old / new - 0.5 on the input's indices. (The
program's own packs keep first voxels aligned instead, see `analysis.resample`.)
Source: nnU-Net v2's default resampling (Isensee et al. 2021, supplementary note on preprocessing); measured equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from viewer.core.nnunet import Resizing

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
Shape = tuple[int, int, int]

#: An axis this many times coarser than the finest is resampled by itself.
APART = 3.0


def new_shape(shape: Sequence[int], have: Sequence[float], want: Sequence[float]) -> Shape:
    """Voxels along each axis after resampling from `have` to `want` mm (halves to even, as Python rounds)."""
    k, j, i = (round(h / w * n) for n, h, w in zip(shape, have, want, strict=True))
    return k, j, i


def axis_apart(resizing: Resizing, have: Sequence[float], want: Sequence[float]) -> int | None:
    """The axis that is resampled by itself, None where all are resampled together.

    The present spacing decides, then the wanted one; never where two axes share the largest spacing.
    """
    if resizing.across_apart is not None:
        deciding = [have] if resizing.across_apart else []
    else:
        deciding = [mm for mm in (have, want) if max(mm) / min(mm) > APART][:1]
    for mm in deciding:
        coarse = [axis for axis, one in enumerate(mm) if max(mm) / one == 1]
        return coarse[0] if len(coarse) == 1 else None
    return None


def resample(values: Array, shape: Shape, resizing: Resizing, have: Sequence[float], want: Sequence[float]) -> Array:
    """A picture [K, J, I] on another grid of the same box.

    Args:
        values: real numbers.
        shape: the new grid.
        resizing: orders of the splines.
        have, want: mm between voxels of the two grids, which decide whether an axis is resampled by itself.

    Returns:
        float32, within the range of `values`.
    """
    if values.shape == shape:
        return values.astype(np.float32, copy=False)
    apart = axis_apart(resizing, have, want)
    if apart is None:
        return _zoomed(values, shape, resizing.order)
    slices = np.moveaxis(values, apart, 0)
    plane = tuple(n for axis, n in enumerate(shape) if axis != apart)
    made = np.stack([_zoomed(one, plane, resizing.order) for one in slices])
    if len(made) != shape[apart]:
        made = across(made, shape[apart], resizing.order_across)
    return np.ascontiguousarray(np.moveaxis(made, 0, apart))


def across(values: Array, count: int, order: int) -> Array:
    """Slices along the first axis at `count` places; nearest for order 0, splines else."""
    if order == 0:
        return np.asarray(values[nearest(len(values), count)])
    zoom = (count / len(values), *(1.0,) * (values.ndim - 1))
    made: Array = ndimage.zoom(values, zoom, order=order, mode="nearest", grid_mode=True)
    return made


def nearest(have: int, want: int) -> npt.NDArray[np.intp]:
    """The nearest of `have` voxels for each of `want`, halves upwards."""
    at = places(have, want)
    return np.clip(np.floor(at + 0.5), 0, have - 1).astype(np.intp)


def places(have: int, want: int) -> npt.NDArray[np.float64]:
    """Where each of `want` voxels lies among `have`, as an index that is not whole."""
    return np.asarray(have / want * (np.arange(want) + 0.5) - 0.5, dtype=np.float64)


def _zoomed(values: Array, shape: Sequence[int], order: int) -> FloatArray:
    """Splines through all axes at once, clipped to the input's range."""
    if values.shape == tuple(shape):
        return values.astype(np.float32, copy=False)
    zoom = [new / old for new, old in zip(shape, values.shape, strict=True)]
    made = np.empty(shape, dtype=np.float32)
    ndimage.zoom(values, zoom, output=made, order=order, mode="nearest", grid_mode=True)
    if order > 1:
        np.clip(made, values.min(), values.max(), out=made)
    return made
