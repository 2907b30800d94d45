"""Lines in, lines out: what is no step is refused in words and the next goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import synth
from tests.scripted import play, results


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{bad", "no JSON"),
        ("[1, 2]", "no JSON object"),
        ('{"view": 0}', '"do"'),
        ('{"do": 3}', '"do"'),
        ('{"do": "value", "points_lps": [[NaN, 0, 0]]}', "no JSON number"),
        ('{"do": "value", "points_lps": [[1e999, 0, 0]]}', "beyond all bounds"),
        ('{"do": "mesure"}', "Did you mean 'measure'?"),
        ('{"do": "show", "seriesuid": "1"}', "Did you mean 'series_uid'?"),
        ('{"do": "show"}', "needs 'series_uid'"),
        ('{"do": "slice", "index": "3"}', "index"),
        ('{"do": "slice", "index": true}', "index"),
        ('{"do": "slice", "index": 2.5}', "index"),
        ('{"do": "state", "view": 0}', "no key"),
        ('{"do": "open", "paths": []}', "no path"),
        ('{"do": "open", "paths": "a"}', "paths"),
    ],
)
def test_what_is_no_step_is_refused_in_words(line: str, words: str) -> None:
    told, after = play(line, {"do": "state"})
    assert not told["ok"] and words in told["error"], told
    assert after["ok"]


def test_empty_lines_are_passed_over() -> None:
    assert [one["step"] for one in play("", {"do": "state"}, "  ", {"do": "state"})] == [1, 2]


def test_bytes_that_are_no_text_are_refused() -> None:
    from viewer.core.task import CancelFlag
    from viewer.room.script.run import play_steps

    answers: list[str] = []
    assert not play_steps([b'\xff{"do": "state"}'], answers.append, print, repr, CancelFlag())
    assert "UTF-8" in json.loads(answers[0])["error"]


def test_a_failed_step_changes_nothing(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "ct")
    steps = [
        {"do": "open", "paths": [str(made.folder)]},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "state"},
    ]
    bad = [
        {"do": "show", "series_uid": made.series_uid, "view": 1},
        {"do": "show", "series_uid": made.series_uid, "stack": 3},
        {"do": "show", "series_uid": "1.2.3"},
        {"do": "slice", "index": 6},
        {"do": "slice", "index": -1},
        {"do": "slice", "view": -1, "index": 0},
        {"do": "window", "center": 40, "width": 0},
        {"do": "window", "center": 1e300, "width": 10},
        {"do": "measure", "tool": "length", "points_lps": [[0, 0, 0]]},
        {"do": "measure", "tool": "lenght", "points_lps": [[0, 0, 0], [1, 0, 0]]},
        {"do": "layout", "grid": [0, 1]},
        {"do": "layout", "grid": [1000, 1000]},
        {"do": "layout", "name": "seven"},
        {"do": "text", "section": "impresion", "text": "x"},
        {"do": "judge", "finding": "1", "state": "accepted"},
        {"do": "undo"},
        {"do": "move", "id": "nothing", "points_lps": [[0, 0, 0]]},
        {"do": "analyse", "series_uid": made.series_uid, "pack": "no-such-pack"},
        {"do": "open", "paths": [str(tmp_path / "absent")]},
        {"do": "picture", "to": str(tmp_path / "a.png"), "size": [0, 10]},
    ]
    told = play(*steps, *bad, {"do": "state"})
    assert all(one["ok"] for one in told[:3])
    assert [one["ok"] for one in told[3:-1]] == [False] * len(bad), [one for one in told[3:-1] if one["ok"]]
    assert all(len(one["error"]) > 15 for one in told[3:-1])
    assert told[-1]["result"] == told[2]["result"]
    assert not (tmp_path / "a.png").exists()


def test_state_before_anything_is_open() -> None:
    (state,) = results({"do": "state"})
    assert state["layout"]["grid"] == [1, 1]
    assert state["counts"]["measurements"] == state["counts"]["key_images"] == state["counts"]["segments"] == 0
    assert [view["series_uid"] for view in state["views"]] == [None]
