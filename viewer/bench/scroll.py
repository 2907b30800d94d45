"""Benchmark: a scroll step of a CT slice with masks, against two bare pyqtgraph ImageItems and one composed picture."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from viewer.core.geometry import Geometry
from viewer.core.study import Kind, Stack
from viewer.core.task import CancelToken
from viewer.core.volume import Mask, Segment, Volume
from viewer.display.colours import lut
from viewer.display.compose import Painter
from viewer.display.overlay import MaskLayer, OverlaySet, SliceOverlay
from viewer.display.slicing import Plane, extract
from viewer.display.window import Window
from viewer.jobs.bench.harness import Plan, Target, Way
from viewer.room.views.view import ViewSpec
from viewer.ui.kit.theme import apply_theme
from viewer.ui.viewport.view import Viewport

#: Slices, rows, columns; the view on screen; steps timed together.
SHAPE = (60, 512, 512)
SIDE = 1000
STEPS = 20
OURS, FRESH, MANY = (
    "viewport, slices seen before",
    "viewport, slices new to it",
    "viewport, new slices, 40 labels in 4 masks",
)
PEER, FLOOR, NEAREST = "pyqtgraph: two ImageItems", "one composed QImage, interpolated", "one composed QImage, nearest"
#: What a step may cost at most.
LIMITS = ((FLOOR, 1.6), (PEER, 0.4))
#: Masks of the way with many, and labels in each.
MASKS, LABELS = 4, 10


def prepare(_folder: Path, _cancel: CancelToken) -> Plan:
    """Build the three windows on one synthetic CT."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        apply_theme(app)
    volume, mask = _phantom()
    ours, fresh, many = _Ours(volume, (mask,)), _Ours(volume, (mask,)), _Ours(volume, _many(volume))
    peer, floor, nearest = _Peer(volume, mask), _Floor(volume, mask), _Floor(volume, mask, smooth=False)
    ways = (
        Way(PEER, lambda: _scroll(peer)),
        Way(FLOOR, lambda: _scroll(floor)),
        Way(NEAREST, lambda: _scroll(nearest)),
        Way(OURS, lambda: _scroll(ours)),
        Way(FRESH, lambda: _scroll(fresh), fresh.forget),
        Way(MANY, lambda: _scroll(many), many.forget),
    )
    title = f"{STEPS} scroll steps, {SHAPE[1]} x {SHAPE[2]} int16 with a mask of 4 labels, {SIDE} x {SIDE} view"

    def finish() -> None:
        for shown in (ours, fresh, many, peer, floor, nearest):
            shown.close()

    targets = tuple(Target(way, against, limit) for way in (OURS, FRESH, MANY) for against, limit in LIMITS)
    return Plan(title, ways, rounds=12, targets=targets, finish=finish, clock=time.process_time)


def _phantom() -> tuple[Volume, Mask]:
    """Noise with four organs that change from slice to slice."""
    noise = np.random.default_rng(0).normal(0, 30, SHAPE[1:])
    stored = np.empty(SHAPE, np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    row, column = np.mgrid[: SHAPE[1], : SHAPE[2]]
    for k in range(SHAPE[0]):
        stored[k] = np.roll(noise, k, axis=0)
        for number, (y, x) in enumerate(((150, 150), (150, 360), (350, 150), (350, 360)), start=1):
            inside = (row - y) ** 2 + (column - x) ** 2 < (50 + k) ** 2
            labels[k][inside] = number
            stored[k][inside] += 60 * number
    geometry = Geometry(SHAPE, np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1]]))
    segments = tuple(Segment(n, f"Organ {n}") for n in range(1, 5))
    return Volume(stored, geometry, unit="HU", modality="CT"), Mask(labels, segments, geometry)


