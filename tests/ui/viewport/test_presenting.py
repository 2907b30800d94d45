"""Views under a presentation state or with a mask subtracted: sides, pixels and numbers stay true."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.core.graphic import BitPlane, Graphic, Shape
from viewer.core.presentation import Area, Presentation, SizeMode
from viewer.core.subtraction import Operation, Step, Subtraction
from viewer.display.graphics import GraphicLayer, PlacedOn, PlaneLayer
from viewer.display.overlay import OverlaySet
from viewer.display.presented import Look, turn_of
from viewer.display.slicing import Letters, Plane
from viewer.display.subtraction import Subtractor
from viewer.display.window import Window
from viewer.room.views.presenting import take_look
from viewer.room.views.view import ViewSpec
from viewer.ui.viewport.view import Viewport

SHAPE = (3, 40, 60)


@pytest.fixture
def view(qtbot: QtBot) -> Viewport:
    made = Viewport()
    qtbot.addWidget(made)
    made.resize(620, 660)
    made.show()
    return made


def show(view: Viewport, plane: Plane = Plane.NATIVE) -> npt.NDArray[np.int16]:
    """Every pixel its own value; the grid's axes run against the patient's, so that AXIAL mirrors it."""
    k, j, i = np.indices(SHAPE)
    values = (1000 * k + 20 * j + i).astype(np.int16)
    grid = phantoms.geometry(SHAPE)
    view.view.show(ViewSpec(phantoms.stack(grid), phantoms.volume(values, geometry=grid), plane))
    view.view.take_window(Window(1400, 900))
    QApplication.processEvents()
    return values


def grab(view: Viewport) -> npt.NDArray[np.uint8]:
    view.controller.moving = False
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def state_look(turns: int = 0, flipped: bool = False, **facts: Any) -> Look:
    state = Presentation("Test", turns=turns, flipped=flipped)
    return Look(facts.get("window"), facts.get("inverted", False), turn_of(state), facts.get("area"))


@pytest.mark.parametrize("plane", [Plane.NATIVE, Plane.AXIAL])
@pytest.mark.parametrize(("turns", "flipped"), [(0, False), (1, False), (2, True), (3, False), (1, True)])
def test_stored_pixels_turn_as_the_state_says_in_any_plane(
    view: Viewport, plane: Plane, turns: int, flipped: bool
) -> None:
    """The corner pixels stand where numpy's own turn and flip put them."""
    show(view, plane)
    take_look(view.view, state_look(turns, flipped))
    rows, columns = SHAPE[1:]
    names = np.array([["a", "b"], ["c", "d"]])
    expected = np.rot90(names, -turns)
    expected = np.fliplr(expected) if flipped else expected
    picture = view.view.picture
    assert picture is not None
    corners = {"a": (0, 0), "b": (0, columns - 1), "c": (rows - 1, 0), "d": (rows - 1, columns - 1)}
    at = {}
    for name, (j, i) in corners.items():
        x, y = view.view.camera.to_screen(picture.view.index_to_pixel([picture.index, j, i]))
        at[name] = (y > view.view.camera.canvas[1] / 2, x > view.view.camera.canvas[0] / 2)
    for (row, column), name in np.ndenumerate(expected):
        assert at[str(name)] == (bool(row), bool(column)), name


@pytest.mark.parametrize("plane", [Plane.NATIVE, Plane.AXIAL])
def test_letters_turn_with_the_picture(view: Viewport, plane: Plane) -> None:
    show(view, plane)
    picture = view.view.picture
    assert picture is not None
    view.view.set_camera(view.view.camera.upright())
    take_look(view.view, state_look())
    stored = view.view.camera.letters(picture.view.letters)
    take_look(view.view, state_look(1))
    turned = view.view.camera.letters(picture.view.letters)
    assert turned == Letters(stored.bottom, stored.top, stored.left, stored.right)
    take_look(view.view, state_look(0, True))
    assert view.view.camera.letters(picture.view.letters) == Letters(
        stored.right, stored.left, stored.top, stored.bottom
    )


