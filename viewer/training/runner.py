"""Runs a pack's recipe: `configs/train.json` in, a complete pack folder out."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewer.analysis import networks, packs
from viewer.core.analysis import PackInfo
from viewer.core.atomic import write_text
from viewer.core.errors import PackError, UsageError
from viewer.core.task import CancelToken, OnProgress, ignore_progress
from viewer.training import card, cases, evaluation
from viewer.training.job import Job, Trained
from viewer.training.tasks import TRAINING

_log = logging.getLogger(__name__)


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
    fitting = TRAINING[pack.task].recipes.get(type(recipe))
    if fitting is None:
        kind = type(recipe).__struct_config__.tag
        raise PackError(
            f"A pack of task '{pack.task}' cannot be trained by a recipe of task '{kind}'.", "Mend train.json."
        )
    job = Job(pack, recipe, table, out / "work", on_progress, cancel)
    if not job.training_cases:
        raise UsageError("The case table has no cases in split 'train'.", "Mark cases with train and val.")
    trained = fitting(job)
    folder = write_pack(pack, trained, out / pack.id)
    _measure(folder, table, on_progress, cancel)
    return folder


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
    if trained.gate:
        metadata["viewer"]["gate"]["scores"] = trained.gate
    if trained.folds:
        metadata["viewer"]["cross_validation"] = trained.folds
    _write_json(folder / packs.METADATA, metadata)
    inference = packs.document(pack, packs.INFERENCE)
    if isinstance(trained.net, networks.RadiographClassifier):
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
