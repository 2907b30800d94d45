"""A view: mouse, tools, words and what it paints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests import phantoms
from tests.ui.viewport.heard import Heard, caught, choose
from viewer.core.finding import FindingState
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Kind
from viewer.core.verdict import Caution, judge
from viewer.core.volume import Mask, Segment
from viewer.display.overlay import MaskLayer, OverlaySet
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.room.tools import MEASURES
from viewer.room.views import commands
from viewer.room.views.camera import MIRROR_LEFT_RIGHT, TURN_RIGHT
from viewer.room.views.facts import BadgeSpec, CursorInfo, cursor_at
from viewer.room.views.picture import Picture
from viewer.room.views.view import View, ViewSpec
from viewer.ui.viewport.controller import FRAME_MS
from viewer.ui.viewport.view import Viewport

SHAPE = (9, 40, 60)
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


@pytest.fixture
def view(qtbot: QtBot) -> Viewport:
    made = Viewport(View(Heard()))
    qtbot.addWidget(made)
    made.resize(620, 660)
    made.show()
    return made


def values() -> npt.NDArray[np.int16]:
    """Every voxel its own value: 1000 k + 10 j + i."""
    k, j, i = np.indices(SHAPE)
    return (1000 * k + 10 * j + i).astype(np.int16)


def show(view: Viewport, plane: Plane = Plane.AXIAL, grid: Geometry | None = None, **facts: Any) -> Viewport:
    grid = grid or phantoms.geometry(SHAPE)
    stack = phantoms.stack(grid, **facts)
    volume = phantoms.volume(values(), geometry=grid)
    who = ("SYNTHETIC ADULT B", "M 61 Y", "SYN-0002")
    view.view.show(ViewSpec(stack, volume, plane, who, "2 Mar 2026 11:02"))
    view.view.take_window(Window(4000, 9000))
    QApplication.processEvents()
    return view


def screen(view: Viewport, row: float, column: float) -> QPointF:
    x, y = view.view.camera.to_screen((row, column))
    return QPointF(x, y)


def mouse(view: Viewport, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
    canvas = view.canvas
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)


def drag(view: Viewport, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT) -> None:
    mouse(view, QEvent.Type.MouseButtonPress, start, button, button)
    mouse(view, QEvent.Type.MouseMove, (start + end) / 2, Qt.MouseButton.NoButton, button)
    mouse(view, QEvent.Type.MouseMove, end, Qt.MouseButton.NoButton, button)
    mouse(view, QEvent.Type.MouseButtonRelease, end, button, Qt.MouseButton.NoButton)


def hover(view: Viewport, at: QPointF) -> None:
    mouse(view, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)


def click(view: Viewport, at: QPointF, button: Qt.MouseButton = LEFT) -> None:
    mouse(view, QEvent.Type.MouseButtonPress, at, button, button)
    mouse(view, QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton)


def wheel(view: Viewport, delta: int, ctrl: bool = False) -> None:
    canvas = view.canvas
    modifiers = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    at = QPointF(100, 100)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, at, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers, phase, False)
    QApplication.sendEvent(canvas, event)


def picture_of(view: Viewport) -> npt.NDArray[np.uint8]:
    """What the canvas shows at rest: uint8 [rows, columns, 3]."""
    view.controller.moving = False
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def picture(view: Viewport) -> Picture:
    assert view.view.picture is not None
    return view.view.picture


# ---------------------------------------------------------------- mouse


def test_wheel_scrolls_without_looping_and_parts_of_a_notch_add_up(view: Viewport) -> None:
    show(view)
    said = caught(view, "slice_moved")
    wheel(view, -120)
    assert picture(view).index == 5
    wheel(view, -60)
    assert picture(view).index == 5
    wheel(view, -60)
    assert picture(view).index == 6
    wheel(view, -120 * 50)
    assert picture(view).index == 8
    wheel(view, 120 * 50)
    assert picture(view).index == 0
    assert said == [5, 6, 8, 0]


def test_ctrl_scrolls_faster(view: Viewport) -> None:
    show(view).view.set_slice(0)
    wheel(view, -120, ctrl=True)
    assert picture(view).index == 5


def test_left_drag_right_is_wider_and_up_is_brighter(view: Viewport) -> None:
    show(view)
    said = caught(view, "window_moved")
    drag(view, QPointF(300, 300), QPointF(350, 300))
    wide = view.view.window
    assert wide is not None
    assert wide.width > 9000
    assert wide.center == 4000
    before = picture_of(view).mean()
    drag(view, QPointF(300, 300), QPointF(300, 250))
    assert view.view.window is not None
    assert view.view.window.center < 4000
    assert picture_of(view).mean() > before
    assert said


def test_up_is_brighter_also_on_an_inverted_picture(view: Viewport) -> None:
    commands.invert(show(view).view)
    before = picture_of(view).mean()
    drag(view, QPointF(300, 300), QPointF(300, 250))
    assert picture_of(view).mean() > before


def test_window_drag_can_be_swapped(view: Viewport) -> None:
    choose(show(view), swap_drag=True)
    drag(view, QPointF(300, 300), QPointF(300, 250))
    assert view.view.window is not None
    assert view.view.window.width > 9000
    assert view.view.window.center == pytest.approx(4000, abs=1)


def test_middle_drag_pans_and_right_drag_zooms(view: Viewport) -> None:
    show(view)
    before = screen(view, 10, 10)
    drag(view, QPointF(300, 300), QPointF(340, 320), MIDDLE)
    moved = screen(view, 10, 10) - before
    assert (moved.x(), moved.y()) == pytest.approx((40, 20))
    zoom = view.view.camera.zoom
    drag(view, QPointF(300, 300), QPointF(300, 225), RIGHT)
    assert view.view.camera.zoom == pytest.approx(zoom * 2**0.5)


def test_a_right_click_that_does_not_move_asks_for_the_menu(view: Viewport) -> None:
    show(view)
    asked = caught(view, "menu_wanted")
    drag(view, QPointF(300, 300), QPointF(300, 225), RIGHT)
    assert asked == []
    click(view, QPointF(300, 300), RIGHT)
    assert len(asked) == 1


def test_double_click_maximises_but_not_while_drawing(view: Viewport) -> None:
    show(view)
    asked = caught(view, "maximise_wanted")
    mouse(view, QEvent.Type.MouseButtonDblClick, QPointF(300, 300), LEFT, LEFT)
    view.mouse.set_tool("length")
    mouse(view, QEvent.Type.MouseButtonDblClick, QPointF(300, 300), LEFT, LEFT)
    assert asked == [view.view]


def test_value_and_position_under_the_pointer(view: Viewport) -> None:
    show(view, Plane.CORONAL)
    said = caught(view, "pointer_moved")
    view.view.set_slice(12)
    hover(view, screen(view, 2, 7))
    info = said[-1]
    assert isinstance(info, CursorInfo)
    assert info.index == (SHAPE[0] - 1 - 2, 12, 7)  # head up: row 2 is the third slice from the top
    assert info.value == (1000 * 6 + 120 + 7,)
    assert info.unit == "HU"
    assert info.lps == pytest.approx(phantoms.geometry(SHAPE).index_to_world([6, 12, 7]).tolist(), abs=1e-6)


def test_beside_the_picture_there_is_no_value(view: Viewport) -> None:
    show(view)
    said = caught(view, "pointer_moved")
    hover(view, QPointF(1, 1))
    assert said == [None]


def test_films_give_detector_millimetres(view: Viewport) -> None:
    grid = phantoms.geometry((1, 40, 60), spacing_kind=SpacingKind.DETECTOR, frame_of_reference_uid=None)
    film = phantoms.volume(values()[:1], geometry=grid, modality="DX", unit="1")
    view.view.show(ViewSpec(phantoms.stack(grid, modality="DX", kind=Kind.IMAGE), film))
    info = cursor_at(picture(view), (3, 9))
    assert info is not None
    assert info.lps is None
    assert info.detector_mm == pytest.approx((9.5, 5.25))
    assert info.unit == ""


def _pointer(view: Viewport, row: float, column: float) -> Any:
    from viewer.room.tools import Pointer

    at = screen(view, row, column)
    return Pointer(at.x(), at.y(), (row, column))


# ---------------------------------------------------------------- tools


def only(view: Viewport) -> ReaderMeasurement:
    (drawing,) = view.view.drawings.all()
    return drawing


def plate(view: Viewport) -> str:
    """What stands on the plate of the only drawing."""
    return "\n".join(MEASURES[only(view).tool].words(only(view)))


def test_length_by_mouse_is_in_mm(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 4, 25))
    assert plate(view) == "20.0 mm"
    assert (only(view).plane, only(view).slice_index) == ("native", 4)


def test_length_on_a_turned_and_mirrored_picture_is_the_same(view: Viewport) -> None:
    commands.turn(show(view).view, TURN_RIGHT)
    commands.turn(view.view, MIRROR_LEFT_RIGHT)
    view.mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 20, 5))
    assert plate(view) == "24.0 mm"


def test_a_slip_of_the_mouse_draws_nothing(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    click(view, screen(view, 4, 5))
    assert view.view.drawings.all() == ()


def uneven() -> Geometry:
    return phantoms.geometry(SHAPE, slice_positions=tuple(float(p) for p in (0, 3, 6, 9, 21.5, 24.5, 27.5, 30.5, 33.5)))


def resampled_view(view: Viewport) -> Viewport:
    """A coronal cut of an even copy of an uneven stack, as `reading.resample_regular` makes it."""
    native = uneven()
    even = phantoms.geometry((35, 40, 60), affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), (1.0, 1.5, 1.0)))
    stack = phantoms.stack(native, verdict=judge(native), warnings=(Caution("uneven_gaps", "x", "Uneven gaps"),))
    view.view.show(ViewSpec(stack, phantoms.volume(np.zeros(even.shape, np.int16), geometry=even), Plane.CORONAL))
    QApplication.processEvents()
    return view


def test_length_across_a_gap_is_refused_in_words(view: Viewport) -> None:
    resampled_view(view).mouse.set_tool("length")
    drag(view, screen(view, 20, 10), screen(view, 28, 10))  # 14 mm to 6 mm above the first slice
    assert view.view.drawings.all() == ()
    title, body = view.notice.words
    assert title == "Length is not available between slices 4 and 5."
    assert "12.5 mm" in body
    assert view.notice.isVisible()
    assert view.notice.height() <= 64
    assert not view.notice.hasFocus()


def test_resampled_cuts_carry_their_badges(view: Viewport) -> None:
    resampled_view(view)
    assert [spec.text for spec in view.strip.specs] == ["Uneven gaps", "Resampled"]


def test_angle_takes_a_drag_and_a_click(view: Viewport) -> None:
    show(view).mouse.set_tool("angle")
    drag(view, screen(view, 4, 25), screen(view, 4, 5))
    assert view.view.drawings.all() == ()
    hover(view, screen(view, 10, 5))
    click(view, screen(view, 14, 5))
    assert plate(view) == "90.0°"


def test_ellipse_reads_the_values_inside(view: Viewport) -> None:
    show(view).mouse.set_tool("ellipse")
    drag(view, screen(view, 9.5, 19.5), screen(view, 20.5, 30.5))
    values = {value.name: value for value in only(view).values}
    assert values["Mean"].value == pytest.approx(4000 + 150 + 25, abs=1)
    assert values["Mean"].unit == "HU"
    assert values["Area"].value == pytest.approx(np.pi * 5.5 * 5.5 * 1.5, rel=1e-3)


@pytest.mark.parametrize("radius", [2.0, 3.0, 7.5])
@pytest.mark.parametrize("zoom", [1.0, 1.7])
def test_areas_and_lengths_drawn_by_the_mouse_are_true(view: Viewport, radius: float, zoom: float) -> None:
    """1.5 x 1 mm pixels: areas within 1 % from 2 mm radius on, lengths within half a pixel, at any zoom."""
    show(view)
    view.view.set_camera(view.view.camera.zoomed(zoom, (300, 300)))
    row, column = 18.2, 30.7
    down, right = radius / 1.5, radius
    view.mouse.set_tool("ellipse")
    drag(view, screen(view, row - down, column - right), screen(view, row + down, column + right))
    view.mouse.set_tool("freehand")
    turns = np.linspace(0, 2 * np.pi, 400)
    around = [screen(view, row + down * np.sin(a), column + right * np.cos(a)) for a in turns]
    mouse(view, QEvent.Type.MouseButtonPress, around[0], LEFT, LEFT)
    for at in around[1:]:
        mouse(view, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, LEFT)
    mouse(view, QEvent.Type.MouseButtonRelease, around[-1], LEFT, Qt.MouseButton.NoButton)
    view.mouse.set_tool("length")
    drag(view, screen(view, row - down, column), screen(view, row + down, column))
    values = [{v.name: v.value for v in drawing.values} for drawing in view.view.drawings.all()]
    assert values[0]["Area"] == pytest.approx(np.pi * radius**2, rel=0.01)
    assert values[1]["Area"] == pytest.approx(np.pi * radius**2, rel=0.01)
    assert values[2]["Length"] == pytest.approx(2 * radius, abs=0.5)


def test_probe_leaves_the_value(view: Viewport) -> None:
    show(view).mouse.set_tool("probe")
    click(view, screen(view, 7, 11))
    assert plate(view) == "4081 HU"


def test_text_is_typed_in_place(view: Viewport, qtbot: QtBot) -> None:
    show(view).mouse.set_tool("text")
    click(view, screen(view, 7, 11))
    qtbot.keyClicks(view.typing, "old fracture")
    qtbot.keyClick(view.typing, Qt.Key.Key_Return)
    assert plate(view) == "old fracture"
    assert view.typing.isHidden()


def test_escape_drops_a_text(view: Viewport, qtbot: QtBot) -> None:
    show(view).mouse.set_tool("text")
    click(view, screen(view, 7, 11))
    qtbot.keyClicks(view.typing, "old")
    view.cancel()
    assert view.view.drawings.all() == ()
    assert view.typing.isHidden()


def test_arrow_has_no_number(view: Viewport) -> None:
    show(view).mouse.set_tool("arrow")
    drag(view, screen(view, 4, 25), screen(view, 14, 5))
    assert only(view).values == ()
    assert plate(view) == ""


def test_a_handle_moves_its_point_and_the_number_follows(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 4, 25))
    picture_of(view)
    view.mouse.set_tool("window")
    click(view, screen(view, 4, 15))
    drag(view, screen(view, 4, 25), screen(view, 4, 35))
    assert plate(view) == "30.0 mm"
    drag(view, screen(view, 4, 15), screen(view, 14, 15))
    assert plate(view) == "30.0 mm", "taken by its line it moves as a whole"
    assert [round(y, 6) for _, y, _ in only(view).points_lps] == [round(only(view).points_lps[0][1], 6)] * 2
    assert view.view.window is not None
    assert view.view.window.width == 9000


def test_a_new_line_near_an_old_end_leaves_the_old_one_where_it_is(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 4, 25))
    first = only(view)
    hover(view, screen(view, 4, 25))
    drag(view, screen(view, 4, 25), screen(view, 14, 25))
    kept, fresh = view.view.drawings.all()
    assert kept == first
    assert MEASURES[fresh.tool].words(fresh) == ("15.0 mm",)
    click(view, screen(view, 4, 15))
    assert view.view.selected == first.id
    click(view, screen(view, 30, 50))
    assert view.view.selected == ""
    drag(view, screen(view, 4, 25), screen(view, 4, 35))
    assert first in view.view.drawings.all()


def test_everything_the_mouse_draws_is_drawn_by_keys(view: Viewport, qtbot: QtBot) -> None:
    show(view).mouse.set_tool("length")
    keyed = view.mouse.keyed
    keyed.act()
    row, column = view.view.keyed or (0.0, 0.0)
    keyed.act()
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.view.keyed == pytest.approx((row, column + 19))
    keyed.act()
    assert plate(view) == "19.0 mm"
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.view.keyed is None
    commands.turn(view.view, TURN_RIGHT)
    keyed.act()
    row, column = view.view.keyed or (0.0, 0.0)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.view.keyed == pytest.approx((row - 1, column)), "right on the screen of a turned picture"


@pytest.mark.parametrize(
    ("tool", "moves", "words"),
    [
        ("angle", [(0, 10), (10, 0)], "90.0°"),
        ("probe", [], "HU"),
        ("polygon", [(0, 10), (10, 0), (0, -10), (-10, 0)], "mean"),
    ],
)
def test_tools_of_several_points_take_them_from_the_keys(
    view: Viewport, tool: str, moves: list[tuple[int, int]], words: str
) -> None:
    show(view).mouse.set_tool(tool)
    keyed = view.mouse.keyed
    keyed.act()
    keyed.act()
    for down, right in moves:
        for _ in range(abs(down) + abs(right)):
            keyed.move((right > 0) - (right < 0), (down > 0) - (down < 0))
        keyed.act()
    assert words in plate(view)


def test_delete_takes_the_selected_drawing_away(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 4, 25))
    picture_of(view)
    view.view.selected = only(view).id
    view.view.set_slice(5)
    view.mouse.delete_selected()
    assert view.view.drawings.all(), "what is not in sight is not deleted"
    view.view.set_slice(4)
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, key)
    assert view.view.drawings.all() == ()


def test_drawings_stay_on_their_slice(view: Viewport) -> None:
    show(view).mouse.set_tool("length")
    drag(view, screen(view, 4, 5), screen(view, 4, 25))
    drawings = view.view.drawings
    assert [(one.plane, one.slice_index) for one in drawings.of("1.2.3")] == [("native", 4)]
    assert len(view.view.drawn()) == 1
    view.view.set_slice(5)
    assert view.view.drawn() == []


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_box_is_in_voxels_of_the_acquired_grid(view: Viewport, plane: Plane) -> None:
    show(view, plane).mouse.set_tool("box")
    said = caught(view, "box_placed")
    rows, columns = view.view.picture.view.shape  # type: ignore[union-attr]
    drag(view, screen(view, 1.6, 2.6), screen(view, rows - 2.4, columns - 8.4))
    ((k0, j0, i0), (k1, j1, i1)) = said[-1]
    inside = np.zeros(SHAPE, bool)
    inside[k0:k1, j0:j1, i0:i1] = True
    from viewer.display.slicing import cut, cut_array

    shown = cut_array(inside, cut(phantoms.geometry(SHAPE), plane), picture(view).index)
    drawn = np.argwhere(shown)
    assert drawn.min(axis=0).tolist() == [2, 3]
    assert drawn.max(axis=0).tolist() == [rows - 3, columns - 9]


def test_box_side_moves_by_its_handle_and_the_rest_stays(view: Viewport) -> None:
    show(view).mouse.set_tool("box")
    view.view.set_roi(((2, 10, 20), (7, 20, 40)), "Left box, yours")
    said = caught(view, "box_placed")
    drag(view, screen(view, 14.5, 39.5), screen(view, 14.5, 49.5))
    assert said[-1] == ((2, 10, 20), (7, 20, 50))
    drag(view, screen(view, 15, 30), screen(view, 18, 27))
    assert said[-1] == ((2, 13, 17), (7, 23, 47))


def test_box_stays_within_the_volume(view: Viewport) -> None:
    show(view).mouse.set_tool("box")
    said = caught(view, "box_placed")
    drag(view, screen(view, 30, 50), QPointF(615, 627))
    ((k0, j0, i0), (k1, j1, i1)) = said[-1]
    assert 0 <= k0 < k1 <= SHAPE[0]
    assert (j1, i1) == (40, 60)


# ---------------------------------------------------------------- what it shows


def mask_set(state: FindingState = FindingState.PROPOSED) -> OverlaySet:
    grid = phantoms.geometry(SHAPE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 10:20, 20:40] = 1
    return OverlaySet((MaskLayer(Mask(labels, (Segment(1, "x"),), grid), {1: state}),))


def test_patient_left_is_painted_on_the_right(view: Viewport) -> None:
    grid = phantoms.geometry(SHAPE)
    view.view.show(ViewSpec(phantoms.stack(grid), phantoms.with_marker(grid, 0, 1), Plane.AXIAL))
    view.view.take_window(Window(500, 1000))
    choose(view, corners=False)
    painted = picture_of(view)
    at = screen(view, 20, 57)
    assert painted[round(at.y()), round(at.x())].tolist() == [255, 255, 255]
    at = screen(view, 20, 2)
    assert painted[round(at.y()), round(at.x())].tolist() == [0, 0, 0]


def test_peek_hides_overlays_and_nothing_else(view: Viewport) -> None:
    show(view)
    bare = picture_of(view)
    view.view.set_overlays(mask_set())
    covered = picture_of(view)
    assert not np.array_equal(bare, covered)
    badges = view.strip.specs
    view.view.set_peek(True)
    np.testing.assert_array_equal(picture_of(view), bare)
    assert view.strip.specs == badges
    view.view.set_peek(False)
    np.testing.assert_array_equal(picture_of(view), covered)


def test_ai_draft_badge_until_accepted(view: Viewport) -> None:
    show(view).view.set_overlays(mask_set())
    assert "AI draft" in [spec.text for spec in view.strip.specs]
    view.view.set_overlays(mask_set(FindingState.ACCEPTED))
    assert "AI draft" not in [spec.text for spec in view.strip.specs]


def test_overlays_of_one_stack_never_lie_on_another(view: Viewport) -> None:
    show(view).view.set_overlays(mask_set())
    view.view.set_roi(((0, 0, 0), (2, 2, 2)))
    show(view, series_uid="other")
    assert view.view.picture is not None
    assert view.view.picture.overlays is None
    assert view.view.roi is None


def test_another_plane_of_the_same_stack_keeps_its_overlays(view: Viewport) -> None:
    overlays = mask_set()
    show(view).view.set_overlays(overlays)
    show(view, Plane.CORONAL)
    assert view.view.picture is not None
    assert view.view.picture.overlays is overlays


def test_active_border_does_not_move_the_picture(view: Viewport) -> None:
    show(view)
    rect = view.canvas.geometry()
    before = picture_of(view)
    view.view.active = True
    view.view.surface.refresh()
    QApplication.processEvents()
    assert view.canvas.geometry() == rect
    np.testing.assert_array_equal(picture_of(view), before)


def test_space_hides_corners_but_never_badges(view: Viewport) -> None:
    show(view, warnings=(Caution("lossy", "Lossy 12:1", "Lossy 12:1"),))
    choose(view, corners=False)
    view.view.take_window(Window(30000, 10))
    painted = picture_of(view)
    assert painted[-20:, 8:60].max() == 0
    assert [spec.text for spec in view.strip.specs] == ["Lossy 12:1"]
    choose(view, corners=True)
    assert picture_of(view)[-20:, 8:60].max() > 100


def test_hidden_name_is_not_painted(view: Viewport) -> None:
    show(view)
    named = picture_of(view)[8:56, 8:200]
    choose(view, hidden_name=True)
    hidden = picture_of(view)[8:56, 8:200]
    assert not np.array_equal(named[:16], hidden[:16])
    view.view.patient = ("SOMEBODY ELSE", *view.view.patient[1:])
    np.testing.assert_array_equal(picture_of(view)[8:56, 8:200], hidden)


def test_slices_that_are_not_read_are_said_and_black(view: Viewport) -> None:
    loaded = np.zeros(SHAPE[0], bool)
    volume = phantoms.volume(values(), geometry=phantoms.geometry(SHAPE))
    view.view.show(ViewSpec(phantoms.stack(phantoms.geometry(SHAPE)), volume, Plane.AXIAL, loaded=loaded))
    choose(view, corners=False)
    view.view.take_window(Window(0, 10))
    at = screen(view, 5, 30)
    assert picture_of(view)[round(at.y()), round(at.x())].tolist() == [0, 0, 0]
    assert cursor_at(picture(view), (5, 30)) is None
    loaded[4] = True
    view.view.arrived()
    assert picture_of(view)[round(at.y()), round(at.x())].tolist() == [255, 255, 255]


def test_a_slice_that_could_not_be_read_is_said_and_black(view: Viewport) -> None:
    volume = phantoms.volume(values(), geometry=phantoms.geometry(SHAPE))
    volume = replace(volume, missing=np.arange(SHAPE[0]) == 4)
    view.view.show(ViewSpec(phantoms.stack(phantoms.geometry(SHAPE)), volume, Plane.AXIAL))
    choose(view, corners=False)
    view.view.take_window(Window(0, 10))
    assert view.view.picture is not None and view.view.picture.index == 4
    assert view.view.picture.is_unread
    at = screen(view, 5, 30)
    assert picture_of(view)[round(at.y()), round(at.x())].tolist() == [0, 0, 0]
    assert cursor_at(picture(view), (5, 30)) is None
    view.view.set_slice(3)
    assert picture_of(view)[round(at.y()), round(at.x())].tolist() == [255, 255, 255]


def test_windows_by_key(view: Viewport) -> None:
    show(view)
    commands.preset_window(view.view, 2)
    assert view.view.window is not None
    assert (view.view.window.width, view.view.window.center) == (1500, -600)
    commands.auto_window(view.view)
    assert view.view.window.center == pytest.approx(4000 + 10 * 19.5 + 29.5, abs=3)
    commands.file_window(view.view)
    assert view.view.window.name == "Soft tissue"


def test_reset_brings_everything_back(view: Viewport) -> None:
    show(view)
    commands.reset(view.view)
    fresh = picture_of(view)
    for action in ("image.rotate", "image.flip_h", "image.invert", "window.preset2"):
        commands.ON_ACTIVE[action](view.view)
    drag(view, QPointF(300, 300), QPointF(340, 320), MIDDLE)
    assert not np.array_equal(picture_of(view), fresh)
    commands.reset(view.view)
    np.testing.assert_array_equal(picture_of(view), fresh)


def test_many_steps_in_one_turn_make_one_paint(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view)
    QApplication.processEvents()
    paints = counted(view, monkeypatch)
    for index in (1, 2, 3, 4, 5):
        view.view.set_slice(index)
    view.view.take_window(Window(0, 100))
    QApplication.processEvents()
    assert paints() == 1


def test_nothing_new_nothing_painted(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view)
    overlays = mask_set()
    view.view.set_overlays(overlays)
    window = view.view.window
    assert window is not None
    QApplication.processEvents()
    paints = counted(view, monkeypatch)
    view.view.set_slice(picture(view).index)
    view.view.take_window(window)
    view.view.set_overlays(overlays)
    view.view.set_peek(False)
    view.view.set_crosshair(None)
    QApplication.processEvents()
    assert paints() == 0


def counted(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Number of times the view paints from now on."""
    times: list[int] = []
    painted = view.controller.paint_picture

    def paint(painter: Any) -> None:
        times.append(1)
        painted(painter)

    monkeypatch.setattr(view.controller, "paint_picture", paint)
    return lambda: len(times)


