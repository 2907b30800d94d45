"""Segmentation by a model that came from nnU-Net: its own way from the picture to labels, findings as segmenters have.

Which stages and folds run, and on which order of axes, is kept in the provenance and said on every finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace as changed

from viewer.analysis.inference import Infer, RawOutputs
from viewer.analysis.nnunet import stored
from viewer.analysis.preprocess import Prepared
from viewer.analysis.recipe import Recipe
from viewer.analysis.tasks import segmentation
from viewer.analysis.tasks.base import Conclusion, Pictures, Run, Task, narrowed
from viewer.core.analysis import Box, Input, PackInfo, RunOptions
from viewer.core.errors import UsageError
from viewer.core.inference import AnyNetwork, Inference
from viewer.core.nnunet import NnunetInference, Stage
from viewer.core.pack import Viewer
from viewer.core.task import CancelToken, OnProgress, ignore_progress
from viewer.core.volume import Volume

Labels = npt.NDArray[np.uint8]
#: Said on every finding of a model from outside.
NOT_VALIDATED = "From outside, not validated here."
#: What the quick way leaves out.
FAST = "The quick way: one fold, no mirrored copies. The model's full answer may differ."


@runtime_checkable
class Members(Protocol):
    """Networks of a pack by name."""

    def member(self, network: AnyNetwork, name: str) -> Infer:
        """One of them."""
        ...


class NnunetViewer(segmentation.SegmentationViewer, frozen=True, kw_only=True):
    """The `viewer` block of such a model."""


def _problems(viewer: Viewer, inference: Inference, _recipe: Recipe | None) -> Iterator[str]:
    config = narrowed(inference, NnunetInference)
    if viewer.outside is None:
        yield "'viewer.outside' is missing"
    if len(config.output.labels) != len(config.output.numbers):
        yield "'output.labels' and 'output.numbers' do not speak of the same labels"
    names = [stage.name for stage in config.stages]
    for stage in config.stages:
        if stage.previous and stage.previous not in names[: names.index(stage.name)]:
            yield f"the stage '{stage.name}' reads labels of '{stage.previous}', which does not stand before it"


def members(inference: Inference) -> tuple[tuple[AnyNetwork, str], ...]:
    """Every stage's network, once a fold."""
    return tuple((one.network, fold) for one in narrowed(inference, NnunetInference).stages for fold in one.folds)


def chosen(pack: PackInfo, options: RunOptions) -> PackInfo:
    """The quick way where it is asked for: one fold a stage and no mirrored copies."""
    if not options.fast:
        return pack
    config = narrowed(pack.inference, NnunetInference)
    stages = tuple(changed(one, folds=one.folds[:1], mirror=()) for one in config.stages)
    return replace(pack, inference=changed(config, stages=stages))


def _predict(
    pack: PackInfo,
    infer: Infer,
    inputs: Mapping[str, Input],
    roi: Box | None,  # noqa: ARG001 - these models read the whole picture
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> RawOutputs:
    """The label of every voxel of the picture, on its own grid."""
    from viewer.analysis.nnunet import memory  # late: they need scipy and torch, and the list of packs does not
    from viewer.analysis.nnunet.predict import Watch, predict

    volume = inputs.get("image")
    networks: object = infer
    if not isinstance(volume, Volume) or not isinstance(networks, Members):
        raise UsageError("The analysis was given no picture.", "Open a series and run it again.")
    config = narrowed(pack.inference, NnunetInference)
    memory.check(pack, config, volume)
    turned = stored.way(volume, config.stored)
    channels = [turned.forward(one) for one in stored.channels_of(volume)]
    spacing = [float(np.linalg.norm(volume.geometry.affine[:3, axis])) for axis in turned.order]
    said = predict(config, _opener(networks), channels, spacing, Watch(on_progress, cancel))
    prepared = Prepared(np.zeros((1, 1, 1), dtype=np.float32), volume.geometry.affine, (turned,), volume)
    return RawOutputs(prepared, labels=turned.labels(_by_place(said, config.output.numbers)))


def _opener(networks: Members) -> Any:
    def opened(stage: Stage) -> Sequence[Infer]:
        return [networks.member(stage.network, fold) for fold in stage.folds]

    return opened


def _by_place(said: npt.NDArray[np.uint16], numbers: Sequence[int]) -> Labels:
    """The model's own numbers -> n for the n-th label."""
    table = np.zeros(int(said.max(initial=0)) + 1, dtype=np.uint8)
    for place, number in enumerate(numbers, start=1):
        if number < len(table):
            table[number] = place
    return table[said]


def _conclude(run: Run, pictures: Pictures) -> Conclusion:
    """Findings as segmenters have them, each saying where it comes from and what was assumed."""
    made = segmentation.conclude(run, pictures)
    notes = _notes(run)
    return replace(made, findings=tuple(replace(one, notes=(*one.notes, *notes)) for one in made.findings))


def _notes(run: Run) -> tuple[str, ...]:
    fast = (FAST,) if run.request.options.fast else ()
    return (NOT_VALIDATED, _order_words(run), *fast)


def _order_words(run: Run) -> str:
    config = narrowed(run.pack.inference, NnunetInference)
    volume = run.request.image
    letters = stored.letters_of(volume, stored.way(volume, config.stored))
    said = "as its installer said" if config.stored else "assumed"
    return f"Given to the model with columns, rows and slices towards {'-'.join(letters)} ({said})."


def _settings(pack: PackInfo) -> dict[str, Any]:
    """Where the model comes from, for the passport."""
    config, outside = narrowed(pack.inference, NnunetInference), pack.viewer.outside
    folds = {stage.name: len(stage.folds) for stage in config.stages}
    origin = {}
    if outside is not None:
        origin = {"format": outside.format, "original_sha256": outside.sha256, "licence": outside.licence}
    return {"outside": origin, "folds": folds, "stored": config.stored or "as dcm2niix stores it"}


TASK = Task(
    name="nnunet",
    viewer=NnunetViewer,
    inference=NnunetInference,
    recipes=(),
    problems=_problems,
    predict=_predict,
    explain=segmentation.explain,
    conclude=_conclude,
    settings=_settings,
    members=members,
    chosen=chosen,
)
