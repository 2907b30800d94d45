"""Distillation: one network learns what the fold members say together, so that one is shipped instead of several.

Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.core.errors import UsageError
from viewer.training.loop import LoopConfig


@dataclass(frozen=True, slots=True)
class Distillation:
    """A recipe's `distil` block.

    Attributes:
        weight: share 0..1 of the loss that comes from the members; the rest comes from the hard labels.
        temperature: > 0; logits are divided by it before the sigmoid, which softens the scores.
        loop: settings that replace the recipe's own `loop` for this network.
    """

    weight: float = 0.7
    temperature: float = 2.0
    loop: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_recipe(cls, recipe: Mapping[str, Any]) -> Distillation | None:
        """Read the block; None where the recipe has none.

        Raises:
            UsageError: an unknown key, or a value out of range.
        """
        if "distil" not in recipe:
            return None
        block = recipe["distil"]
        if not isinstance(block, Mapping):
            raise UsageError("The recipe's `distil` is no block of settings.", 'Write {"weight": 0.7}, for example.')
        _known(block, cls, "distil")
        made = cls(**block)
        if not (_number(made.weight) and 0 <= made.weight <= 1):
            raise UsageError("The weight in the recipe's `distil` is no share.", "Give a number from 0 to 1.")
        if not (_number(made.temperature) and 0 < made.temperature < float("inf")):
            raise UsageError("The temperature in the recipe's `distil` is unusable.", "Give a number above 0.")
        if not isinstance(made.loop, Mapping):
            raise UsageError("The `loop` in the recipe's `distil` is no block.", 'Write {"steps": 900}, for example.')
        _known(made.loop, LoopConfig, "distil.loop")
        return made

    def recipe_of_student(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe with this block's loop settings in place of its own."""
        return {**recipe, "loop": {**recipe["loop"], **self.loop}}


def _known(block: Mapping[str, Any], kind: type[Distillation | LoopConfig], name: str) -> None:
    allowed = [f.name for f in fields(kind)]
    unknown = sorted(set(block) - set(allowed))
    if unknown:
        raise UsageError(f"The recipe's `{name}` has unknown keys: {', '.join(unknown)}.",
                         f"Known: {', '.join(allowed)}.")  # fmt: skip


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Teacher:
    """The members as one teacher; stands between the hard-label loss and the step.

    Args:
        members: trained networks whose first output is logits [N, L]; put into eval mode.
        settings: weight and temperature.
    """

    def __init__(self, members: Sequence[nn.Module], settings: Distillation) -> None:
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
