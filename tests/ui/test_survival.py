"""What a killed program leaves behind, and what the window must not import before it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.conftest import LONG, Start
from viewer.core.finding import FindingState, Side
from viewer.core.settings import Settings
from viewer.room.views.arrangement import ONE

ROOT = Path(__file__).resolve().parents[2]

WORKS = """
import sys, time
from PySide6.QtWidgets import QApplication
from tests.ui import quick
from viewer.analysis.client import InferenceProcess
from viewer.app import Program
from viewer.core.finding import FindingState, Side

def main():
    app = QApplication([])
    program = Program(app, [sys.argv[1]], InferenceProcess(quick.run))
    program.window.resize(1600, 1000)
    program.show()
    def until(ready):
        end = time.monotonic() + 120
        while not ready():
            assert time.monotonic() < end, (program.context.lane.jobs, program.window.notices.words)
            app.processEvents()
            time.sleep(0.005)
    library, review = program.context.session.library, program.context.session.review
    until(lambda: not program.room.opening.is_busy and program.room.analyses.is_ready(library.active))
    key = library.active
    program.room.analyses.put_box(key, ((2, 8, 4), (20, 40, 36)), "")
    until(lambda: any(s.boxes for s in program.room.analyses.pack_states()))
    program.room.analyses.run("mr-tiny-segmentation")
    until(lambda: review.results())
    first, second = program.room.reviewing.findings()
    program.room.reviewing.judge(first.id, FindingState.ACCEPTED)
    program.room.reviewing.judge(second.id, FindingState.REJECTED)
    program.room.reviewing.undo()
    program.room.reviewing.edit(second.id, "Tail", Side.LEFT, "thin")
    program.window.actions_by_id["view.layout"].trigger()
    program.room.views.active.set_slice(7)
    program.window.places.keep()
    print("ready", program.context.process.pid, flush=True)
    while True:
        app.processEvents()
        time.sleep(0.01)

if __name__ == "__main__":
    main()
"""


def test_after_kill_9_it_opens_where_it_was_and_nothing_is_lost(
    start: Start, head_folder: Path, models: Path, tmp_path: Path, own_home: Path, reader: Settings, qtbot: QtBot
) -> None:
    script = tmp_path / "works.py"
    script.write_text(WORKS)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "SECONDREAD_MODELS": str(models)}
    command = [sys.executable, str(script), str(head_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        line = child.stdout.readline().split()
        child.kill()  # SIGKILL: nothing is tidied up
    assert line[:1] == ["ready"], "the first program did not get there"
    _gone(int(line[1]))

    program = start()
    library, review = program.context.session.library, program.context.session.review
    qtbot.waitUntil(lambda: bool(review.results()), timeout=LONG)
    qtbot.waitUntil(lambda: program.room.hanging.shown == (library.active,), timeout=LONG)
    first, second = review.findings(library.active_study.uid)  # type: ignore[union-attr]
    assert (first.state, first.reader) == (FindingState.ACCEPTED, "Dr. A. Reader")
    assert (second.state, second.label, second.side) == (FindingState.PROPOSED, "Tail", Side.LEFT)
    assert second.original is not None
    assert second.original.label == "Posterior"
    qtbot.waitUntil(lambda: program.room.analyses.is_ready(library.active), timeout=LONG)
    views = program.room.views
    assert views.arrangement is ONE
    assert views.active.picture is not None and views.active.picture.index == 7
    assert program.room.hanging.words == "Hanging: by hand"
    assert any("nothing was lost" in words for words in program.window.notices.words)
    masks = review.results()[0].result.masks
    assert [segment.name for segment in masks[0].segments] == ["Anterior", "Posterior"], "the arrays are there again"
    assert masks[0].labels.max() == 2


def _gone(pid: int) -> None:
    """The inference process ends by itself when its window is gone."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the inference process outlived its window")


def test_after_a_clean_end_nothing_is_opened_again(start: Start, head_folder: Path, qtbot: QtBot) -> None:
    first = start(head_folder)
    first.window.close()
    second = start()
    qtbot.wait(200)
    assert second.context.session.library.studies == ()
    assert second.window.middle.currentWidget() is second.window.start


def test_verdicts_come_back_when_the_study_is_opened_again(start: Start, film_folder: Path, qtbot: QtBot) -> None:
    first = start(film_folder)
    first.room.analyses.run_first()
    qtbot.waitUntil(lambda: bool(first.room.reviewing.findings()), timeout=LONG)
    first.room.reviewing.judge_selected(FindingState.ACCEPTED)
    first.window.close()
    second = start(film_folder)
    qtbot.waitUntil(lambda: bool(second.room.reviewing.findings()), timeout=LONG)
    assert second.room.reviewing.findings()[0].state is FindingState.ACCEPTED


HEAVY = ("torch", "monai", "openvino", "SimpleITK", "pydicom", "highdicom", "vtk", "scipy", "pyqtgraph", "nibabel")
PAINTS = """
import json, sys
from PySide6.QtWidgets import QApplication
from viewer.app import Program

def main():
    app = QApplication([])
    program = Program(app, [sys.argv[1]])
    seen = []
    program.window.painted.disconnect()
    program.window.painted.connect(lambda: seen.append(sorted(sys.modules)))
    program.window.painted.connect(app.quit)
    program.show()
    app.exec()
    print(json.dumps(seen[0]))
    program.window.close()

if __name__ == "__main__":
    main()
"""


def test_the_window_stands_before_anything_heavy_is_imported(film_folder: Path, tmp_path: Path, own_home: Path) -> None:
    script = tmp_path / "paints.py"
    script.write_text(PAINTS)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, str(script), str(film_folder)], capture_output=True, text=True, check=True, env=env
    )
    modules = {name.partition(".")[0] for name in json.loads(told.stdout.splitlines()[-1])}
    assert sorted(modules & set(HEAVY)) == []
