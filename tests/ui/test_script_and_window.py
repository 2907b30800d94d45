"""One sitting twice, through the window and through a script: the same result folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.scripted import play
from tests.ui import quick
from tests.ui.conftest import LONG, Start
from viewer.analysis.client import InferenceProcess
from viewer.app import Program
from viewer.core.finding import FindingState
from viewer.core.settings import Settings, save_settings
from viewer.room.events import Exported
from viewer.room.tools.base import as_point
from viewer.room.tools.length import LengthTool
from viewer.room.tools.measure import commit, drawn

#: Ends of a line on the film, (column, row).
LINE = [[10, 20], [10, 60]]
#: What no two sittings share: ids, UIDs, hashes, moments, places.
_OWN = re.compile(r"[0-9a-f]{12,}|\d+(?:\.\d+){4,}|\d{4}-\d\d-\d\dT[0-9:.+]+|/[^\"\s]*")


def through_the_window(program: Program, qtbot: QtBot, out: Path) -> Path:
    room, session = program.room, program.context.session
    study = session.library.active_study
    assert study is not None
    room.analyses.run_first()
    qtbot.waitUntil(lambda: bool(session.review.results()), timeout=LONG)
    view = room.views.active
    assert view.picture is not None
    ends = view.picture.view.pixel_to_world([[row, column] for column, row in LINE])
    on = view.picture.slice
    commit(view, view.picture, LengthTool, drawn(LengthTool, on, tuple(as_point(end) for end in ends)))
    for finding in room.reviewing.findings():
        room.reviewing.judge(finding.id, FindingState.ACCEPTED)
    room.reporting.put_text(study.uid, {"impression": "Patchy opacity."})
    room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    qtbot.waitUntil(lambda: session.review.signature(study.uid) is not None, timeout=LONG)
    done: list[Exported] = []
    session.on(Exported, done.append)
    room.reporting.export(str(out))
    qtbot.waitUntil(lambda: bool(done), timeout=LONG)
    return Path(done[0].folder)


def through_a_script(film: Path, series_uid: str, out: Path) -> Path:
    told = play(
        {"do": "open", "paths": [str(film)]},
        {"do": "show", "series_uid": series_uid},
        {"do": "analyse", "series_uid": series_uid, "pack": "xray-tiny-classifier"},
        {"do": "measure", "tool": "length", "points_px": LINE},
        {"do": "findings"},
        {"do": "report", "to": str(out), "sign": {"name": "Dr. A. Reader", "organization": "Sample Hospital"}},
        process=InferenceProcess(quick.run),
    )
    assert [one["ok"] for one in told] == [True] * 5 + [False], told
    assert "findings are open" in told[5]["error"] and not out.exists()
    found = [finding["id"] for finding in told[4]["result"]["findings"]]
    told = play(
        {"do": "open", "paths": [str(film)]},
        *({"do": "judge", "finding": one, "state": "accepted"} for one in found),
        {"do": "text", "section": "impression", "text": "Patchy opacity."},
        {"do": "report", "to": str(out), "sign": {"name": "Dr. A. Reader", "organization": "Sample Hospital"}},
        process=InferenceProcess(quick.run),
    )
    assert all(one["ok"] for one in told), told
    return out


def plain(value: Any) -> Any:
    """A document without what no two sittings share."""
    if isinstance(value, dict):
        gone = ("seconds", "mtime", "size", "request", "sources")
        return {_OWN.sub("#", key): plain(item) for key, item in value.items() if key not in gone}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return _OWN.sub("#", value) if isinstance(value, str) else value


def test_the_same_sitting_gives_the_same_result_folder(
    start: Start, film_folder: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Settings
) -> None:
    program = start(film_folder)
    stack = program.context.session.library.stack(program.context.session.library.active)
    assert stack is not None
    window = through_the_window(program, qtbot, tmp_path / "window")
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "second-home"))
    save_settings(reader)
    script = through_a_script(film_folder, stack.series_uid, tmp_path / "script")
    names = [sorted(_OWN.sub("#", path.name) for path in folder.iterdir()) for folder in (window, script)]
    assert names[0] == names[1]
    documents = [plain(json.loads((folder / "result.json").read_text())) for folder in (window, script)]
    assert documents[0] == documents[1]
