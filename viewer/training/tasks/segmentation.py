"""Segmentation: how its recipes are trained, and its figures: overlap with the masks of a case table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import structs

from viewer.analysis.tasks.segmentation import FirstStage, SegmentationRecipe, StacksRecipe
from viewer.core.analysis import PackInfo
from viewer.core.pack import Figures
from viewer.training import cases, masks, metrics, points, stacks
from viewer.training.job import FIRST, WHOLE, Job, Trained, fit
from viewer.training.loop import device
from viewer.training.outcomes import Outcome, by_group
from viewer.training.tasks import scores
from viewer.training.tasks.base import TrainingTask
from viewer.training.words import with_interval


def train_segmenter(job: Job[SegmentationRecipe]) -> Trained:
    """One network on all training cases; with `check_folds`, some folds before it, for the card.

    A recipe's `first` block (settings that replace its own) is a stage whose network the main one goes on from.
    """
    inference, where, recipe = job.pack.inference, device(), job.recipe
    examples = masks.load_examples(job.training_cases, inference, recipe)
    keys = [_fold_key(e.case, recipe.fold_by) for e in examples]
    folds = cases.assign_folds(keys, recipe.folds, seed=1)
    measured = {}
    for fold in recipe.check_folds:
        mine = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        held = [e.case for e, f in zip(examples, folds, strict=True) if f == fold]
        judge = masks.make_judge(held, inference, recipe, where)
        net = fit(job, masks.make_loss(mine, recipe, where), f"fold-{fold}", seed=1, judge=judge)
        measured[f"fold {fold}"] = {"n": len(held), **judge(net)}
    begin = None
    if recipe.first is not None:
        first = job.with_recipe(_first_stage(recipe, recipe.first))
        begin = fit(first, masks.make_loss(examples, first.recipe, where), FIRST, seed=1).state_dict()
    net = fit(job, masks.make_loss(examples, recipe, where), WHOLE, seed=1, begin=begin)
    return Trained(net, folds=measured)


def _first_stage(recipe: SegmentationRecipe, stage: FirstStage) -> SegmentationRecipe:
    changes = {name: value for name, value in structs.asdict(stage).items() if value is not None}
    return structs.replace(recipe, **changes)


def _fold_key(case: cases.Case, column: str) -> str:
    return case.patient if column == "patient" else case.extra.get(column, case.patient)


def train_stacks(job: Job[StacksRecipe]) -> Trained:
    """A network over ordered slices; a checked fold fixes the slice score's points.

    With `continue_fold` the last fold's network goes on with all patients, which saves its steps.
    """
    where, config, recipe = device(), job.pack.inference, job.recipe
    examples = masks.load_examples(job.training_cases, config, recipe)
    gathered = stacks.gather(examples, recipe.order)
    folds = cases.assign_folds([s[0].case.patient for s in gathered], recipe.folds, seed=1)
    measured: dict[str, Any] = {}
    logits, truth, groups = [], [], []
    for fold in recipe.check_folds:
        held = [s for s, f in zip(gathered, folds, strict=True) if f == fold]
        judge = stacks.make_judge(held, config, where)
        mine = [s for s, f in zip(gathered, folds, strict=True) if f != fold]
        net = fit(job, stacks.make_loss(mine, recipe, where), f"fold-{fold}", seed=1, judge=judge)
        measured[f"fold {fold}"] = {"patients": len(held), **judge(net)}
        for stack in held:
            out = stacks.outputs(net, stack, config, where)
            logits += list(np.mean([o[1] for o in out], axis=0)[:, 0])
            truth += [float(e.labels.any()) for e in stack]
            groups += [e.case.patient for e in stack]
    begin = net.state_dict() if recipe.continue_fold else None
    net = fit(job, stacks.make_loss(gathered, recipe, where), WHOLE, seed=1, begin=begin)
    fixed = points.fix(np.array(logits), np.array(truth), groups, recipe.points)
    return Trained(net, fixed.points, fixed.temperature, {**measured, "slices": fixed.folds})


def summary(pack: PackInfo, outcomes: Sequence[Outcome]) -> Figures:
    """Overlap by structure and group; scores too, where the pack scores slices."""
    out = scores.summary(pack, outcomes) if any(o.scores for o in outcomes) else {}
    if any(o.overlap for o in outcomes):
        out["structures"] = metrics.structures(_rows(outcomes))
        out["by"] = _merged(_dice_by(pack, outcomes), out.get("by", {}))
    if any(o.measured for o in outcomes):
        out["measurement"] = {
            f"{name}_mm": metrics.errors([(o.case.patient, *o.measured[name]) for o in outcomes if name in o.measured])
            for name in dict.fromkeys(name for o in outcomes for name in o.measured)
        }
    return out


def _rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [
        {"structure": name, "unit": o.case.patient, "both": both, "total": total,
         "hd95": o.hd95.get(name), "pixels": o.pixels}
        for o in outcomes
        for name, (both, total) in o.overlap.items()
    ]  # fmt: skip


def _dice_by(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    by: dict[str, Any] = {}
    for column, groups in by_group(pack, outcomes).items():
        by[column] = {
            word: {n: _group_figures(s) for n, s in metrics.structures(_rows(mine)).items()}
            for word, mine in groups.items()
        }
    return by


def _group_figures(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A group's Dice; one patient alone has no interval."""
    keys = ("n", "dice_mean", "dice_ci") if figures["n"] > 1 else ("n", "dice_mean")
    return {key: figures[key] for key in keys}


