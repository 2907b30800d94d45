"""Everything done in a sitting, in any order: undo and redo, over kills of the program, come to what stood there.

A kill is a copy of the home as it lies on the disk right after an answer: what a killed program leaves behind.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import synth
from viewer.core.task import CancelFlag
from viewer.room.script.run import play_steps

ROOT = Path(__file__).resolve().parents[4]
#: What is random in a sitting: which act, and on which of what is there.
Acts = list[tuple[str, int]]
ACTS = (
    "length", "probe", "ellipse", "text on picture", "move", "rename", "delete", "key image", "caption", "text",
    "layout", "new segment", "brush", "delete segment", "box", "no box", "join", "part",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[synth.Written, synth.Written]:
    """Two studies with one ID and two names."""
    folder = tmp_path_factory.mktemp("undo")
    ct = synth.write_series(folder / "a", shape=(4, 16, 14), origin=(0.0, 0.0, 0.0), spacing=(2.0, 1.0, 1.0))
    return ct, synth.write_series(folder / "b", shape=(3, 8, 8), patient_name="OTHER^NAME")


def opening(made: tuple[synth.Written, synth.Written]) -> list[dict[str, Any]]:
    return [
        {"do": "open", "paths": [str(one.folder) for one in made]},
        {"do": "show", "series_uid": made[0].series_uid},
        {"do": "slice", "index": 1},
    ]


class Reader:
    """Turns acts into steps, by what stands there."""

    def __init__(self, made: tuple[synth.Written, synth.Written], seen: dict[str, Any]) -> None:
        self._made, self._seen = made, seen

    def step(self, act: str, n: int) -> dict[str, Any] | None:
        """The step of an act; None where there is nothing to do it on."""
        drawn = [one["id"] for one in self._seen["measurements"]]
        parts = [one["id"] for one in self._seen["segments"]]
        one, other = self._made
        at = [[2.0 + n % 3, 3.0, 2.0], [7.0, 8.0 + n % 2, 2.0]]
        simple: dict[str, dict[str, Any]] = {
            "length": {"do": "measure", "tool": "length", "points_lps": at},
            "probe": {"do": "measure", "tool": "probe", "points_lps": at[:1]},
            "ellipse": {"do": "measure", "tool": "ellipse", "points_lps": at},
            "text on picture": {"do": "measure", "tool": "text", "points_lps": at[:1], "text": f"note {n}"},
            "key image": {"do": "key_image", "caption": f"c{n}"},
            "caption": {"do": "key_image", "caption": f"again {n}"},
            "text": {"do": "text", "section": ("impression", "technique")[n % 2], "text": f"words {n}"},
            "layout": {"do": "layout", "grid": [1 + n % 2, 1 + n % 3]},
            "new segment": {"do": "segment", "op": "new", "view": 0},
            "box": {"do": "box", "series_uid": one.series_uid, "roi": [1, 1, 0, 6 + n % 4, 7, 2]},
            "no box": {"do": "box", "series_uid": one.series_uid},
            "join": {"do": "join", "study_uid": one.study_uid, "with_uid": other.study_uid},
            "part": {"do": "part", "study_uid": other.study_uid},
        }
        if act in simple:
            return simple[act]
        if act in ("move", "rename", "delete"):
            return self._on(drawn, n, {"move": {"points_lps": at}, "rename": {"name": f"name {n}"}}.get(act, {}), act)
        keys = {"op": "brush", "points_lps": at, "radius_mm": 2.0 + n % 3} if act == "brush" else {"op": "delete"}
        return self._on(parts, n, keys, "segment")

    @staticmethod
    def _on(ids: list[str], n: int, keys: dict[str, Any], step: str) -> dict[str, Any] | None:
        return {"do": step, "id": ids[n % len(ids)], **keys} if ids else None


LOOK = ({"do": "measurements"}, {"do": "key_images"}, {"do": "state"}, {"do": "history"})


def standing(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """All that can be taken back, as the answers to `LOOK` tell it."""
    measured, images, state, _ = (answer["result"] for answer in answers)
    return {
        "measurements": sorted(measured["measurements"], key=lambda one: str(one["id"])),
        "key_images": images["key_images"],
        "texts": {name: text for name, text in state["texts"].items() if text},
        "grid": state["layout"]["grid"],
        "segments": sorted(state["segments"], key=lambda one: str(one["id"])),
        "people": state["counts"]["patients"],
        "boxes": state["boxes"],
    }


class Life:
    """A reader's sittings over one home; what stood after each step is kept to be compared."""

    def __init__(self, made: tuple[synth.Written, synth.Written], home: Path) -> None:
        self._made, self._home = made, home
        self._past: list[dict[str, Any]] = []
        self._future: list[dict[str, Any]] = []
        self.seen: dict[str, Any] = {}
        self.kills = 0

    def live(self, acts: Acts) -> None:
        """One sitting after another until all is done, taken back to the start and done again to the end."""
        left = list(acts)
        while left or not self.kills:
            self._sit(left)
        self._sit([("undo", 0)] * (len(self._past) + 1))
        assert self._past == []
        self._sit([("redo", 0)] * (len(self._future) + 1))
        assert self._future == []

    def _sit(self, left: Acts) -> None:
        answers: list[dict[str, Any]] = []
        was_killed = False

        def lines() -> Iterator[bytes]:
            nonlocal was_killed
            for step in (*opening(self._made), *LOOK):
                yield line(step)
            self._look(answers, "at the start")
            while left:
                act, n = left.pop(0)
                if act == "kill":
                    shutil.copytree(self._home, self._home.with_name("killed"))
                    was_killed = True
                    return
                step = {"do": act} if act in ("undo", "redo") else Reader(self._made, self.seen).step(act, n)
                if step is None:
                    continue
                for one in (step, *LOOK):
                    yield line(one)
                self._after(act, answers)

        play_steps(lines(), lambda told: answers.append(json.loads(told)), pytest.fail, repr, CancelFlag())
        self.kills += 1
        if was_killed:
            shutil.rmtree(self._home)
            self._home.with_name("killed").rename(self._home)

    def _after(self, act: str, answers: list[dict[str, Any]]) -> None:
        before, done = self.seen, len(self._undo)
        is_ok = answers[-5]["ok"]
        if act == "undo":
            assert is_ok == bool(self._past), answers[-5]
            if is_ok:
                self._future.append(before)
                self._expect(self._past.pop(), answers)
        elif act == "redo":
            assert is_ok == bool(self._future), answers[-5]
            if is_ok:
                self._past.append(before)
                self._expect(self._future.pop(), answers)
        else:
            grown = len(answers[-1]["result"]["undo"]) - done
            assert grown in ((0, 1) if is_ok else (0,)), (act, answers[-5])
            if grown:
                self._past.append(before)
                self._future.clear()
            else:
                assert standing(answers[-4:]) == before, "what is no step changes nothing"
        self.seen, self._undo = standing(answers[-4:]), answers[-1]["result"]["undo"]

    def _expect(self, wanted: dict[str, Any], answers: list[dict[str, Any]]) -> None:
        assert standing(answers[-4:]) == wanted, answers[-5]

    def _look(self, answers: list[dict[str, Any]], when: str) -> None:
        now = standing(answers[-4:])
        assert not self.seen or now == self.seen, when
        self.seen, self._undo = now, answers[-1]["result"]["undo"]
        assert len(self._undo) == len(self._past)


