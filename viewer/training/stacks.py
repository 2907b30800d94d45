"""Stack recipes: slices of a patient in order, a mask for each and a score for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.inference import Runner
from viewer.analysis.tasks.segmentation import StacksRecipe
from viewer.core.inference import Inference
from viewer.training import augment, losses, metrics
from viewer.training.loop import Judge, Loss
from viewer.training.masks import Example, cut, infer_of

Array = npt.NDArray[Any]


def gather(examples: Sequence[Example], column: str) -> list[list[Example]]:
    """Examples by patient, each patient's slices in order of `column`."""
    stacks: dict[str, list[Example]] = {}
    for example in examples:
        stacks.setdefault(example.case.patient, []).append(example)
    return [sorted(s, key=lambda e: float(e.case.extra.get(column) or 0)) for s in stacks.values()]


def make_loss(stacks: Sequence[Sequence[Example]], recipe: StacksRecipe, where: torch.device) -> Loss:
    """The loss of one step: runs of slices, each run bent and shaded as one picture."""
    size = [recipe.run, *recipe.patch]
    config, seed = recipe.augment, recipe.loop.seed

    def loss(net: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng([seed, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        runs = [_run(stacks[int(n)], size, rng) for n in rng.integers(0, len(stacks), recipe.batch)]
        images = torch.from_numpy(np.stack([r[0] for r in runs]).astype(np.float32))
        labels = torch.from_numpy(np.stack([r[1] for r in runs]).astype(np.float32))
        moved, truth = augment.spatial(images, labels, config.spatial, generator)
        assert truth is not None
        changed = augment.intensity(moved, config.intensity, generator).to(where)
        masks, scores, _ = net(changed[:, :, None])
        flat = truth.flatten(0, 1).to(where)
        seen = flat.flatten(1).any(1).float()[:, None]
        scored = functional.binary_cross_entropy_with_logits(scores.float(), seen)
        return losses.dice_cross_entropy(masks, flat) + recipe.score_weight * scored

    return loss


def _run(stack: Sequence[Example], size: Sequence[int], rng: np.random.Generator) -> tuple[Array, Array]:
    """`size[0]` slices of a stack in order, one window of [size[1], size[2]] on all; short stacks repeat slices."""
    length = size[0]
    if len(stack) >= length:
        chosen = np.sort(rng.choice(len(stack), length, replace=False))
    else:
        chosen = np.sort(np.concatenate([np.arange(len(stack)), rng.integers(0, len(stack), length - len(stack))]))
    whole = Example(
        stack[0].case,
        np.concatenate([stack[int(n)].array for n in chosen]),
        np.concatenate([stack[int(n)].labels for n in chosen]),
    )
    return cut(whole, size, rng)


def outputs(net: nn.Module, stack: Sequence[Example], config: Inference, where: torch.device) -> list[Any]:
    """The network's outputs over a whole stack, with the pack's test-time copies."""
    array = np.concatenate([e.array for e in stack]).astype(np.float32)
    return Runner(config, infer_of(net, where)).run(array)


def make_judge(stacks: Sequence[Sequence[Example]], config: Inference, where: torch.device) -> Judge:
    """Mean Dice over patients ("dice") and the AUC of slices ("auc")."""

    def judge(net: nn.Module) -> dict[str, float]:
        rows, truths, scores = [], [], []
        for stack in stacks:
            out = outputs(net, stack, config, where)
            said = np.mean([o[0] for o in out], axis=0)[:, 0] > 0
            truth = np.concatenate([e.labels for e in stack]) > 0
            both, total = metrics.overlap(said, truth)
            rows.append({"structure": "dice", "unit": stack[0].case.patient, "both": both, "total": total})
            truths.append(truth.any((1, 2)))
            scores.append(np.mean([o[1] for o in out], axis=0)[:, 0])
        mean = float(metrics.structures(rows)["dice"]["dice_mean"])
        return {"dice": mean, "auc": metrics.auc(np.concatenate(truths).astype(int), np.concatenate(scores))}

    return judge
