"""The screens of the main job, in both languages, as somebody looked at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests import tiny_packs
from tests.ui import snapshots
from tests.ui.conftest import LONG, Start
from tests.ui.test_window import act, analyse
from viewer.app import Program
from viewer.core.analysis import Suitability
from viewer.core.settings import Settings, save_settings

Look = Callable[[Program, str], None]


@pytest.fixture(params=["en", "zh"])
def look(request: pytest.FixtureRequest, reader: Settings, qtbot: QtBot) -> Look:
    """Holds the whole window against its expected picture."""
    language = str(request.param)
    save_settings(replace(reader, language=language))
    return lambda program, name: snapshots.check(program.window, f"{name}-{language}", qtbot)


def test_a_film_from_the_start_page_to_the_report(start: Start, film_folder: Path, qtbot: QtBot, look: Look) -> None:
    program = start()
    look(program, "start")
    program.room.opening.open_paths([str(film_folder)])
    library = program.context.session.library
    qtbot.waitUntil(lambda: bool(library.active) and not program.room.opening.is_busy, timeout=LONG)
    qtbot.waitUntil(lambda: program.room.analyses.is_ready(library.active), timeout=LONG)
    look(program, "film")
    analyse(program, qtbot)
    look(program, "film-finding")
    act(program, qtbot, "finding.accept")
    act(program, qtbot, "report.write")
    look(program, "report")


def test_a_volume_in_three_planes_with_segments(start: Start, head_folder: Path, qtbot: QtBot, look: Look) -> None:
    program = start(head_folder)
    look(program, "head")
    program.room.views.active.place_roi(((2, 8, 4), (20, 40, 36)), finished=True)
    key = program.context.session.library.active
    gate = program.context.session.library.gate
    qtbot.waitUntil(lambda: gate(key)[tiny_packs.SEGMENTER].verdict is Suitability.RUN, timeout=LONG)
    analyse(program, qtbot)
    look(program, "head-segments")
