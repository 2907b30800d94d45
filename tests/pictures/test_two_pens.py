"""One scene, two pens: what the window paints is what a file gets."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.core.finding import FindingState
from viewer.core.graphic import Graphic, Shape
from viewer.core.volume import Heatmap, Mask, Segment
from viewer.display.colours import TOKENS as RGB_TOKENS
from viewer.display.graphics import GraphicLayer, PlacedOn
from viewer.display.overlay import HeatmapLayer, Mark, MaskLayer, OverlaySet
from viewer.display.pen import Sketch
from viewer.display.scene import Block, Fill, Handle, Item, Outlines, Stroke, Text, draw
from viewer.display.slicing import Plane
from viewer.room.tools import MEASURES
from viewer.room.tools.measure import drawn, measured
from viewer.room.views.camera import TURN_RIGHT, Camera
from viewer.room.views.scene import scene_of
from viewer.room.views.view import View, ViewSpec
from viewer.ui.kit.theme import TOKENS
from viewer.ui.viewport.pen import OutlinePaths, QtPen

SHAPE = (9, 80, 120)
SIZES = [(420, 500), (640, 480), (1000, 900)]
Picture = npt.NDArray[np.uint8]


def full_view(size: tuple[int, int]) -> View:
    """A view with everything that can lie over an image."""
    grid = phantoms.geometry(SHAPE)
    view = View()
    view.camera = Camera(canvas=size)
    view.active = True
    volume = phantoms.volume(np.zeros(SHAPE, np.int16), geometry=grid)
    view.show(ViewSpec(phantoms.stack(grid), volume, Plane.AXIAL, ("SYNTHETIC ADULT B", "M 61 Y"), "2 Mar 2026, 11:02"))
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 10:30, 20:50] = 1
    heat = np.zeros(SHAPE, np.float32)
    heat[:, 50:60, 60:90] = 1.0
    corners = grid.index_to_world([[4, 40, 30], [4, 40, 60], [4, 60, 60], [4, 60, 30]])
    outline = tuple((float(x), float(y), float(z)) for x, y, z in corners)
    cross = Graphic(Shape.POINTS, ((20.0, 80.0),))
    view.set_overlays(
        OverlaySet(
            (MaskLayer(Mask(labels, (Segment(1, "x"),), grid)),),
            (HeatmapLayer(Heatmap(heat, grid, "x", honest=True)),),
            (
                Mark("1 AI draft", FindingState.PROPOSED, outline),
                Mark("2 Accepted", FindingState.ACCEPTED, outline[:1]),
            ),
            graphics=(GraphicLayer("Marks", (PlacedOn(cross, frozenset({4})),), grid, (0, 255, 0)),),
        )
    )
    view.set_roi(((2, 30, 70), (7, 50, 100)), "Box, yours")
    for tool, pixels in {
        "length": ((70, 10), (70, 40)),
        "ellipse": ((60, 90), (75, 110)),
        "angle": ((5, 60), (5, 90), (25, 60)),
        "arrow": ((70, 60), (60, 70)),
    }.items():
        at = view.picture.slice  # type: ignore[union-attr]
        points = tuple(tuple(float(v) for v in p) for p in at.view.pixel_to_world(np.array(pixels)))
        kept = measured(MEASURES[tool], at, drawn(MEASURES[tool], at, points))  # type: ignore[arg-type]
        view.drawings.put(kept)
        view.selected = kept.id
    return view


def painted(view: View) -> tuple[list[Item], Picture]:
    """Its scene and picture by the painter: uint8 [rows, columns, 3]."""
    width, height = view.camera.canvas
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(64, 64, 64))
    painter = QPainter(image)
    pen = QtPen(painter, OutlinePaths())
    items = list(scene_of(view, pen))
    draw(pen, items)
    painter.end()
    words = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine() // 4, 4)
    return items, words[:, :width, 2::-1].copy()


def filed(view: View) -> tuple[list[Item], Picture]:
    """Its scene and picture by the file renderer: uint8 [rows, columns, 3]."""
    width, height = view.camera.canvas
    pen = Sketch(np.full((height, width, 3), 64, np.uint8))
    items = list(scene_of(view, pen))
    draw(pen, items)
    return items, pen.finish()


def told(items: list[Item]) -> list[tuple[object, ...]]:
    """What each item is, without what depends on the width of letters."""
    kinds: list[tuple[object, ...]] = []
    for item in items:
        kind: tuple[object, ...] = (type(item).__name__,)
        if isinstance(item, Stroke):
            kind += (item.ink, item.line, item.width, item.halo, len(item.lines))
        elif isinstance(item, Text):
            kind += (item.text, item.ink, item.align)
        elif isinstance(item, Block):
            kind += (len(item.lines), item.bottom, item.right)
        elif isinstance(item, Fill):
            kind += (item.ink, item.size[1])
        kinds.append(kind)
    return kinds


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_both_pens_get_the_same_scene_and_draw_the_same_picture(
    qtbot: QtBot, size: tuple[int, int], turned: bool
) -> None:
    view = full_view(size)
    if turned:
        view.set_camera(view.camera.turned(TURN_RIGHT))
    (items, window), (others, file) = painted(view), filed(view)
    assert {type(item) for item in items} == {Stroke, Outlines, Text, Block, Fill, Handle}
    assert told(items) == told(others)
    square = 20
    rows, columns = (side - side % square for side in window.shape[:2])
    means = [
        p[:rows, :columns].reshape(rows // square, square, columns // square, square, 3).mean(axis=(1, 3))
        for p in (window.astype(float), file.astype(float))
    ]
    off = np.abs(means[0] - means[1]).max(axis=2)
    assert (off > 40).mean() < 0.01, "letters and edges differ by a little, nothing is elsewhere"
    assert off.mean() < 4


def test_lines_of_both_pens_lie_on_the_same_pixels(qtbot: QtBot) -> None:
    view = View()
    view.camera = Camera(canvas=(600, 600))
    grid = phantoms.geometry((1, 60, 60), spacing_kind=phantoms.geometry().spacing_kind, affine=np.eye(4)[[2, 1, 0, 3]])
    view.show(ViewSpec(phantoms.stack(grid), phantoms.volume(np.zeros((1, 60, 60), np.int16), geometry=grid)))
    at = view.picture.slice  # type: ignore[union-attr]
    points = tuple(tuple(float(v) for v in p) for p in at.view.pixel_to_world(np.array([[10, 10], [10, 50]])))
    view.drawings.put(drawn(MEASURES["arrow"], at, points))  # type: ignore[arg-type]
    x = round(float(view.camera.to_screen((10.0, 30.0))[0]))
    y = float(view.camera.to_screen((10.0, 30.0))[1])
    for _, picture in (painted(view), filed(view)):
        column = picture[:, x].astype(int)
        yellow = np.flatnonzero((column[:, 0] > 180) & (column[:, 2] < 200))
        assert abs(yellow.mean() + 0.5 - y) <= 1.0


def test_tokens_on_pictures_are_those_of_the_window() -> None:
    theme = asdict(TOKENS)
    for name, (red, green, blue) in RGB_TOKENS.items():
        assert theme[name].upper() == f"#{red:02X}{green:02X}{blue:02X}", name