def stripes(side: int) -> npt.NDArray[np.uint16]:
    """Every second row white: what drops rows shows it black, white, or as bands."""
    return np.where(np.arange(side)[:, None] % 2, 1000, 0).repeat(side, axis=1)[None].astype(np.uint16)


@pytest.mark.parametrize("side", [900, 2600])
@pytest.mark.parametrize("moving", [False, True])
def test_no_row_is_dropped_below_zoom_1(view: Viewport, side: int, moving: bool) -> None:
    grid = phantoms.geometry((1, side, side), spacing_kind=SpacingKind.DETECTOR, affine=np.eye(4))
    stack = phantoms.stack(grid, kind=Kind.IMAGE)
    view.view.show(ViewSpec(stack, phantoms.volume(stripes(side), geometry=grid, modality="DX")))
    view.view.take_window(Window(500, 1000, "LINEAR_EXACT"))
    for zoom in (0.2, 0.31, 0.45, 0.6):
        view.view.set_camera(view.view.camera.at_zoom(zoom))
        if moving:
            view.controller.scroll(0)
        assert view.controller.moving is moving
        at = slice(290, 330), slice(270, 350)
        seen = grabbed(view)[at].astype(int)
        assert abs(seen.mean() - 127) < 8
        assert abs(seen - 127).max() < 127 * zoom + 8, "as grey as the mean of so many rows can be"


