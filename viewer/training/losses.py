"""Losses of the recipes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTH = 1e-5


def dice_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Soft Dice over the batch plus cross-entropy.

    Args:
        logits: [N, L, ...]; L = 1 means one sigmoid mask, else a softmax with background 0.
        labels: [N, ...] label numbers, or shares 0..1 where L = 1.
    """
    logits = logits.float()
    if logits.shape[1] == 1:
        target = labels.float()[:, None]
        share = torch.sigmoid(logits)
        entropy = functional.binary_cross_entropy_with_logits(logits, target)
        return entropy + _soft_dice(share, target)
    entropy = functional.cross_entropy(logits, labels.long())
    share = torch.softmax(logits, dim=1)[:, 1:]
    hot = functional.one_hot(labels.long(), logits.shape[1]).movedim(-1, 1)[:, 1:].float()
    return entropy + _soft_dice(share, hot)


def _soft_dice(share: Tensor, target: Tensor) -> Tensor:
    """1 - mean Dice over classes, sums over the whole batch."""
    axes = (0, *range(2, share.ndim))
    both = (share * target).sum(axes)
    return 1 - ((2 * both + _SMOOTH) / (share.sum(axes) + target.sum(axes) + _SMOOTH)).mean()


def binary(logits: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
    """Weighted binary cross-entropy with label smoothing; logits and targets [N, L]."""
    soft = targets * (1 - smoothing) + 0.5 * smoothing
    loss = functional.binary_cross_entropy_with_logits(logits.float(), soft, reduction="none")
    if weights is None:
        return loss.mean()
    return (loss * weights[:, None]).sum() / weights.sum().clamp_min(1e-6)
