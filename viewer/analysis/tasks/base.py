"""What a task answers, and what it is given. A task is one module beside this one and a line in `TASKS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from viewer.analysis.inference import Infer, RawOutputs, Runner
from viewer.analysis.preprocess import Prepared, prepare
from viewer.analysis.recipe import Recipe
from viewer.core.analysis import AnalysisRequest, Box, GateReason, Input, PackInfo, RunOptions
from viewer.core.errors import PackError, UsageError
from viewer.core.finding import Finding
from viewer.core.inference import AnyNetwork, Inference
from viewer.core.pack import Viewer
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Heatmap, Mask, Volume

if TYPE_CHECKING:
    from viewer.analysis.backends.chain import Loaded

FloatArray = npt.NDArray[np.float32]
T = TypeVar("T")
#: Numbers of one network call, test-time copies apart: first entry the logits.
Outputs = Sequence[tuple[FloatArray, ...]]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a run draws on the input's grid; heatmaps by label."""

    masks: tuple[Mask, ...] = ()
    heatmaps: Mapping[str, Heatmap] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a run proposes.

    Attributes:
        findings: for the reader to judge.
        scores: by label in words, 0..1.
        below_threshold: labels not proposed because their score is under the threshold.
        denied: what a text says is not there.
    """

    findings: tuple[Finding, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    below_threshold: int = 0
    denied: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A network's answer on its way to findings.

    Attributes:
        raw: what the network said.
        infer: the network as it ran; `loaded`: gives it as a torch module with what is kept of it.
    """

    pack: PackInfo
    request: AnalysisRequest
    raw: RawOutputs
    infer: Infer
    loaded: Callable[[], Loaded]
    on_progress: OnProgress
    cancel: CancelToken


class Predict(Protocol):
    """Inputs to what the network said of them."""

    def __call__(
        self,
        pack: PackInfo,
        infer: Infer,
        inputs: Mapping[str, Input],
        roi: Box | None,
        *,
        on_progress: OnProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> RawOutputs:
        """Run the pack's network on its inputs.

        Raises:
            UsageError, AnalysisError: the inputs do not fit; `Cancelled` when the reader stopped it.
        """
        ...


#: What a task asks of inputs that are no picture: one reason a rule, those that let it run included.
InputGate = Callable[[PackInfo, Mapping[str, Input]], Iterator[GateReason]]


def own_network(inference: Inference) -> tuple[tuple[AnyNetwork, str], ...]:
    """The one network of most packs, whose weights bear its own names."""
    return ((inference.network, ""),)


def as_it_is(pack: PackInfo, _options: RunOptions) -> PackInfo:
    """For packs that run one way."""
    return pack


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of pack.

    Attributes:
        name: as `viewer.task` says it.
        viewer, inference: what its packs' two files hold.
        recipes: what its train.json may hold; training has a function for each.
        problems: what is wrong with the three files together, in half sentences; the recipe may be missing.
        predict: inputs -> what the network said (`ImagePrediction` for packs that read one picture).
        explain: masks and heatmaps.
        conclude: findings and scores.
        settings: what provenance keeps of the pack's own settings.
        is_offered: a reader may run it; False for packs that only stand before others.
        gate: for packs that read no picture; None where the rules for pictures ask (see `suitability`).
        members: the networks that the weights hold, and what their tensors' names begin with.
        chosen: the pack as the options of a run want it.
    """

    name: str
    viewer: type[Viewer]
    inference: type[Inference]
    recipes: tuple[type[Recipe], ...]
    problems: Callable[[Viewer, Inference, Recipe | None], Iterator[str]]
    predict: Predict
    explain: Callable[[Run], Pictures]
    conclude: Callable[[Run, Pictures], Conclusion]
    settings: Callable[[PackInfo], dict[str, Any]]
    is_offered: bool = True
    gate: InputGate | None = None
    members: Callable[[Inference], tuple[tuple[AnyNetwork, str], ...]] = own_network
    chosen: Callable[[PackInfo, RunOptions], PackInfo] = as_it_is


@dataclass(frozen=True, slots=True)
class ImagePrediction:
    """The pack's steps, its network, and what the task makes of the arrays: for packs that read "image" alone.

    Attributes:
        interpret: arrays -> scores, masks and maps on the input's grid.
    """

    interpret: Callable[[Inference, Prepared, Outputs], RawOutputs]

    def __call__(
        self,
        pack: PackInfo,
        infer: Infer,
        inputs: Mapping[str, Input],
        roi: Box | None,
        *,
        on_progress: OnProgress = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> RawOutputs:
        """Run the pack's network on the picture."""
        volume = inputs.get("image")
        if not isinstance(volume, Volume):
            raise UsageError("The analysis was given no picture.", "Open a series and run it again.")
        on_progress(Progress("Preparing", 0.0))
        prepared = prepare(volume, pack.inference.preprocess, roi)
        outputs = Runner(pack.inference, infer, on_progress, cancel).run(prepared.array)
        return self.interpret(pack.inference, prepared, outputs)


def narrowed(part: object, kind: type[T]) -> T:
    """A pack's part as the task declares it.

    Raises:
        PackError: the pack is of another task.
    """
    if not isinstance(part, kind):
        raise PackError("The pack's settings are those of another task.", "Install the pack again.")
    return part


def unknown_labels(viewer: Viewer, names: Sequence[str]) -> Iterator[str]:
    """Labels that the network does not say: a misspelt one would leave the true one without its code."""
    known = ", ".join(names)
    for place, keys in (("labels", viewer.labels), ("truth.labels", viewer.truth.labels)):
        for key in keys:
            if key not in names:
                yield f"'viewer.{place}.{key}' is nothing that the network says ({known})"


def wrong_network(inference: Inference, *, voxels: bool) -> Iterator[str]:
    """What a network cannot do for packs that read grey pictures: each label is one of its numbers.

    Args:
        inference: the pack's inference.json.
        voxels: the task reads a number a voxel; else one a picture.
    """
    network, labels = inference.network, len(inference.output.labels)
    if network.takes != 1:
        yield f"'network.args.in_channels' is {network.takes}, and pictures have one channel"
    said = network.classes if voxels else network.scores
    # one number a voxel is a single mask; several are the background and a label each
    if said != (labels if not voxels or said == 1 else labels + 1):
        what = "classes a voxel, the background included" if voxels else "scores a picture"
        yield f"the network '{network.name}' gives {said} {what}, and 'output.labels' names {labels}"


def no_settings(_pack: PackInfo) -> dict[str, Any]:
    """For tasks whose packs have no settings worth keeping."""
    return {}
