"""Runs a pack's recipe: `configs/train.json` in, a complete pack folder out."""

from __future__ import annotations

import copy
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from viewer.analysis import networks, packs
from viewer.core.analysis import PackInfo
from viewer.core.atomic import write_text
from viewer.core.errors import PackError, UsageError
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.training import card, cases, classification, curves, distil, evaluation, gate, points, segmentation, stacks
from viewer.training.loop import LoopConfig, Trainer, device

_log = logging.getLogger(__name__)

#: Name of the network that is trained on every training case.
_WHOLE = "all"
#: Name of the network of a recipe's `first` stage, from which that one goes on.
_FIRST = "first"


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a recipe needs: the pack's data, the table's training cases, where to write."""

    pack: PackInfo
    recipe: dict[str, Any]
    table: cases.CaseTable
    folder: Path
    on_progress: OnProgress
    cancel: CancelToken | None

    @property
    def training_cases(self) -> tuple[cases.Case, ...]:
        """The `train` split; validation cases are never trained on."""
        return self.table.of("train")


@dataclass
class Trained:
    """A trained network and what training fixed beforehand (operating points, temperature)."""

    net: nn.Module
    operating_points: list[dict[str, Any]] = field(default_factory=list)
    temperature: float | None = None
    folds: dict[str, Any] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)


def train(
    pack: PackInfo,
    table: cases.CaseTable,
    out: Path,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Train a pack from its recipe and write it as `out/<id>`; a killed run goes on where it was.

    Returns:
        The new pack's folder, with weights, operating points, curves and, where the table has a
        `val` split, its results.
    """
    recipe = packs.recipe(pack)
    kind = str(recipe.get("task"))
    if kind not in RECIPES:
        raise PackError(f"The recipe's task '{kind}' is unknown.", f"Known: {', '.join(RECIPES)}.")
    if "distil" in recipe and kind != "classification":
        raise UsageError(f"A recipe of task '{kind}' cannot distil.", "Take `distil` out of it.")
    job = Job(pack, recipe, table, out / "work", on_progress, cancel)
    if not job.training_cases:
        raise UsageError("The case table has no cases in split 'train'.", "Mark cases with train and val.")
    trained = RECIPES[kind](job)
    folder = write_pack(pack, trained, out / pack.id)
    _measure(folder, table, on_progress, cancel)
    return folder


def train_segmenter(job: Job) -> Trained:
    """One network on all training cases; with `check_folds`, some folds before it, for the card.

    A recipe's `first` block (settings that replace its own) is a stage whose network the main one goes on from.
    """
    inference, where = job.pack.inference, device()
    examples = segmentation.load_examples(job.training_cases, inference, job.recipe)
    keys = [_fold_key(e.case, job.recipe) for e in examples]
    folds = cases.assign_folds(keys, int(job.recipe.get("folds", 5)), seed=1)
    measured = {}
    for fold in job.recipe.get("check_folds", ()):
        mine = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        held = [e.case for e, f in zip(examples, folds, strict=True) if f == fold]
        judge = segmentation.make_judge(held, inference, job.recipe, where)
        net = fit(job, segmentation.make_loss(mine, job.recipe, where), f"fold-{fold}", seed=1, judge=judge)
        measured[f"fold {fold}"] = {"n": len(held), **judge(net)}
    begin = None
    if "first" in job.recipe:
        first = replace(job, recipe={**job.recipe, **job.recipe["first"]})
        begin = fit(first, segmentation.make_loss(examples, first.recipe, where), _FIRST, seed=1).state_dict()
    net = fit(job, segmentation.make_loss(examples, job.recipe, where), _WHOLE, seed=1, begin=begin)
    return Trained(net, folds=measured)


