"""Radiographs as training data: prepared pictures with labels and lung fields, their sampling, loss and judge."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.analysis.preprocess import prepare
from viewer.analysis.tasks.classification import ClassificationRecipe
from viewer.core.errors import UsageError
from viewer.core.inference import Inference
from viewer.training import augment, cases, losses, metrics
from viewer.training.loop import Judge, Loss, low_precision

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
#: (pictures [N, 1, J, I], logits [N, L], loss against the labels) -> the loss that takes its place.
Teach = Callable[[Tensor, Tensor, Tensor], Tensor]

#: Pictures a network judges at once outside training.
_JUDGE_BATCH = 64


@dataclass(frozen=True)
class Radiographs:
    """A case table as arrays.

    Attributes:
        images: float16 [n, J, I], as the pack's steps leave them.
        fields: uint8 [n, J, I], lung field 0 / 1; `has_field` bool [n].
        truth: float32 [n, L].
        weights: float64 [n], sampling weights that sum to 1.
        groups: patients.
        cases: the rows.
    """

    images: npt.NDArray[np.float16]
    fields: npt.NDArray[np.uint8]
    has_field: Array
    truth: FloatArray
    weights: npt.NDArray[np.float64]
    groups: list[str]
    cases: tuple[cases.Case, ...]

    def take(self, chosen: Array) -> Radiographs:
        """The chosen rows, weights scaled to sum to 1 again."""
        picked = [int(n) for n in np.flatnonzero(chosen)] if chosen.dtype == bool else [int(n) for n in chosen]
        weights = self.weights[picked]
        return Radiographs(
            self.images[picked], self.fields[picked], self.has_field[picked], self.truth[picked],
            weights / weights.sum(), [self.groups[n] for n in picked], tuple(self.cases[n] for n in picked),
        )  # fmt: skip


def load_radiographs(table: Sequence[cases.Case], inference: Inference, recipe: ClassificationRecipe) -> Radiographs:
    """Read every film through the pack's own steps; masks follow on the same grid."""
    _check_installed(recipe)
    images, fields, has_field = [], [], []
    for case in table:
        volume = cases.load_quickly(case.image)
        ready = prepare(volume, inference.preprocess)
        images.append(ready.array[0].astype(np.float16))
        mask = None if case.mask is None else cases.load_labels(case.mask)
        fits = mask is not None and mask.shape == volume.shape
        has_field.append(fits)
        field = ready.apply_to_labels((mask > 0).astype(np.uint8))[0] if fits and mask is not None else None
        fields.append(np.zeros(ready.array.shape[1:], dtype=np.uint8) if field is None else field)
    truth = truth_of(table, recipe)
    weights = balance(table, truth, recipe)
    return Radiographs(np.stack(images), np.stack(fields), np.array(has_field), truth, weights,
                 [c.patient for c in table], tuple(table))  # fmt: skip


def _check_installed(recipe: ClassificationRecipe) -> None:
    """Say what is missing before minutes go into reading pictures.

    Raises:
        UsageError: the recipe weights a shortcut away, and the library for it is not installed.
    """
    if recipe.balance.columns and importlib.util.find_spec("sklearn") is None:
        what = "This recipe weights a shortcut away (`balance.columns`) and needs scikit-learn, which is not installed."
        raise UsageError(what, "Install it: pip install scikit-learn.")


def truth_of(table: Sequence[cases.Case], recipe: ClassificationRecipe) -> FloatArray:
    """0 / 1 per label [n, L]: 1 where the case's label is the recipe's `positive` for it."""
    names = list(recipe.positive.values())
    return np.array([[float(case.label == name) for name in names] for case in table], dtype=np.float32)


def balance(table: Sequence[cases.Case], truth: FloatArray, recipe: ClassificationRecipe) -> npt.NDArray[np.float64]:
    """Sampling weights: classes even and, with `balance.columns`, a known shortcut taken away.

    The shortcut's log size and ratio predict the label; each case is weighted by the inverse of
    that prediction (clipped), so the label no longer goes with it among the cases drawn.
    """
    yes = truth[:, 0].astype(bool)
    weights = np.where(yes, 0.5 / max(1, yes.sum()), 0.5 / max(1, (~yes).sum()))
    block = recipe.balance
    for column in block.even:
        weights = _even(weights, yes, np.array([case.extra.get(column, "") for case in table]))
    columns = block.columns
    if not columns or not all(case.extra.get(c) for case in table for c in columns):
        return np.asarray(weights / weights.sum())
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    sizes = np.log(np.array([[float(case.extra[c]) for c in columns] for case in table]))
    features = PolynomialFeatures(2, include_bias=False).fit_transform(StandardScaler().fit_transform(sizes))
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(features, yes)
    share = model.predict_proba(features)[np.arange(len(yes)), yes.astype(int)]
    weights = weights * np.clip(0.5 / share, 1 / block.clip, block.clip)
    for group in (yes, ~yes):
        weights[group] *= 0.5 / weights[group].sum()
    return np.asarray(weights)


