"""The widgets of an arrangement of views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.display import window
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.room.views import commands
from viewer.room.views.arrangement import grid as grid_of
from viewer.room.views.events import ViewsArranged
from viewer.room.views.view import ViewSpec
from viewer.room.views.views import Views
from viewer.session.events import Bus
from viewer.ui.viewport.grid import ViewGrid

SHAPE = (9, 40, 60)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def views(bus: Bus) -> Views:
    return Views(bus.tell)


@pytest.fixture
def grid(qtbot: QtBot, bus: Bus, views: Views) -> ViewGrid:
    made = ViewGrid(views)
    bus.on(ViewsArranged, lambda _event: made.arrange())
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def planes(views: Views, layout: Layout = Layout.THREE) -> None:
    place = phantoms.geometry(SHAPE)
    volume = phantoms.volume(np.zeros(place.shape, np.int16), geometry=place)
    views.show(layout, [ViewSpec(phantoms.stack(place), volume, plane) for plane in PLANES])
    QApplication.processEvents()


def test_three_planes_are_arranged_as_designed(grid: ViewGrid, views: Views) -> None:
    planes(views)
    axial, coronal, sagittal = grid.views
    assert [v.view.plane for v in grid.views] == list(PLANES)
    assert axial.height() == grid.height()
    assert axial.width() > 1.4 * coronal.width()
    assert coronal.x() == sagittal.x() > axial.x()
    assert coronal.y() < sagittal.y()
    assert grid.active is axial
    assert axial.active


def test_a_maximised_view_has_all_of_the_place(grid: ViewGrid, views: Views) -> None:
    planes(views)
    views.maximise(views.views[1])
    QApplication.processEvents()
    assert [v.isVisible() for v in grid.views] == [False, True, False]
    assert grid.views[1].size() == grid.size()
    views.maximise()
    assert all(v.isVisible() for v in grid.views)


def test_equal_views_share_the_place(grid: ViewGrid, views: Views) -> None:
    grid.resize(1000, 700)
    views.arrange(grid_of(1, 3))
    QApplication.processEvents()
    widths = [view.width() for view in grid.views]
    assert max(widths) - min(widths) <= 2
    assert {view.height() for view in grid.views} == {700}


def test_fourth_cell_can_hold_a_table(grid: ViewGrid, views: Views) -> None:
    table = QLabel("Volumes")
    planes(views, Layout.FOUR)
    grid.set_panel(table)
    assert len(grid.views) == 3
    assert table.isVisible()
    views.maximise(views.views[0])
    assert not table.isVisible()
    views.maximise()
    assert table.isVisible()
    grid.set_panel(None)
    assert len(grid.views) == 4


def test_small_views_become_tabs_of_the_active_one(grid: ViewGrid, views: Views) -> None:
    planes(views)
    axial, coronal, sagittal = grid.views
    grid.resize(600, 500)
    QApplication.processEvents()
    assert [v.isVisible() for v in (axial, coronal, sagittal)] == [True, False, False]
    assert axial.size() == grid.size()
    views.next_view()
    assert grid.active is coronal
    assert [v.isVisible() for v in (axial, coronal, sagittal)] == [False, True, False]
    grid.resize(1000, 700)
    QApplication.processEvents()
    assert all(v.isVisible() and v.width() >= 320 for v in (axial, coronal, sagittal))
    assert grid.active is coronal


def test_another_grid_paints_the_same_views(qtbot: QtBot, grid: ViewGrid, views: Views) -> None:
    planes(views)
    grid.release()
    again = ViewGrid(views)
    qtbot.addWidget(again)
    again.resize(1000, 700)
    again.show()
    views.active.set_slice(7)
    assert [v.view for v in again.views] == list(views.views)
    assert again.views[0].strip.words[0] == "Axial"


def painted(grid: ViewGrid, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """How often each view paints in the turns of the event loop that follow."""
    times = [0] * len(grid.views)

    def count(number: int, paint: Callable[[QPainter], None]) -> Callable[[QPainter], None]:
        def counted(painter: QPainter) -> None:
            times[number] += 1
            paint(painter)

        return counted

    for number, viewport in enumerate(grid.views):
        controller = viewport.controller
        monkeypatch.setattr(controller, "paint_picture", count(number, controller.paint_picture))

    def told() -> list[int]:
        times[:] = [0] * len(times)
        QApplication.processEvents()
        return list(times)

    return told


def test_a_step_at_three_planes_paints_one_view(grid: ViewGrid, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    planes(views)
    told = painted(grid, monkeypatch)
    grid.views[0].controller.scroll(1)
    assert told() == [1, 0, 0]
    commands.step(views.active, 1)
    assert told() == [1, 0, 0]
    views.links.crosshair = None
    views.active.set_crosshair((0.0, 0.0, 60.0))
    assert told() == [0, 0, 0], "a crosshair that is not drawn"


def test_lines_of_crosshair_and_references_are_painted_where_they_are_seen(
    grid: ViewGrid, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes(views)
    told = painted(grid, monkeypatch)
    views.set_tool("crosshair")
    assert told() == [1, 1, 1]
    grid.views[0].controller.scroll(1)
    assert told() == [1, 1, 1]
    views.set_tool("window")
    commands.toggle_references(views)
    told()
    grid.views[0].controller.scroll(1)
    assert told() == [1, 1, 1]
    commands.toggle_references(views)
    told()
    grid.views[0].controller.scroll(1)
    assert told() == [1, 0, 0]


def test_a_window_drag_paints_each_plane_once_from_one_table(
    grid: ViewGrid, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes(views)
    told = painted(grid, monkeypatch)
    made: list[object] = []
    table = window.grey8_table

    def counted(*args: Any) -> Any:
        made.append(args)
        return table(*args)

    monkeypatch.setattr(window, "grey8_table", counted)
    views.active.set_window(window.Window(50, 200))
    views.active.set_window(window.Window(60, 200))
    assert told() == [1, 1, 1]
    assert len(made) == 1
