"""Distillation: one network learns what the fold members say together, so that one is shipped instead of several.

Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.tasks.classification import Distil


class Teacher:
    """The members as one teacher; stands between the hard-label loss and the step.

    Args:
        members: trained networks whose first output is logits [N, L]; put into eval mode.
        settings: weight and temperature.
    """

    def __init__(self, members: Sequence[nn.Module], settings: Distil) -> None:
        self.members = [member.eval() for member in members]
        self.settings = settings

    @torch.no_grad()
    def scores(self, images: Tensor) -> Tensor:
        """Mean of the members' softened scores [N, L], 0..1, for images [N, 1, J, I]."""
        heat = self.settings.temperature
        return torch.stack([torch.sigmoid(member(images)[0].float() / heat) for member in self.members]).mean(0)

    def __call__(self, images: Tensor, logits: Tensor, hard: Tensor) -> Tensor:
        """(1 - w) * hard + w * T^2 * binary cross-entropy to the members' scores.

        T^2 keeps the size of the soft gradients independent of T (section 2 of the paper).

        Args:
            images: the augmented pictures the student saw [N, 1, J, I].
            logits: what the student said of them [N, L].
            hard: its loss against the labels.
        """
        share, heat = self.settings.weight, self.settings.temperature
        soft = functional.binary_cross_entropy_with_logits(logits.float() / heat, self.scores(images))
        return (1 - share) * hard + share * heat**2 * soft
