"""A whole sitting without Qt, killed between any two steps and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]

SITS = """
import json, os, signal, sys
from pathlib import Path

from viewer.analysis.client import InferenceProcess
from viewer.core.annotation import KeyMark
from viewer.core.finding import FindingState, Measurement, Side
from viewer.core.measurement import ReaderMeasurement
from viewer.core.resources import user_data_dir
from viewer.core.settings import Settings
from viewer.journal import open_journal
from viewer.room.events import Exported
from tests.sittings import Sitting
from viewer.session.views import ShownLayout, ShownView

def line(key, number):
    value = Measurement("Length", 10.0 + number, "mm", plus_minus=0.4)
    return ReaderMeasurement(f"m{number}", "length", "Length", key, 0, "native",
                             ((0.0, 0.0, 0.0), (10.0 + number, 0.0, 0.0)), (value,))

def main():
    folder, out, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    settings = Settings(reader_name="Dr. A. Reader", organization="Sample Hospital", device="cpu")
    sitting = Sitting(open_journal(user_data_dir())[0], settings, InferenceProcess())
    room, session = sitting.room, sitting.context.session
    room.packs.read()
    sitting.settle()
    sitting.open([folder])
    key, uid = session.library.active, session.library.active_study.uid
    exported = []
    session.on(Exported, lambda event: exported.append(event.folder))
    finding = lambda: session.review.findings(uid)[0]
    steps = [
        lambda: room.analyses.run_first(),
        lambda: room.annotations.put(line(key, 1)),
        lambda: room.annotations.put(line(key, 2)),
        lambda: room.reviewing.undo(),
        lambda: room.reviewing.judge(finding().id, FindingState.ACCEPTED),
        lambda: room.reviewing.edit(finding().id, "Opacity", Side.LEFT, "thin"),
        lambda: room.annotations.rename("m1", "Longest line"),
        lambda: room.reporting.put_text(uid, {"impression": "One opacity."}),
        lambda: room.reporting.mark(KeyMark(key, "native", 0, 1500.0, 2000.0)),
        lambda: room.reporting.put_text(uid, {"impression": "Two opacities."}),
        lambda: room.reviewing.undo(),
        lambda: session.views.arrange(ShownLayout("1x2", (ShownView(key), None), by_hand=True), session.views.layout),
        lambda: room.reporting.sign("Dr. A. Reader", "Sample Hospital"),
        lambda: room.reporting.export(out),
    ]
    for step in steps[first:last]:
        step()
        sitting.settle()
    history, made = session.history, session.review.findings(uid)
    told = {
        "modules": sorted(name for name in sys.modules if name.partition(".")[0] in ("PySide6", "pyqtgraph")),
        "troubles": list(sitting.take_troubles()),
        "findings": [[f.state.value, f.label, f.side.value, f.reader] for f in made],
        "measurements": [[m.id, m.name, m.values[0].value, m.reader] for m in session.measurements.of(uid)],
        "texts": session.review.report_text(uid),
        "marks": len(session.review.key_marks(uid)),
        "undo": history.undoable and history.undoable.what,
        "redo": history.redoable and history.redoable.what,
        "signed": session.review.signature(uid) is not None,
        "folder": exported[0] if exported else "",
        "steps": len(steps),
    }
    print(json.dumps(told), flush=True)
    if last < len(steps):
        sitting.context.process.stop()
        os.kill(os.getpid(), signal.SIGKILL)
    sitting.close()

if __name__ == "__main__":
    main()
"""


class Sitter:
    """Runs steps of one sitting in programs of their own."""

    def __init__(self, folder: Path, tmp_path: Path, models: Path) -> None:
        self._script, self._folder, self._out = tmp_path / "sits.py", folder, tmp_path / "out"
        self._script.write_text(SITS)
        self._models = models

    def run(self, first: int, last: int, home: str) -> dict[str, Any]:
        """Do some steps; all but the last program are killed by SIGKILL right after they answered."""
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SECONDREAD_MODELS": str(self._models),
            "SECONDREAD_HOME": str(self._out / home),
        }
        command = [sys.executable, str(self._script), str(self._folder), str(self._out / home), str(first), str(last)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=240)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def kinds_of_files(answer: dict[str, Any]) -> list[str]:
    """Names of the files of an export; pictures of findings are named by an id made anew in each run."""
    return sorted("key" if path.name.startswith("key-") else path.name for path in Path(answer["folder"]).iterdir())


@pytest.mark.slow
def test_a_whole_sitting_needs_no_qt_and_survives_every_kill(film: Path, tmp_path: Path, models: Path) -> None:
    sitter = Sitter(film, tmp_path, models)
    whole = sitter.run(0, 14, "whole")
    assert whole["modules"] == []
    assert whole["troubles"] == []
    assert whole["findings"] == [["accepted", "Opacity", "left", "Dr. A. Reader"]]
    assert whole["measurements"] == [["m1", "Longest line", 11.0, "Dr. A. Reader"]]
    assert (whole["texts"], whole["marks"]) == ({"impression": "One opacity."}, 1)
    assert (whole["undo"], whole["redo"], whole["signed"]) == ("Layout", None, True)
    files = kinds_of_files(whole)
    assert {"report.pdf", "result.json", "sr.dcm", "key"} <= set(files)
    answers = [sitter.run(first, last, "killed") for first, last in ((0, 4), (4, 7), (7, 11), (11, 13), (13, 14))]
    assert [answer["redo"] for answer in answers[:3]] == ["Length on image 1", None, "Text of the report: impression"]
    for key in ("findings", "measurements", "texts", "marks", "undo", "redo", "signed", "troubles", "modules"):
        assert answers[-1][key] == whole[key], key
    assert kinds_of_files(answers[-1]) == files
