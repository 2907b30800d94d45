"""Models from nnU-Net are measured as segmenters are; they are trained by their own library, never here."""

from __future__ import annotations

from viewer.training.tasks import segmentation
from viewer.training.tasks.base import TrainingTask

TRAINING = TrainingTask({}, segmentation.TRAINING.summary, segmentation.TRAINING.card)
