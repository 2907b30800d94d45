"""Progress, cancelling and the life of a job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol


class Cancelled(Exception):  # noqa: N818 - a request of the reader, not an error
    """The reader asked to stop; nothing was lost."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a running job.

    Args:
        stage: what is being done, in words ("Reading slices", "Network").
        fraction: 0..1 over the whole job, or None while unknown.
        eta_seconds: estimated time left, or None while unknown.
    """

    stage: str
    fraction: float | None = None
    eta_seconds: float | None = None


OnProgress = Callable[[Progress], None]


class CancelToken(Protocol):
    """Anything a job can ask whether it should stop."""

    def is_cancelled(self) -> bool:
        """True once the reader asked to stop."""
        ...

    def check(self) -> None:
        """Raise `Cancelled` once the reader asked to stop."""
        ...


class CancelFlag:
    """A thread-safe `CancelToken`."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._event.set()

    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` once `cancel` was called."""
        if self._event.is_set():
            raise Cancelled


def ignore_progress(_progress: Progress) -> None:
    """An `OnProgress` for callers that show nothing."""


def share(on_progress: OnProgress, low: float, high: float) -> OnProgress:
    """Progress of a part, as progress of the whole from `low` to `high`.

    The time left stays that of the part; what does not know how far it is stays so.
    """

    def tell(progress: Progress) -> None:
        inner = progress.fraction
        on_progress(replace(progress, fraction=None if inner is None else low + inner * (high - low)))

    return tell


class JobState(Enum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLING}),
    JobState.CANCELLING: frozenset({JobState.CANCELLED, JobState.DONE, JobState.FAILED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


def advance(current: JobState, new: JobState) -> JobState:
    """Return `new` if a job may go there from `current`.

    Raises:
        ValueError: the step is not in `TRANSITIONS`.
    """
    if new not in TRANSITIONS[current]:
        raise ValueError(f"a job cannot go from {current.value} to {new.value}")
    return new
