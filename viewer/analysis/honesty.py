"""Is a heatmap more than decoration? Two tests, told in figures.

Deletion (Petsiuk et al., BMVC 2018, arXiv:1806.07421): hiding the warmest part of the
picture must lower the score more than hiding a part of the same shape elsewhere.
Random weights (Adebayo et al., NeurIPS 2018, arXiv:1810.03292): the same network with
shuffled weights must draw another map.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from viewer.analysis.inference import sigmoid
from viewer.analysis.passport import SEED
from viewer.core.task import CancelToken

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]
Mapper = Callable[[nn.Module], FloatArray]

#: Share of the picture that is hidden: its warmest pixels.
HIDDEN_SHARE = 0.2
#: Places the warm part is moved to for comparison.
PLACES = 8
#: Networks with shuffled weights that draw a map for comparison.
SHUFFLES = 3
#: Maps of shuffled networks must correlate less than this with the real one.
MAX_CORRELATION = 0.5
#: Blur that hides a part: sigma as a share of the picture's side.
_BLUR_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Honesty:
    """What the two tests found.

    Attributes:
        deletion: fall of the score when the warmest fifth is hidden.
        elsewhere: mean fall when a part of the same shape is hidden elsewhere.
        rank: share of those places where the score fell less (1 = all).
        random_weights: highest rank correlation with the map of a shuffled network.
    """

    deletion: float
    elsewhere: float
    rank: float
    random_weights: float

    @property
    def honest(self) -> bool:
        """True when the map passed both tests."""
        return self.deletion > 0 and self.rank >= 1.0 - 1e-9 and self.random_weights < MAX_CORRELATION

    @property
    def words(self) -> str:
        """The figures for a reader."""
        return (
            f"deletion {self.deletion:.2f} (elsewhere {self.elsewhere:.2f}), random weights {self.random_weights:.2f}"
        )


def check(
    infer: Infer,
    network: nn.Module,
    draw: Mapper,
    picture: FloatArray,
    label: int,
    *,
    cancel: CancelToken | None = None,
) -> Honesty:
    """Run both tests on one heatmap.

    Args:
        infer: the network that made the score; first output logits [N, L].
        network: the same as a torch module on the CPU (left as it is).
        draw: makes the map [J, I] of a network for this picture and label.
        picture: float32 [J, I], as prepared for the network.
        label: column of the logits.
    """
    heat = draw(network)
    deletion, elsewhere, rank = deletion_test(infer, picture, heat, label)
    if cancel is not None:
        cancel.check()
    return Honesty(deletion, elsewhere, rank, randomisation_test(network, draw, heat, cancel))


def deletion_test(infer: Infer, picture: FloatArray, heat: FloatArray, label: int) -> tuple[float, float, float]:
    """Fall of the score at the warm part, mean fall elsewhere, share of places that fell less.

    Args:
        infer: the network.
        picture, heat: float32 [J, I] on one grid.
        label: column of the logits.
    """
    warm = _warmest(heat)
    if not warm.any():
        return 0.0, 0.0, 0.0
    moved = [warm, *_moved(warm)]
    blurred = _blur(picture)
    batch = np.stack([picture, *(np.where(part, blurred, picture) for part in moved)])[:, None]
    logits = infer(batch.astype(np.float32))[0][:, label].astype(np.float64)
    falls = logits[0] - logits[1:]
    scores = sigmoid(logits)
    rank = float(np.mean(falls[0] > falls[1:]))
    return float(scores[0] - scores[1]), float(scores[0] - scores[2:].mean()), rank


def randomisation_test(network: nn.Module, draw: Mapper, heat: FloatArray, cancel: CancelToken | None = None) -> float:
    """Highest Spearman correlation of the map with those of networks with shuffled weights."""
    from scipy import stats

    highest = -1.0
    for turn in range(SHUFFLES):
        if cancel is not None:
            cancel.check()
        other = draw(shuffled(network, SEED + turn))
        if float(np.ptp(other)) == 0 or float(np.ptp(heat)) == 0:
            continue  # a flat map shares nothing with any other
        highest = max(highest, float(stats.spearmanr(heat.ravel(), other.ravel()).statistic))
    return max(highest, 0.0)


def shuffled(network: nn.Module, seed: int) -> nn.Module:
    """A copy whose convolutions and linear layers have their weights in random order."""
    source = torch.Generator().manual_seed(seed)
    other = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in other.parameters():
            if parameter.dim() > 1:
                flat = parameter.reshape(-1)
                parameter.copy_(flat[torch.randperm(flat.numel(), generator=source)].reshape(parameter.shape))
    return other


def _warmest(heat: FloatArray) -> npt.NDArray[np.bool_]:
    """The warmest `HIDDEN_SHARE` of the pixels, never a pixel without heat."""
    edge = float(np.quantile(heat, 1 - HIDDEN_SHARE))
    return (heat >= edge) & (heat > 0)


def _moved(part: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    """The same shape at other places: rolled round the picture by at least a quarter of a side."""
    chance = np.random.default_rng(SEED)
    rows, columns = part.shape
    out = []
    for _ in range(PLACES):
        down = int(chance.integers(rows // 4, rows - rows // 4 + 1))
        right = int(chance.integers(columns // 4, columns - columns // 4 + 1))
        out.append(np.roll(part, (down, right), axis=(0, 1)))
    return out


def _blur(picture: FloatArray) -> FloatArray:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(picture, _BLUR_SHARE * max(picture.shape)), dtype=np.float32)
