"""Copies of a view: what is on the screen, without patient text unless it is asked for."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.viewport.heard import Heard
from tests.ui.viewport.test_viewport import mask_set, picture, show
from viewer.room.views.view import View
from viewer.ui.viewport import copying
from viewer.ui.viewport.copying import Film, Filming, coded, picture_of, rgb_of
from viewer.ui.viewport.view import Viewport


@pytest.fixture
def view(qtbot: QtBot) -> Viewport:
    made = Viewport(View(Heard()))
    qtbot.addWidget(made)
    made.resize(620, 660)
    made.show()
    return show(made, frame_time_ms=50.0)


def words(view: Viewport, monkeypatch: pytest.MonkeyPatch, patient: bool) -> str:
    """Everything that is written on a copy."""
    said: list[str] = []
    scene = copying.__dict__["picture_of"]
    from viewer.ui.viewport import controller

    made = controller.scene_of

    def heard(*args: Any) -> Any:
        items = list(made(*args))
        said.extend(str(item) for item in items)
        return items

    monkeypatch.setattr(controller, "scene_of", heard)
    scene(view, patient)
    return " ".join(said)


def test_a_copy_names_nobody_unless_asked(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words(view, monkeypatch, patient=False)
    assert "SYN-0002" not in told and "ADULT B" not in told and "2026" not in told
    assert "W 9000" in told and "10 mm" in told, "what the picture is stays"
    assert "SYN-0002" in words(view, monkeypatch, patient=True)
    assert view.view.patient[0] == "SYNTHETIC ADULT B", "the view itself is as it was"


def test_a_copy_is_the_picture_with_its_badges(view: Viewport) -> None:
    bare = rgb_of(picture_of(view))
    view.view.set_overlays(mask_set())
    QApplication.processEvents()
    covered = rgb_of(picture_of(view))
    assert covered.shape == (view.canvas.height() + view.strip.height(), view.canvas.width(), 3)
    strip = slice(0, view.strip.height())
    assert (bare[strip] != covered[strip]).any(), "AI draft"
    assert (bare[view.strip.height() :] != covered[view.strip.height() :]).any()


def test_files_are_png_and_jpeg(view: Viewport) -> None:
    image = picture_of(view)
    with Image.open(BytesIO(coded(image))) as png, Image.open(BytesIO(coded(image, jpeg=True))) as jpeg:
        assert (png.format, jpeg.format) == ("PNG", "JPEG")
        np.testing.assert_array_equal(np.array(png.convert("RGB")), rgb_of(image))


def test_a_film_has_every_frame_and_goes_back(view: Viewport, qtbot: QtBot) -> None:
    start, films = picture(view).index, list[Film]()
    Filming(view, False, films.append)
    qtbot.waitUntil(lambda: bool(films), timeout=20000)
    (film,) = films
    assert len(film.frames) == picture(view).count
    assert film.times_ms == [50.0] * picture(view).count
    assert picture(view).index == start
    assert len({frame.tobytes() for frame in film.frames}) == picture(view).count


def test_frames_of_a_long_film_are_smaller(view: Viewport, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr(copying, "MOST_PIXELS", 9 * 200 * 200)
    films = list[Film]()
    Filming(view, False, films.append)
    qtbot.waitUntil(lambda: bool(films), timeout=20000)
    rows, columns, _ = films[0].frames[0].shape
    assert rows * columns <= 200 * 200 * 1.05


def test_a_film_ends_where_another_series_is_shown(view: Viewport, qtbot: QtBot) -> None:
    films = list[Film]()
    Filming(view, False, films.append)
    show(view, series_uid="9.9")
    qtbot.wait(100)
    assert films == []
