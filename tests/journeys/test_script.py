"""A whole sitting through `secondread script`: without Qt, as its lines come, and gone on with after a kill."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom

from tests import synth
from tests.journeys.program import done, failed_in_words, secondread
from tests.journeys.sittings import Answer, Sitting, Step, played
from tests.scripted import lps
from viewer.samples import Sample


def two_studies(folder: Path) -> tuple[synth.Written, synth.Written]:
    prior = synth.write_series(
        folder / "prior", shape=(6, 40, 36), edit=lambda _k, ds: setattr(ds, "StudyDate", "20260101")
    )
    now = synth.write_series(
        folder / "now", shape=(8, 40, 36), edit=lambda _k, ds: setattr(ds, "StudyDate", "20260401")
    )
    return prior, now


def long_sitting(folder: Path) -> list[Step]:
    """Twenty-five steps over two studies: every kind of change, each of them to be found again."""
    prior, now = two_studies(folder)
    assert prior.affine is not None
    a, b, c, d = lps(prior.affine, (3, 5, 5), (3, 15, 5), (3, 12, 25), (3, 30, 25))
    return [
        {"do": "open", "paths": [str(prior.folder), str(now.folder)]},
        {"do": "layout", "grid": [1, 2]},
        {"do": "show", "series_uid": prior.series_uid, "view": 0},
        {"do": "show", "series_uid": now.series_uid, "view": 1, "plane": "coronal"},
        {"do": "slice", "view": 0, "index": 3},
        {"do": "window", "view": 0, "center": -600, "width": 1500},
        {"do": "measure", "view": 0, "tool": "length", "points_lps": [a, b]},
        {"do": "measure", "view": 0, "tool": "ellipse", "points_lps": [a, d]},
        {"do": "move", "id": "@6.id", "points_lps": [a, c]},
        {"do": "rename", "id": "@6.id", "name": "Nodule"},
        {"do": "undo"},
        {"do": "redo"},
        {"do": "key_image", "view": 0, "caption": "largest"},
        {"do": "segment", "op": "new", "view": 0},
        {"do": "segment", "op": "brush", "id": "@13.id", "points_lps": [c], "radius_mm": 6},
        {"do": "segment", "op": "margin", "id": "@13.id", "mm": 1},
        {"do": "undo"},
        {"do": "delete", "id": "@7.id"},
        {"do": "undo"},
        {"do": "text", "section": "impression", "text": "One nodule."},
        {"do": "text", "section": "comparison", "text": "None."},
        {"do": "undo"},
        {"do": "show", "series_uid": now.series_uid, "view": 1},
        {"do": "sync", "views": [0, 1], "by": "offset"},
        {"do": "slice", "view": 0, "index": 2},
    ]


def end_of(home: Path, paths: list[str]) -> dict[str, Any]:
    """What a sitting of its own finds again: state, measurements, and everything that can be taken back."""
    sitting = Sitting(home)
    sitting.step({"do": "open", "paths": paths})
    found: dict[str, Any] = {"state": sitting.step({"do": "state"})["result"]}
    found["measurements"] = sitting.step({"do": "measurements"})["result"]["measurements"]
    undone: list[Answer] = []
    while not undone or undone[-1]["ok"]:
        undone.append(sitting.step({"do": "undo"}))
    found["undone"] = [one["result"]["what"] for one in undone[:-1]]
    found["bare"] = sitting.step({"do": "state"})["result"]
    sitting.end()
    return plain(found)


def plain(value: Any) -> Any:
    """Without ids and times, which no two sittings share."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in ("id", "when")}
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_a_killed_sitting_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """Killed after a measurement and, once more, after steps that took others back."""
    steps = long_sitting(tmp_path)
    paths = steps[0]["paths"]
    whole = played(tmp_path / "whole", steps)
    killed = played(tmp_path / "killed", steps, kill_after={6, 16, 22})
    assert plain([one["result"] for one in killed]) == plain([one["result"] for one in whole])
    found = end_of(tmp_path / "killed", paths)
    assert found == end_of(tmp_path / "whole", paths)
    assert found["undone"][0].startswith("Text") and len(found["undone"]) == 9
    assert found["state"]["counts"]["segments"] == 1
    assert found["bare"]["counts"]["measurements"] == found["bare"]["counts"]["segments"] == 0


