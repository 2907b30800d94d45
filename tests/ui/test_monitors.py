"""The views in a second window, places of windows, the layout picker and a series dropped on a view."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from tests.ui.conftest import LONG, Start, turn
from viewer.ui.kit.basic import STACK_MIME, ElidedLabel
from viewer.ui.shell.layout_picker import GridPicker, LayoutMenu
from viewer.ui.shell.monitors import SecondWindow, keep_place, places_file, restore_place


def test_views_go_to_a_second_window_and_layouts_are_picked(
    start: Start, film_folder: Path, head_folder: Path, qtbot: QtBot
) -> None:
    program = start(film_folder, head_folder)
    window, room = program.window, program.room
    menu = LayoutMenu(room, window.actions_by_id, window)
    menu.fill()
    picker = menu.findChildren(GridPicker)[0]
    picker.show()
    qtbot.keyClick(picker, Qt.Key.Key_Right)
    assert "1 by 2" in picker.accessibleName()
    qtbot.keyClick(picker, Qt.Key.Key_Return)
    assert room.views.arrangement.name == "1x2"
    keys = [stack.key for study in room.context.session.library.studies for stack in study.stacks]
    other = next(key for key in keys if key != room.context.session.library.active)
    mime = QMimeData()
    mime.setData(STACK_MIME, other.encode())
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.view_area.grid.views[1].dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))
    qtbot.waitUntil(lambda: room.views.views[1].stack_key == other, timeout=LONG)

    window.actions_by_id["view.second"].trigger()
    turn(qtbot)
    second = window.monitors._second
    assert isinstance(second, SecondWindow)
    assert second.isAncestorOf(window.view_area) and window.view_area.isVisible()
    names = [label.whole for label in second.findChildren(ElidedLabel)]
    assert any("SYNTHETIC" in name for name in names), "the patient line is repeated"
    window.actions_by_id["view.second"].trigger()
    assert window.isAncestorOf(window.view_area) and window.middle.currentWidget() is window.view_area
    window.resize(800, 560)
    keep_place(window.placed)
    assert places_file().is_file()
    window.resize(1600, 1000)
    assert restore_place(window.placed)
    assert (window.width(), window.height()) == (800, 560)
