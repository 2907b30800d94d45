"""Report: fold members over their own word lists, merged over one; thresholds of the best F1; multi-label figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from msgspec import structs
from torch import Tensor

from viewer.analysis import reports
from viewer.analysis.sequences import ReportReader
from viewer.analysis.tasks.report import ReportRecipe
from viewer.core.analysis import Input, PackInfo
from viewer.core.errors import PackError
from viewer.core.inference import ReportReader as ReportNetwork
from viewer.training import cases, metrics, points, readings
from viewer.training.job import Job, Trained, fit
from viewer.training.tasks import scores
from viewer.training.tasks.base import TrainingTask

Array = npt.NDArray[Any]


def train_report(job: Job[ReportRecipe]) -> Trained:
    """One member a fold; each learns the indexers' headings too, which are cut off the shipped network."""
    names, network = job.pack.inference.output.labels, _network(job.pack)
    data = readings.gather(job.pack, job.training_cases, job.recipe)
    folds = cases.assign_stratified(data.patients, data.labels, job.recipe.folds, seed=1)
    logits, members, lists = np.zeros_like(data.labels), [], []
    for fold in range(job.recipe.folds):
        mine, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        seen = data.take(mine)
        known = readings.word_list(seen.texts, job.recipe.word_at_least)
        numbers = reports.numbers_of(known)
        args = structs.replace(
            network.args, members=1, vocabulary=len(numbers), labels=len(names) + data.codes.shape[1]
        )
        loss = readings.make_loss(seen, names, numbers, job.recipe, fold + 1)
        net = fit(job, loss, f"fold-{fold}", seed=fold + 1, like=ReportNetwork(args))
        assert isinstance(net, ReportReader)
        logits[held] = readings.score(net, [data.texts[n] for n in held], numbers, len(names))
        members.append(net)
        lists.append(known)
    words = readings_union(lists)
    marks, figures = _fixed(names, data, logits, folds)
    whole = merge(members, lists, words, structs.replace(network.args, labels=len(names)))
    return Trained(whole, folds=figures, label_points=marks, words=words)


def _network(pack: PackInfo) -> ReportNetwork:
    network = pack.inference.network
    if not isinstance(network, ReportNetwork):
        raise PackError(f"A network '{network.name}' reads no reports.", "Name a ReportReader.")
    return network


def readings_union(lists: Sequence[str]) -> str:
    """All words of several lists as one."""
    return readings.word_list([[words.split()] for words in lists], 1)


def merge(members: Sequence[ReportReader], lists: Sequence[str], words: str, args: Any) -> ReportReader:
    """Members over one word list: a word that a member does not know is unknown to it there too."""
    whole = ReportReader(**structs.asdict(structs.replace(args, members=len(members), vocabulary=len(words.split()))))
    state: dict[str, Tensor] = {}
    for index, (member, known) in enumerate(zip(members, lists, strict=True)):
        numbers = reports.numbers_of(known)
        rows = [0, reports.UNKNOWN, *(numbers.get(word, reports.UNKNOWN) for word in words.split())]
        for name, tensor in member.state_dict().items():
            kept = tensor[rows] if name == "members.0.word.weight" else tensor
            if name.startswith(("members.0.query", "members.0.value")):
                kept = tensor[: args.labels]
            state[name.replace("members.0.", f"members.{index}.", 1)] = kept
    whole.load_state_dict(state, strict=True)
    return whole.eval()


def _fixed(
    names: Sequence[str], data: readings.Readings, logits: Array, folds: Array
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Each label's threshold from all out-of-fold scores; the folds' figures with thresholds from the other folds."""
    given = np.asarray(torch.sigmoid(torch.from_numpy(logits)).numpy())
    called = np.zeros_like(given)
    for fold in np.unique(folds):
        held, rest = folds == fold, folds != fold
        for k in range(len(names)):
            called[held, k] = given[held, k] >= points.best_f1(data.labels[rest, k], given[rest, k])
    marks = {
        name: points.of_label(data.labels[:, k], given[:, k], points.best_f1(data.labels[:, k], given[:, k]))
        for k, name in enumerate(names)
    }
    told = metrics.multi_label(names, data.labels, given, called, data.patients)
    short = {key: told[key] for key in ("macro_f1", "macro_f1_ci", "macro_auc", "macro_auc_ci")}
    return marks, {"n": len(given), **short, "f1 by label": {n: one["f1"] for n, one in told["labels"].items()}}


def inputs(pack: PackInfo, case: cases.Case) -> Mapping[str, Input]:
    """The text of a case."""
    return {"text": readings.text_of(pack, case)}


TRAINING = TrainingTask(
    {ReportRecipe: train_report}, scores.several, scores.several_card, empty_is_truth=False, inputs=inputs,
    needs_files=False,
)  # fmt: skip