def _merged(masks: dict[str, Any], scores: Mapping[str, Any]) -> dict[str, Any]:
    """Column -> word -> figures of masks and of scores, where a pack gives both."""
    merged: dict[str, Any] = {}
    for column, groups in [*masks.items(), *scores.items()]:
        for word, figures in groups.items():
            merged.setdefault(column, {}).setdefault(word, {}).update(figures)
    return merged


def card(results: Figures) -> list[str]:
    """A row a structure; the scores below, where there are any."""
    told = [_measurement(name, one) for name, one in results.get("measurement", {}).items()]
    return [*([_structures(results["structures"])] if "structures" in results else []), *told, *scores.card(results)]


def _measurement(name: str, one: Figures) -> str:
    missed = f", not measured in {one['not_measured']}" if one["not_measured"] else ""
    return (
        f"{name.removesuffix('_mm').replace('_', ' ').capitalize()}, n = {one['n']}{missed}: mean absolute error "
        f"{with_interval(one, 'mean_absolute_error')} mm, bias {with_interval(one, 'bias')} mm, "
        f"median {one['median_absolute_error']:.2f} mm."
    )


def _structures(structures: Mapping[str, Figures]) -> str:
    rows = ["| structure | n | Dice mean (95%) | median | worst | HD95 mean (95%) |", "|---|---|---|---|---|---|"]
    for name, s in structures.items():
        rows.append(
            f"| {name} | {s['n']} | {with_interval(s, 'dice_mean', 'dice_ci')} | {s['dice_median']:.3f} "
            f"| {s['dice_worst']:.3f} | {_far(s)} |"
        )
    named = [f"{name} " + ", ".join(f"{u} ({v:.2f})" for u, v in s["lowest"]) for name, s in structures.items()
             if s.get("lowest")]  # fmt: skip
    return "\n".join(rows) + ("\n\nLowest Dice, by case: " + "; ".join(named) + "." if named else "")


def _far(figures: Figures) -> str:
    """HD95 with its unit: mm, or pixels where the set's spacing is unknown."""
    for key, unit in (("hd95_mm", "mm"), ("hd95_px", "pixels")):
        if figures.get(key) is not None:
            return f"{with_interval(figures, key)} {unit}"
    return ""


TRAINING = TrainingTask({SegmentationRecipe: train_segmenter, StacksRecipe: train_stacks}, summary, card)
