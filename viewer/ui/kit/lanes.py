"""Background work of the window: one analysis lane and a pool of reading threads.

Nothing crosses a thread but signals to bound `@Slot` methods: in PySide6 a lambda connected
to a worker's signal would run in the worker's thread.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from viewer.core.errors import AnalysisError, ReadError, ViewerError
from viewer.core.task import CancelFlag, Cancelled, CancelToken, JobState, OnProgress, Progress, advance

_LOG = logging.getLogger(__name__)

#: Progress crosses the thread at most this often; a change of stage always does.
PROGRESS_HZ = 20.0
#: How long the lane's thread may take to end when the window closes (ms).
_END_MS = 5000
Work = Callable[[OnProgress, CancelToken], Any]


@dataclass(slots=True)
class Job:
    """One analysis in the queue, as the panel shows it.

    Attributes:
        work: runs in the lane's thread and returns the job's result.
        progress: the last step reported; a failed job keeps the fraction it reached.
        started: `time.monotonic()` when it began to run; `stages`: name -> seconds, in order.
    """

    id: str
    title: str
    stack_key: str
    study_uid: str
    pack_id: str
    work: Work
    state: JobState = JobState.QUEUED
    progress: Progress = Progress("Waiting")
    error: ViewerError | None = None
    started: float = 0.0
    cancel: CancelFlag = field(default_factory=CancelFlag)

    @property
    def over(self) -> bool:
        """True once nothing more will happen to it."""
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class _Runner(QObject):
    """Lives in the lane's thread and runs one job at a time."""

    progressed = Signal(str, object)
    ended = Signal(str, object, object)

    @Slot(object)
    def run(self, job: Job) -> None:
        """Run `job`; tell how it ended. The one place that catches everything."""
        try:
            self.ended.emit(job.id, job.work(self._throttled(job.id), job.cancel), None)
        except Cancelled as stop:
            self.ended.emit(job.id, None, stop)
        except ViewerError as error:
            self.ended.emit(job.id, None, error)
        except Exception:  # noqa: BLE001 - the edge of a thread: logged, then told in words
            _LOG.exception("job %s failed", job.id)
            self.ended.emit(job.id, None, _unforeseen())

    def _throttled(self, job_id: str) -> OnProgress:
        last = Progress("", None)
        sent = 0.0

        def tell(progress: Progress) -> None:
            nonlocal last, sent
            now = time.monotonic()
            if progress.stage != last.stage or now - sent >= 1 / PROGRESS_HZ:
                last, sent = progress, now
                self.progressed.emit(job_id, progress)

        return tell

    @Slot(object)
    def call(self, function: Callable[[], None]) -> None:
        """Run something small in this thread (start the inference process)."""
        try:
            function()
        except ViewerError as error:
            _LOG.warning("%s", error.text)


class AnalysisLane(QObject):
    """A visible first-in, first-out queue of analyses, run one at a time in ONE QThread."""

    changed = Signal()
    progressed = Signal(str)
    finished = Signal(str, object)
    failed = Signal(str)
    _go = Signal(object)
    _call = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._thread = QThread()
        self._thread.setObjectName("analysis-lane")
        self._runner = _Runner()
        self._runner.moveToThread(self._thread)
        self._go.connect(self._runner.run, Qt.ConnectionType.QueuedConnection)
        self._call.connect(self._runner.call, Qt.ConnectionType.QueuedConnection)
        self._runner.progressed.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._runner.ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job that was not dismissed: running and waiting ones in order, ended ones before them."""
        return tuple(self._jobs)

    def job(self, job_id: str) -> Job | None:
        """A job by its id."""
        return next((job for job in self._jobs if job.id == job_id), None)

    @property
    def running(self) -> Job | None:
        """The job that holds the lane."""
        return next((j for j in self._jobs if j.state in (JobState.RUNNING, JobState.CANCELLING)), None)

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Jobs that wait, the next one first."""
        return tuple(j for j in self._jobs if j.state is JobState.QUEUED)

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue; an ended one of the same pack and stack goes."""
        self._jobs = [
            j for j in self._jobs if not (j.over and (j.pack_id, j.stack_key) == (job.pack_id, job.stack_key))
        ]
        self._jobs.append(job)
        self._next()
        self.changed.emit()

    def cancel(self, job_id: str) -> None:
        """Cancel a job; one that waits goes at once, one that runs stops within 2 s."""
        job = self.job(job_id)
        if job is None or job.over:
            return
        job.cancel.cancel()
        if job.state is JobState.QUEUED:
            job.state = advance(job.state, JobState.CANCELLED)
        elif job.state is JobState.RUNNING:
            job.state = advance(job.state, JobState.CANCELLING)
        self.changed.emit()

    def dismiss(self, job_id: str) -> None:
        """Take an ended job off the list."""
        self._jobs = [j for j in self._jobs if not (j.id == job_id and j.over)]
        self.changed.emit()

    def drop_study(self, study_uid: str) -> None:
        """Cancel every job of a study that was closed."""
        for job in self._jobs:
            if job.study_uid == study_uid:
                self.cancel(job.id)

    def call(self, function: Callable[[], None]) -> None:
        """Run something small in the lane's thread."""
        self._call.emit(function)

    def close(self) -> None:
        """Cancel everything and end the thread."""
        for job in self._jobs:
            job.cancel.cancel()
        self._jobs = [job for job in self._jobs if job.state is not JobState.QUEUED]
        self._thread.quit()
        if not self._thread.wait(_END_MS):
            _LOG.error("the analysis lane did not end in time")

    def _next(self) -> None:
        if self.running is None and self.waiting:
            job = self.waiting[0]
            job.state = advance(job.state, JobState.RUNNING)
            job.started = time.monotonic()
            job.progress = Progress("Starting")
            self._go.emit(job)

    @Slot(str, object)
    def _on_progress(self, job_id: str, progress: Progress) -> None:
        job = self.job(job_id)
        if job is not None and job.state is JobState.RUNNING:
            job.progress = progress
            self.progressed.emit(job_id)

    @Slot(str, object, object)
    def _on_ended(self, job_id: str, result: object, error: object) -> None:
        job = self.job(job_id)
        if job is None:
            return
        if isinstance(error, Cancelled):
            job.state = JobState.CANCELLED
        elif isinstance(error, ViewerError):
            job.error = error
            job.state = advance(job.state, JobState.FAILED)
        else:
            job.state = advance(job.state, JobState.DONE)
        self._next()
        if job.state is JobState.DONE:
            self.finished.emit(job_id, result)
        elif job.state is JobState.FAILED:
            self.failed.emit(job_id)
        self.changed.emit()