def _even(weights: Array, yes: Array, words: Array) -> Array:
    """Give every word the same total weight, half of it to each class, so neither tells the other."""
    out = weights.copy()
    for word in np.unique(words):
        for group in (yes, ~yes):
            cell = (words == word) & group
            if cell.any():
                out[cell] *= 1 / weights[cell].sum()
    return np.asarray(out / out.sum())


def make_loss(
    pictures: Radiographs, recipe: ClassificationRecipe, where: torch.device, teach: Teach | None = None
) -> Loss:
    """The loss of one step: a balanced, augmented batch; binary cross-entropy plus the lung field.

    `teach` changes the first part (`distil.Teacher`); the lung field is learnt from its masks all the same.
    """
    loop, config = recipe.loop, recipe.augment

    def loss(net: nn.Module, step: int) -> Tensor:
        rng = np.random.default_rng([loop.seed, step])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        chosen = rng.choice(len(pictures.images), recipe.batch, p=pictures.weights)
        images, fields = _batch(pictures, chosen, augment.side_at(recipe.sides, step / loop.steps))
        moved, field = augment.spatial(images, fields, config.spatial, generator)
        assert field is not None
        changed = augment.erase(augment.intensity(moved, config.intensity, generator), config, generator)
        shown = changed.to(where).contiguous(memory_format=torch.channels_last)
        logits, _, said = net(shown)
        truth = torch.from_numpy(pictures.truth[chosen]).to(where)
        main = losses.binary(logits, truth, recipe.smoothing)
        if teach is not None:
            main = teach(shown, logits, main)
        known = torch.from_numpy(pictures.has_field[chosen]).to(where)
        return main + recipe.field_weight * _field_loss(said, field.to(where), known)

    return loss


def _batch(pictures: Radiographs, chosen: Array, side: int) -> tuple[Tensor, Tensor]:
    images = torch.from_numpy(pictures.images[chosen].astype(np.float32))[:, None]
    fields = torch.from_numpy(pictures.fields[chosen].astype(np.float32))[:, None]
    return augment.resized(images, fields, side)


def _field_loss(said: Tensor, field: Tensor, known: Tensor) -> Tensor:
    if not bool(known.any()):
        return said.sum() * 0.0
    target = functional.adaptive_avg_pool2d(field, (said.shape[-2], said.shape[-1]))
    loss = functional.binary_cross_entropy_with_logits(said.float(), target, reduction="none").mean((1, 2, 3))
    return (loss * known).sum() / known.sum()


@torch.inference_mode()
def score(net: nn.Module, images: npt.NDArray[np.float16], where: torch.device, mirror: bool = False) -> FloatArray:
    """Logits [n, L] of prepared films; `mirror` averages with the left-right mirrored film."""
    out = []
    for first in range(0, len(images), _JUDGE_BATCH):
        batch = torch.from_numpy(images[first : first + _JUDGE_BATCH].astype(np.float32))[:, None].to(where)
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.autocast(where.type, torch.bfloat16, enabled=low_precision(where)):
            logits = net(batch)[0].float()
            if mirror:
                logits = (logits + net(batch.flip(3))[0].float()) / 2
        out.append(logits.cpu().numpy())
    return np.concatenate(out)


def make_judge(pictures: Radiographs, where: torch.device) -> Judge:
    """AUC of the held-out films, plain and with the shortcut weighted away."""

    def judge(net: nn.Module) -> dict[str, float]:
        logits = score(net, pictures.images, where)[:, 0]
        truth = pictures.truth[:, 0]
        drawn = np.random.default_rng(0).choice(len(truth), 4 * len(truth), p=pictures.weights)
        marks = np.quantile(logits, np.linspace(0.02, 0.98, 49))
        best = max(_balanced_at(truth[drawn], logits[drawn], t) for t in marks)
        return {"auc": metrics.auc(truth, logits), "auc_without_shortcut": metrics.auc(truth[drawn], logits[drawn]),
                "balanced": best}  # fmt: skip

    return judge


def _balanced_at(truth: Array, logits: Array, threshold: float) -> float:
    called = logits >= threshold
    return float((called[truth > 0].mean() + (~called[truth == 0]).mean()) / 2)
