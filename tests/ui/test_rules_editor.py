"""The editor of hanging rules: copying, editing with a preview of the open study, saving."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.ui.conftest import LONG, Start
from viewer.ui.shell.dialogs.rules import RulesDialog


def test_a_copied_rule_is_edited_against_the_open_study_and_used_when_saved(
    start: Start, head_folder: Path, qtbot: QtBot
) -> None:
    program = start(head_folder)
    dialog = RulesDialog(program.room, program.window)
    dialog.show()
    used = dialog._lines[dialog._list.currentRow()]
    assert (used.name, used.is_used, used.own) == ("Brain MR, three planes", True, False)
    assert "Description" in dialog._lines[0].why or "Modality" in dialog._lines[0].why
    dialog._copy()
    form = dialog._form
    form._name.setText("Our brain")
    form._name.textEdited.emit("Our brain")
    form._layout.setCurrentIndex(form._layout.findData("1x2"))
    assert dialog._preview.accessibleName().count("T1 3D") == 2
    cell = form._table.cellWidget(0, 0)
    assert isinstance(cell, QLineEdit)
    cell.textEdited.emit("flair")
    assert "View 1 has no picture" in dialog._words.text()
    cell.textEdited.emit("(")
    assert "cannot be read" in dialog._words.text()
    cell.textEdited.emit("t1")
    assert dialog._words.text() == "The rule holds for the open study:"
    assert dialog._lines[0].is_used
    dialog._save()
    program.room.hanging.act("view.hang")
    qtbot.waitUntil(lambda: program.room.hanging.words == "Hanging: Our brain", timeout=LONG)
    assert len(program.room.views.views) == 2