def grabbed(view: Viewport) -> npt.NDArray[np.uint8]:
    """What the view paints now, as greys [y, x]."""
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width()].copy()


def test_interpolation_is_kept_while_scrolling_unless_pictures_come_late(view: Viewport) -> None:
    show(view)
    view.view.set_camera(view.view.camera.at_zoom(8))
    view.view.take_window(Window(5250, 300))
    view.controller.scroll(1)
    view.controller.full_ms = 0.0
    assert view.controller.moving and not view.controller.quick
    smooth = grabbed(view)
    assert view.controller.full_ms > 0, "what it took decides on the next"
    view.controller.full_ms = FRAME_MS
    assert view.controller.quick
    coarse = grabbed(view)
    steps, blocks = (np.count_nonzero(np.diff(seen[290:330, 300])) for seen in (smooth, coarse))
    assert blocks <= 5 < 20 < steps, "8 px a row: a ramp, or blocks"
    view.controller._come_to_rest()
    assert not view.controller.quick


def test_a_large_film_is_averaged_in_blocks_only_while_it_moves(view: Viewport) -> None:
    grid = phantoms.geometry((1, 2600, 2600), spacing_kind=SpacingKind.DETECTOR, affine=np.eye(4))
    noise = np.random.default_rng(0).integers(0, 1000, (1, 2600, 2600)).astype(np.uint16)
    view.view.show(
        ViewSpec(phantoms.stack(grid, kind=Kind.IMAGE), phantoms.volume(noise, geometry=grid, modality="DX"))
    )
    assert view.view.picture is not None
    wheel_zoom = view.view.camera.zoom
    assert wheel_zoom < 0.5
    view.controller.scroll(0)
    view.canvas.grab()
    assert view.view.picture.image(4).shape == (650, 650)
    painted = picture_of(view)
    at = slice(200, 400), slice(200, 400)
    assert painted[at].std() < 40  # averaged, not every fourth pixel of the noise