def test_answers_come_as_the_steps_do_and_the_exit_status_says_whether_all_were_ok(tmp_path: Path) -> None:
    sitting = Sitting(tmp_path / "home")
    assert sitting.step({"do": "state"})["step"] == 1
    refused = sitting.step({"do": "zzz"})
    assert (refused["step"], refused["ok"]) == (2, False) and "Known: open, " in refused["error"]
    assert sitting.end() == 1


def test_a_file_of_steps_prints_a_line_each_and_nothing_else(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    steps = tmp_path / "steps.jsonl"
    steps.write_text(json.dumps({"do": "open", "paths": [str(made.folder)]}) + '\n\n{"do": "state"}\n')
    told = done("script", steps)
    assert [json.loads(line)["step"] for line in told.stdout.splitlines()] == [1, 2]
    steps.write_text('{"do": "state"}\n{"do"\n{"do": "state"}\n')
    mixed = secondread("script", steps)
    assert mixed.returncode == 1
    assert [json.loads(line)["ok"] for line in mixed.stdout.splitlines()] == [True, False, True]
    failed_in_words("script", tmp_path / "absent.jsonl")


def test_copies_under_other_paths_carry_on_and_say_what_they_lack(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    assert made.affine is not None
    first, last = (lps(made.affine, (k, 5, 5), (k, 15, 5)) for k in (1, 4))
    played(
        tmp_path / "home",
        [
            {"do": "open", "paths": [str(made.folder)]},
            {"do": "show", "series_uid": made.series_uid},
            {"do": "measure", "tool": "length", "points_lps": first},
            {"do": "measure", "tool": "length", "points_lps": last},
        ],
    )
    copies = tmp_path / "elsewhere"
    copies.mkdir()
    for k, file in enumerate(made.files):
        if k not in (0, 4):
            (copies / f"copy-{k}").write_bytes(file.read_bytes())
    found = played(tmp_path / "home", [{"do": "open", "paths": [str(copies)]}, {"do": "measurements"}])[1]["result"]
    told = [(one["on_this_copy"], one["slice"]) for one in found["measurements"]]
    assert told == [(True, 0), (False, None)]


def test_no_qt_and_no_torch_in_a_sitting(tmp_path: Path, samples: dict[str, Sample], pneumonia: str) -> None:
    """The main job, step by step; what the process has imported at its end is printed by itself."""
    film = samples["chest-child"]
    series = pydicom.dcmread(next(p for p in film.folder.rglob("*") if p.is_file()), stop_before_pixels=True)
    steps = [
        {"do": "open", "paths": [str(film.folder)]},
        {"do": "show", "series_uid": str(series.SeriesInstanceUID)},
        {"do": "key_image", "caption": "whole"},
        {"do": "text", "section": "impression", "text": "Checked by a script."},
        {"do": "analyse", "series_uid": str(series.SeriesInstanceUID), "pack": pneumonia},
        {"do": "findings"},
        {"do": "report", "to": str(tmp_path / "out")},
        {"do": "picture", "to": str(tmp_path / "view.png"), "size": [300, 300]},
    ]
    file = tmp_path / "steps.jsonl"
    file.write_text("\n".join(map(json.dumps, steps)))
    program = (
        "import sys\n"
        "from viewer.__main__ import main\n"
        f"sys.argv = ['secondread', 'script', {str(file)!r}]\n"
        "status = main()\n"
        "print(status, sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=240)
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert all(one["ok"] for one in answers), answers
    assert answers[4]["result"]["runs"][0]["outcome"] == "ran"
    assert {f["id"] for f in answers[5]["result"]["findings"]} == set(answers[4]["result"]["runs"][0]["findings"])
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    last = told.stderr.strip().splitlines()[-1]
    assert last.startswith("0 [")
    for unwanted in ("PySide6", "pyqtgraph", "torch", "openvino"):
        assert f"'{unwanted}'" not in last
