"""Text on pictures: whole, apart from each other, readable, in both languages and every size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind
from viewer.core.volume import Heatmap
from viewer.display.overlay import HeatmapLayer, OverlaySet
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.room.views.view import ViewSpec
from viewer.ui.viewport import pen
from viewer.ui.viewport.view import Viewport
from viewer.words import i18n

SIZES = [(320, 280), (420, 500), (640, 480), (1000, 900)]


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    i18n.set_language(request.param)
    yield request.param
    i18n.set_language("en")


@pytest.fixture
def plates(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, QRectF]]:
    """Every plate painted, with its text."""
    seen: list[tuple[str, QRectF]] = []
    texts: dict[int, str] = {}
    make, draw = pen._plate, QPainter.drawPixmap

    def plate(lines: tuple[str, ...], *rest: object) -> object:
        made = make(lines, *rest)  # type: ignore[arg-type]
        texts[made.cacheKey()] = "\n".join(lines)
        return made

    def draw_pixmap(painter: QPainter, at: object, pixmap: object, *rest: object) -> None:
        key = pixmap.cacheKey()  # type: ignore[attr-defined]
        if key in texts:
            seen.append((texts[key], QRectF(at, pixmap.deviceIndependentSize())))  # type: ignore[attr-defined,call-overload]
        draw(painter, at, pixmap, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(pen, "_plate", plate)
    monkeypatch.setattr(QPainter, "drawPixmap", draw_pixmap)
    return seen


def shown(qtbot: QtBot, size: tuple[int, int], film: bool, plane: Plane = Plane.AXIAL) -> Viewport:
    view = Viewport()
    qtbot.addWidget(view)
    view.resize(*size)
    facts = {"spacing_kind": SpacingKind.DETECTOR, "frame_of_reference_uid": None} if film else {}
    grid = phantoms.geometry((1 if film else 250, 80, 120), **facts)
    modality = "DX" if film else "CT"
    volume = phantoms.volume(np.full(grid.shape, 1000, np.int16), geometry=grid, modality=modality)
    stack = phantoms.stack(
        grid,
        modality=modality,
        kind=Kind.IMAGE if film else Kind.VOLUME,
        description="SYNTHETIC CT thorax with a long name, lung kernel",
        header={"SliceThickness": "1.0"},
    )
    who = ("SYNTHETIC 合成成人乙", "M 61 Y", "SYN-0002")
    view.view.show(ViewSpec(stack, volume, plane, who, "2 Mar 2026, 11:02"))
    view.view.take_window(Window(0, 4000))
    view.view.active = True
    view.show()
    return view


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("film", [False, True])
def test_plates_lie_inside_and_apart(
    qtbot: QtBot, language: str, plates: list[tuple[str, QRectF]], size: tuple[int, int], film: bool
) -> None:
    view = shown(qtbot, size, film, Plane.NATIVE if film else Plane.CORONAL)
    heat = Heatmap(np.ones(view.view.picture.view.geometry.shape, np.float32), view.view.picture.view.geometry, "x")  # type: ignore[union-attr]
    view.view.set_overlays(OverlaySet(heatmaps=(HeatmapLayer(heat),)))
    plates.clear()
    view.canvas.grab()
    assert len(plates) >= 6
    canvas = QRectF(0, 0, *view.view.camera.canvas)
    for text, rect in plates:
        assert canvas.contains(rect), f"{text!r} leaves the picture"
    for (one, first), (other, second) in combinations(plates, 2):
        assert not first.adjusted(0.5, 0.5, -0.5, -0.5).intersects(second), f"{one!r} lies on {other!r}"


def test_text_is_readable_on_white(qtbot: QtBot, language: str) -> None:
    view = shown(qtbot, (640, 480), film=False)
    view.view.take_window(Window(0, 10))  # all white
    QApplication.processEvents()
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    corner = raw[8:24, 8:80].astype(float)
    light, dark = np.percentile(corner, 98), np.percentile(corner, 20)
    luminance = [((v / 255 + 0.055) / 1.055) ** 2.4 + 0.05 for v in (light, dark)]
    assert luminance[0] / luminance[1] >= 4.5
