"""Classification: members trained by folds, one network of them, and its figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import UNSET, structs
from torch import Tensor, nn

from viewer.analysis import networks
from viewer.analysis.tasks.classification import ClassificationRecipe, Distil
from viewer.core.analysis import PackInfo
from viewer.core.errors import PackError
from viewer.core.inference import AnyNetwork, RadiographClassifier
from viewer.training import cases, distil, points, radiographs
from viewer.training.job import WHOLE, Job, Trained, fit
from viewer.training.loop import device
from viewer.training.tasks import scores
from viewer.training.tasks.base import TrainingTask


def train_classifier(job: Job[ClassificationRecipe]) -> Trained:
    """One member per fold (`run_folds`: some of them); pictures a member never saw fix the operating points.

    With a `distil` block one network taught by the members is shipped in their place.
    """
    where, recipe = device(), job.recipe
    pictures = radiographs.load_radiographs(job.training_cases, job.pack.inference, recipe)
    folds = cases.assign_folds(pictures.groups, recipe.folds, seed=1)
    chosen = list(range(recipe.folds) if recipe.run_folds is None else recipe.run_folds)
    logits = np.zeros((len(folds), pictures.truth.shape[1]), dtype=np.float32)
    members: list[nn.Module] = []
    for fold in chosen:
        kept, held = pictures.take(folds != fold), pictures.take(folds == fold)
        loss = radiographs.make_loss(kept, recipe.with_loop(seed=fold + 1), where)
        net = fit(job, loss, f"fold-{fold}", seed=fold + 1, judge=radiographs.make_judge(held, where))
        logits[folds == fold] = radiographs.score(net, held.images, where, mirror=_mirrors(job.pack))
        members.append(net)
    unseen = pictures.take(np.isin(folds, chosen))
    said = logits[np.isin(folds, chosen), 0]
    fixed = points.fix(said, unseen.truth[:, 0], unseen.groups, recipe.points)
    marks = fixed.points
    if recipe.distil is not None:
        members = [_distilled(job, pictures, members, recipe.distil)]
        marks = [{**p, "origin": f"{p['origin']}, of the members that taught this network"} for p in marks]
    return Trained(merge(members, job.pack.inference.network), marks, fixed.temperature, fixed.folds)


def _distilled(
    job: Job[ClassificationRecipe], pictures: radiographs.Radiographs, members: Sequence[nn.Module], lesson: Distil
) -> nn.Module:
    """One network taught on every training case by all members.

    It has seen every training case, so it is not judged on them: operating points and temperature stay those
    of the members' out-of-fold scores, which it was taught to repeat.
    """
    seed = job.recipe.folds + 1 if lesson.loop.seed is UNSET else lesson.loop.seed
    recipe = structs.replace(job.recipe, loop=structs.replace(lesson.loop.applied(job.recipe.loop), seed=seed))
    loss = radiographs.make_loss(pictures, recipe, device(), distil.Teacher(members, lesson))
    return fit(job.with_recipe(recipe), loss, WHOLE, seed=seed)


def merge(members: Sequence[nn.Module], network: AnyNetwork) -> nn.Module:
    """One averaging network from single-member ones."""
    if not isinstance(network, RadiographClassifier):
        raise PackError(f"A network '{network.name}' has no members to average.", "Name a RadiographClassifier.")
    whole = networks.build(structs.replace(network, args=structs.replace(network.args, members=len(members))))
    state: dict[str, Tensor] = {}
    for index, member in enumerate(members):
        for name, tensor in member.state_dict().items():
            state[name.replace("members.0.", f"members.{index}.", 1)] = tensor
    whole.load_state_dict(state, strict=True)
    return whole.eval()


def _mirrors(pack: PackInfo) -> bool:
    return any(2 in axes for axes in pack.inference.tta.flips)


TRAINING = TrainingTask({ClassificationRecipe: train_classifier}, scores.summary, scores.card, empty_is_truth=False)
