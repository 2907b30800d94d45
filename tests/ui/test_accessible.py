"""What a screen reader hears: every control has a name and a role, every number a value; focus is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.ui.conftest import LONG, Start, turn
from viewer.core.settings import Settings
from viewer.room.actions import TOOLBAR
from viewer.ui.kit.basic import FocusRing, button
from viewer.ui.shell.dialogs.about import AboutDialog
from viewer.ui.shell.dialogs.keys import KeysDialog
from viewer.ui.shell.dialogs.settings import SettingsDialog

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
)  # fmt: skip
#: Parts of Qt's own controls, which speak through the control they belong to.
_PARTS = ("qt_spinbox_lineedit", "qt_scrollarea_vcontainer", "qt_scrollarea_hcontainer", "qt_menubar_ext_button")


def nameless(window: QWidget) -> list[str]:
    """Controls in sight that a screen reader could not name, or would not know what they are."""
    found = []
    for widget in window.findChildren(QWidget):
        is_part = widget.objectName() in _PARTS or type(widget).__name__ in ("QScrollBar", "QHeaderView")
        inner = isinstance(widget.parentWidget(), (QComboBox, QAbstractSpinBox))
        if not isinstance(widget, CONTROLS) or not widget.isVisibleTo(window) or is_part or inner:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        said = interface.text(QAccessible.Text.Name) if interface is not None else ""
        if not said.strip() or interface.role() in (QAccessible.Role.NoRole, QAccessible.Role.Client):
            found.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parentWidget()).__name__}")
    return found


def test_every_control_of_the_window_has_a_name_and_a_role(start: Start, film_folder: Path, qtbot: QtBot) -> None:
    program = start(film_folder)
    window = program.window
    assert nameless(window) == []
    program.room.analyses.run_first()
    qtbot.waitUntil(lambda: bool(program.room.reviewing.findings()), timeout=LONG)
    turn(qtbot)
    assert nameless(window) == []
    canvas = window.view_area.grid.active.canvas
    assert "Chest PA" in canvas.accessibleName()
    assert window.view_area.grid.active.spoken().startswith("Image 1 of 1, width ")
    rows = window.browser._list.model()
    spoken = [str(rows.index(n, 0).data(0x0B)) for n in range(rows.rowCount())]  # Qt.AccessibleTextRole
    assert any("SYNTHETIC CHILD A" in words for words in spoken) and any("1 image" in words for words in spoken)
    for name in (name for group in TOOLBAR for name in group):
        tool = window.toolbar.widgetForAction(window.actions_by_id[name])
        assert tool.accessibleName() == window.actions_by_id[name].text()
    window.show_report(True)
    qtbot.waitUntil(lambda: bool(window.report_page.writer._texts))
    assert nameless(window) == []


@pytest.mark.parametrize("kind", ["settings", "keys", "about"])
def test_every_control_of_a_dialog_has_a_name_and_a_role(kind: str, qtbot: QtBot) -> None:
    made: dict[str, QWidget] = {
        "settings": SettingsDialog(Settings(), lambda _settings: None),
        "keys": KeysDialog(Settings()),
        "about": AboutDialog(),
    }
    for dialog in made.values():
        qtbot.addWidget(dialog)
    assert nameless(made[kind]) == []


def test_a_slider_and_a_number_say_their_value(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings(fill_opacity=0.4), lambda _settings: None)
    qtbot.addWidget(dialog)
    interface = QAccessible.queryAccessibleInterface(dialog.editors["fill_opacity"].widget)
    value = interface.valueInterface()
    assert interface.text(QAccessible.Text.Name) == "Opacity of segments"
    assert value is not None and value.currentValue() == 40


def test_the_keyboard_is_seen_where_it_is(qapp: QApplication, qtbot: QtBot) -> None:
    ring = FocusRing(qapp)
    holder = QWidget()
    made = button("Accept")
    made.setParent(holder)
    qtbot.addWidget(holder)
    holder.show()
    ring._on_focus(None, made)
    assert ring.isVisible() and ring.geometry().contains(made.geometry())
    sheet = qapp.styleSheet()
    for control in ("QLineEdit", "QComboBox", "QSpinBox", "QTableView", "QListWidget", "QPlainTextEdit"):
        assert f"{control}:focus" in sheet, control
    ring.setParent(None)
    ring.deleteLater()