def train_classifier(job: Job) -> Trained:
    """One member per fold (`run_folds`: some of them); films a member never saw fix the operating points.

    With a `distil` block one network taught by the members is shipped in their place.
    """
    where, lesson = device(), distil.Distillation.from_recipe(job.recipe)
    films = classification.load_films(job.training_cases, job.pack.inference, job.recipe)
    count = int(job.recipe["folds"])
    folds = cases.assign_folds(films.groups, count, seed=1)
    chosen = [int(f) for f in job.recipe.get("run_folds", range(count))]
    logits = np.zeros((len(folds), films.truth.shape[1]), dtype=np.float32)
    members: list[nn.Module] = []
    for fold in chosen:
        kept, held = films.take(folds != fold), films.take(folds == fold)
        loss = classification.make_loss(kept, _seeded(job.recipe, fold + 1), where)
        net = fit(job, loss, f"fold-{fold}", seed=fold + 1, judge=classification.make_judge(held, where))
        logits[folds == fold] = classification.score(net, held.images, where, mirror=_mirrors(job.pack))
        members.append(net)
    unseen = films.take(np.isin(folds, chosen))
    said = logits[np.isin(folds, chosen), 0]
    fixed = points.fix(said, unseen.truth[:, 0], unseen.groups, job.recipe.get("points", {}))
    marks = fixed.points
    if lesson is not None:
        members = [_distilled(job, films, members, lesson)]
        marks = [{**p, "origin": f"{p['origin']}, of the members that taught this network"} for p in marks]
    return Trained(merge(members, job.pack.inference["network"]), marks, fixed.temperature, fixed.folds)


def _distilled(
    job: Job, films: classification.Films, members: Sequence[nn.Module], lesson: distil.Distillation
) -> nn.Module:
    """One network taught on every training case by all members.

    It has seen every training case, so it is not judged on them: operating points and temperature stay those
    of the members' out-of-fold scores, which it was taught to repeat.
    """
    recipe = lesson.recipe_of_student(job.recipe)
    seed = int(lesson.loop.get("seed", int(job.recipe["folds"]) + 1))
    loss = classification.make_loss(films, _seeded(recipe, seed), device(), distil.Teacher(members, lesson))
    return fit(replace(job, recipe=recipe), loss, _WHOLE, seed=seed)


def train_stacks(job: Job) -> Trained:
    """A network over ordered slices; a checked fold fixes the slice score's points.

    With `continue_fold` the last fold's network goes on with all patients, which saves its steps.
    """
    where, config = device(), job.pack.inference
    examples = segmentation.load_examples(job.training_cases, config, job.recipe)
    gathered = stacks.gather(examples, str(job.recipe["order"]))
    folds = cases.assign_folds([s[0].case.patient for s in gathered], int(job.recipe["folds"]), seed=1)
    measured: dict[str, Any] = {}
    logits, truth, groups = [], [], []
    for fold in job.recipe.get("check_folds", ()):
        held = [s for s, f in zip(gathered, folds, strict=True) if f == fold]
        judge = stacks.make_judge(held, config, where)
        mine = [s for s, f in zip(gathered, folds, strict=True) if f != fold]
        net = fit(job, stacks.make_loss(mine, job.recipe, where), f"fold-{fold}", seed=1, judge=judge)
        measured[f"fold {fold}"] = {"patients": len(held), **judge(net)}
        for stack in held:
            out = stacks.outputs(net, stack, config, where)
            logits += list(np.mean([o[1] for o in out], axis=0)[:, 0])
            truth += [float(e.labels.any()) for e in stack]
            groups += [e.case.patient for e in stack]
    begin = net.state_dict() if job.recipe.get("continue_fold") else None
    net = fit(job, stacks.make_loss(gathered, job.recipe, where), _WHOLE, seed=1, begin=begin)
    fixed = points.fix(np.array(logits), np.array(truth), groups, job.recipe.get("points", {}))
    return Trained(net, fixed.points, fixed.temperature, {**measured, "slices": fixed.folds})


def merge(members: Sequence[nn.Module], network: Mapping[str, Any]) -> nn.Module:
    """One averaging network from single-member ones."""
    whole = networks.build({**network, "args": {**network["args"], "members": len(members)}})
    state = {}
    for index, member in enumerate(members):
        for name, tensor in member.state_dict().items():
            state[name.replace("members.0.", f"members.{index}.", 1)] = tensor
    whole.load_state_dict(state, strict=True)
    return whole.eval()


def _mirrors(pack: PackInfo) -> bool:
    return any(2 in axes for axes in pack.inference.get("tta", {}).get("flips", ()))


