"""Where a classifier looked: Grad-CAM and occlusion, on the network's own grid.

Grad-CAM after Selvaraju et al., ICCV 2017 (arXiv:1610.02391); occlusion after Zeiler and
Fergus, ECCV 2014 (arXiv:1311.2901). Packs whose network gives a class activation map with
its score need neither: `inference` takes that map.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from viewer.analysis.resample import resize_plane
from viewer.core.errors import PackError
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]

#: Side of the patch that occlusion hides and its step, as shares of the picture's side.
PATCH_SHARE = 1 / 6
STEP_SHARE = 1 / 16
_BATCH = 16


def grad_cam(network: nn.Module, layer: str, picture: FloatArray, label: int) -> FloatArray:
    """Grad-CAM of one label.

    Args:
        network: torch classifier on the CPU; its first output is logits [N, L].
        layer: dotted name of the last convolution, as the pack names it.
        picture: float32 [J, I], as prepared for the network.
        label: column of the logits.

    Returns:
        float32 [J, I], 0..1, peak 1 (all 0 where nothing speaks for the label).

    Raises:
        PackError: the network has no such layer.
    """
    kept: list[Tensor] = []
    try:
        module = network.get_submodule(layer)
    except AttributeError as error:
        raise PackError(f"The pack's network has no layer '{layer}'.", "Install the pack again.") from error
    hook = module.register_forward_hook(lambda _module, _input, output: kept.append(output))
    try:
        with torch.enable_grad():
            x = torch.from_numpy(picture)[None, None].requires_grad_(True)
            logit = network(x)[0][0, label]
            (slope,) = torch.autograd.grad(logit, kept[-1])
    finally:
        hook.remove()
    weight = slope.mean(dim=(2, 3), keepdim=True)
    cam = torch.relu((weight * kept[-1]).sum(dim=1))[0].detach().numpy()
    return peak_one(resize_plane(cam, (picture.shape[0], picture.shape[1])))


def occlusion(
    infer: Infer,
    picture: FloatArray,
    label: int,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> FloatArray:
    """How far a label's logit falls when a patch of the picture is hidden.

    Args:
        infer: the network; first output logits [N, L].
        picture: float32 [J, I], as prepared for the network.
        label: column of the logits.

    Returns:
        float32 [J, I], 0..1, peak 1: mean fall over all patches that cover a pixel.
    """
    rows, columns = picture.shape
    patch = (max(2, round(rows * PATCH_SHARE)), max(2, round(columns * PATCH_SHARE)))
    places = [
        (j, i)
        for j in range(0, rows - patch[0] + 1, max(1, round(rows * STEP_SHARE)))
        for i in range(0, columns - patch[1] + 1, max(1, round(columns * STEP_SHARE)))
    ]
    whole = float(infer(picture[None, None])[0][0, label])
    fall, covered = np.zeros_like(picture), np.zeros_like(picture)
    for start in range(0, len(places), _BATCH):
        if cancel is not None:
            cancel.check()
        on_progress(Progress("Occlusion", start / len(places)))
        group = places[start : start + _BATCH]
        batch = np.stack([_hidden(picture, place, patch) for place in group])[:, None]
        for place, logits in zip(group, infer(batch)[0], strict=True):
            cut = (slice(place[0], place[0] + patch[0]), slice(place[1], place[1] + patch[1]))
            fall[cut] += whole - float(logits[label])
            covered[cut] += 1
    return peak_one(np.maximum(fall / np.maximum(covered, 1), 0))


def _hidden(picture: FloatArray, place: tuple[int, int], patch: tuple[int, int]) -> FloatArray:
    out = picture.copy()
    out[place[0] : place[0] + patch[0], place[1] : place[1] + patch[1]] = float(picture.mean())
    return out


def peak_one(values: npt.NDArray[np.float32]) -> FloatArray:
    """Scaled to a peak of 1; all zeros stay zeros."""
    peak = float(values.max(initial=0.0))
    return np.asarray(values / peak if peak > 0 else values, dtype=np.float32)
