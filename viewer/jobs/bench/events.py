"""How smooth the window stays: gaps of an event loop with and without an analysis running."""

from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path

import numpy as np

from viewer.analysis.client import InferenceProcess
from viewer.core.analysis import AnalysisRequest, PackInfo, RunOptions
from viewer.core.errors import AnalysisError, ViewerError
from viewer.core.geometry import Geometry
from viewer.core.task import CancelFlag, Cancelled, CancelToken, Progress
from viewer.core.volume import Volume
from viewer.jobs.bench.harness import Plan
from viewer.jobs.bench.inference import volumetric

#: A precise timer at this pace stands for the window; later firings are gaps.
PACE_MS = 8
SECONDS = 6.0
#: Side of the T1 block that keeps the inference process busy for long enough (voxels, mm).
SIDE = 160


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Gaps with the inference process idle, and while it works on a large box.

    Raises:
        AnalysisError: PySide6 is missing, or the analysis did not run.
        PackError: no 3-D pack is installed.
    """
    pack = volumetric()
    process = InferenceProcess()
    process.start()
    try:
        warm(process, pack)
        idle = _gaps(cancel)
        busy = _busy_gaps(process, pack, cancel)
    finally:
        process.stop()
    facts = {**_figures("idle", idle), **_figures("analysis running", busy)}
    return Plan(f"{PACE_MS} ms timer for {SECONDS:g} s, inference process with {pack.id}", facts=facts)


def _busy_gaps(process: InferenceProcess, pack: PackInfo, cancel: CancelToken) -> list[float]:
    """Gaps while a lane drives an analysis that is stopped at the end."""
    running, flag = threading.Event(), CancelFlag()
    ended: list[Exception] = []

    def lane() -> None:
        def told(progress: Progress) -> None:
            if progress.stage == "Network":
                running.set()

        try:
            process.run(busy_request(pack, SIDE), told, flag)
        except (Cancelled, ViewerError) as error:
            ended.append(error)
        running.set()

    thread = threading.Thread(target=lane, name="bench-lane")
    thread.start()
    running.wait()
    gaps = _gaps(cancel)
    alive = thread.is_alive()
    flag.cancel()
    thread.join()
    if not alive and not (ended and isinstance(ended[0], Cancelled)):
        raise AnalysisError(f"The analysis did not run while gaps were measured. {ended[0] if ended else ''}".strip())
    return gaps


def warm(process: InferenceProcess, pack: PackInfo) -> None:
    """One small run, so that imports and the export lie behind."""
    process.run(busy_request(pack, 40), lambda _progress: None, CancelFlag())


def busy_request(pack: PackInfo, side: int) -> AnalysisRequest:
    """A synthetic T1 block with a box around nearly all of it."""
    shape = (side, side, side)
    k, j, i = np.ogrid[:side, :side, :side]
    stored = (400 + 100 * np.sin(k / 7.0) + 80 * np.cos(j / 5.0) + 60 * np.sin(i / 6.0)).astype(np.int16)
    affine = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]])
    tags = {"SeriesDescription": "T1", "BodyPartExamined": "BRAIN"}
    volume = Volume(stored, Geometry(shape, affine), modality="MR", series_uid="2.25.1", tags=tags)
    options = RunOptions(run_warned=True, research=True)
    box = ((0, 0, 0), shape)
    return AnalysisRequest(uuid.uuid4().hex, pack.id, {"image": volume}, box, "cpu", "auto", (), options)


def _gaps(cancel: CancelToken) -> list[float]:
    """Milliseconds between firings of a precise timer over `SECONDS`."""
    try:
        from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer
    except ImportError as error:
        raise AnalysisError("PySide6 is not installed, so there is no event loop to measure.") from error
    owner = QCoreApplication.instance() or QCoreApplication([])
    loop, timer, at = QEventLoop(owner), QTimer(owner), [time.perf_counter()]
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def fired() -> None:
        at.append(time.perf_counter())
        if at[-1] - at[0] > SECONDS or cancel.is_cancelled():
            loop.quit()

    timer.timeout.connect(fired)
    timer.start(PACE_MS)
    loop.exec()
    timer.stop()
    cancel.check()
    return [float(gap) for gap in np.diff(at) * 1000]


def _figures(name: str, gaps: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(gaps, (50, 99))
    return {
        f"{name}, gap p50 ms": round(float(p50), 1),
        f"{name}, gap p99 ms": round(float(p99), 1),
        f"{name}, gap max ms": round(max(gaps), 1),
    }
