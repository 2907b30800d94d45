"""Named disturbances of prepared films: another site's look, simulated, to see what a network does then.

Each is fixed (nothing is drawn anew), so figures measured under them can be repeated. They are
stronger than, or other than, what recipes augment with, and are never trained on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from msgspec import structs
from torch import Tensor
from torch.nn import functional

from viewer.analysis.preprocess import Prepared
from viewer.analysis.preprocess import normalise as set_greys
from viewer.core.inference import Normalise

Pictures = npt.NDArray[np.float16]


def _affine(across: float, down: float, right: float = 0.0, low: float = 0.0) -> Callable[[Tensor], Tensor]:
    """Sample at `across` times x and `down` times y (below 1 enlarges), shifted by shares of half a side."""
    theta = torch.tensor([[across, 0.0, right], [0.0, down, low]])

    def change(images: Tensor) -> Tensor:
        grid = functional.affine_grid(theta.repeat(len(images), 1, 1), list(images.shape), align_corners=False)
        return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    return change


def _gamma(power: float) -> Callable[[Tensor], Tensor]:
    def change(images: Tensor) -> Tensor:
        low, high = images.amin((1, 2, 3), True), images.amax((1, 2, 3), True)
        return ((images - low) / (high - low).clamp_min(1e-6)).pow(power)

    return change


def _coarse(images: Tensor) -> Tensor:
    """Half the resolution and back."""
    size = (images.shape[-2] // 2, images.shape[-1] // 2)
    small = functional.interpolate(images, size=size, mode="bilinear", antialias=True)
    return functional.interpolate(small, size=images.shape[-2:], mode="bilinear")


def _edges(images: Tensor) -> Tensor:
    """Strong unsharp masking over a fourteenth of a side."""
    reach = max(1, images.shape[-1] // 28)
    return images + 1.2 * (images - functional.avg_pool2d(images, 2 * reach + 1, 1, reach, count_include_pad=False))


def _noisy(images: Tensor) -> Tensor:
    return images + 0.08 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))


def _framed(images: Tensor) -> Tensor:
    """Black collimator edges of a twentieth of each side."""
    out = images.clone()
    edge = max(1, images.shape[-1] // 20)
    for part in (out[..., :edge, :], out[..., -edge:, :], out[..., :edge], out[..., -edge:]):
        part[:] = images.amin((1, 2, 3), True)
    return out


def _marked(images: Tensor) -> Tensor:
    """White letters' worth of marker in an upper corner and a dark label at the bottom."""
    out = images.clone()
    rows, columns = images.shape[-2:]
    out[..., rows // 12 : rows // 6, columns // 16 : columns // 9] = images.amax((1, 2, 3), True)
    out[..., -rows // 10 :, : columns // 3] = images.amin((1, 2, 3), True)
    return out


#: Name -> change of float32 pictures [N, 1, J, I].
DISTURBANCES: dict[str, Callable[[Tensor], Tensor]] = {
    "enlarged": _affine(0.87, 0.87),
    "reduced": _affine(1.13, 1.13),
    "narrow": _affine(1.15, 0.95),
    "wide": _affine(0.87, 1.05),
    "shifted": _affine(1.0, 1.0, 0.12, -0.12),
    "lighter": _gamma(0.65),
    "darker": _gamma(1.55),
    "coarse": _coarse,
    "edges": _edges,
    "noisy": _noisy,
    "framed": _framed,
    "marked": _marked,
}


def disturbed(images: Pictures, name: str, normalise: Normalise) -> Pictures:
    """Prepared pictures under one disturbance, with grey values set anew as the pack's steps do.

    Args:
        images: float16 [n, J, I], as the pack's steps leave them.
        name: a key of `DISTURBANCES`.
        normalise: the pack's `normalise` step.
    """
    out, step = [], structs.replace(normalise, per="slice")
    for first in range(0, len(images), 256):
        changed = DISTURBANCES[name](torch.from_numpy(images[first : first + 256].astype(np.float32))[:, None])
        ready = set_greys(Prepared(changed[:, 0].numpy(), np.eye(4)), step)
        out.append(ready.array.astype(np.float16))
    return np.concatenate(out)
