"""What the room asks of background work: who runs it, what comes first, and where its answers arrive.

The promise of every pool and lane: answers arrive on the room's thread, one after the other, in the order
they were given. How a call gets there is the one thing that differs between a program with an event loop
(`viewer.ui.kit.mailbox`) and one without (`viewer.room.threads.QueueMailbox`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from viewer.core.errors import ViewerError
from viewer.core.task import CancelFlag, CancelToken, JobState, OnProgress, Progress, advance

#: What is read in a thread: given a way to tell of parts, and a token that says when to stop.
Reading = Callable[[Callable[[Any], None], CancelToken], Any]
#: What an analysis does in the lane's thread.
Analysis = Callable[[OnProgress, CancelToken], Any]


class Priority(IntEnum):
    """Which reading comes first."""

    INTERACTION = 0
    THUMBNAIL = 1
    PREFETCH = 2


class Mailbox(Protocol):
    """Hands calls over to the room's thread."""

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` run on the room's thread, after those posted before; from any thread."""


class Pool(Protocol):
    """Reads files in threads."""

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

    @property
    def busy(self) -> bool:
        """True while something is read or waits."""

    def close(self) -> None:
        """Cancel everything and end the threads."""


@dataclass(slots=True)
class Job:
    """One analysis in the queue, as the panel shows it.

    Attributes:
        work: runs in the lane's thread; `done` gets what it returns, on the room's thread.
        progress: the last step reported; a failed job keeps the fraction it reached.
        started: `time.monotonic()` when it began to run.
    """

    id: str
    title: str
    stack_key: str
    study_uid: str
    pack_id: str
    work: Analysis
    done: Callable[[Any], None]
    state: JobState = JobState.QUEUED
    progress: Progress = Progress("Waiting")
    error: ViewerError | None = None
    started: float = 0.0
    cancel: CancelFlag = field(default_factory=CancelFlag)

    @property
    def over(self) -> bool:
        """True once nothing more will happen to it."""
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    def go(self, state: JobState) -> None:
        """Go on to another state.

        Raises:
            ValueError: the table of `core.task` knows no such step.
        """
        self.state = advance(self.state, state)


class Lane(Protocol):
    """A visible first-in, first-out queue of analyses, run one at a time in one thread."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job that was not dismissed: running and waiting ones in order, ended ones before them."""

    @property
    def running(self) -> Job | None:
        """The job that holds the lane."""

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue; an ended one of the same pack and stack goes."""

    def cancel(self, job_id: str) -> None:
        """Cancel a job; one that waits goes at once, one that runs stops within 2 s."""

    def dismiss(self, job_id: str) -> None:
        """Take an ended job off the list."""

    def drop_study(self, study_uid: str) -> None:
        """Cancel every job of a study that was closed."""

    def call(self, function: Callable[[], None]) -> None:
        """Run something small in the lane's thread."""

    def close(self) -> None:
        """Cancel everything and end the thread."""
