"""From slabs of logits on the network's grid to labels on the picture's, a few slices at a time.

Logits are resized linearly, then compared; only the winning label is kept, so hundreds of labels on a large CT need
no more memory than one plane of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from viewer.analysis.nnunet import grid
from viewer.analysis.nnunet.grid import Shape
from viewer.core.nnunet import Stage

FloatArray = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint16]
Array = npt.NDArray[Any]


def labelled(
    slabs: Iterable[FloatArray], small: Shape, full: Shape, stage: Stage, spacings: tuple[Sequence[float], ...]
) -> Labels:
    """The label of every voxel.

    Args:
        slabs: float32 [L, k, J, I], together `small` slices.
        small: the stage's grid; `full`: the picture's, before it was resampled.
        stage: what the outputs mean.
        spacings: mm of the stage's grid, then of the picture's.

    Returns:
        uint16 `full`; 0 = background, else the model's own numbers.
    """
    apart = grid.axis_apart(stage.logits, spacings[0], spacings[1]) if small != full else None
    write = _Writer(stage, full[1:], apart)
    out = np.zeros(full, dtype=np.uint16)
    low, high, share = _taps(small[0], full[0], nearest=apart == 0)
    for number, pair in enumerate(_pairs(slabs, low, high)):
        out[number] = write(pair, float(share[number]))
    return out


def _taps(have: int, want: int, *, nearest: bool) -> tuple[Array, Array, FloatArray]:
    """The slices below and above each wanted one, and the share of the upper."""
    if nearest:
        index = grid.nearest(have, want)
        return index, index, np.zeros(want, dtype=np.float32)
    at = np.clip(grid.places(have, want), 0, have - 1)
    low = np.floor(at).astype(np.intp)
    return low, np.minimum(low + 1, have - 1), (at - low).astype(np.float32)


def _pairs(slabs: Iterable[FloatArray], low: Array, high: Array) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The two slices [L, J, I] that each wanted one lies between; slabs are let go once they are passed."""
    more = iter(slabs)
    held = next(more)
    first = 0
    for below, above in zip(low, high, strict=True):
        while above >= first + held.shape[1]:
            keep = min(max(int(below) - first, 0), held.shape[1])
            first += keep
            held = np.concatenate([held[:, keep:], next(more)], axis=1)
        yield held[:, below - first], held[:, above - first]
    for _ in more:  # the networks are asked to the end: a slice that nobody wants still counts as work done
        continue


class _Writer:
    """Labels of one slice."""

    def __init__(self, stage: Stage, size: tuple[int, int], apart: int | None) -> None:
        self._stage, self._size, self._apart = stage, size, apart
        self._numbers = np.array((() if stage.regions else (0,)) + stage.numbers, dtype=np.uint16)

    def __call__(self, pair: tuple[FloatArray, FloatArray], share: float) -> Labels:
        """Logits [L, J, I] below and above, and the upper one's share -> uint16 [J', I']."""
        below = torch.from_numpy(np.ascontiguousarray(pair[0]))
        if share:
            below = torch.lerp(below, torch.from_numpy(np.ascontiguousarray(pair[1])), share)
        planes = self._resized(below)
        if not self._stage.regions:
            return np.asarray(self._numbers[planes.argmax(0).numpy()])
        out = np.zeros(self._size, dtype=np.uint16)
        for number, plane in zip(self._numbers, planes, strict=True):
            out[(plane > 0).numpy()] = number
        return out

    def _resized(self, planes: Tensor) -> Tensor:
        """[L, J, I] -> [L, J', I'], nearest along an axis that goes by itself."""
        if self._apart in (1, 2):
            axis = self._apart
            index = grid.nearest(planes.shape[axis], self._size[axis - 1])
            planes = planes.index_select(axis, torch.from_numpy(index.astype(np.int64)))
        if tuple(planes.shape[1:]) == self._size:
            return planes
        return functional.interpolate(planes[None], size=self._size, mode="bilinear", align_corners=False)[0]
