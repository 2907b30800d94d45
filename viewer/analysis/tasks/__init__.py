"""What packs can do: one module a task, one line here. Torch-free to import.

Nothing outside asks which task a pack is of; it asks the task. Training's side of each lies in
`viewer.training.tasks`, under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping

from viewer.analysis.inference import Infer, RawOutputs
from viewer.analysis.tasks import classification, ecg, gate, nnunet, report, segmentation
from viewer.analysis.tasks.base import Task
from viewer.core.analysis import Box, PackInfo
from viewer.core.task import CancelToken, OnProgress, ignore_progress
from viewer.core.volume import Volume

#: Name in `viewer.task` -> task. A new task: one module beside this one, one line here.
TASKS: Mapping[str, Task] = {
    task.name: task for task in (classification.TASK, segmentation.TASK, gate.TASK, report.TASK, ecg.TASK, nnunet.TASK)
}


def predict(
    pack: PackInfo,
    infer: Infer,
    volume: Volume,
    roi: Box | None = None,
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> RawOutputs:
    """Run a pack that reads one picture on it.

    Args:
        pack: its steps, windows and outputs.
        infer: the network, see `inference`.
        volume: any grid; everything returned lies on it.
        roi: half-open box (k, j, i), for packs that need one.
        on_progress: told after every batch of windows.
        cancel: asked before every batch.

    Raises:
        UsageError, AnalysisError: with words; `Cancelled` when the reader stopped it.
    """
    return TASKS[pack.task].predict(pack, infer, {"image": volume}, roi, on_progress=on_progress, cancel=cancel)
