"""The analysis lane is a queue of one; the reading pool answers on its own thread, the urgent first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest

from viewer.core.errors import PackError, ReadError, ViewerError
from viewer.core.task import Cancelled, CancelToken, JobState, OnProgress, Progress, advance
from viewer.room import background
from viewer.room.background import Analysis, Job, Priority
from viewer.room.events import JobProgressed, JobsChanged
from viewer.room.threads import AnalysisLane, QueueMailbox, ReadingPool

Told = list[JobsChanged | JobProgressed]


@pytest.fixture
def mailbox() -> QueueMailbox:
    return QueueMailbox()


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def lane(mailbox: QueueMailbox, told: Told) -> Iterator[AnalysisLane]:
    made = AnalysisLane(mailbox, told.append)
    yield made
    made.close()


@pytest.fixture
def pool(mailbox: QueueMailbox) -> Iterator[ReadingPool]:
    made = ReadingPool(mailbox, threads=1)
    yield made
    made.close()


def job(name: str, work: Analysis, study: str = "1", done: Callable[[Any], None] = lambda _result: None) -> Job:
    return Job(name, name, name, study, "pack", work, done)


def patient_work(on_progress: OnProgress, cancel: CancelToken) -> str:
    for step in range(500):
        cancel.check()
        on_progress(Progress("Working", step / 500))
        time.sleep(0.01)
    return "done"


def quick_work(_on_progress: OnProgress, _cancel: CancelToken) -> str:
    return threading.current_thread().name


def test_jobs_run_one_after_the_other_off_the_rooms_thread(lane: AnalysisLane, mailbox: QueueMailbox) -> None:
    ended: list[tuple[str, Any]] = []
    jobs = [job(name, quick_work, done=lambda result, n=name: ended.append((n, result))) for name in "abc"]  # type: ignore[misc]
    for one in jobs:
        lane.submit(one)
    assert [j.state for j in jobs] == [JobState.RUNNING, JobState.QUEUED, JobState.QUEUED]
    assert mailbox.run_until(lambda: len(ended) == 3, 10)
    assert [name for name, _ in ended] == ["a", "b", "c"]
    assert all(thread != threading.main_thread().name for _, thread in ended)


def test_cancel_while_waiting_and_while_running(lane: AnalysisLane, mailbox: QueueMailbox) -> None:
    running, waiting = job("a", patient_work), job("b", patient_work)
    lane.submit(running)
    lane.submit(waiting)
    lane.cancel("b")
    assert waiting.state is JobState.CANCELLED
    assert mailbox.run_until(lambda: running.progress.stage == "Working", 10)
    began = time.monotonic()
    lane.cancel("a")
    assert running.state is JobState.CANCELLING
    assert mailbox.run_until(lambda: running.over, 2)
    assert running.state is JobState.CANCELLED
    assert time.monotonic() - began < 2


@pytest.mark.logs("job b failed")
def test_a_failed_job_keeps_its_words_and_how_far_it_came(lane: AnalysisLane, mailbox: QueueMailbox) -> None:
    def fails(on_progress: OnProgress, _cancel: CancelToken) -> None:
        on_progress(Progress("Network", 0.71))
        raise PackError("The weights are not the ones.", "Install the pack again.")

    def breaks(_on_progress: OnProgress, _cancel: CancelToken) -> None:
        raise ZeroDivisionError

    first, second, third = job("a", fails), job("b", breaks), job("c", quick_work)
    for one in (first, second, third):
        lane.submit(one)
    assert mailbox.run_until(lambda: third.over, 10)
    assert first.state is second.state is JobState.FAILED
    assert first.progress.fraction == 0.71
    assert first.error is not None
    assert "weights" in first.error.text
    assert second.error is not None
    assert "Your findings are safe" in second.error.text
    assert third.state is JobState.DONE, "the next click works"


def test_progress_is_throttled_but_stages_are_not(lane: AnalysisLane, mailbox: QueueMailbox, told: Told) -> None:
    def chatty(on_progress: OnProgress, _cancel: CancelToken) -> None:
        for step in range(2000):
            on_progress(Progress("One", step / 2000))
        on_progress(Progress("Two", 1.0))

    one = job("a", chatty)
    lane.submit(one)
    assert mailbox.run_until(lambda: one.over, 10)
    assert sum(isinstance(event, JobProgressed) for event in told) < 100
    assert one.progress.stage == "Two"


def test_jobs_of_a_closed_study_stop(lane: AnalysisLane, mailbox: QueueMailbox) -> None:
    mine, other = job("a", patient_work, "1"), job("b", quick_work, "2")
    lane.submit(mine)
    lane.submit(other)
    lane.drop_study("1")
    assert mailbox.run_until(lambda: mine.over and other.over, 10)
    assert (mine.state, other.state) == (JobState.CANCELLED, JobState.DONE)


def test_answers_arrive_on_the_own_thread(pool: ReadingPool, mailbox: QueueMailbox) -> None:
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
    assert mailbox.run_until(lambda: bool(names), 5)
    assert names[0].startswith("reading-")
    assert here == [threading.main_thread()]
    assert told == ["part"]


def test_what_is_looked_at_comes_before_thumbnails(pool: ReadingPool, mailbox: QueueMailbox) -> None:
    gate, order = threading.Event(), []
    pool.submit(lambda _t, _c: gate.wait(5), lambda _r: None, pytest.fail)
    for name, priority in (("pre", Priority.PREFETCH), ("thumb", Priority.THUMBNAIL), ("look", Priority.INTERACTION)):
        pool.submit(lambda _t, _c, n=name: n, order.append, pytest.fail, priority=priority)
    gate.set()
    assert mailbox.run_until(lambda: len(order) == 3, 5)
    assert order == ["look", "thumb", "pre"]


@pytest.mark.logs("reading task failed")
def test_failures_are_words_and_cancelled_tasks_are_silent(pool: ReadingPool, mailbox: QueueMailbox) -> None:
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
    assert mailbox.run_until(lambda: len(failures) == 2, 5)
    assert failures[0].code == "truncated"
    assert "program's log" in failures[1].text
    assert mailbox.run_until(lambda: not pool.busy, 5)


def test_a_job_that_stops_by_itself_goes_through_the_table(lane: AnalysisLane, mailbox: QueueMailbox) -> None:
    def stops(_on_progress: OnProgress, _cancel: CancelToken) -> None:
        raise Cancelled

    one, after = job("a", stops), job("b", quick_work)
    seen: list[tuple[JobState, JobState]] = []
    lane.submit(one)
    lane.submit(after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background, "advance", lambda now, new: seen.append((now, new)) or advance(now, new))
        assert mailbox.run_until(lambda: after.over, 10)
    assert one.state is JobState.CANCELLED
    assert seen[:2] == [(JobState.RUNNING, JobState.CANCELLING), (JobState.CANCELLING, JobState.CANCELLED)]


def test_a_mailbox_keeps_the_order_and_says_when_time_is_up(mailbox: QueueMailbox) -> None:
    got: list[int] = []
    for number in range(3):
        mailbox.post(lambda n=number: got.append(n))  # type: ignore[misc]
    mailbox.drain()
    assert got == [0, 1, 2]
    assert not mailbox.run_until(lambda: False, 0.01)


def test_the_pool_lets_go_of_what_a_task_was_made_of() -> None:
    class Large:
        """Stands for a volume."""

    mailbox = QueueMailbox()
    pool = ReadingPool(mailbox, threads=1)
    try:
        large, ended = Large(), list[object]()
        seen = ref(large)
        pool.submit(lambda _tell, _cancel, held=large: str(held), ended.append, ended.append)
        del large
        assert mailbox.run_until(lambda: bool(ended), 10)
        deadline = time.monotonic() + 10
        while seen() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen() is None
    finally:
        pool.close()
