"""A trained nnU-Net v2 model: found at any level of its folder, read as data, turned into a pack's two files.

Dataset123_Name/TRAINER__PLANS__CONFIG/dataset.json, plans.json, fold_0/checkpoint_final.pth ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from viewer.analysis import networks
from viewer.analysis.outside import checkpoints, nnunet_dataset, nnunet_names, nnunet_plans
from viewer.analysis.outside.nnunet_dataset import Dataset
from viewer.analysis.outside.nnunet_plans import Planned, checked
from viewer.analysis.outside.plain import Raw, read_json, refused
from viewer.core.nnunet import NnunetInference, Stage

#: A trainer's folder, and the one of a dataset.
_MODEL = re.compile(r"(?P<trainer>[^_].*?)__(?P<plans>.+?)__(?P<config>[\w-]+)")
_DATASET = re.compile(r"Dataset(?P<id>\d{3,5})_(?P<name>.+)")
_FOLD = re.compile(r"fold_(\d+|all)")
_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
#: Which configuration is taken where a folder holds several.
_LIKED = ("3d_fullres", "3d_cascade_fullres", "2d", "3d_lowres")
#: Files of nnU-Net's first version.
_FIRST_VERSION = ("plans.pkl", "model_final_checkpoint.model")
_MOST_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A model's folder.

    Attributes:
        folder: TRAINER__PLANS__CONFIG; `folds`: the folds that are taken.
        others: configurations that lie beside it and are not taken.
    """

    folder: Path
    folds: tuple[Path, ...]
    others: tuple[str, ...] = ()

    @property
    def configuration(self) -> str:
        """ "3d_fullres" and so on."""
        found = _MODEL.fullmatch(self.folder.name)
        return found["config"] if found else ""

    @property
    def dataset(self) -> str:
        """ "Dataset123_Name", "" where the folder above is called otherwise."""
        return self.folder.parent.name if _DATASET.fullmatch(self.folder.parent.name) else ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was read.

    Attributes:
        inference: as inference.json holds it; `weights`: name -> tensor of all stages and folds.
        sources: the files it was read from.
    """

    found: Found
    dataset: Dataset
    inference: Raw
    weights: Mapping[str, Tensor]
    sources: tuple[Path, ...]
    trainer: str


def is_model(path: Path) -> bool:
    """True where a folder holds a model of nnU-Net at any level, of either version."""
    return next(_folders(path), None) is not None or any(next(path.rglob(name), None) for name in _FIRST_VERSION)


def find(path: Path) -> Found:
    """The model in a folder that names any of the levels.

    Raises:
        PackError: there is none, or no fold of it has weights.
    """
    if _FOLD.fullmatch(path.name) and (path.parent / "plans.json").is_file():
        return Found(path.parent, (path,))
    folders = list(_folders(path))
    if not folders:
        if any(next(path.rglob(name), None) for name in _FIRST_VERSION):
            raise refused("it was made by the first version of nnU-Net, and only the second is known here")
        raise refused("there is no plans.json with its folds", "Name the folder that holds fold_0 and plans.json.")
    if len({one.parent for one in folders}) > 1:
        names = ", ".join(sorted({one.parent.name for one in folders})[:6])
        raise refused(f"the folder holds several models ({names})", "Name the folder of one of them.")
    chosen = min(folders, key=_liking)
    others = tuple(one.name for one in folders if one != chosen)
    return Found(chosen, _folds(chosen), others)


def _folders(path: Path) -> Iterator[Path]:
    """Folders of trainers at, below, or two below a path."""
    for pattern in (".", "*", "*/*"):
        here = [path] if pattern == "." else sorted(path.glob(pattern))
        found = [one for one in here if (one / "plans.json").is_file() and list(_fold_folders(one))]
        if found:
            yield from found
            return


def _fold_folders(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.iterdir()) if _FOLD.fullmatch(one.name) and one.is_dir())


def _liking(folder: Path) -> tuple[int, str]:
    name = folder.name.rsplit("__", 1)[-1]
    return _LIKED.index(name) if name in _LIKED else len(_LIKED), folder.name


def _folds(folder: Path) -> tuple[Path, ...]:
    """Folds with weights; `fold_all` only where it is alone.

    Raises:
        PackError: none has any, or one lacks them.
    """
    folds = list(_fold_folders(folder))
    numbered = [one for one in folds if one.name != "fold_all"]
    taken = numbered or folds
    empty = [one.name for one in taken if _checkpoint(one) is None]
    if empty or len(taken) > _MOST_FOLDS:
        raise refused(f"{empty[0]} has no {_CHECKPOINTS[0]}" if empty else f"it has {len(taken)} folds")
    return tuple(taken)


def _checkpoint(fold: Path) -> Path | None:
    return next((fold / name for name in _CHECKPOINTS if (fold / name).is_file()), None)


# ---------------------------------------------------------------- reading


def read(found: Found) -> Model:
    """A model's plans, dataset and weights.

    Raises:
        PackError: something is missing, not known here, or does not fit the rest.
    """
    read_of = _Reading(found)
    read_of.stage(found.folder, found.folds, found.configuration)
    stages = [checked(stage, Stage, f"stages.{stage['name']}") for stage in read_of.stages]
    dataset = read_of.dataset
    inference = {
        "network": read_of.stages[-1]["network"],
        "output": {
            "kind": "nnunet",
            "labels": [label.name for label in dataset.labels],
            "numbers": [label.number for label in dataset.labels],
        },
        "stages": read_of.stages,
    }
    checked(inference, NnunetInference, "inference")
    for stage in stages:
        _check_fits(stage, read_of.weights)
    return Model(found, dataset, inference, read_of.weights, tuple(read_of.sources), read_of.trainer)


class _Reading:
    """The stages of one model, a cascade's first stage before it."""

    def __init__(self, found: Found) -> None:
        self.stages: list[Raw] = []
        self.weights: dict[str, Tensor] = {}
        self.sources: list[Path] = []
        self.trainer = ""
        self.dataset = nnunet_dataset.read(read_json(found.folder / "dataset.json"))

    def stage(self, folder: Path, folds: Sequence[Path], name: str) -> None:
        """Read one configuration, and first the one whose labels it reads."""
        held = [checkpoints.read(path) for fold in folds if (path := _checkpoint(fold)) is not None]
        planned = nnunet_plans.read(read_json(folder / "plans.json"), held[0].configuration or name)
        if planned.previous:
            if len(self.stages) > 2:
                raise refused("its cascade has more stages than a plan can have")
            before = self._before(folder, planned)
            self.stage(before, _folds(before), planned.previous)
        self.sources += [folder / "plans.json", folder / "dataset.json", *filter(None, map(_checkpoint, folds))]
        self.trainer = held[0].trainer
        if len({one.mirror for one in held}) > 1:
            raise refused("its folds do not mirror along the same axes")
        names = tuple(f"{planned.name}/{fold.name}" for fold in folds)
        self.stages.append(self._json(planned, names, held[0].mirror))
        for prefix, one in zip(names, held, strict=True):
            self.weights |= {f"{prefix}/{key}": tensor for key, tensor in nnunet_names.ours(one.weights).items()}

    def _before(self, folder: Path, planned: Planned) -> Path:
        before = folder.parent / f"{folder.name.rsplit('__', 1)[0]}__{planned.previous}"
        if not before.is_dir():
            raise refused(f"it reads the labels of '{planned.previous}', whose folder is not beside it")
        return before

    def _json(self, planned: Planned, folds: Sequence[str], mirror: tuple[int, ...]) -> Raw:
        data = self.dataset
        if len(planned.stage["channels"]) != len(data.channels):
            raise refused("plans.json and dataset.json do not speak of the same channels")
        heads = len(data.labels) + (0 if data.regions else 1)
        more = len({n for one in data.labels for n in one.holds}) if planned.previous else 0
        dims = len(planned.stage["patch"])
        args = {"spatial_dims": dims, "in_channels": len(data.channels) + more, "out_channels": heads, **planned.args}
        return {
            "name": planned.name,
            "network": {"_target_": planned.network, "args": args},
            "folds": list(folds),
            **planned.stage,
            "numbers": [label.number for label in data.labels],
            **({"mirror": list(mirror)} if mirror else {}),
            **({"regions": True} if data.regions else {}),
            **({"previous": planned.previous} if planned.previous else {}),
        }


def _check_fits(stage: Stage, weights: dict[str, Tensor]) -> None:
    """Hold every fold's tensors against the network, which is built without memory first."""
    with torch.device("meta"):
        built = networks.build(stage.network)
    wanted = {name: tensor.shape for name, tensor in built.state_dict().items()}
    for fold in stage.folds:
        mine = {name.removeprefix(f"{fold}/"): one for name, one in weights.items() if name.startswith(f"{fold}/")}
        for name, tensor in checkpoints.fitted(mine, wanted, fold).items():
            weights[f"{fold}/{name}"] = tensor
