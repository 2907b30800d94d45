"""One training: what a recipe is run with, one network from a seed, and what is fixed with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from msgspec import structs
from torch import Tensor, nn

from viewer.analysis import networks, packs
from viewer.analysis.recipe import Recipe
from viewer.core.analysis import PackInfo
from viewer.core.inference import AnyNetwork, EcgReader, RadiographClassifier, ReportReader
from viewer.core.pack import Figures
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.training import cases, curves
from viewer.training.loop import Judge, Loss, Trainer

_log = logging.getLogger(__name__)

R = TypeVar("R", bound=Recipe)

#: Name of the network that is trained on every training case.
WHOLE = "all"
#: Name of the network of a recipe's `first` stage, from which that one goes on.
FIRST = "first"


@dataclass(frozen=True, slots=True)
class Job(Generic[R]):
    """Everything a recipe needs: the pack's data, the table's training cases, where to write."""

    pack: PackInfo
    recipe: R
    table: cases.CaseTable
    folder: Path
    on_progress: OnProgress
    cancel: CancelToken | None

    @property
    def training_cases(self) -> tuple[cases.Case, ...]:
        """The `train` split; validation cases are never trained on."""
        return self.table.of("train")

    def with_recipe(self, recipe: R) -> Job[R]:
        """The same job by another recipe."""
        return replace(self, recipe=recipe)


@dataclass
class Trained:
    """A trained network and what training fixed beforehand.

    Attributes:
        gate: a gate's thresholds. label_points: of packs with a threshold a label. words: the word list of a reader
            of reports, between spaces.
    """

    net: nn.Module
    operating_points: list[dict[str, Any]] = field(default_factory=list)
    temperature: float | None = None
    folds: Figures = field(default_factory=dict)
    gate: dict[str, float] = field(default_factory=dict)
    label_points: dict[str, dict[str, Any]] = field(default_factory=dict)
    words: str = ""


def fit(
    job: Job[R],
    loss: Loss,
    name: str,
    *,
    seed: int,
    judge: Judge | None = None,
    begin: Mapping[str, Tensor] | None = None,
    like: AnyNetwork | None = None,
) -> nn.Module:
    """Train one network from a fixed seed in `folder/name`, going on from its checkpoint where there is one.

    A recipe may give folds fewer steps (`fold_steps`). `begin`: weights to go on from. `like`: in place of the
    pack's network, where training needs more of it (further labels).
    """
    torch.manual_seed(seed)
    network = like or job.pack.inference.network
    net = networks.build(_single(network))
    _start_from(net, job.recipe.start_from)
    if begin is not None:
        net.load_state_dict(begin)
    _channels_last(net, torch.channels_last if network.spatial_dims == 2 else torch.channels_last_3d)
    loop = structs.replace(job.recipe.loop, seed=seed)
    if name not in (FIRST, WHOLE) and job.recipe.fold_steps is not None:
        loop = structs.replace(loop, steps=job.recipe.fold_steps)
    trainer = Trainer(net, loss, loop, job.folder / name, judge)

    def tell(progress: Progress) -> None:
        job.on_progress(Progress(f"Training {name}", progress.fraction, progress.eta_seconds))

    average = trainer.run(tell, job.cancel)
    curves.draw(trainer.curve, job.folder / name / "curve.png")
    return average


def _single(network: AnyNetwork) -> AnyNetwork:
    """One member of a network that averages several."""
    if isinstance(network, RadiographClassifier):
        return structs.replace(network, args=structs.replace(network.args, members=1))
    if isinstance(network, ReportReader):
        return structs.replace(network, args=structs.replace(network.args, members=1))
    if isinstance(network, EcgReader):
        return structs.replace(network, args=structs.replace(network.args, members=1))
    return network


def _channels_last(net: nn.Module, layout: torch.memory_format) -> None:
    """Store the weights of convolutions in the layout that CPUs and GPUs multiply fastest."""
    rank = 4 if layout is torch.channels_last else 5
    for parameter in net.parameters():
        if parameter.ndim == rank:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def _start_from(net: nn.Module, source: str) -> None:
    """Begin with another pack's first member, where the recipe says so (fine-tuning)."""
    if not source:
        return
    other = packs.load(source)
    state = networks.load(other.inference.network, other.weights).state_dict()
    own = net.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    net.load_state_dict({**own, **fitting})
    _log.info("started from %s: %d of %d tensors", source, len(fitting), len(own))