def _seeded(recipe: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return {**recipe, "loop": {**recipe["loop"], "seed": seed}}


def _fold_key(case: cases.Case, recipe: Mapping[str, Any]) -> str:
    column = str(recipe.get("fold_by", "patient"))
    return case.patient if column == "patient" else case.extra.get(column, case.patient)


def fit(
    job: Job, loss: Any, name: str, *, seed: int, judge: Any = None, begin: Mapping[str, Any] | None = None
) -> nn.Module:
    """Train one network from a fixed seed in `folder/name`.

    A recipe may give folds fewer steps (`fold_steps`). `begin`: weights to go on from.
    """
    torch.manual_seed(seed)
    network = job.pack.inference["network"]
    if "members" in network["args"]:
        network = {**network, "args": {**network["args"], "members": 1}}
    net = networks.build(network)
    _start_from(net, job)
    if begin is not None:
        net.load_state_dict(begin)
    flat = int(network["args"].get("spatial_dims", 2)) == 2
    _channels_last(net, torch.channels_last if flat else torch.channels_last_3d)
    config = LoopConfig.from_recipe(_seeded(job.recipe, seed)["loop"])
    if name not in (_FIRST, _WHOLE) and "fold_steps" in job.recipe:
        config = replace(config, steps=int(job.recipe["fold_steps"]))
    trainer = Trainer(net, loss, config, job.folder / name, judge)

    def told(progress: Progress) -> None:
        job.on_progress(Progress(f"Training {name}", progress.fraction, progress.eta_seconds))

    average = trainer.run(told, job.cancel)
    curves.draw(trainer.curve, job.folder / name / "curve.png")
    return average


def _channels_last(net: nn.Module, layout: torch.memory_format) -> None:
    """Store the weights of convolutions in the layout that CPUs and GPUs multiply fastest."""
    rank = 4 if layout is torch.channels_last else 5
    for parameter in net.parameters():
        if parameter.ndim == rank:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def _start_from(net: nn.Module, job: Job) -> None:
    """Begin with another pack's first member, where the recipe says so (fine-tuning)."""
    source = job.recipe.get("start_from")
    if not source:
        return
    other = packs.load(str(source))
    state = networks.load(other.inference["network"], other.weights).state_dict()
    own = net.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    net.load_state_dict({**own, **fitting})
    _log.info("started from %s: %d of %d tensors", source, len(fitting), len(own))


def write_pack(pack: PackInfo, trained: Trained, folder: Path) -> Path:
    """Write a pack folder like `pack`'s with new weights and what was fixed with them."""
    if folder.resolve() != pack.folder.resolve():
        shutil.copytree(pack.folder, folder, dirs_exist_ok=True)
    networks.save(trained.net, folder / packs.WEIGHTS)
    (folder / packs.WEIGHTS).chmod(0o644)
    metadata = json.loads((pack.folder / packs.METADATA).read_text(encoding="utf-8"))
    metadata["viewer"]["weights_sha256"] = packs.sha256(folder / packs.WEIGHTS)
    if trained.operating_points:
        metadata["viewer"]["operating_points"] = trained.operating_points
    if trained.gate:
        metadata["viewer"]["gate"]["scores"] = trained.gate
    if trained.folds:
        metadata["viewer"]["cross_validation"] = trained.folds
    _write_json(folder / packs.METADATA, metadata)
    inference = copy.deepcopy(pack.inference)
    if isinstance(trained.net, networks.FilmClassifier):
        inference["network"]["args"]["members"] = len(trained.net.members)
    if trained.temperature is not None:
        inference["output"].get("slice_score", inference["output"])["temperature"] = round(trained.temperature, 4)
    _write_json(folder / packs.INFERENCE, inference)
    return folder


def _measure(folder: Path, table: cases.CaseTable, on_progress: OnProgress, cancel: CancelToken | None) -> None:
    """Put the validation results into the new pack's metadata."""
    if not table.of("val"):
        return
    pack = packs.read(folder)
    results = evaluation.evaluate_pack(pack, table, "val", on_progress=on_progress, cancel=cancel)
    metadata = json.loads((folder / packs.METADATA).read_text(encoding="utf-8"))
    metadata["viewer"]["results"] = {"split": "val", **results}
    _write_json(folder / packs.METADATA, metadata)
    write_card(folder)


def write_card(folder: Path) -> None:
    """Write `docs/README.md` from the metadata; `docs/notes.md` (what was looked at) is kept in it."""
    metadata = json.loads((folder / packs.METADATA).read_text(encoding="utf-8"))
    notes = folder / "docs" / "notes.md"
    words = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    (folder / packs.CARD).write_text(card.render(metadata, words), encoding="utf-8")


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


#: Recipe task -> how it is trained. A new kind of recipe: one function above, one line here.
RECIPES: dict[str, Callable[[Job], Trained]] = {
    "segmentation": train_segmenter,
    "classification": train_classifier,
    "stacks": train_stacks,
    "gate": gate.train_gate,
}
