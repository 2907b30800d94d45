"""One model from nnU-Net on one picture: every stage in turn, labels on the picture's grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.inference import Infer
from viewer.analysis.nnunet import sliding
from viewer.analysis.nnunet.labels import labelled
from viewer.analysis.nnunet.prepare import Seen, prepare
from viewer.core.nnunet import NnunetInference, Stage
from viewer.core.task import CancelToken, OnProgress, Progress

Array = npt.NDArray[Any]
Labels = npt.NDArray[np.uint16]
#: A stage -> its folds' networks.
Open = Callable[[Stage], Sequence[Infer]]


@dataclass(frozen=True, slots=True)
class Watch:
    """Told after each call of a network; asked before it whether the reader wants to stop."""

    on_progress: OnProgress
    cancel: CancelToken | None = None

    def before(self) -> None:
        """Stop here where the reader said so."""
        if self.cancel is not None:
            self.cancel.check()


def predict(
    config: NnunetInference, open_folds: Open, channels: Sequence[Array], spacing: Sequence[float], watch: Watch
) -> Labels:
    """The label of every voxel, in the model's own numbers.

    Args:
        config: the model.
        open_folds: gives a stage's networks.
        channels: real values [K, J, I] in the order of axes that the model reads.
        spacing: mm along k, j, i.

    Returns:
        uint16 [K, J, I].
    """
    done: dict[str, Labels] = {}
    only_before = {stage.previous for stage in config.stages}
    for number, stage in enumerate(config.stages):
        part = (number / len(config.stages), (number + 1) / len(config.stages))
        inner = _within(watch, part)
        watch.before()
        inner.on_progress(Progress("Preparing", 0.0))
        seen = prepare(channels, spacing, stage, done.get(stage.previous))
        done[stage.name] = _stage(stage, open_folds, seen, inner)
    said = [done[stage.name] for stage in config.stages if stage.name not in only_before]
    out = said[0]
    for later in said[1:]:
        np.copyto(out, later, where=later > 0)
    return out


def _stage(stage: Stage, open_folds: Open, seen: Seen, watch: Watch) -> Labels:
    """One stage's labels on the grid of the channels."""
    ticks = _Ticks(watch, sliding.calls(seen.channels.shape[1:], stage))
    logits = sliding.slabs(seen.channels, stage, open_folds(stage), watch.before, ticks)
    small = (seen.channels.shape[1], seen.channels.shape[2], seen.channels.shape[3])
    return _placed(seen, labelled(logits, small, seen.cropped, stage, (seen.want, seen.have)), stage)


def _placed(seen: Seen, labels: Labels, stage: Stage) -> Labels:
    """Labels of the box back in the whole picture, axes as they were."""
    whole = np.zeros(seen.full, dtype=np.uint16)
    whole[seen.box] = labels
    return np.ascontiguousarray(np.transpose(whole, np.argsort(stage.transpose)))


class _Ticks:
    """Counts calls of networks."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0

    def __call__(self) -> None:
        """One more is done."""
        self._done += 1
        self._watch.on_progress(Progress("Network", min(1.0, self._done / self._total)))


def _within(watch: Watch, part: tuple[float, float]) -> Watch:
    """The same watch for one stage of several."""
    low, high = part

    def tell(inner: Progress) -> None:
        watch.on_progress(Progress(inner.stage, low + (inner.fraction or 0.0) * (high - low)))

    return Watch(tell, watch.cancel)
