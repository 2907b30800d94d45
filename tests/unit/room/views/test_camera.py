"""The camera: screen and image points, turns and mirrors, and the letters that go with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.display.slicing import Letters
from viewer.room.views.camera import (
    MIRROR_LEFT_RIGHT,
    MIRROR_UP_DOWN,
    TURN_LEFT,
    TURN_RIGHT,
    UPRIGHT,
    Camera,
)

MOVES = (TURN_RIGHT, TURN_LEFT, MIRROR_LEFT_RIGHT, MIRROR_UP_DOWN)
LETTERS = Letters("R", "L", "A", "P")
moves = st.lists(st.sampled_from(MOVES), max_size=6)


def camera(**facts: object) -> Camera:
    return Camera(canvas=(600, 400), image=(100, 200), mm=(2.0, 0.5), **facts).fit()  # type: ignore[arg-type]


@settings(deadline=None)
@given(turns=moves, dx=st.floats(-300, 300), dy=st.floats(-300, 300), factor=st.floats(0.2, 5))
def test_screen_and_image_points_go_there_and_back(turns: list[object], dx: float, dy: float, factor: float) -> None:
    seen = camera()
    for turn in turns:
        seen = seen.turned(turn)  # type: ignore[arg-type]
    seen = seen.panned(dx, dy).zoomed(factor, (120.0, 90.0))
    points = np.array([[0.0, 0.0], [99.0, 0.0], [13.5, 170.25]])
    np.testing.assert_allclose(seen.to_pixel(seen.to_screen(points)), points, atol=1e-6)
    for row, column in points:
        np.testing.assert_allclose(seen.matrix() @ (column, row, 1.0), seen.to_screen((row, column)), atol=1e-6)


@settings(deadline=None)
@given(turns=moves)
def test_letters_stand_where_their_side_is_drawn(turns: list[object]) -> None:
    seen = camera()
    for turn in turns:
        seen = seen.turned(turn)  # type: ignore[arg-type]
    middle = seen.to_screen((49.5, 99.5))
    sides = {"R": (49.5, 0.0), "L": (49.5, 199.0), "A": (0.0, 99.5), "P": (99.0, 99.5)}
    letters = seen.letters(LETTERS)
    for letter, pixel in sides.items():
        x, y = seen.to_screen(pixel) - middle
        edge = ("right" if x > 0 else "left") if abs(x) > abs(y) else ("bottom" if y > 0 else "top")
        assert getattr(letters, edge) == letter


def test_a_mirror_swaps_left_and_right_letters() -> None:
    letters = camera().turned(MIRROR_LEFT_RIGHT).letters(LETTERS)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("L", "R", "A", "P")


def test_a_turn_to_the_right_takes_the_front_to_the_right() -> None:
    letters = camera().turned(TURN_RIGHT).letters(LETTERS)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("P", "A", "R", "L")


def test_fit_keeps_proportions_and_fills_one_side() -> None:
    seen = camera()  # 200 mm high, 100 mm wide
    corners = seen.to_screen([[-0.5, -0.5], [99.5, 199.5]])
    width, height = corners[1] - corners[0]
    assert height == pytest.approx(400)
    assert width == pytest.approx(200)
    turned = seen.turned(TURN_RIGHT)
    assert turned.scale == pytest.approx(3.0)  # 200 mm across 600 px


def test_zoom_keeps_the_point_under_the_mouse() -> None:
    seen = camera()
    before = seen.to_pixel((77.0, 311.0))
    after = seen.zoomed(1.7, (77.0, 311.0))
    np.testing.assert_allclose(after.to_pixel((77.0, 311.0)), before, atol=1e-9)
    assert after.zoom == pytest.approx(seen.zoom * 1.7)
    assert not after.fitted


def test_zoom_has_limits() -> None:
    assert camera().zoomed(1e9, (0, 0)).zoom == pytest.approx(60)
    assert camera().zoomed(1e-9, (0, 0)).zoom == pytest.approx(0.02)


def test_a_fitted_picture_follows_the_canvas_and_a_zoomed_one_does_not() -> None:
    assert camera().resized(1200, 800).scale == pytest.approx(camera().scale * 2)
    zoomed = camera().zoomed(2.0, (300, 200))
    assert zoomed.resized(1200, 800).scale == zoomed.scale


def test_upright_undoes_turns() -> None:
    assert camera().turned(TURN_RIGHT).turned(MIRROR_UP_DOWN).upright().turn == UPRIGHT


def test_a_picture_stays_on_the_screen_while_the_canvas_changes_round_it() -> None:
    fitted = Camera((1000, 600), (96, 80)).fit()
    wider = fitted.canvas_moved(1360, 600, (0, 0))
    assert wider.scale == fitted.scale and wider.fitted
    np.testing.assert_allclose(wider.to_screen([10, 20]), fitted.to_screen([10, 20]))
    moved = fitted.canvas_moved(800, 600, (200, 0))
    np.testing.assert_allclose(moved.to_screen([10, 20]), fitted.to_screen([10, 20]) - [200, 0])
    assert wider.canvas_moved(1000, 600, (0, 0)) == fitted


def test_a_picture_that_would_be_cut_is_fitted_anew() -> None:
    wide = Camera((1000, 600), (80, 200)).fit()
    assert wide.canvas_moved(640, 600, (0, 0)) == wide.resized(640, 600)