def test_neighbours_are_prepared_at_rest(view: Viewport, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from viewer.room.views import picture as module

    show(view).view.set_overlays(mask_set())
    wheel(view, -120)
    placed: list[int] = []
    place = module.place

    def counted_place(overlays: Any, slice_view: Any, **how: Any) -> Any:
        placed.append(slice_view.index)
        return place(overlays, slice_view, **how)

    monkeypatch.setattr(module, "place", counted_place)
    qtbot.waitUntil(lambda: {3, 4, 6, 7} <= set(placed), timeout=20000)
    placed.clear()
    wheel(view, -120)
    picture_of(view)
    assert placed == []


def test_strip_names_what_is_shown(view: Viewport) -> None:
    show(view)
    assert view.strip.words == ("Axial", "SYNTHETIC thorax · Series 3")
    show(view, Plane.CORONAL)
    assert view.strip.words == ("Coronal", "MPR, same series")
    assert "Coronal" in view.canvas.accessibleName()


def test_badges_give_up_words_in_order(view: Viewport) -> None:
    show(view)
    view.view.set_badges((BadgeSpec("suits", "Suits", "", 1), BadgeSpec("checked", "Heatmap checked", "", 2)))
    view.view.set_overlays(mask_set())
    texts = [badge.text for badge in view.strip._badges]
    assert texts == ["Suits", "Heatmap checked", "AI draft"]
    view.resize(320, 400)
    QApplication.processEvents()
    texts = [badge.text for badge in view.strip._badges]
    assert texts[-1] == "AI draft"
    assert texts[0] == ""
    assert "Suits" in view.strip._badges[0].accessibleName()


def test_dropped_files_are_told(view: Viewport, tmp_path: Path) -> None:
    said = caught(view, "files_dropped")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.dcm"))])
    copy = Qt.DropAction.CopyAction
    view.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, LEFT, Qt.KeyboardModifier.NoModifier))
    assert said == [[tmp_path / "a.dcm"]]


