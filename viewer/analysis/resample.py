"""Separable resampling by index arithmetic, equal to SimpleITK's grid.

Output index o lies on input index o * target / source: both grids share voxel 0.
`torch.interpolate` and `scipy.ndimage.zoom` stretch to fit a size instead and move
edges by up to a voxel; nothing here does that (see docs/models.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

#: Slack before rounding a size down, in output voxels (300 * 1.0 / 1.5 must stay 200).
_SIZE_SLACK = 1e-6
#: Voxels of a slab in `running_argmax`: its buffers stay in the processor's cache.
_SLAB_VOXELS = 1 << 16


def target_size(size: int, source_mm: float, target_mm: float) -> int:
    """Voxels at `target_mm` whose centres lie within the centres of `size` voxels."""
    return int(np.floor((size - 1) * source_mm / target_mm + _SIZE_SLACK)) + 1


def linear_taps(size_in: int, size_out: int, step: float) -> tuple[Array, Array, FloatArray]:
    """Lower index, upper index and upper weight of each output voxel along one axis."""
    at = np.clip(np.arange(size_out, dtype=np.float64) * step, 0.0, size_in - 1)
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, size_in - 1)
    return low, high, (at - low).astype(np.float32)


def resample_linear(values: Array, step: tuple[float, float, float], shape: tuple[int, int, int]) -> FloatArray:
    """Linear resampling of [K, J, I] to `shape`; output o samples input o * step.

    Args:
        values: any real dtype, [K, J, I].
        step: input voxels per output voxel along k, j, i.
        shape: output (K, J, I).

    Returns:
        float32 `shape`.
    """
    (k0, k1, wk), (j0, j1, wj), (i0, i1, wi) = (
        linear_taps(n_in, n_out, s) for n_in, n_out, s in zip(values.shape, shape, step, strict=True)
    )
    out = np.empty(shape, dtype=np.float32)
    up_j = wj[:, None]
    for k in range(shape[0]):
        plane = _lerp(_plane(values, k0[k]), _plane(values, k1[k]), wk[k]) if wk[k] else _plane(values, k0[k])
        rows = _lerp(plane[j0], plane[j1], up_j)
        out[k] = _lerp(rows.take(i0, axis=1), rows.take(i1, axis=1), wi)
    return out


def resample_nearest(labels: Array, step: tuple[float, float, float], shape: tuple[int, int, int]) -> Array:
    """Nearest-voxel resampling of [K, J, I] labels; voxels past the last half voxel become 0.

    Rounds half up, as ITK does, so a mask goes back voxel-equal to SimpleITK.
    """
    out = labels
    for axis, (n_out, s) in enumerate(zip(shape, step, strict=True)):
        index = np.floor(np.arange(n_out, dtype=np.float64) * s + 0.5).astype(np.intp)
        inside = index < labels.shape[axis]
        out = out.take(np.minimum(index, labels.shape[axis] - 1), axis=axis)
        if not inside.all():
            cut: list[slice | Array] = [slice(None)] * 3
            cut[axis] = ~inside
            out[tuple(cut)] = 0
    return out


def resize_matrix(size_in: int, size_out: int) -> FloatArray:
    """[size_out, size_in] weights that squash an axis: a triangle filter, wide when shrinking.

    Pixel edges (not centres) of both sizes coincide, as in every film resizer.
    """
    scale = size_in / size_out
    reach = max(scale, 1.0)
    centres = (np.arange(size_out) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(size_in)[None, :] - centres[:, None]) / reach
    weights = np.clip(1.0 - distance, 0.0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def resize_plane(plane: Array, size: tuple[int, int]) -> FloatArray:
    """Squash or stretch a [J, I] picture to `size` (rows, columns) with anti-aliasing."""
    if plane.shape == size:
        return plane.astype(np.float32)
    rows = resize_matrix(plane.shape[0], size[0])
    columns = resize_matrix(plane.shape[1], size[1])
    return np.asarray(rows @ plane.astype(np.float32) @ columns.T, dtype=np.float32)


def resize_labels(plane: Array, size: tuple[int, int]) -> Array:
    """Nearest-pixel version of `resize_plane` for labels."""
    index = [
        np.minimum(((np.arange(n) + 0.5) * have / n).astype(np.intp), have - 1)
        for n, have in zip(size, plane.shape, strict=True)
    ]
    return np.asarray(plane.take(index[0], axis=0).take(index[1], axis=1))


def running_argmax(logits: FloatArray) -> npt.NDArray[np.uint8]:
    """Argmax over axis 0 of [L, K, ...] as uint8, one class at a time (ties: the lower class)."""
    out = np.zeros(logits.shape[1:], dtype=np.uint8)
    slab = max(1, _SLAB_VOXELS // max(1, out[:1].size))
    for k in range(0, len(out), slab):
        _argmax_into(logits[:, k : k + slab], out[k : k + slab])
    return out


def _argmax_into(logits: FloatArray, out: npt.NDArray[np.uint8]) -> None:
    """Argmax of a slab into `out` (zeros): labels only rise, so the maximum of `better * label` is the last better."""
    best = logits[0].copy()
    better = np.empty(best.shape, dtype=np.bool_)
    marks = better.view(np.uint8)
    for label in range(1, len(logits)):
        np.greater(logits[label], best, out=better)
        np.maximum(best, logits[label], out=best)
        np.multiply(marks, np.uint8(label), out=marks)
        np.maximum(out, marks, out=out)


def _plane(values: Array, k: Any) -> FloatArray:
    return np.asarray(values[k], dtype=np.float32)


def _lerp(low: FloatArray, high: FloatArray, weight: Any) -> FloatArray:
    step = high - low
    step *= weight
    step += low
    return step
