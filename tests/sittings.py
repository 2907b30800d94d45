"""A whole sitting without an event loop: the room, and waiting for what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from viewer.analysis.client import InferenceProcess
from viewer.core.settings import Settings
from viewer.journal import Journal
from viewer.room.context import Context
from viewer.room.events import Trouble
from viewer.room.room import Room
from viewer.room.threads import QueueMailbox


class Sitting:
    """A room that a test drives; close it, or use it as a context manager.

    Attributes:
        room: what does the work; every call that leaves work in a thread is followed by `settle`.
        troubles: words about what could not be done, oldest first; taken away by `take_troubles`.
    """

    def __init__(self, journal: Journal, settings: Settings, process: InferenceProcess) -> None:
        self._mailbox, self._over = QueueMailbox(), False
        self.context = Context(journal, settings, process, self._mailbox)
        self.room = Room(self.context)
        self.troubles: list[str] = []
        self.context.session.on(Trouble, lambda event: self.troubles.append(event.words))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, paths: Iterable[str | Path]) -> None:
        """Scan files, folders or archives, read what the journal holds of them, and the first picture."""
        self.room.opening.open_paths(str(path) for path in paths)
        self.settle()

    def show(self, key: str, first: int | None = None) -> None:
        """Make a stack the active one, with all its slices."""
        self.room.loading.show(key, first)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is read, analysed or written any more."""
        lane, pool = self.context.lane, self.context.pool
        self._mailbox.run_until(lambda: not pool.busy and all(job.over for job in lane.jobs))
        self._mailbox.drain()

    def wait(self, ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until something is so; False where that took longer than `seconds`."""
        return self._mailbox.run_until(ready, seconds)

    def take_troubles(self) -> tuple[str, ...]:
        """What could not be done since this was asked last."""
        taken = tuple(self.troubles)
        self.troubles.clear()
        return taken

    def close(self) -> None:
        """End threads and processes; the journal last. A second time nothing happens."""
        if not self._over:
            self._over = True
            self.context.close()