def _many(volume: Volume) -> tuple[Mask, ...]:
    """Masks with blocks of labels side by side."""
    row, column = np.mgrid[: SHAPE[1], : SHAPE[2]]
    made = []
    for n in range(MASKS):
        lies = (row // 64 + n) % MASKS == 0
        plane = np.where(lies & (column % 52 < 40), column // 52 + 1, 0).clip(0, LABELS).astype(np.uint8)
        labels = np.stack([np.roll(plane, k, axis=0) for k in range(SHAPE[0])])
        segments = tuple(Segment(number, f"Part {n}-{number}") for number in range(1, LABELS + 1))
        made.append(Mask(labels, segments, volume.geometry))
    return tuple(made)


class _Ours:
    """The viewport as the window uses it."""

    def __init__(self, volume: Volume, masks: tuple[Mask, ...]) -> None:
        self._view = Viewport()
        self._view.resize(SIDE, SIDE)
        stack = Stack("bench", Kind.VOLUME, "CT", (), description="SYNTHETIC", geometry=volume.geometry)
        self._view.view.show(ViewSpec(stack, volume, Plane.AXIAL, ("SYNTHETIC",)))
        self._masks = masks
        self.forget()
        self._view.show()

    def forget(self) -> None:
        """Lay the masks on anew, so that every slice is new."""
        layers = tuple(MaskLayer(mask, offset=LABELS * n) for n, mask in enumerate(self._masks))
        self._view.view.set_overlays(OverlaySet(layers))
        QApplication.processEvents()

    def step(self, k: int) -> None:
        """One slice on or back, as the wheel does it."""
        picture = self._view.view.picture
        assert picture is not None
        self._view.controller.scroll(k - picture.index)

    def close(self) -> None:
        """Close the window."""
        self._view.close()


class _Peer:
    """What a pyqtgraph program does first: an ImageItem for the picture and one for the mask."""

    def __init__(self, volume: Volume, mask: Mask) -> None:
        self._stored, self._labels = volume.stored, mask.labels
        self._view: Any = pyqtgraph.GraphicsView()
        box = pyqtgraph.ViewBox(lockAspect=True, invertY=True, enableMouse=False)
        self._view.setCentralItem(box)
        self._image = pyqtgraph.ImageItem(axisOrder="row-major")
        self._mask = pyqtgraph.ImageItem(axisOrder="row-major")
        colours = np.zeros((256, 4), np.uint8)
        colours[1:5, :3], colours[1:5, 3] = lut("overlay")[:4], 71
        self._mask.setLookupTable(colours)
        box.addItem(self._image)
        box.addItem(self._mask)
        self._view.resize(SIDE, SIDE)
        self._view.show()

    def step(self, k: int) -> None:
        """Both items get their slice."""
        self._image.setImage(self._stored[k], levels=(-160, 240), autoLevels=False)
        self._mask.setImage(self._labels[k], levels=(0, 255), autoLevels=False)

    def close(self) -> None:
        """Close the window."""
        self._view.close()


class _Floor(QWidget):
    """A bare widget that paints one composed picture."""

    def __init__(self, volume: Volume, mask: Mask, smooth: bool = True) -> None:
        super().__init__()
        self._smooth = smooth
        self._volume, self._labels = volume, mask.labels
        layer = MaskLayer(mask)
        self._styles = tuple(layer.style(segment) for segment in mask.segments)
        self._painter, self._window = Painter(volume), Window(40, 400)
        self._words: npt.NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.resize(SIDE, SIDE)
        self.show()

    def step(self, k: int) -> None:
        """Compose the slice and ask for a paint."""
        view = extract(self._volume, Plane.NATIVE, k)
        overlay = SliceOverlay(self._labels[k], self._styles)
        self._words = self._painter.compose(view, self._window, overlay=overlay)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """One drawImage."""
        rows, columns = self._words.shape
        image = QImage(self._words.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.scale(SIDE / columns, SIDE / rows)
        painter.drawImage(QPointF(0, 0), image)


def _scroll(shown: _Ours | _Peer | _Floor) -> None:
    for k in range(STEPS):
        shown.step(k + 10)
        QApplication.processEvents()
