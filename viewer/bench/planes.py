"""Benchmark: three planes of a CT against one: dragging the window, and stepping through sagittal slices."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from viewer.core.geometry import Geometry
from viewer.core.study import Kind, Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Volume
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.jobs.bench.harness import Plan, Target, Way
from viewer.room.views.crosswise import columns_first
from viewer.room.views.view import ViewSpec
from viewer.room.views.views import Views
from viewer.ui.kit.theme import apply_theme
from viewer.ui.viewport.grid import ViewGrid

SHAPE = (300, 512, 512)
SIZE = (1400, 900)
STEPS = 20
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
ONE, THREE = "window drag, one plane", "window drag, three planes"
AXIAL, SAGITTAL, COPIED = "step, axial", "step, sagittal, from the volume", "step, sagittal, from the copy"


def prepare(_folder: Path, cancel: CancelToken) -> Plan:
    """Build a grid of one view and one of three on the same volume."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        apply_theme(app)
    volume = _phantom()
    copy = columns_first(volume.stored, cancel if not cancel.is_cancelled() else CancelFlag())
    one, three = _Shown(volume, (Plane.AXIAL,)), _Shown(volume, PLANES)
    axial, sagittal, copied = one, _Shown(volume, (Plane.SAGITTAL,)), _Shown(volume, (Plane.SAGITTAL,))
    copied.give(copy)
    ways = (
        Way(ONE, one.drag),
        Way(THREE, three.drag),
        Way(AXIAL, axial.scroll),
        Way(SAGITTAL, sagittal.scroll),
        Way(COPIED, copied.scroll),
    )

    def finish() -> None:
        for shown in (one, three, sagittal, copied):
            shown.close()

    title = f"{STEPS} steps, {SHAPE[0]} x {SHAPE[1]} x {SHAPE[2]} int16 in {SIZE[0]} x {SIZE[1]} px"
    return Plan(title, ways, 8, (Target(THREE, ONE, 2.0),), finish=finish, clock=time.process_time)


def _phantom() -> Volume:
    noise = np.random.default_rng(0).normal(0, 200, SHAPE[1:]).astype(np.int16)
    stored = np.stack([np.roll(noise, k, axis=0) for k in range(SHAPE[0])])
    affine = np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [1.3, 0, 0, 0], [0, 0, 0, 1.0]])
    return Volume(stored, Geometry(SHAPE, affine), unit="HU", modality="CT")


class _Shown:
    """Planes of a volume as the window shows them."""

    def __init__(self, volume: Volume, planes: tuple[Plane, ...]) -> None:
        self._views = Views(lambda _event: None)
        self._grid = ViewGrid(self._views)
        self._grid.resize(*SIZE)
        stack = Stack("bench", Kind.VOLUME, "CT", (), description="SYNTHETIC", geometry=volume.geometry)
        layout = Layout.ONE if len(planes) == 1 else Layout.THREE
        self._views.show(layout, [ViewSpec(stack, volume, plane) for plane in planes])
        self._grid.arrange()
        self._grid.show()
        QApplication.processEvents()

    def give(self, copy: np.ndarray) -> None:
        """The columns-first copy."""
        picture = self._views.active.picture
        assert picture is not None
        picture.crosswise = copy

    def drag(self) -> None:
        """Another window at every step, as a drag makes them."""
        for n in range(STEPS):
            self._grid.active.controller.stir()
            self._views.active.set_window(Window(40.0 + n, 400.0 + 2 * n))
            QApplication.processEvents()

    def scroll(self) -> None:
        """One slice on, and again."""
        self._views.active.set_slice(100)
        for _ in range(STEPS):
            self._grid.active.controller.scroll(1)
            QApplication.processEvents()

    def close(self) -> None:
        """Close the window."""
        self._grid.close()
