"""The harness takes turns, compares within the run, and says when it is only noise."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from viewer.bench import BENCHES
from viewer.core.errors import AnalysisError, UsageError
from viewer.core.task import CancelFlag, Cancelled, ignore_progress
from viewer.jobs import bench
from viewer.jobs.bench.harness import Plan, Target, Way, as_text, machine, measure, peak_memory


def test_ways_take_turns_to_begin_and_the_first_round_is_thrown_away() -> None:
    order: list[str] = []
    plan = Plan("turns", (Way("a", lambda: order.append("a")), Way("b", lambda: order.append("b"))), rounds=3)
    told = measure(plan, CancelFlag())
    assert order == ["a", "b", "b", "a"] * 2
    assert [row["name"] for row in told["ways"]] == ["a", "b"]
    assert told["ways"][0]["ratio_min"] == 1


def test_ratios_and_targets_come_from_the_same_run() -> None:
    plan = Plan(
        "sleep",
        (Way("floor", lambda: time.sleep(0.01)), Way("slow", lambda: time.sleep(0.04))),
        rounds=3,
        targets=(Target("slow", "floor", 100), Target("slow", "floor", 1.5)),
    )
    told = measure(plan, CancelFlag())
    assert 2 < told["ways"][1]["ratio_min"] < 6
    assert [target["met"] for target in told["targets"]] == [True, False]


def test_a_target_between_the_two_ratios_is_unclear() -> None:
    slow = iter([0.0, 0.03, 0.09, 0.09])
    ways = (Way("floor", lambda: time.sleep(0.02)), Way("odd", lambda: time.sleep(next(slow))))
    told = measure(Plan("noise", ways, rounds=3, targets=(Target("odd", "floor", 2.5),)), CancelFlag())
    assert told["targets"][0]["met"] is None
    assert "unclear" in as_text({"machine": machine(), "benches": [{"name": "n", **told}], "failed": []})


def test_reset_is_not_timed() -> None:
    plan = Plan("reset", (Way("a", lambda: None, reset=lambda: time.sleep(0.05)),), rounds=1)
    assert measure(plan, CancelFlag())["ways"][0]["min_s"] < 0.04


def test_cancel_stops_between_ways() -> None:
    flag = CancelFlag()
    with pytest.raises(Cancelled):
        measure(Plan("cancel", (Way("a", flag.cancel), Way("b", lambda: pytest.fail("ran on")))), flag)


def test_peak_memory_sees_what_a_function_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hungry.py").write_text("def eat(n):\n    return bytearray(int(n))\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert 60e6 < peak_memory("hungry", "eat", str(64 * 2**20)) < 80e6
    with pytest.raises(AnalysisError, match="could not be measured"):
        peak_memory("hungry", "no_such_function")


def test_unknown_bench_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no benchmark"):
        bench.run_benches(("nonsense",), on_progress=ignore_progress, cancel=CancelFlag())


def test_text_names_machine_and_every_way() -> None:
    plan = Plan("t", (Way("floor", lambda: None), Way("ours", lambda: None)), facts={"memory x voxels": 1.02})
    document = {"machine": machine(), "benches": [{"name": "one", **measure(plan, CancelFlag())}], "failed": []}
    text = as_text(document)
    for word in ("cores", "floor", "ours", "memory x voxels: 1.02"):
        assert word in text


def test_every_registered_bench_can_be_prepared() -> None:
    names = []
    for entry in (*bench.BENCHES, *BENCHES):
        names.append(entry.name)
        assert callable(entry.load())
    of_jobs = ["open", "scan", "decode", "events", "inference", "pipeline"]
    assert names == [*of_jobs, "scroll", "start", "planes", "memory", "read"]