def _unforeseen() -> AnalysisError:
    return AnalysisError(
        "The analysis stopped because of an error in the program. Your findings are safe.",
        "Run it again; if it stops again, the program's log says where.",
    )


class Priority(IntEnum):
    """Which reading comes first."""

    INTERACTION = 0
    THUMBNAIL = 1
    PREFETCH = 2


@dataclass(order=True, slots=True)
class _Task:
    priority: int
    number: int
    work: Callable[[Callable[[object], None], CancelToken], object] = field(compare=False)
    cancel: CancelFlag = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Listener:
    done: Callable[[Any], None]
    failed: Callable[[ViewerError], None]
    told: Callable[[Any], None]


class ReadingPool(QObject):
    """A few threads that read files; answers arrive on the thread that made the pool.

    Plain Python threads: they hand results over through one signal to one bound slot.
    """

    _answer = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._queue: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._listeners: dict[int, _Listener] = {}
        self._cancels: dict[int, CancelFlag] = {}
        self._closed = threading.Event()
        self._answer.connect(self._on_answer, Qt.ConnectionType.QueuedConnection)
        self._threads = [threading.Thread(target=self._loop, name=f"reading-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        work: Callable[[Callable[[object], None], CancelToken], object],
        done: Callable[[Any], None],
        failed: Callable[[ViewerError], None],
        *,
        told: Callable[[Any], None] | None = None,
        priority: Priority = Priority.INTERACTION,
    ) -> CancelFlag:
        """Run `work(tell, cancel)` in a reading thread.

        `done(result)`, `failed(error)` and `told(what work told)` are called on this
        object's own thread; a cancelled task calls none of them any more.
        """
        number = next(self._numbers)
        cancel = CancelFlag()
        self._listeners[number] = _Listener(done, failed, told or _ignore)
        self._cancels[number] = cancel
        self._queue.put(_Task(int(priority), number, work, cancel))
        return cancel

    @property
    def busy(self) -> bool:
        """True while something is read or waits."""
        return bool(self._listeners)

    def close(self) -> None:
        """Cancel everything and end the threads."""
        self._closed.set()
        for cancel in self._cancels.values():
            cancel.cancel()
        for _ in self._threads:
            self._queue.put(_Task(-1, next(self._numbers), _nothing, CancelFlag()))
        for thread in self._threads:
            thread.join(_END_MS / 1000)

    def _loop(self) -> None:
        while not self._closed.is_set():
            task = self._queue.get()
            if not self._closed.is_set():
                self._run(task)

    def _run(self, task: _Task) -> None:
        def tell(what: object) -> None:
            self._send(task.number, "told", what)

        try:
            task.cancel.check()
            self._send(task.number, "done", task.work(tell, task.cancel))
        except Cancelled:
            self._send(task.number, "cancelled", None)
        except ViewerError as error:
            self._send(task.number, "failed", error)
        except Exception:  # noqa: BLE001 - the edge of a thread: logged, then told in words
            _LOG.exception("reading task failed")
            self._send(task.number, "failed", _unreadable())

    def _send(self, number: int, word: str, what: object) -> None:
        if not self._closed.is_set():
            self._answer.emit(number, word, what)

    @Slot(int, str, object)
    def _on_answer(self, number: int, word: str, what: Any) -> None:
        listener = self._listeners.get(number)
        cancel = self._cancels.get(number)
        if word != "told":
            self._listeners.pop(number, None)
            self._cancels.pop(number, None)
        if listener is None or cancel is None or cancel.is_cancelled():
            return
        if word == "done":
            listener.done(what)
        elif word == "told":
            listener.told(what)
        elif word == "failed":
            listener.failed(what)


def _ignore(_what: object) -> None:
    """A listener that shows nothing."""


def _nothing(_tell: Callable[[object], None], _cancel: CancelToken) -> object:
    return None


def _unreadable() -> ReadError:
    return ReadError(
        "The files could not be read because of an error in the program.",
        "Open them again; if it happens again, the program's log says where.",
    )
