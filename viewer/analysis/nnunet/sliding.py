"""Windows of nnU-Net over a picture, slab by slab: logits of a few slices at a time, never of the whole.

Windows are walked in order of their first axis. Once the next ones begin further on, the slices before them are
finished, so only as many slices as a patch is deep are held, whatever the picture's length.
Source: nnU-Net v2's sliding window (Isensee et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from viewer.analysis.inference import Infer
from viewer.core.nnunet import Stage

FloatArray = npt.NDArray[np.float32]
#: Asked before each call of a network; told after it.
Tick = Callable[[], None]

_PEAK = 10.0
_SIGMA = 1 / 8
#: Finished slices leave so many at a time.
_TOLD_AT_ONCE = 8
#: A 2-D network's slices are taken so many pixels at a time.
_PIXELS_AT_ONCE = 1 << 20


def starts(size: int, patch: int, step: float) -> list[int]:
    """Where windows begin along one axis: at most `step` patches apart, evenly spread, the last flush with the end."""
    count = math.ceil((size - patch) / (patch * step)) + 1
    if count < 2:
        return [0]
    apart = (size - patch) / (count - 1)
    return [int(np.round(apart * n)) for n in range(count)]


def weights(patch: Sequence[int]) -> FloatArray:
    """A blurred point in the patch's middle: 10 there, never 0.

    Returns:
        float32, the patch's shape.
    """
    point = np.zeros(patch)
    point[tuple(n // 2 for n in patch)] = 1
    blurred = ndimage.gaussian_filter(point, [n * _SIGMA for n in patch], mode="constant")
    blurred = blurred / blurred.max() * _PEAK
    # The library's weights are half precision, in which the far corners vanish and take the smallest value left.
    short = blurred.astype(np.float16)
    blurred[short == 0] = short[short > 0].min()
    return np.asarray(blurred, dtype=np.float32)


def copies(mirror: Sequence[int]) -> list[tuple[int, ...]]:
    """Axes that each averaged copy is flipped along: every subset of `mirror`, none first."""
    return [axes for n in range(len(mirror) + 1) for axes in combinations(mirror, n)]


def calls(shape: Sequence[int], stage: Stage) -> int:
    """How often networks will be asked for a picture of this shape [K, J, I]."""
    dims = stage.network.spatial_dims
    walked = [max(n, p) for n, p in zip(shape[-dims:], stage.patch, strict=True)]
    windows = math.prod(len(starts(n, p, stage.overlap_step)) for n, p in zip(walked, stage.patch, strict=True))
    runs = 1 if dims == 3 else -(-shape[0] // _slices_at_once(stage))
    return windows * runs * len(copies(stage.mirror)) * len(stage.folds)


def slabs(
    channels: FloatArray, stage: Stage, folds: Sequence[Infer], before_call: Tick, after_call: Tick
) -> Iterator[FloatArray]:
    """Logits of the whole picture, a few slices at a time from the first on.

    Args:
        channels: float32 [C, K, J, I] on the stage's grid.
        stage: patch, overlap and mirroring.
        folds: a network each; their logits are averaged.

    Yields:
        float32 [L, k, J, I]; together K slices.
    """
    dims = stage.network.spatial_dims
    patch = stage.patch if dims == 3 else (1, *stage.patch)
    widths = [_padding(n, p) for n, p in zip(channels.shape[1:], patch, strict=True)]
    padded = np.pad(channels, [(0, 0), *widths]) if any(map(any, widths)) else channels
    ask = _Asked(stage, folds, before_call, after_call)
    made = _blocks(padded, stage, ask) if dims == 3 else _pictures(padded, stage, ask)
    inner = tuple(slice(a, a + n) for (a, _), n in zip(widths, channels.shape[1:], strict=True))
    first = 0
    for slab in made:
        low, high = max(inner[0].start - first, 0), min(inner[0].stop - first, slab.shape[1])
        first += slab.shape[1]
        if low < high:
            yield slab[:, low:high, inner[1], inner[2]]


def _padding(size: int, patch: int) -> tuple[int, int]:
    """Zeros on both sides, the odd one behind."""
    missing = max(patch - size, 0)
    return missing // 2, missing - missing // 2


class _Asked:
    """Mean logits of a batch over folds and flipped copies."""

    def __init__(self, stage: Stage, folds: Sequence[Infer], before_call: Tick, after_call: Tick) -> None:
        self._folds, self._turns = folds, copies(stage.mirror)
        self._before, self._after = before_call, after_call

    def __call__(self, batch: FloatArray) -> FloatArray:
        """[N, C, ...] -> [N, L, ...]."""
        total: FloatArray | None = None
        for infer, axes in product(self._folds, self._turns):
            self._before()
            turned = tuple(axis + 2 for axis in axes)
            said = infer(np.ascontiguousarray(np.flip(batch, turned)))[0]
            back = np.flip(said, turned)
            total = back.copy() if total is None else np.add(total, back, out=total)
            self._after()
        assert total is not None
        return np.divide(total, len(self._folds) * len(self._turns), out=total)


def _blocks(padded: FloatArray, stage: Stage, ask: _Asked) -> Iterator[FloatArray]:
    """3-D windows, row by row along the first axis."""
    patch = (stage.patch[0], stage.patch[1], stage.patch[2])
    shape = padded.shape[1:]
    rows, *inside = (starts(n, p, stage.overlap_step) for n, p in zip(shape, patch, strict=True))
    bump = weights(patch)
    sums: FloatArray | None = None
    share = np.zeros((patch[0], *shape[1:]), dtype=np.float32)
    for begin, after in zip(rows, [*rows[1:], shape[0]], strict=True):
        for j, i in product(*inside):
            cut = (slice(None), slice(j, j + patch[1]), slice(i, i + patch[2]))
            said = ask(padded[:, begin : begin + patch[0], cut[1], cut[2]][None])[0]
            said *= bump
            if sums is None:
                sums = np.zeros((said.shape[0], patch[0], *shape[1:]), dtype=np.float32)
            sums[:, :, cut[1], cut[2]] += said
            share[cut] += bump
        assert sums is not None
        done = after - begin
        for k in range(0, done, _TOLD_AT_ONCE):
            some = slice(k, min(k + _TOLD_AT_ONCE, done))
            yield np.divide(sums[:, some], share[some], dtype=np.float32)
        _roll(sums, done)
        _roll(share[None], done)


def _roll(held: FloatArray, done: int) -> None:
    """Move what is not finished to the front, and clear behind it; [L, k, J, I] in place."""
    left = held.shape[1] - done
    for one in held:
        one[:left] = one[done:].copy()
        one[left:] = 0


def _slices_at_once(stage: Stage) -> int:
    return max(1, _PIXELS_AT_ONCE // math.prod(stage.patch))


def _pictures(padded: FloatArray, stage: Stage, ask: _Asked) -> Iterator[FloatArray]:
    """2-D windows on a few slices at a time."""
    rows, columns = stage.patch
    shape = padded.shape[1:]
    inside = [starts(n, p, stage.overlap_step) for n, p in zip(shape[1:], stage.patch, strict=True)]
    bump = weights(stage.patch)
    some = _slices_at_once(stage)
    for k in range(0, shape[0], some):
        batch = np.moveaxis(padded[:, k : k + some], 1, 0)
        sums: FloatArray | None = None
        share = np.zeros(shape[1:], dtype=np.float32)
        for j, i in product(*inside):
            said = ask(batch[:, :, j : j + rows, i : i + columns])
            said *= bump
            if sums is None:
                sums = np.zeros((*said.shape[:2], *shape[1:]), dtype=np.float32)
            sums[:, :, j : j + rows, i : i + columns] += said
            share[j : j + rows, i : i + columns] += bump
        assert sums is not None
        yield np.moveaxis(sums / share, 0, 1)
