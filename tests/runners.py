"""What the inference process runs in tests instead of the engine; importable by a spawned child."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from viewer.core.analysis import AnalysisRequest, AnalysisResult
from viewer.core.errors import PackError
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.core.volume import Heatmap, Mask, Segment


def echo(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """A mask where the picture is above its mean, a heatmap of its values."""
    volume = request.image
    on_progress(Progress("Echo", 0.5))
    labels = (volume.stored > volume.stored.mean()).astype(np.uint8)
    mask = Mask(labels, (Segment(1, "Bright"),), volume.geometry, band=labels)
    heat = Heatmap(volume.stored.astype(np.float32), volume.geometry, "Echo")
    return AnalysisResult(request.id, request.pack_id, "ran", masks=(mask,), heatmaps=(heat,))


def sleepy(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """Works for 20 s in steps and listens to cancel."""
    for step in range(1000):
        cancel.check()
        on_progress(Progress("Sleeping", step / 1000))
        time.sleep(0.02)
    return AnalysisResult(request.id, request.pack_id, "ran")


def deaf(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """Works for 20 s and hears nothing."""
    on_progress(Progress("Deaf", 0.1))
    time.sleep(20)
    return AnalysisResult(request.id, request.pack_id, "ran")


def choosy(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """Does what the pack id says: words, fault, death, sleep, or echo."""
    if request.pack_id == "words":
        raise PackError("The weights are not the ones.", "Install the pack again.", "wrong_hash")
    if request.pack_id == "fault":
        raise ZeroDivisionError("a fault of the program")
    if request.pack_id == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    if request.pack_id == "sleep":
        return sleepy(request, on_progress, cancel)
    if request.pack_id == "deaf":
        return deaf(request, on_progress, cancel)
    return echo(request, on_progress, cancel)
