"""Heatmaps of one run, on the input's grid, and whether they can be believed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from viewer.analysis import saliency
from viewer.analysis.backends.chain import Loaded
from viewer.analysis.inference import RawOutputs
from viewer.analysis.resample import resize_plane
from viewer.analysis.saliency_checks import Checked, check, deletion_test, shuffles
from viewer.core.analysis import PackInfo
from viewer.core.task import CancelToken, OnProgress

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]


class Explainer:
    """Draws heatmaps for the labels of one classifier run.

    Args:
        pack: `inference.json` may name the layer for Grad-CAM: {"saliency": {"layer": "..."}}.
        loaded: the network; its shuffled copies are kept with it.
        infer: the network as it ran.
        raw: what it said; `raw.maps` holds class activation maps where the network gives them.
    """

    def __init__(self, pack: PackInfo, loaded: Loaded, infer: Infer, raw: RawOutputs) -> None:
        self._loaded, self._infer, self._raw = loaded, infer, raw
        self._layer = pack.inference.saliency.layer

    @property
    def can_draw(self) -> bool:
        """True where the network gives an activation map or the pack names a layer."""
        return bool(self._layer or self._raw.maps)

    def heat(self, name: str, label: int) -> FloatArray:
        """Heatmap [K, J, I] on the input's grid, 0..1: class activation or Grad-CAM."""
        if name in self._raw.maps:
            return np.asarray(self._raw.maps[name], dtype=np.float32)
        planes = [self._on_picture(plane, label) for plane in self._raw.seen.array]
        return saliency.peak_one(self._raw.seen.restore_values(np.stack(planes)))

    def occlusion(self, label: int, on_progress: OnProgress, cancel: CancelToken) -> tuple[FloatArray, Checked]:
        """Occlusion heatmap [K, J, I] of the slice with the highest score (0 elsewhere), and its deletion test."""
        array = self._raw.seen.array
        planes = np.zeros_like(array)
        top = self._top(label)
        planes[top] = saliency.occlusion(self._infer, array[top], label, on_progress, cancel)
        tested = Checked(*deletion_test(self._infer, array[top], planes[top], label), None)
        return saliency.peak_one(self._raw.seen.restore_values(planes)), tested

    def check(self, label: int, cancel: CancelToken) -> Checked:
        """Test the heatmap of the slice with the highest score."""
        picture = self._raw.seen.array[self._top(label)]

        def draw(network: nn.Module) -> FloatArray:
            return self._draw(network, picture, label)

        networks = self._loaded.cached("shuffles", lambda: shuffles(self._loaded.network))
        target = (self._on_picture(picture, label), label)
        return check(self._infer, draw, networks, picture, target, cancel=cancel)

    def _top(self, label: int) -> int:
        name = list(self._raw.scores)[label]
        return int(np.argmax(self._raw.slice_scores[name])) if name in self._raw.slice_scores else 0

    def _on_picture(self, picture: FloatArray, label: int) -> FloatArray:
        """Heatmap [J, I] on the network's input grid, 0..1."""
        drawn = self._draw(self._loaded.network, picture, label)
        return saliency.peak_one(np.maximum(resize_plane(drawn, (picture.shape[0], picture.shape[1])), 0))

    def _draw(self, network: nn.Module, picture: FloatArray, label: int) -> FloatArray:
        """What a network's features say for the label: [j, i] on their own grid, or Grad-CAM."""
        if self._layer:
            return saliency.grad_cam(network, self._layer, picture, label)
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(picture)[None, None])[1][0, label].numpy())