def test_the_displayed_area_fills_the_view_and_follows_its_size(view: Viewport) -> None:
    show(view)
    take_look(view.view, state_look(area=Area((10, 20), (29, 39))))
    for _ in range(2):
        camera = view.view.camera
        corners = camera.to_screen(np.array([[9.5, 19.5], [29.5, 39.5]]))
        room = np.array(camera.canvas) - np.abs(corners[1] - corners[0])
        assert room.min() == pytest.approx(0, abs=1)
        assert corners.mean(axis=0) == pytest.approx(np.array(camera.canvas) / 2, abs=1)
        view.resize(500, 420)
        QApplication.processEvents()


def test_magnify_means_screen_pixels(view: Viewport) -> None:
    show(view)
    take_look(view.view, state_look(area=Area((0, 0), (39, 59), SizeMode.MAGNIFY, magnification=3.0)))
    assert view.view.camera.zoom == pytest.approx(3.0 / view.canvas.devicePixelRatioF())


def subtractor(view: Viewport) -> Subtractor:
    assert view.view.picture is not None
    return Subtractor(view.view.picture.source.volume, Subtraction((Step(Operation.AVERAGE, masks=(1,)),)))


def test_subtracted_frames_are_shown_and_native_values_read(view: Viewport) -> None:
    values = show(view)
    view.view.set_slice(2)
    before, native = view.view.window, grab(view)
    view.view.set_subtractor(subtractor(view))
    picture = view.view.picture
    assert picture is not None and picture.mask is not None
    assert picture.value_at(7, 9) == (float(values[2, 7, 9]),)
    shown = grab(view)
    middle = shown[shown.shape[0] // 2 - 40 : shown.shape[0] // 2, shown.shape[1] // 2 - 40 : shown.shape[1] // 2]
    assert np.ptp(middle) <= 1, "the difference of two such frames is one value everywhere"
    view.view.take_window(Window(0.0, 8000.0))
    view.view.set_subtractor(None)
    assert view.view.window is before
    np.testing.assert_array_equal(grab(view), native)


def test_marks_and_planes_lie_on_the_pixels_in_any_turn(view: Viewport) -> None:
    show(view)
    bits = np.zeros(SHAPE[1:], bool)
    bits[30:34, 10:14] = True
    grid = phantoms.geometry(SHAPE)
    plane = PlaneLayer(BitPlane(1, "Box", False, bits.shape, {1: np.packbits(bits, axis=1)}), grid, (255, 0, 0))
    cross = Graphic(Shape.POINTS, ((8.0, 45.0),))
    layer = GraphicLayer("Marks", (PlacedOn(cross, frozenset({1})),), grid, (0, 255, 0))
    view.view.set_overlays(OverlaySet(planes=(plane,), graphics=(layer,)))
    for turns in range(4):
        take_look(view.view, state_look(turns))
        picture, shown = view.view.picture, grab(view)
        assert picture is not None
        x, y = view.view.camera.to_screen([31.5, 11.5]).astype(int)
        assert shown[y, x].tolist() == [255, 0, 0]
        x, y = view.view.camera.to_screen([8.0, 45.0]).astype(int)
        near = shown[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3)
        assert (near[:, 1] > near[:, 0].astype(int) + 60).any()
    view.view.set_slice(2)
    assert not (grab(view)[..., 0] > grab(view)[..., 1].astype(int) + 60).any()


def test_peeking_hides_them_all(view: Viewport) -> None:
    show(view)
    bare = grab(view)
    bits = np.ones(SHAPE[1:], bool)
    plane = PlaneLayer(BitPlane(1, "All", False, bits.shape, {1: np.packbits(bits, axis=1)}), phantoms.geometry(SHAPE))
    view.view.set_overlays(OverlaySet(planes=(plane,)))
    assert not np.array_equal(grab(view), bare)
    view.view.set_peek(True)
    np.testing.assert_array_equal(grab(view), bare)
