"""From a volume to what a pack says about it: pure compute, any backend.

`infer` is a plain callable: float32 batch [N, C, (K,) J, I] -> tuple of float32 arrays
(see `networks`). A torch module, an OpenVINO model or a stub in a test all fit.
The engine owns devices, fallbacks and findings; nothing here opens files or imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.preprocess import Prepared, prepare
from viewer.analysis.resample import resize_plane, running_argmax
from viewer.core.analysis import Box, PackInfo
from viewer.core.errors import AnalysisError
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]

#: Slices a 2-D network takes at once.
_SLICE_BATCH = 8
#: Windows a 3-D network takes at once: few enough to stop within a second or two.
_WINDOW_BATCH = 4
#: Probabilities between these bounds form the boundary band of a mask.
BAND = (0.3, 0.7)


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
        features: float32 [F], embedding of packs that give one.
        attention: float32 [K, K], how much slice k listened to each slice (rows sum to 1).
        spread: label -> standard deviation over test-time copies (0 without any).
        prepared: the picture as the network saw it.
    """

    prepared: Prepared
    scores: dict[str, float] = field(default_factory=dict)
    slice_scores: dict[str, FloatArray] = field(default_factory=dict)
    logits: dict[str, float] = field(default_factory=dict)
    labels: npt.NDArray[np.uint8] | None = None
    probabilities: dict[str, FloatArray] = field(default_factory=dict)
    band: npt.NDArray[np.uint8] | None = None
    maps: dict[str, FloatArray] = field(default_factory=dict)
    features: FloatArray | None = None
    attention: FloatArray | None = None
    spread: dict[str, float] = field(default_factory=dict)