def test_an_empty_view_takes_every_call(view: Viewport) -> None:
    view.view.clear()
    for action in commands.ON_ACTIVE.values():
        action(view.view)
    view.view.arrived()
    view.view.set_slice(3)
    view.view.set_overlays(mask_set())
    view.view.set_peek(True)
    wheel(view, -120)
    drag(view, QPointF(10, 10), QPointF(50, 50))
    assert view.view.picture is None
    assert picture_of(view).max() == 0


def test_cine_has_a_bar_that_moves_no_picture(view: Viewport, qtbot: QtBot) -> None:
    show(view, frame_time_ms=20.0)
    view.view.set_camera(view.view.camera.at_zoom(6))
    before = view.view.camera.to_screen((10, 10))
    view.play()
    bar = view.cine_bar
    assert bar is not None and bar.rate.value() == 50 and bar.play.text() == "Pause"
    QApplication.processEvents()
    assert view.view.camera.to_screen((10, 10)) == pytest.approx(before)
    start = picture(view).index
    qtbot.waitUntil(lambda: picture(view).index != start, timeout=5000)
    bar.frames.setValue(3)
    assert (picture(view).index, bar.cine.runs, bar.play.text()) == (3, False, "Play")
    view.play()
    assert bar.cine.runs
    view.stand_still()
    assert not bar.cine.runs and view.cine_bar is bar
    show(view, series_uid="9.9")
    assert view.cine_bar is None, "another stack"


def test_cine_says_what_it_could_not_show(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view, frame_time_ms=20.0)
    view.play()
    bar = view.cine_bar
    assert bar is not None
    bar.follow()
    assert bar.honest.text() == ""
    monkeypatch.setattr(type(bar.cine), "shown_rate", 12.0)
    bar.cine.skipped = 38
    bar.follow()
    assert bar.honest.text() == "12 of 50 a second shown, 38 skipped"
