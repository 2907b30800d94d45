"""A model of nnU-Net as a pack's draft: its gate from the plan, its labels by the model's own names."""

from __future__ import annotations

from pathlib import Path

from viewer.analysis.outside import licences, nnunet, origin
from viewer.analysis.outside.nnunet import Model
from viewer.analysis.outside.nnunet_dataset import Label
from viewer.analysis.outside.packing import Draft, pack_id
from viewer.analysis.outside.plain import Raw
from viewer.core.pack import Outside

FORMAT = "nnU-Net v2"
TASK = "nnunet"
#: Channel names that tell the modality; anything else leaves it not stated.
_CT = ("ct", "noncontrastct", "cect", "ncct")
_MR = ("mr", "mri", "t1", "t1w", "t1c", "t1ce", "t1gd", "t2", "t2w", "flair", "adc", "dwi", "pd")
#: The gate warns of spacings this many times finer or coarser than the plan's.
_FAR = 3.0
ASSUMED_ORDER = (
    "Pictures are given to the model as nnU-Net's own users give them: files as they are stored, DICOM as dcm2niix "
    "stores it (columns to the left, rows to the front, slices to the head for axial series). A model that was "
    "trained on another order would mix up left and right."
)


def draft(path: Path, licence: str) -> Draft:
    """Read a model's folder and make a pack of it.

    Args:
        path: any level of the model's folder.
        licence: what whoever installs it says, "" for what the files say.

    Raises:
        PackError: it cannot be taken, and why.
    """
    found = nnunet.find(path)
    model = nnunet.read(found)
    said, who = licences.settled(model.dataset.licence, licence, "dataset.json")
    name = found.dataset or model.dataset.name or found.folder.parent.name
    modality = _modality(model.dataset.channels)
    outside = Outside(
        format=FORMAT,
        name=name,
        sha256=origin.sha256_of(model.sources, found.folder.parent),
        licence=said,
        licence_from=who,
        not_stated=("intended use", "body part", "accuracy", *(() if modality else ("modality",))),
        assumed=(ASSUMED_ORDER,),
    )
    return Draft(
        id=pack_id(name, found.configuration),
        name=f"{name} ({found.configuration or 'nnU-Net'})",
        task=TASK,
        outside=outside,
        viewer=_viewer(model, modality),
        inference=model.inference,
        weights=model.weights,
        research_only=licences.is_non_commercial(said),
        description=model.dataset.description,
        notes=_notes(model),
    )


def _modality(channels: tuple[str, ...]) -> list[str]:
    """DICOM modality that the channels' names tell, [] where they tell none."""
    words = [name.casefold().replace(" ", "").replace("-", "").removeprefix("mr_") for name in channels]
    if all(word in _CT for word in words):
        return ["CT"]
    return ["MR"] if all(word in _MR for word in words) else []


def _viewer(model: Model, modality: list[str]) -> Raw:
    stage = model.inference["stages"][-1]
    match: Raw = {"even": True, "warn": ["geometry", "spacing"]} | ({"modality": modality} if modality else {})
    plan = stage["spacing_mm"]
    pixel = min(plan[-2:]), max(plan[-2:])
    if stage["transpose"] == [0, 1, 2]:
        match["spacing_mm"] = {"pixel": [pixel[0] / _FAR, pixel[1] * _FAR]}
        if len(plan) == 3:
            match["spacing_mm"]["slice"] = [plan[0] / _FAR, plan[0] * _FAR]
    if any(one["scheme"] == "RGB" for one in stage["channels"]):
        match["colour"] = True
    return {
        "network_family": f"U-Net ({stage['network']['_target_']})",
        "match": match,
        "limits": _limits(model.dataset.labels) if model.dataset.regions else [],
    }


def _limits(labels: tuple[Label, ...]) -> list[str]:
    """Which regions are shown without others: a voxel carries the last region it lies in."""
    told = []
    for place, label in enumerate(labels):
        inside = [one.name for one in labels[place + 1 :] if set(one.holds) <= set(label.holds)]
        if inside:
            told.append(f"'{label.name}' is shown and measured without {', '.join(inside)}, which lie in it.")
    return told


def _notes(model: Model) -> tuple[str, ...]:
    stages = model.inference["stages"]
    lines = [f"Trainer: {model.trainer}" if model.trainer else "Trainer: not stated"]
    for stage in stages:
        patch, mm = (" x ".join(f"{n:g}" for n in stage[key]) for key in ("patch", "spacing_mm"))
        lines.append(
            f"{stage['name']}: {stage['network']['_target_']}, patch {patch}, {mm} mm, folds {len(stage['folds'])}, "
            f"mirrored axes {len(stage.get('mirror', []))}"
        )
    if model.found.others:
        lines.append(f"Not taken, and installable by naming their folder: {', '.join(model.found.others)}")
    return tuple(lines)
