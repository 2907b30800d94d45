"""Training's side of every task of `viewer.analysis.tasks`, under the same names."""

from __future__ import annotations

from collections.abc import Mapping

from viewer.training.tasks import classification, ecg, gate, nnunet, report, segmentation
from viewer.training.tasks.base import TrainingTask

#: Name of the task -> how it is trained and measured. A new task: one module beside this one, one line here.
TRAINING: Mapping[str, TrainingTask] = {
    "classification": classification.TRAINING,
    "segmentation": segmentation.TRAINING,
    "gate": gate.TRAINING,
    "report": report.TRAINING,
    "ecg": ecg.TRAINING,
    "nnunet": nnunet.TRAINING,
}
