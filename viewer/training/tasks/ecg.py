"""ECG: members by folds and ways of dividing, their mean, a threshold a label; multi-label figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from msgspec import structs
from torch import Tensor, nn

from viewer.analysis.sequences import EcgReader
from viewer.analysis.tasks.ecg import EcgRecipe
from viewer.core.analysis import Input, PackInfo
from viewer.core.inference import EcgReaderArgs
from viewer.training import cases, metrics, points, recordings
from viewer.training.job import Job, Trained, fit
from viewer.training.recordings import Recordings, Scale
from viewer.training.tasks import scores
from viewer.training.tasks.base import TrainingTask

Array = npt.NDArray[Any]


def train_ecg(job: Job[EcgRecipe]) -> Trained:
    """A member for each fold of each way of dividing; records that a member never saw fix the thresholds."""
    names, data = job.pack.inference.output.labels, recordings.gather(job.pack, job.training_cases)
    logits, members = [], []
    for seed in job.recipe.seeds:
        folds = cases.assign_stratified(data.patients, data.truth, job.recipe.folds, seed)
        said = np.zeros_like(data.truth)
        for fold in range(job.recipe.folds):
            mine, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            net, scale = _member(job, data, mine, f"seed-{seed}-fold-{fold}", 100 * seed + fold)
            said[held] = recordings.score(net, data, held, scale)
            members.append(_unscaled(net, scale))
        logits.append(said)
    marks, figures = _fixed(names, data, np.stack(logits).astype(np.float64).mean(0), job.recipe)
    args = getattr(job.pack.inference.network, "args", None)
    assert isinstance(args, EcgReaderArgs)
    return Trained(merge(members, args), folds=figures, label_points=marks)


def _member(job: Job[EcgRecipe], data: Recordings, mine: Array, name: str, number: int) -> tuple[EcgReader, Scale]:
    scale, labels, share = Scale.of(data.table[mine]), data.truth, job.recipe.trees
    if share:
        labels = (1 - share) * labels + share * recordings.tree_scores(data, mine, number)
    loss = recordings.make_loss(data, mine, job.recipe, number, scale=scale, labels=labels)
    net = fit(job, loss, name, seed=number)
    assert isinstance(net, EcgReader)
    return net, scale


@torch.no_grad()
def _unscaled(net: EcgReader, scale: Scale) -> EcgReader:
    """The table's scale put into its first layer, so that raw columns go in where the pack is used."""
    member = net.members[0]
    first = member.get_submodule("table.0")
    assert isinstance(first, nn.Linear)
    first.weight.div_(torch.from_numpy(scale.spread))
    first.bias.sub_(first.weight @ torch.from_numpy(scale.centre))
    return net


def merge(members: Sequence[EcgReader], args: EcgReaderArgs) -> EcgReader:
    """One averaging network from single-member ones."""
    whole = EcgReader(**structs.asdict(structs.replace(args, members=len(members))))
    state: dict[str, Tensor] = {}
    for index, member in enumerate(members):
        for name, tensor in member.state_dict().items():
            state[name.replace("members.0.", f"members.{index}.", 1)] = tensor
    whole.load_state_dict(state, strict=True)
    return whole.eval()


def _fixed(
    names: Sequence[str], data: Recordings, logits: Array, recipe: EcgRecipe
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Each label's temperature and threshold from out-of-fold scores, and those scores' figures."""
    marks: dict[str, dict[str, Any]] = {}
    given, called = np.zeros_like(logits), np.zeros_like(logits)
    for k, name in enumerate(names):
        fixed = points.fix(logits[:, k], data.truth[:, k], data.patients, recipe.points)
        given[:, k] = 1 / (1 + np.exp(-logits[:, k] / fixed.temperature))
        mark = float(fixed.points[0]["threshold"])
        called[:, k] = given[:, k] >= mark
        marks[name] = points.of_label(data.truth[:, k], given[:, k], mark, fixed.temperature)
    told = metrics.multi_label(names, data.truth, given, called, data.patients)
    short = {key: told[key] for key in ("macro_auc", "macro_auc_ci")}
    return marks, {"n": len(given), **short, "auc by label": {n: one["auc"] for n, one in told["labels"].items()}}


def inputs(pack: PackInfo, case: cases.Case) -> Mapping[str, Input]:
    """The recording of a case, and whose it is."""
    return {"ecg": recordings.waveform_of(case), "person": recordings.person_of(pack, case)}


TRAINING = TrainingTask(
    {EcgRecipe: train_ecg}, scores.several, scores.several_card, empty_is_truth=False, inputs=inputs
)
