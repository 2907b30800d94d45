"""Pictures with masks as training data: examples, random windows, the loss of a step, the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from msgspec import structs
from torch import Tensor, nn

from viewer.analysis.inference import Infer, Runner
from viewer.analysis.preprocess import prepare
from viewer.analysis.tasks.segmentation import MaskRecipe, SegmentationRecipe, interpret
from viewer.core.errors import UsageError
from viewer.core.inference import CenterCrop, CropRoi, Inference, Pad
from viewer.training import augment, cases, losses, metrics
from viewer.training.loop import Judge, Loss

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One case ready for training: picture and truth on the network's spacing, unpadded."""

    case: cases.Case
    array: npt.NDArray[np.float16]
    labels: Array


def load_examples(table: Sequence[cases.Case], inference: Inference, recipe: MaskRecipe) -> list[Example]:
    """Take every case through the pack's own steps, boxes and padding left out."""
    examples = []
    for case in table:
        if case.mask is None and recipe.skip_without_mask:
            continue
        volume = cases.load_quickly(case.image)
        ready = prepare(volume, inference.preprocess, skip=(CropRoi, CenterCrop, Pad))
        truth = _truth(case, volume.shape, recipe)
        examples.append(Example(case, ready.array.astype(np.float16), ready.apply_to_labels(truth)))
    return examples


def _truth(case: cases.Case, shape: tuple[int, int, int], recipe: MaskRecipe) -> Array:
    """Label numbers [K, J, I]; with `vote_share`, the share 0..1 of readers who marked a voxel."""
    if case.mask is None:
        return np.zeros(shape, dtype=np.uint8)
    mask = cases.load_labels(case.mask)
    if mask.shape != shape:
        raise UsageError(f"The mask of {case.name} has another shape than the image.", "Mend the table.")
    if recipe.vote_share:
        return (mask / float(recipe.vote_share)).astype(np.float16)
    return ((mask >= recipe.mask_at_least) if recipe.binary_mask else mask).astype(np.uint8)


def make_loss(examples: Sequence[Example], recipe: SegmentationRecipe, where: torch.device) -> Loss:
    """The loss of one step: random crops, augmented, Dice + cross-entropy."""
    size, config, loop = recipe.patch, recipe.augment, recipe.loop
    flat, jitter = len(size) == 2, recipe.centre_jitter

    def loss(net: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng([loop.seed, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        chosen = rng.integers(0, len(examples), recipe.batch)
        cuts = [cut(examples[n], size, rng, jitter) for n in chosen]
        images = torch.from_numpy(np.stack([c[0] for c in cuts])[:, None].astype(np.float32))
        labels = torch.from_numpy(np.stack([c[1] for c in cuts])[:, None].astype(np.float32))
        if recipe.sides:
            side = augment.side_at(recipe.sides, step / loop.steps)
            images, labels = augment.resized(images, labels, side)
        moved, truth = augment.spatial(images, labels, config.spatial, generator)
        assert truth is not None
        changed = augment.intensity(moved, config.intensity, generator).to(where)
        kind = torch.channels_last if flat else torch.channels_last_3d
        logits = net(changed.contiguous(memory_format=kind))[0]
        return losses.dice_cross_entropy(logits, truth[:, 0].to(where))

    return loss


def cut(
    example: Example, size: Sequence[int], rng: np.random.Generator, jitter: int | None = None
) -> tuple[Array, Array]:
    """A random window of the picture and its labels; too small pictures are edge-padded.

    With `jitter` the window lies within so many voxels of the picture's middle.
    """
    array, labels = example.array, example.labels
    if len(size) == 2:
        k = int(rng.integers(len(array)))
        array, labels = array[k], labels[k]
    short = [max(0, w - n) for n, w in zip(array.shape, size, strict=True)]
    if any(short):
        before = [int(rng.integers(0, s + 1)) for s in short]
        widths = [(b, s - b) for b, s in zip(before, short, strict=True)]
        array, labels = np.pad(array, widths, mode="edge"), np.pad(labels, widths)
    starts = [_start(n - w, jitter, rng) for n, w in zip(array.shape, size, strict=True)]
    place = tuple(slice(a, a + w) for a, w in zip(starts, size, strict=True))
    return array[place], labels[place]


def _start(room: int, jitter: int | None, rng: np.random.Generator) -> int:
    if jitter is None:
        return int(rng.integers(0, room + 1))
    return int(np.clip(room // 2 + rng.integers(-jitter, jitter + 1), 0, room))


def infer_of(net: nn.Module, where: torch.device) -> Infer:
    """The network as the plain callable that `tasks.predict` takes."""

    @torch.inference_mode()
    def infer(batch: FloatArray) -> tuple[FloatArray, ...]:
        out = net(torch.from_numpy(batch).to(where))
        return tuple(tensor.float().cpu().numpy() for tensor in out)

    return infer


def measure(
    infer: Infer,
    table: Sequence[cases.Case],
    inference: Inference,
    recipe: MaskRecipe,
    *,
    distances: bool = False,
) -> list[dict[str, Any]]:
    """Rows for `metrics.structures` on the cases' own grids."""
    names = inference.output.labels
    rows: list[dict[str, Any]] = []
    hard = structs.replace(recipe, vote_share=None)
    for case in table:
        volume = cases.load_quickly(case.image)
        truth = _truth(case, volume.shape, hard)
        ready = prepare(volume, inference.preprocess, skip=(CropRoi,))
        said = interpret(inference, ready, Runner(inference, infer).run(ready.array)).labels
        assert said is not None
        for n, name in enumerate(names, start=1):
            far = metrics.hd95(said == n, truth == n, volume.geometry.spacing) if distances else None
            both, total = metrics.overlap(said == n, truth == n)
            rows.append({"structure": name, "unit": case.patient, "both": both, "total": total, "hd95": far})
    return rows


def make_judge(table: Sequence[cases.Case], inference: Inference, recipe: MaskRecipe, where: torch.device) -> Judge:
    """Mean Dice per structure, and over all as "dice"."""

    def judge(net: nn.Module) -> dict[str, float]:
        rows = measure(infer_of(net, where), table, inference, recipe)
        out = {name: float(s["dice_mean"]) for name, s in metrics.structures(rows).items()}
        return {**out, "dice": float(np.mean(list(out.values())))}

    return judge
