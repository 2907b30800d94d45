"""Runs a pack's recipe: `configs/train.json` in, a complete pack folder out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from viewer.analysis import networks, packs
from viewer.analysis.radiographs import RadiographClassifier
from viewer.analysis.recipe import Recipe
from viewer.analysis.sequences import EcgReader, ReportReader
from viewer.core.analysis import PackInfo
from viewer.core.atomic import write_text
from viewer.core.errors import UsageError
from viewer.core.task import CancelToken, OnProgress, ignore_progress
from viewer.training import card, cases, evaluation
from viewer.training.job import Job, Trained
from viewer.training.tasks import TRAINING

#: In the working folder: the recipe its checkpoints are of.
_RECIPE = "recipe.json"


def train(
    pack: PackInfo,
    table: cases.CaseTable,
    out: Path,
    *,
    resume: bool = False,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Train a pack from its recipe and write it as `out/<id>`; with `resume`, a run that was stopped or killed goes on.

    Returns:
        The new pack's folder, with weights, operating points, curves and, where the table has a
        `val` split, its results.
    """
    recipe = packs.recipe(pack)
    job = Job(pack, recipe, table, out / "work", on_progress, cancel)
    if not job.training_cases:
        raise UsageError("The case table has no cases in split 'train'.", "Mark cases with train and val.")
    _claim(job, resume=resume)
    trained = TRAINING[pack.task].recipes[type(recipe)](job)
    folder = write_pack(pack, trained, out / pack.id)
    _measure(folder, table, on_progress, cancel)
    return folder


def _claim(job: Job[Recipe], *, resume: bool) -> None:
    """Make the working folder this recipe's; earlier checkpoints are gone on from only where that is asked for.

    Raises:
        UsageError: there are checkpoints and `resume` is not set, or they are of another recipe.
    """
    place, now = job.folder / _RECIPE, msgspec.json.encode(job.recipe).decode()
    if any(job.folder.glob("*/checkpoint.pt")):
        if not resume:
            raise UsageError(
                f"There are checkpoints of an earlier training in {job.folder.parent.name}/{job.folder.name}.",
                "Add --resume to go on from them, or name another folder.",
            )
        if not place.is_file() or place.read_text(encoding="utf-8") != now:
            raise UsageError("The checkpoints there are of another recipe.", "Name another folder.")
    job.folder.mkdir(parents=True, exist_ok=True)
    write_text(place, now)


def write_pack(pack: PackInfo, trained: Trained, folder: Path) -> Path:
    """Write a pack folder like `pack`'s with new weights and what was fixed with them."""
    if folder.resolve() != pack.folder.resolve():
        shutil.copytree(pack.folder, folder, dirs_exist_ok=True)
    networks.save(trained.net, folder / packs.WEIGHTS)
    (folder / packs.WEIGHTS).chmod(0o644)
    metadata = packs.document(pack, packs.METADATA)
    metadata["viewer"]["weights_sha256"] = packs.sha256(folder / packs.WEIGHTS)
    if trained.operating_points:
        metadata["viewer"]["operating_points"] = trained.operating_points
    if trained.label_points:
        metadata["viewer"]["points"] = trained.label_points
    if trained.gate:
        metadata["viewer"]["gate"]["scores"] = trained.gate
    if trained.folds:
        metadata["viewer"]["cross_validation"] = evaluation.finite(trained.folds)
    _write_json(folder / packs.METADATA, metadata)
    inference = packs.document(pack, packs.INFERENCE)
    if isinstance(trained.net, (RadiographClassifier, ReportReader, EcgReader)):
        inference["network"]["args"]["members"] = len(trained.net.members)
    if trained.words:
        inference["network"]["args"]["vocabulary"] = len(trained.words.split())
        inference["words"] = trained.words
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
    metadata = packs.document(pack, packs.METADATA)
    metadata["viewer"]["results"] = {"split": "val", **results}
    _write_json(folder / packs.METADATA, metadata)
    write_card(folder)


def write_card(folder: Path) -> None:
    """Write `docs/README.md` from the metadata; `docs/notes.md` (what was looked at) is kept in it."""
    notes = folder / "docs" / "notes.md"
    words = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    (folder / packs.CARD).write_text(card.render(packs.read(folder), words), encoding="utf-8")


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
