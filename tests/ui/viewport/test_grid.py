"""Views side by side: linked by position, never by index."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.core.geometry import Geometry
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.display.window import Window
from viewer.ui.viewport.arrangement import ViewSpec
from viewer.ui.viewport.grid import ViewGrid

SHAPE = (9, 40, 60)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@pytest.fixture
def grid(qtbot: QtBot) -> ViewGrid:
    made = ViewGrid()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def spec(plane: Plane, place: Geometry | None = None, uid: str = "1.2.3") -> ViewSpec:
    place = place or phantoms.geometry(SHAPE)
    volume = phantoms.volume(np.zeros(place.shape, np.int16), geometry=place, series_uid=uid)
    return ViewSpec(phantoms.stack(place, series_uid=uid), volume, plane, ("SYNTHETIC",))


def planes(grid: ViewGrid) -> ViewGrid:
    one = spec(Plane.AXIAL)
    grid.show_views(Layout.THREE, [ViewSpec(one.stack, one.volume, plane) for plane in PLANES])
    return grid


def test_three_planes_are_arranged_as_designed(grid: ViewGrid) -> None:
    planes(grid)
    QApplication.processEvents()
    axial, coronal, sagittal = grid.views
    assert [v.plane for v in grid.views] == list(PLANES)
    assert axial.height() == grid.height()
    assert axial.width() > 1.4 * coronal.width()
    assert coronal.x() == sagittal.x() > axial.x()
    assert coronal.y() < sagittal.y()
    assert grid.active is axial
    assert axial.active


def test_crosshair_takes_the_other_planes_to_the_point(grid: ViewGrid) -> None:
    planes(grid).set_tool("crosshair")
    axial, coronal, sagittal = grid.views
    point = tuple(float(v) for v in phantoms.geometry(SHAPE).index_to_world([4, 11, 37]))
    axial.stage.place_crosshair(point)  # type: ignore[arg-type]
    assert coronal.slice_index == 11
    assert sagittal.slice_index == 37
    assert axial.slice_index == 4
    for view in grid.views:
        assert view.stage.over.crosshair == pytest.approx(point)


def test_scrolling_moves_the_crosshair_lines_not_the_other_slices(grid: ViewGrid) -> None:
    planes(grid)
    axial, coronal, sagittal = grid.views
    before = coronal.slice_index, sagittal.slice_index
    axial.stage.scroll(2)
    assert (coronal.slice_index, sagittal.slice_index) == before
    cross = coronal.stage.over.crosshair
    assert cross is not None
    assert cross[2] == pytest.approx(phantoms.geometry(SHAPE).index_to_world([6, 0, 0])[2])


def test_one_window_for_all_planes_of_a_stack(grid: ViewGrid) -> None:
    planes(grid)
    chosen = Window(100, 200)
    grid.set_window(chosen)
    assert all(view.shown_window is chosen for view in grid.views)


def thick() -> Geometry:
    """The same space, slices 6 mm apart instead of 3, starting 6 mm higher."""
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)), (6.0, 1.5, 1.0), origin=(-20.0, 12.0, 61.0))
    return phantoms.geometry((4, 40, 60), affine=matrix)


def test_stacks_in_one_frame_scroll_by_position(grid: ViewGrid) -> None:
    grid.show_views(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.AXIAL, thick(), "9.9")])
    thin, other = grid.views[:2]
    thin.set_slice(0)
    thin.stage.scroll(6)  # 18 mm above 55
    assert other.slice_index == 2  # 61 + 12 = 73
    grid.sync = False
    thin.stage.scroll(-6)
    assert other.slice_index == 2


def test_stacks_in_other_frames_are_left_alone(grid: ViewGrid) -> None:
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)), (6.0, 1.5, 1.0))
    elsewhere = phantoms.geometry((4, 40, 60), affine=matrix, frame_of_reference_uid="8.8")
    grid.show_views(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.AXIAL, elsewhere, "9.9")])
    thin, other = grid.views[:2]
    before = other.slice_index
    thin.set_slice(0)
    thin.stage.scroll(8)
    thin.stage.place_crosshair((0.0, 0.0, 58.0))
    assert other.slice_index == before


def test_other_cuts_do_not_follow_scrolling(grid: ViewGrid) -> None:
    grid.show_views(Layout.FOUR, [spec(Plane.AXIAL), spec(Plane.CORONAL, thick(), "9.9")])
    before = grid.views[1].slice_index
    grid.views[0].stage.scroll(3)
    assert grid.views[1].slice_index == before


def test_box_shows_in_all_planes_while_it_is_dragged(grid: ViewGrid) -> None:
    planes(grid)
    said: list[object] = []
    grid.roi_changed.connect(said.append)
    box = ((1, 2, 3), (4, 5, 6))
    grid.views[0].stage.place_roi(box, finished=False)
    assert [view.stage.roi for view in grid.views] == [box] * 3
    assert said == []
    grid.views[0].stage.place_roi(box, finished=True)
    assert said == [box]


def test_maximise_and_back(grid: ViewGrid) -> None:
    planes(grid)
    grid.maximise(grid.views[1])
    QApplication.processEvents()
    assert grid.maximised
    assert [v.isVisible() for v in grid.views] == [False, True, False]
    assert grid.active is grid.views[1]
    grid.maximise()
    assert not grid.maximised
    assert all(v.isVisible() for v in grid.views)


def test_tab_goes_round_the_views_with_pictures(grid: ViewGrid) -> None:
    one = spec(Plane.AXIAL)
    grid.show_views(Layout.FOUR, [ViewSpec(one.stack, one.volume, plane) for plane in PLANES])
    seen = []
    for _ in range(4):
        grid.next_view()
        seen.append(grid.active)
    assert seen == [grid.views[1], grid.views[2], grid.views[0], grid.views[1]]
    assert [v.active for v in grid.views] == [False, True, False, False]


def test_fourth_cell_can_hold_a_table(grid: ViewGrid) -> None:
    one = spec(Plane.AXIAL)
    table = QLabel("Volumes")
    grid.show_views(Layout.FOUR, [ViewSpec(one.stack, one.volume, plane) for plane in PLANES])
    grid.set_panel(table)
    assert len(grid.views) == 3
    assert table.isVisible()
    grid.maximise(grid.views[0])
    assert not table.isVisible()
    grid.maximise()
    assert table.isVisible()
    grid.set_panel(None)
    assert len(grid.views) == 4


def test_views_made_later_take_tool_and_switches(grid: ViewGrid) -> None:
    grid.set_tool("length")
    grid.set_corners_visible(False)
    grid.set_hidden_name(True)
    planes(grid)
    for view in grid.views:
        assert view.stage.tool is not None
        assert view.stage.tool.id == "length"
        assert not view.stage.over.corners_visible
        assert view.stage.over.hidden


def test_clear_empties_every_view(grid: ViewGrid) -> None:
    planes(grid).clear()
    assert grid.arrangement is Layout.ONE
    assert grid.views[0].picture is None


def test_a_larger_arrangement_fills_with_further_planes(grid: ViewGrid) -> None:
    grid.show_views(Layout.ONE, [spec(Plane.AXIAL)])
    grid.set_arrangement(Layout.THREE)
    assert [v.plane for v in grid.views] == list(PLANES)
    assert all(v.picture is not None for v in grid.views)
    assert grid.active is grid.views[0]


def test_a_film_stays_alone_in_a_larger_arrangement(grid: ViewGrid) -> None:
    film = phantoms.geometry((1, 40, 60), frame_of_reference_uid=None, oriented=False)
    grid.show_views(Layout.ONE, [spec(Plane.NATIVE, film)])
    grid.set_arrangement(Layout.FOUR)
    assert [v.picture is not None for v in grid.views] == [True, False, False, False]


def test_small_views_become_tabs_of_the_active_one(grid: ViewGrid) -> None:
    axial, coronal, sagittal = planes(grid).views
    grid.resize(600, 500)
    QApplication.processEvents()
    assert [v.isVisible() for v in (axial, coronal, sagittal)] == [True, False, False]
    assert axial.size() == grid.size()
    grid.next_view()
    assert grid.active is coronal
    assert [v.isVisible() for v in (axial, coronal, sagittal)] == [False, True, False]
    grid.resize(1000, 700)
    QApplication.processEvents()
    assert all(v.isVisible() and v.width() >= 320 for v in (axial, coronal, sagittal))
    assert grid.active is coronal
