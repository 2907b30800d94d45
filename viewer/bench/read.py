"""Benchmark: gaps of the event loop while a CT is read by wheel, window and crosshair, with and without an analysis."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from viewer.analysis.client import InferenceProcess
from viewer.app import Program
from viewer.core.errors import ViewerError
from viewer.core.task import CancelFlag, Cancelled, CancelToken
from viewer.core.volume import Mask, Segment
from viewer.display.overlay import MaskLayer, OverlaySet
from viewer.jobs.bench.events import SIDE as ANALYSED
from viewer.jobs.bench.events import busy_request, warm
from viewer.jobs.bench.harness import Plan
from viewer.jobs.bench.inference import volumetric
from viewer.jobs.bench.open_series import SIDE, write_series
from viewer.room.views.arrangement import FOUR

#: Slices of the series; seconds of each read; pace of the timer whose lateness is measured (ms).
SLICES, SECONDS, PACE_MS = 200, 180.0, 8
#: The reader does something at most so often (ms).
HAND_MS = 30
LABELS = 12


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Read twice: alone, and while the inference process works."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["SECONDREAD_HOME"] = str(folder / "home")
    series = folder / "series"
    series.mkdir()
    write_series(series, SLICES, SIDE, cancel)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    program = Program(app)
    program.show()
    gc.freeze()  # as the program does once its window stands
    try:
        _open(program, series)
        _read(program, cancel, SECONDS / 20)  # code and fonts
        alone = _read(program, cancel, SECONDS)
        with _analysing():
            busy = _read(program, cancel, SECONDS)
    finally:
        program.window.close()
    facts: dict[str, Any] = {}
    for name, gaps in (("alone", alone), ("under analysis", busy)):
        p50, p99 = np.percentile(gaps, (50, 99))
        facts[f"{name}, gap p50 / p99 / max ms"] = f"{p50:.1f} / {p99:.1f} / {max(gaps):.1f}"
        facts[f"{name}, gaps over 33 ms"] = f"{sum(gap > 33 for gap in gaps)} of {len(gaps)}"
    facts["p99, under analysis : alone (target 1.5)"] = round(
        float(np.percentile(busy, 99) / np.percentile(alone, 99)), 2
    )
    facts["max, under analysis : alone (target 2)"] = round(max(busy) / max(alone), 2)
    return Plan(
        f"{SECONDS:g} s of reading {SLICES} x {SIDE} x {SIDE} with {LABELS} labels, {PACE_MS} ms timer", facts=facts
    )


def _wait(ready: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not ready() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def _open(program: Program, series: Path) -> None:
    room = program.room
    room.opening.open_paths([str(series)])
    _wait(lambda: bool(room.loading.loaded) and not room.opening.is_busy)
    room.views.arrange(FOUR)
    view = room.views.active
    assert view.picture is not None
    geometry = view.picture.source.volume.geometry
    k, j, i = np.ogrid[: geometry.shape[0], : geometry.shape[1], : geometry.shape[2]]
    labels = np.zeros(geometry.shape, np.uint8)
    for n in range(LABELS):
        middle = 100 + 90 * (n // 3), 130 + 120 * (n % 3)
        labels[(j - middle[0]) ** 2 + (i - middle[1]) ** 2 + (k - 100) ** 2 < 40**2] = n + 1
    mask = Mask(labels, tuple(Segment(n, f"Part {n}") for n in range(1, LABELS + 1)), geometry)
    overlays = OverlaySet((MaskLayer(mask),))
    for shown in room.views.of(view.stack_key):
        shown.set_overlays(overlays)
    _wait(lambda: not program.context.pool.busy)


class _Reader(QObject):
    """A hand that turns the wheel, drags the window and the crosshair, and changes the layout."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._program = program
        self._steps = cycle(self._script())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._do_next)
        self._timer.start(HAND_MS)

    def stop(self) -> None:
        """Lay the hand down."""
        self._timer.stop()

    def _do_next(self) -> None:
        next(self._steps)()

    def _script(self) -> list[Callable[[], None]]:
        steps: list[Callable[[], None]] = []
        for direction in (-120, 120):
            steps += [lambda notch=direction: self._wheel(notch)] * 60  # type: ignore[misc]
        steps += [lambda: self._tool("window"), *self._drag(40), lambda: self._tool("crosshair"), *self._drag(60)]
        steps += [lambda: self._program.room.hanging.act("view.maximise")] * 2
        return steps

    def _tool(self, name: str) -> None:
        self._program.room.views.set_tool(name)

    def _wheel(self, notch: int) -> None:
        canvas = self._program.window.view_area.grid.active.canvas
        at = QPointF(canvas.width() / 2, canvas.height() / 2)
        none, mods = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        turned = QPointF(0, notch).toPoint()
        event = QWheelEvent(at, canvas.mapToGlobal(at), turned, turned, none, mods, Qt.ScrollPhase.NoScrollPhase, False)
        QApplication.sendEvent(canvas, event)

    def _drag(self, count: int) -> list[Callable[[], None]]:
        kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * count, QEvent.Type.MouseButtonRelease]
        return [lambda n=n, kind=kind: self._mouse(kind, n / count) for n, kind in enumerate(kinds)]  # type: ignore[misc]

    def _mouse(self, kind: QEvent.Type, share: float) -> None:
        canvas = self._program.window.view_area.grid.active.canvas
        at = QPointF(canvas.width() * (0.3 + 0.4 * share), canvas.height() * (0.7 - 0.4 * share))
        left = Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else left
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else left
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)


def _read(program: Program, cancel: CancelToken, seconds: float) -> list[float]:
    """Milliseconds between firings of the timer while the hand works."""
    at, reader, timer = [time.perf_counter()], _Reader(program), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: at.append(time.perf_counter()))
    timer.start(PACE_MS)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        cancel.check()
        QApplication.processEvents()
        time.sleep(0.0005)
    timer.stop()
    reader.stop()
    return [float(gap) for gap in np.diff(at) * 1000]


@contextmanager
def _analysing() -> Iterator[None]:
    """The inference process works on one block after the other."""
    pack, process, flag = volumetric(), InferenceProcess(), CancelFlag()
    process.start()
    warm(process, pack)

    def lane() -> None:
        while not flag.is_cancelled():
            try:
                process.run(busy_request(pack, ANALYSED), lambda _progress: None, flag)
            except (Cancelled, ViewerError):
                return

    thread = threading.Thread(target=lane, name="bench-lane")
    thread.start()
    try:
        yield
    finally:
        flag.cancel()
        thread.join()
        process.stop()
