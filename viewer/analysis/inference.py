"""Feeds a prepared picture to a network and gathers its arrays: pure compute, any backend.

`infer` is a plain callable: float32 batch [N, C, (K,) J, I] -> tuple of float32 arrays
(see `networks`). A torch module, an OpenVINO model or a stub in a test all fit.
What the arrays mean is the tasks' part; nothing here opens files or imports torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.preprocess import Prepared
from viewer.core.errors import AnalysisError
from viewer.core.inference import Inference
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]

#: Windows a 3-D network takes at once: few enough to stop within a second or two.
_WINDOW_BATCH = 4


@dataclass(frozen=True)
class RawOutputs:
    """What a network said, on the input volume's grid.

    Attributes:
        scores: label -> calibrated probability (classifiers; highest slice of a stack).
        slice_scores: label -> float32 [K], one per slice, where a pack scores slices.
        logits: label -> raw logit, before the temperature.
        labels: uint8 [K, J, I], 0 background, n = n-th label of the pack (segmenters).
        probabilities: label -> float32 [K, J, I] (segmenters).
        band: uint8 [K, J, I], 1 where the strongest label is unsure (0.3 < p < 0.7).
        maps: label -> float32 [K, J, I], 0..1, class activation (classifiers).
        lung_field: float32 [K, 1, j, i], logits on the network's own grid (classifiers that find lungs).
        attention: float32 [K, K], how much slice k listened to each slice (rows sum to 1).
        spread: label -> standard deviation over test-time copies (0 without any).
        prepared: the picture as the network saw it; None where it read something else.
        detail: what only the task itself reads on.
    """

    prepared: Prepared | None = None
    scores: dict[str, float] = field(default_factory=dict)
    slice_scores: dict[str, FloatArray] = field(default_factory=dict)
    logits: dict[str, float] = field(default_factory=dict)
    labels: npt.NDArray[np.uint8] | None = None
    probabilities: dict[str, FloatArray] = field(default_factory=dict)
    band: npt.NDArray[np.uint8] | None = None
    maps: dict[str, FloatArray] = field(default_factory=dict)
    lung_field: FloatArray | None = None
    attention: FloatArray | None = None
    spread: dict[str, float] = field(default_factory=dict)
    detail: object = None

    @property
    def seen(self) -> Prepared:
        """The picture as the network saw it."""
        assert self.prepared is not None, "this task reads no picture"
        return self.prepared


class Runner:
    """Feeds slices, blocks and windows to the network and turns flipped copies back."""

    def __init__(
        self,
        config: Inference,
        infer: Infer,
        on_progress: OnProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        self.config, self.infer, self.on_progress, self.cancel = config, infer, on_progress, cancel
        self.dims = config.network.spatial_dims
        self.batch = config.window.slices
        self.done, self.total = 0, 1

    def run(self, array: FloatArray) -> list[tuple[FloatArray, ...]]:
        """[K, J, I] -> one tuple of outputs a copy; spatial outputs [L, K, J, I] or [K, L, j, i]."""
        copies = [(), *self.config.tta.flips]
        self.total = len(copies) * self.calls(array.shape)[1]
        self.done = 0
        return [self._copy(array, axes) for axes in copies]

    def calls(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """Shape of the largest batch that an array [K, J, I] of this shape is fed in, and how many batches a copy."""
        if self.dims == 2:
            return (min(self.batch, shape[0]), 1, *shape[1:]), -(-shape[0] // self.batch)
        size = self._window(shape)
        count = math.prod(len(starts) for starts in _starts(shape, size, self.config.window.overlap))
        return (min(_WINDOW_BATCH, count), 1, *size), -(-count // _WINDOW_BATCH)

    def _window(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        limit = self.config.window.size or shape
        return tuple(min(n, w) for n, w in zip(shape, limit, strict=True))

    def _copy(self, array: FloatArray, axes: tuple[int, ...]) -> tuple[FloatArray, ...]:
        turned = np.ascontiguousarray(np.flip(array, axes)) if axes else array
        out = self._block(turned) if self.dims == 3 else self._slices(turned)
        if not axes:
            return out
        if self.dims == 3:
            return tuple(np.flip(a, tuple(x + 1 for x in axes)) for a in out)
        return tuple(_turn_planes(a, axes) for a in out)

    def _call(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        if self.cancel is not None:
            self.cancel.check()
        out = self.infer(np.ascontiguousarray(batch, dtype=np.float32))
        self.done += 1
        self.on_progress(Progress("Network", self.done / self.total))
        if not all(np.isfinite(a).all() for a in out):
            raise AnalysisError("The network gave values that are not numbers.", "Run it again on the CPU.")
        return out

    def _slices(self, array: FloatArray) -> tuple[FloatArray, ...]:
        parts = [self._call(array[k : k + self.batch, None]) for k in range(0, len(array), self.batch)]
        groups = list(zip(*parts, strict=True))
        return tuple(np.concatenate(g) for g in groups if len({a.shape[1:] for a in g}) == 1)

    def _block(self, array: FloatArray) -> tuple[FloatArray, ...]:
        size = self._window(array.shape)
        places = list(windows(array.shape, size, self.config.window.overlap))
        if len(places) == 1:
            return (self._call(array[None, None])[0][0],)
        weight = _bump(size)
        total = np.zeros(array.shape, dtype=np.float32)
        summed: FloatArray | None = None
        cuts = [tuple(slice(a, a + n) for a, n in zip(place, size, strict=True)) for place in places]
        for first in range(0, len(cuts), _WINDOW_BATCH):
            some = cuts[first : first + _WINDOW_BATCH]
            said = self._call(np.stack([array[cut] for cut in some])[:, None])[0]
            if summed is None:
                summed = np.zeros((said.shape[1], *array.shape), dtype=np.float32)
            for cut, logits in zip(some, said, strict=True):
                summed[(slice(None), *cut)] += logits * weight
                total[cut] += weight
        assert summed is not None
        summed /= total
        return (summed,)


def windows(shape: Sequence[int], size: Sequence[int], overlap: float) -> Iterator[tuple[int, ...]]:
    """Starts of windows that cover `shape`, the last of each axis flush with the end."""
    return product(*_starts(shape, size, overlap))


def _starts(shape: Sequence[int], size: Sequence[int], overlap: float) -> list[list[int]]:
    """The same, axis by axis."""
    starts = []
    for n, w in zip(shape, size, strict=True):
        count = 1 if w >= n else -(-(n - w) // max(1, int(w * (1 - overlap)))) + 1
        starts.append(sorted({round(p) for p in np.linspace(0, n - w, count)}))
    return starts


def _bump(size: Sequence[int]) -> FloatArray:
    """Gaussian weights of a window (sigma an eighth of the side), so seams vanish."""
    out = np.ones((1,) * len(size), dtype=np.float64)
    for axis, n in enumerate(size):
        x = (np.arange(n) - (n - 1) / 2) / (n / 8)
        shape = [1] * len(size)
        shape[axis] = n
        out = out * np.exp(-0.5 * x**2).reshape(shape)
    return np.maximum(out, 1e-3).astype(np.float32)


def _turn_planes(array: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """Turn [K, L, j, i] back after flips of (k, j, i) axes; flat arrays [K, L] only along k."""
    turn = tuple({0: 0, 1: 2, 2: 3}[a] for a in axes if a == 0 or array.ndim == 4)
    return np.flip(array, turn) if turn else array


def mean(arrays: Sequence[FloatArray]) -> FloatArray:
    """Mean of the test-time copies."""
    total = arrays[0].astype(np.float32)
    for array in arrays[1:]:
        total = total + array
    return np.asarray(total / len(arrays), dtype=np.float32)


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax over axis 0 of [L, ...]."""
    out = np.exp(logits - logits.max(axis=0))
    return np.asarray(out / out.sum(axis=0), dtype=np.float32)


def sigmoid(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """1 / (1 + exp(-x)), safe for large |x|."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))