def predict(
    pack: PackInfo,
    infer: Infer,
    volume: Volume,
    roi: Box | None = None,
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> RawOutputs:
    """Run a pack's network on one volume.

    Args:
        pack: preprocessing, windows and outputs come from `pack.inference`.
        infer: the network, see the module's head.
        volume: any grid; everything returned lies on it.
        roi: half-open box (k, j, i), for packs that need one.
        on_progress: told after every batch of windows.
        cancel: asked before every batch.

    Raises:
        PackError, UsageError, AnalysisError: with words; `Cancelled` when the reader stopped it.
    """
    on_progress(Progress("Preparing", 0.0))
    prepared = prepare(volume, pack.inference.get("preprocess", ()), roi)
    runner = Runner(pack.inference, infer, on_progress, cancel)
    return interpret(pack.inference, prepared, runner.run(prepared.array))


def interpret(config: Mapping[str, Any], prepared: Prepared, outputs: Sequence[tuple[FloatArray, ...]]) -> RawOutputs:
    """Turn the network's arrays into scores, masks and maps on the input grid.

    Args:
        config: `inference.json`.
        prepared: the network's input and the way back.
        outputs: one tuple a test-time copy, already turned back; first entry the logits.
    """
    kind = str(config.get("output", {}).get("kind", "labels"))
    if kind == "labels":
        return _segmentation(config["output"], prepared, outputs)
    if kind == "scores":
        return _classification(config["output"], prepared, outputs)
    if kind == "features":
        return RawOutputs(prepared, features=outputs[0][-1].reshape(-1))
    raise AnalysisError(f"The pack's output kind '{kind}' is unknown.", "Install a pack made for this version.")


class Runner:
    """Feeds slices, blocks and windows to the network and turns flipped copies back."""

    def __init__(
        self,
        config: Mapping[str, Any],
        infer: Infer,
        on_progress: OnProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        self.config, self.infer, self.on_progress, self.cancel = config, infer, on_progress, cancel
        self.dims = int(config.get("network", {}).get("args", {}).get("spatial_dims", 2))
        self.flips = [tuple(int(a) for a in axes) for axes in config.get("tta", {}).get("flips", ())]
        self.batch = int(config.get("window", {}).get("slices", _SLICE_BATCH))
        self.done, self.total = 0, 1

    def run(self, array: FloatArray) -> list[tuple[FloatArray, ...]]:
        """[K, J, I] -> one tuple of outputs a copy; spatial outputs [L, K, J, I] or [K, L, j, i]."""
        copies = [(), *self.flips]
        self.total = len(copies) * self._calls(array)
        self.done = 0
        return [self._copy(array, axes) for axes in copies]

    def _calls(self, array: FloatArray) -> int:
        if self.dims == 3:
            count = sum(1 for _ in windows(array.shape, self._window(array.shape), self._overlap))
            return -(-count // _WINDOW_BATCH)
        return -(-len(array) // self.batch)

    @property
    def _overlap(self) -> float:
        return float(self.config.get("window", {}).get("overlap", 0.5))

    def _window(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        limit = self.config.get("window", {}).get("size")
        return tuple(shape) if not limit else tuple(min(n, int(w)) for n, w in zip(shape, limit, strict=True))

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
        places = list(windows(array.shape, size, self._overlap))
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
    starts = []
    for n, w in zip(shape, size, strict=True):
        count = 1 if w >= n else -(-(n - w) // max(1, int(w * (1 - overlap)))) + 1
        starts.append(sorted({round(p) for p in np.linspace(0, n - w, count)}))
    return product(*starts)


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


def _segmentation(
    output: Mapping[str, Any], prepared: Prepared, outputs: Sequence[tuple[FloatArray, ...]]
) -> RawOutputs:
    logits = _mean([out[0] for out in outputs])
    if logits.shape[1:] != prepared.array.shape:
        logits = np.moveaxis(logits, 1, 0)
    names = [str(name) for name in output["labels"]]
    if logits.shape[0] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits])
    bias = float(output.get("logit_bias", 0.0))
    if bias:
        logits[0] -= bias
    shares = softmax(logits / float(output.get("temperature", 1.0)))
    labels = _labels(output, shares)
    strongest = shares[1:].max(axis=0)
    labels = _kept(output, labels, strongest)
    band = ((strongest > BAND[0]) & (strongest < BAND[1])).astype(np.uint8)
    per_slice = _slice_scores(output, outputs)
    return RawOutputs(
        prepared,
        scores={name: float(values.max()) for name, values in per_slice.items()},
        slice_scores=per_slice,
        attention=outputs[0][2] if per_slice and len(outputs[0]) > 2 else None,
        labels=prepared.restore_labels(labels),
        probabilities={name: prepared.restore_values(shares[n + 1]) for n, name in enumerate(names)},
        band=prepared.restore_labels(band),
    )


def _labels(output: Mapping[str, Any], shares: FloatArray) -> npt.NDArray[np.uint8]:
    """The likeliest label; with `threshold`, a single mask from that probability on.

    With `of_peak`, the mask also holds what reaches that share of the highest probability: a pack
    that is run in a reader's box is there because something is.
    """
    if "threshold" not in output or len(shares) != 2:
        return np.asarray(running_argmax(shares))
    mark = min(float(output["threshold"]), float(output.get("of_peak", 1.0)) * float(shares[1].max()))
    return np.asarray(shares[1] > mark).astype(np.uint8)


def _kept(output: Mapping[str, Any], labels: npt.NDArray[np.uint8], strongest: FloatArray) -> npt.NDArray[np.uint8]:
    """The pieces a pack keeps: all, each label's largest (in all or a slice), or the likeliest near the middle."""
    if "keep_near_middle" in output:
        return keep_near_middle(labels, strongest, float(output["keep_near_middle"]))
    if output.get("keep_largest") == "slice":
        return np.stack([keep_largest(plane[None], int(labels.max()))[0] for plane in labels])
    if "keep_share" in output:
        return keep_large(labels, float(output["keep_share"]))
    return keep_largest(labels, int(labels.max())) if output.get("keep_largest") else labels


def _slice_scores(output: Mapping[str, Any], outputs: Sequence[tuple[FloatArray, ...]]) -> dict[str, FloatArray]:
    """Calibrated score of each slice, for segmenters that give one."""
    block = output.get("slice_score")
    if not block:
        return {}
    logits = _mean([out[1] for out in outputs])[:, 0]
    return {str(block["label"]): sigmoid(logits / float(block.get("temperature", 1.0))).astype(np.float32)}


def _classification(
    output: Mapping[str, Any], prepared: Prepared, outputs: Sequence[tuple[FloatArray, ...]]
) -> RawOutputs:
    names = [str(name) for name in output["labels"]]
    heat = float(output.get("temperature", 1.0))
    all_logits = np.stack([out[0] for out in outputs])
    logits = all_logits.mean(axis=0)
    shares = sigmoid(logits / heat)
    spread = sigmoid(all_logits / heat).std(axis=0)
    top = shares.argmax(axis=0)
    maps = _maps(names, prepared, outputs) if len(outputs[0]) > 1 else {}
    return RawOutputs(
        prepared,
        scores={name: float(shares[top[n], n]) for n, name in enumerate(names)},
        slice_scores={name: shares[:, n].astype(np.float32) for n, name in enumerate(names)},
        logits={name: float(logits[top[n], n]) for n, name in enumerate(names)},
        spread={name: float(spread[top[n], n]) for n, name in enumerate(names)},
        maps=maps,
    )


def _maps(names: Sequence[str], prepared: Prepared, outputs: Sequence[tuple[FloatArray, ...]]) -> dict[str, FloatArray]:
    """Class activation maps: positive part, peak 1, on the input grid."""
    heat = _mean([out[1] for out in outputs])
    size = (prepared.array.shape[1], prepared.array.shape[2])
    maps = {}
    for n, name in enumerate(names):
        planes = np.stack([resize_plane(plane, size) for plane in np.maximum(heat[:, n], 0.0)])
        peak = float(planes.max())
        maps[name] = prepared.restore_values(planes / peak if peak > 0 else planes)
    return maps


def keep_largest(labels: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    """Keep each label's largest 6-connected component of [K, J, I]."""
    from scipy import ndimage

    out = np.zeros_like(labels)
    for label in range(1, count + 1):
        parts, found = ndimage.label(labels == label)
        if not found:
            continue
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        out[parts == sizes.argmax()] = label
    return out


def keep_large(labels: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.uint8]:
    """Keep the 6-connected pieces of [K, J, I] that reach `share` of the size of their label's largest."""
    from scipy import ndimage

    out = np.zeros_like(labels)
    for label in range(1, int(labels.max()) + 1):
        parts, _ = ndimage.label(labels == label)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        out[(sizes >= share * sizes.max())[parts] & (parts > 0)] = label
    return out


def keep_near_middle(labels: npt.NDArray[np.uint8], probability: FloatArray, width: float) -> npt.NDArray[np.uint8]:
    """Keep the one piece of [K, J, I] with the most probability, counted less the further from the middle.

    A reader's box is placed around what is meant: a vessel at its rim is not. `width` is the
    standard deviation of the weight, in halves of the box's sides. The sum over a piece is divided
    by the root of its size, so that a large hilum does not beat a small nodule by its size alone.
    """
    from scipy import ndimage

    parts, found = ndimage.label(labels > 0)
    if found < 2:
        return labels
    far = np.zeros(labels.shape, dtype=np.float64)
    for axis, n in enumerate(labels.shape):
        if n > 1:
            shape = [1] * labels.ndim
            shape[axis] = n
            far = far + (np.linspace(-1, 1, n) ** 2).reshape(shape)
    weight = probability * np.exp(-far / (2 * width**2))
    numbers = np.arange(1, found + 1)
    mass = ndimage.sum_labels(weight, parts, numbers) / np.sqrt(ndimage.sum_labels(parts > 0, parts, numbers))
    return np.where(parts == 1 + int(np.argmax(mass)), labels, 0).astype(labels.dtype)


def _mean(arrays: Sequence[FloatArray]) -> FloatArray:
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
