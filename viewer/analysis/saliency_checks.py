"""Is a heatmap more than decoration? Two tests, told in figures.

Deletion (Petsiuk et al., BMVC 2018, arXiv:1806.07421): hiding the warmest part of the
picture must lower the score more than hiding a part of the same shape elsewhere.
Random weights (Adebayo et al., NeurIPS 2018, arXiv:1810.03292): the same network with
shuffled weights must draw another map. A map made by occlusion needs the first test only: it
is nothing but the network's own answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from viewer.analysis.inference import sigmoid
from viewer.analysis.provenance import SEED
from viewer.core.task import CancelToken

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]
#: Draws the map of a network, on any grid and scale (not clipped: order is what counts).
Mapper = Callable[[nn.Module], FloatArray]

#: Share of the picture that is hidden (set to the picture's mean): its warmest pixels.
HIDDEN_SHARE = 0.2
#: Places the warm part is moved to for comparison, and the share of them that must matter
#: less. A map drawn at random passes one time in ten. Mean and share were chosen on 30
#: training films of cxr-pneumonia, where a blur hid opacities too little to tell.
PLACES = 20
MIN_RANK = 0.9
#: A fall of the logit under this is none.
MIN_FALL = 0.1
#: Networks with shuffled weights that draw a map for comparison.
SHUFFLES = 3
#: Their maps must correlate less than this with the real one, on average. (On those films: 0.0,
#: at most 0.4 for a single one.)
MAX_CORRELATION = 0.5


@dataclass(frozen=True, slots=True)
class Checked:
    """What the two tests found.

    Attributes:
        deletion: fall of the score when the warmest fifth is hidden.
        elsewhere: mean fall when a part of the same shape is hidden elsewhere.
        rank: share of those places where the score fell less (1 = all).
        random_weights: mean rank correlation with the maps of shuffled networks; None for a map made by occlusion.
    """

    deletion: float
    elsewhere: float
    rank: float
    random_weights: float | None

    @property
    def passed(self) -> bool:
        """True when the map passed both tests."""
        moves = self.random_weights is None or self.random_weights < MAX_CORRELATION
        return self.deletion > 0 and self.rank >= MIN_RANK and moves

    @property
    def words(self) -> str:
        """The figures for a reader."""
        deleted = f"deletion {self.deletion:.2f} (elsewhere {self.elsewhere:.2f})"
        if self.random_weights is None:
            return f"{deleted}, made by occlusion"
        return f"{deleted}, random weights {self.random_weights:.2f}"


def check(
    infer: Infer,
    draw: Mapper,
    networks: Sequence[nn.Module],
    picture: FloatArray,
    target: tuple[FloatArray, int],
    *,
    cancel: CancelToken | None = None,
) -> Checked:
    """Run both tests on one heatmap.

    Args:
        infer: the network that made the score; first output logits [N, L].
        draw: makes the map of a network for this picture and label.
        networks: the network as a torch module on the CPU, then shuffled copies of it.
        picture: float32 [J, I], as prepared for the network.
        target: the heatmap [J, I] on the same grid, and its column of the logits.
        cancel: asked between the steps.
    """
    deletion, elsewhere, rank = deletion_test(infer, picture, *target)
    if cancel is not None:
        cancel.check()
    return Checked(deletion, elsewhere, rank, randomisation_test(draw, networks, cancel))


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
    blank = float(picture.mean())
    batch = np.stack([picture, *(np.where(part, blank, picture) for part in moved)])[:, None]
    logits = infer(batch.astype(np.float32))[0][:, label].astype(np.float64)
    falls = logits[0] - logits[1:]
    scores = sigmoid(logits)
    rank = float(np.mean(falls[0] > falls[1:])) if falls[0] >= MIN_FALL else 0.0
    return float(scores[0] - scores[1]), float(scores[0] - scores[2:].mean()), rank


def randomisation_test(draw: Mapper, networks: Sequence[nn.Module], cancel: CancelToken | None = None) -> float:
    """Mean Spearman correlation of the first network's map with those of the others."""
    from scipy import stats

    heat = draw(networks[0])
    found = []
    for network in networks[1:]:
        if cancel is not None:
            cancel.check()
        other = draw(network)
        flat = float(np.ptp(other)) == 0 or float(np.ptp(heat)) == 0  # shares nothing with any other
        found.append(0.0 if flat else float(stats.spearmanr(heat.ravel(), other.ravel()).statistic))
    return float(np.mean(found))


def shuffles(network: nn.Module) -> tuple[nn.Module, ...]:
    """The network, then `SHUFFLES` copies with shuffled weights."""
    return (network, *(shuffled(network, SEED + turn) for turn in range(SHUFFLES)))


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
