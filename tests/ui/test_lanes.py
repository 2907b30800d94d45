"""The analysis lane is a queue of one; the reading pool answers on its own thread, the urgent first."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from viewer.core.errors import PackError, ReadError, ViewerError
from viewer.core.task import CancelToken, JobState, OnProgress, Progress
from viewer.ui.kit.lanes import AnalysisLane, Job, Priority, ReadingPool, Work


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[AnalysisLane]:
    made = AnalysisLane()
    yield made
    made.close()


@pytest.fixture
def pool(qtbot: QtBot) -> Iterator[ReadingPool]:
    made = ReadingPool(threads=1)
    yield made
    made.close()


def job(name: str, work: Work, study: str = "1") -> Job:
    return Job(name, name, name, study, "pack", work)


def patient_work(on_progress: OnProgress, cancel: CancelToken) -> str:
    for step in range(500):
        cancel.check()
        on_progress(Progress("Working", step / 500))
        time.sleep(0.01)
    return "done"


def quick_work(_on_progress: OnProgress, _cancel: CancelToken) -> str:
    return threading.current_thread().name


def test_jobs_run_one_after_the_other_off_the_gui_thread(lane: AnalysisLane, qtbot: QtBot) -> None:
    ended: list[tuple[str, Any]] = []
    lane.finished.connect(lambda name, result: ended.append((name, result)))
    jobs = [job(name, quick_work) for name in "abc"]
    for one in jobs:
        lane.submit(one)
    assert [j.state for j in jobs] == [JobState.RUNNING, JobState.QUEUED, JobState.QUEUED]
    qtbot.waitUntil(lambda: len(ended) == 3, timeout=10_000)
    assert [name for name, _ in ended] == ["a", "b", "c"]
    assert all(thread != threading.main_thread().name for _, thread in ended)


def test_cancel_while_waiting_and_while_running(lane: AnalysisLane, qtbot: QtBot) -> None:
    running, waiting = job("a", patient_work), job("b", patient_work)
    lane.submit(running)
    lane.submit(waiting)
    lane.cancel("b")
    assert waiting.state is JobState.CANCELLED
    qtbot.waitUntil(lambda: running.progress.stage == "Working", timeout=10_000)
    began = time.monotonic()
    lane.cancel("a")
    assert running.state is JobState.CANCELLING
    qtbot.waitUntil(lambda: running.over, timeout=2000)
    assert running.state is JobState.CANCELLED
    assert time.monotonic() - began < 2


def test_a_failed_job_keeps_its_words_and_how_far_it_came(lane: AnalysisLane, qtbot: QtBot) -> None:
    def fails(on_progress: OnProgress, _cancel: CancelToken) -> None:
        on_progress(Progress("Network", 0.71))
        raise PackError("The weights are not the ones.", "Install the pack again.")

    def breaks(_on_progress: OnProgress, _cancel: CancelToken) -> None:
        raise ZeroDivisionError

    first, second, third = job("a", fails), job("b", breaks), job("c", quick_work)
    for one in (first, second, third):
        lane.submit(one)
    qtbot.waitUntil(lambda: third.over, timeout=10_000)
    assert first.state is second.state is JobState.FAILED
    assert first.progress.fraction == 0.71
    assert first.error is not None
    assert "weights" in first.error.text
    assert second.error is not None
    assert "Your findings are safe" in second.error.text
    assert third.state is JobState.DONE, "the next click works"


def test_progress_is_throttled_but_stages_are_not(lane: AnalysisLane, qtbot: QtBot) -> None:
    def chatty(on_progress: OnProgress, _cancel: CancelToken) -> None:
        for step in range(2000):
            on_progress(Progress("One", step / 2000))
        on_progress(Progress("Two", 1.0))

    told: list[str] = []
    one = job("a", chatty)
    lane.progressed.connect(lambda _name: told.append(one.progress.stage))
    lane.submit(one)
    qtbot.waitUntil(lambda: one.over, timeout=10_000)
    assert len(told) < 100
    assert told[-1] == "Two"


def test_jobs_of_a_closed_study_stop(lane: AnalysisLane, qtbot: QtBot) -> None:
    mine, other = job("a", patient_work, "1"), job("b", quick_work, "2")
    lane.submit(mine)
    lane.submit(other)
    lane.drop_study("1")
    qtbot.waitUntil(lambda: mine.over and other.over, timeout=10_000)
    assert (mine.state, other.state) == (JobState.CANCELLED, JobState.DONE)


def test_answers_arrive_on_the_own_thread(pool: ReadingPool, qtbot: QtBot) -> None:
    here: list[threading.Thread] = []
    told: list[Any] = []

    def work(tell: Any, _cancel: CancelToken) -> str:
        tell("part")
        return threading.current_thread().name

    names: list[str] = []
    pool.submit(
        work,
        lambda name: (names.append(name), here.append(threading.current_thread())),
        pytest.fail,
        told=told.append,
    )
    qtbot.waitUntil(lambda: bool(names), timeout=5000)
    assert names[0].startswith("reading-")
    assert here == [threading.main_thread()]
    assert told == ["part"]


def test_what_is_looked_at_comes_before_thumbnails(pool: ReadingPool, qtbot: QtBot) -> None:
    gate, order = threading.Event(), []
    pool.submit(lambda _t, _c: gate.wait(5), lambda _r: None, pytest.fail)
    for name, priority in (("pre", Priority.PREFETCH), ("thumb", Priority.THUMBNAIL), ("look", Priority.INTERACTION)):
        pool.submit(lambda _t, _c, n=name: n, order.append, pytest.fail, priority=priority)
    gate.set()
    qtbot.waitUntil(lambda: len(order) == 3, timeout=5000)
    assert order == ["look", "thumb", "pre"]


def test_failures_are_words_and_cancelled_tasks_are_silent(pool: ReadingPool, qtbot: QtBot) -> None:
    failures: list[ViewerError] = []

    def refuses(_tell: Any, _cancel: CancelToken) -> None:
        raise ReadError("Cut off.", "Copy it again.", "truncated")

    def breaks(_tell: Any, _cancel: CancelToken) -> None:
        raise KeyError("x")

    def waits(_tell: Any, cancel: CancelToken) -> None:
        while True:
            cancel.check()
            time.sleep(0.005)

    silent = pool.submit(waits, pytest.fail, pytest.fail)
    silent.cancel()
    pool.submit(refuses, pytest.fail, failures.append)
    pool.submit(breaks, pytest.fail, failures.append)
    qtbot.waitUntil(lambda: len(failures) == 2, timeout=5000)
    assert failures[0].code == "truncated"
    assert "program's log" in failures[1].text
    qtbot.waitUntil(lambda: not pool.busy)


def test_signals_do_not_wear_true_out(lane: AnalysisLane) -> None:
    """PySide6 6.12.0 dropped a reference to True with every emit and died after some hundreds."""
    before = sys.getrefcount(True)
    for _ in range(5000):
        lane.changed.emit()
    assert abs(sys.getrefcount(True) - before) < 100