def line(step: dict[str, Any]) -> bytes:
    return json.dumps(step).encode()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=st.lists(
        st.tuples(st.sampled_from((*ACTS, "undo", "undo", "undo", "redo", "redo", "kill")), st.integers(0, 9)),
        min_size=8,
        max_size=24,
    )
)
def test_any_sitting_is_taken_back_to_its_start_and_done_again(
    made: tuple[synth.Written, synth.Written], acts: Acts
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        home = Path(folder) / "home"
        patched.setenv("SECONDREAD_HOME", str(home))
        Life(made, home).live(acts)


def test_a_program_killed_after_each_answer_goes_on_where_it_was(
    made: tuple[synth.Written, synth.Written], own_home: Path
) -> None:
    """SIGKILL, not a copy: `secondread script -` as it is started."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "viewer", "script", "-"]
    stood: list[Any] = []
    for act in ("length", "key image", "undo", "layout"):
        step = {"do": act} if act == "undo" else Reader(made, {"measurements": [], "segments": []}).step(act, 1)
        assert step is not None
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as program:
            assert program.stdin is not None and program.stdout is not None
            answers = []
            for one in (*opening(made), *LOOK, step, *LOOK):
                program.stdin.write(line(one) + b"\n")
                program.stdin.flush()
                answers.append(json.loads(program.stdout.readline()))
            program.send_signal(signal.SIGKILL)
        assert all(answer["ok"] for answer in answers), answers
        if stood:
            assert standing(answers[3:7]) == stood[-1]
        stood.append(standing(answers[-4:]))
    assert stood[2] == stood[0]
    assert stood[3]["grid"] == [2, 2]
