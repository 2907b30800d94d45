"""Background work in plain threads: a pool that reads files, and one lane for analyses."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from viewer.core.errors import AnalysisError, ReadError, ViewerError
from viewer.core.task import CancelFlag, Cancelled, CancelToken, JobState, OnProgress, Progress
from viewer.room.background import Job, Mailbox, Priority, Reading
from viewer.room.events import JobProgressed, JobsChanged

_LOG = logging.getLogger(__name__)

#: Progress crosses the thread at most this often; a change of stage always does.
PROGRESS_HZ = 20.0
#: How long a thread may take to end when the program closes (s).
_END_SECONDS = 5.0


class QueueMailbox:
    """Calls wait until the thread that owns the room runs them."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` run by the next `drain` or `run_until`."""
        self._calls.put(call)

    def drain(self) -> None:
        """Run every call that waits."""
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            call()

    def run_until(self, ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Run calls as they come until `ready()`; False where that took longer than `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        while not ready():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            try:
                self._calls.get(timeout=left)()
            except queue.Empty:
                return ready()
        return True


class AnalysisLane:
    """A visible first-in, first-out queue of analyses, run one at a time in one thread.

    Args:
        mailbox: how answers reach the room's thread.
        tell: hears of `JobsChanged` and `JobProgressed`.
    """

    def __init__(self, mailbox: Mailbox, tell: Callable[[JobsChanged | JobProgressed], None]) -> None:
        self._mailbox, self._tell = mailbox, tell
        self._jobs: list[Job] = []
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="analysis-lane", daemon=True)
        self._thread.start()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job that was not dismissed: running and waiting ones in order, ended ones before them."""
        return tuple(self._jobs)

    @property
    def running(self) -> Job | None:
        """The job that holds the lane."""
        return next((j for j in self._jobs if j.state in (JobState.RUNNING, JobState.CANCELLING)), None)

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue; an ended one of the same pack and stack goes."""
        self._jobs = [
            j for j in self._jobs if not (j.over and (j.pack_id, j.stack_key) == (job.pack_id, job.stack_key))
        ]
        self._jobs.append(job)
        self._next()
        self._tell(JobsChanged())

    def cancel(self, job_id: str) -> None:
        """Cancel a job; one that waits goes at once, one that runs stops within 2 s."""
        job = self._job(job_id)
        if job is None or job.over:
            return
        job.cancel.cancel()
        if job.state is not JobState.CANCELLING:
            job.go(JobState.CANCELLED if job.state is JobState.QUEUED else JobState.CANCELLING)
        self._tell(JobsChanged())

    def dismiss(self, job_id: str) -> None:
        """Take an ended job off the list."""
        self._jobs = [j for j in self._jobs if not (j.id == job_id and j.over)]
        self._tell(JobsChanged())

    def drop_study(self, study_uid: str) -> None:
        """Cancel every job of a study that was closed."""
        for job in self._jobs:
            if job.study_uid == study_uid:
                self.cancel(job.id)

    def call(self, function: Callable[[], None]) -> None:
        """Run something small in the lane's thread."""
        self._calls.put(function)

    def close(self) -> None:
        """Cancel everything and end the thread."""
        self._closed = True
        for job in self._jobs:
            job.cancel.cancel()
        self._jobs = [job for job in self._jobs if job.state is not JobState.QUEUED]
        self._calls.put(None)
        self._thread.join(_END_SECONDS)
        if self._thread.is_alive():
            _LOG.error("the analysis lane did not end in time")

    def _job(self, job_id: str) -> Job | None:
        return next((job for job in self._jobs if job.id == job_id), None)

    def _next(self) -> None:
        waiting = next((job for job in self._jobs if job.state is JobState.QUEUED), None)
        if self.running is None and waiting is not None:
            waiting.go(JobState.RUNNING)
            waiting.started = time.monotonic()
            waiting.progress = Progress("Starting")
            self._calls.put(lambda: self._run(waiting))

    # in the lane's thread

    def _loop(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except ViewerError as error:
                _LOG.warning("%s", error.text)

    def _run(self, job: Job) -> None:
        """Run a job and tell how it ended. The one place that catches everything."""
        result: object = None
        error: Exception | None = None
        try:
            result = job.work(self._throttled(job), job.cancel)
        except (Cancelled, ViewerError) as stop:
            error = stop
        except Exception:  # noqa: BLE001 - the edge of a thread: logged, then told in words
            _LOG.exception("job %s failed", job.id)
            error = _unforeseen()
        self._mailbox.post(lambda: self._ended(job, result, error))

    def _throttled(self, job: Job) -> OnProgress:
        last = Progress("", None)
        sent = 0.0

        def tell(progress: Progress) -> None:
            nonlocal last, sent
            now = time.monotonic()
            if progress.stage != last.stage or now - sent >= 1 / PROGRESS_HZ:
                last, sent = progress, now
                self._mailbox.post(lambda: self._moved(job, progress))

        return tell

    # on the room's thread

    def _moved(self, job: Job, progress: Progress) -> None:
        if job.state is JobState.RUNNING and not self._closed:
            job.progress = progress
            self._tell(JobProgressed(job.id))

    def _ended(self, job: Job, result: object, error: Exception | None) -> None:
        if self._closed:
            return
        if isinstance(error, Cancelled):
            if job.state is JobState.RUNNING:
                job.go(JobState.CANCELLING)  # its work stopped by itself
            job.go(JobState.CANCELLED)
        elif isinstance(error, ViewerError):
            job.error = error
            job.go(JobState.FAILED)
        else:
            job.go(JobState.DONE)
        self._next()
        if job.state is JobState.DONE:
            job.done(result)
        self._tell(JobsChanged())


def _unforeseen() -> AnalysisError:
    return AnalysisError(
        "The analysis stopped because of an error in the program. Your findings are safe.",
        "Run it again; if it stops again, the program's log says where.",
    )


@dataclass(order=True, slots=True)
class _Task:
    priority: int
    number: int
    work: Reading = field(compare=False)
    answers: _Answers = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Answers:
    done: Callable[[Any], None]
    failed: Callable[[ViewerError], None]
    told: Callable[[Any], None]
    cancel: CancelFlag = field(default_factory=CancelFlag)


class ReadingPool:
    """A few threads that read files; answers arrive on the room's thread."""

    def __init__(self, mailbox: Mailbox, threads: int = 2) -> None:
        self._mailbox = mailbox
        self._queue: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._under_way: dict[int, CancelFlag] = {}
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._loop, name=f"reading-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        work: Reading,
        done: Callable[[Any], None],
        failed: Callable[[ViewerError], None],
        *,
        told: Callable[[Any], None] | None = None,
        priority: Priority = Priority.INTERACTION,
    ) -> CancelFlag:
        """Run `work(tell, cancel)` in a reading thread.

        `done(result)`, `failed(error)` and `told(what work told)` are called on the room's
        thread; a cancelled task calls none of them any more.
        """
        number = next(self._numbers)
        answers = _Answers(done, failed, told or _ignore)
        self._under_way[number] = answers.cancel
        self._queue.put(_Task(int(priority), number, work, answers))
        return answers.cancel

    @property
    def busy(self) -> bool:
        """True while something is read or waits."""
        return bool(self._under_way)

    def close(self) -> None:
        """Cancel everything and end the threads."""
        self._closed.set()
        for cancel in self._under_way.values():
            cancel.cancel()
        for _ in self._threads:
            self._queue.put(_Task(-1, next(self._numbers), _nothing, _Answers(_ignore, _ignore, _ignore)))
        for thread in self._threads:
            thread.join(_END_SECONDS)

    # in a reading thread

    def _loop(self) -> None:
        while not self._closed.is_set():
            task = self._queue.get()
            if not self._closed.is_set():
                self._run(task)
            del task  # else what it was made of (a volume) stays until the next one comes

    def _run(self, task: _Task) -> None:
        answers = task.answers
        try:
            answers.cancel.check()
            made = task.work(lambda what: self._post(answers, answers.told, what), answers.cancel)
            self._post(answers, answers.done, made, task.number)
        except Cancelled:
            self._post(answers, _ignore, None, task.number)
        except ViewerError as error:
            self._post(answers, answers.failed, error, task.number)
        except Exception:  # noqa: BLE001 - the edge of a thread: logged, then told in words
            _LOG.exception("reading task failed")
            self._post(answers, answers.failed, _unreadable(), task.number)

    def _post(self, answers: _Answers, answer: Callable[[Any], None], what: object, ended: int | None = None) -> None:
        def call() -> None:
            if ended is not None:
                self._under_way.pop(ended, None)
            if not answers.cancel.is_cancelled() and not self._closed.is_set():
                answer(what)

        if not self._closed.is_set():
            self._mailbox.post(call)


def _ignore(_what: object) -> None:
    """A listener that shows nothing."""


def _nothing(_tell: Callable[[object], None], _cancel: CancelToken) -> object:
    return None


def _unreadable() -> ReadError:
    return ReadError(
        "The files could not be read because of an error in the program.",
        "Open them again; if it happens again, the program's log says where.",
    )
