"""The picture in view to the clipboard and to a file, by the actions of the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Start
from viewer.room.events import Trouble


def test_a_picture_is_copied_and_saved_and_a_place_that_refuses_is_said(
    qtbot: QtBot, start: Start, film_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PNG where no ending is given, JPEG by its ending, nothing where the reader says no; one picture is no film."""
    program = start(film_folder)
    actions = program.window.actions_by_id
    chosen = [str(tmp_path / "one"), str(tmp_path / "two.jpg"), "", str(tmp_path / "none" / "three.png")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (chosen.pop(0), ""))
    said: list[object] = []
    program.context.session.on(Trouble, said.append)
    actions["image.copy"].trigger()
    assert not QApplication.clipboard().image().isNull()
    for _ in range(4):
        actions["image.save"].trigger()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "two.jpg").read_bytes().startswith(b"\xff\xd8")
    assert said and not (tmp_path / "none").exists()
    program.window.commands.update()
    actions["image.film"].trigger()
    assert chosen == [] and not list(tmp_path.glob("*.gif"))
