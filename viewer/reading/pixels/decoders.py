"""The pool of decoder processes: compressed frames are decoded in them, never in this process.

A native decoder that crashes, hangs or bloats costs the picture it was at: its process is ended
and replaced, the rest of the series goes on. Processes start when they are first wanted, more of
them as work piles up, stay warm for a while and end with this process, however it ends.

One thread owns all of it. Callers hand it a job and take results from the job's own queue.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Pipe, wait

from viewer.core.errors import ReadError
from viewer.core.task import CancelToken
from viewer.core.volume import Array
from viewer.reading.pixels.decoder import DecoderProcess, Job, Palette, Stream, Task
from viewer.reading.stacking.frame import Slice

log = logging.getLogger(__name__)

#: A process more is started for so many bytes of pictures that wait.
_STEP_BYTES = 4 << 20
#: Seconds without work after which a process ends; the last one stays longer.
IDLE_SECONDS, KEEP_SECONDS = 60.0, 900.0
#: How often frames in hand are looked at.
_LOOK_SECONDS = 0.1
#: How often a frame is tried that a process never came to, and processes that never came up.
_TRIES = 3
#: A job that cost so many processes is given up; one that hangs counts as several, for the time it takes.
_MOST_LOST, _HUNG = 20, 10


def most_processes() -> int:
    """One for each core this process may use, up to eight."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(8, cores))


class Decoders:
    """Some decoder processes, started when wanted.

    Args:
        most: processes at most; one for each core by default.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most or most_processes()
        self._inbox: queue.SimpleQueue[tuple[str, Job | str]] = queue.SimpleQueue()
        self._ear, self._bell = Pipe(duplex=False)
        self._jobs: deque[Job] = deque()
        self._processes: list[DecoderProcess] = []
        self._numbers = iter(range(1, 1 << 62))
        self._stillborn = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="decoders", daemon=True)
        self._thread.start()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of what runs now."""
        return tuple(process.pid for process in tuple(self._processes))

    def frames(
        self,
        into: Array,
        sources: Sequence[Slice | Stream],
        order: Iterable[int],
        cancel: CancelToken,
        palette: Palette | None = None,
    ) -> Iterator[tuple[int, ReadError | None]]:
        """Decode frames; yields each once it is there, with the reason where it could not be decoded.

        Args:
            into: [K, J, I] or [K, J, I, 3]; frame k is decoded from sources[k].
            order: frames to decode, the first first.
            cancel: asked at each frame and while waiting.
            palette: turns stored values into colours.

        Raises:
            Cancelled: the reader asked to stop.
            ReadError: the program ends.
        """
        job = Job(next(self._numbers), into, sources, palette, deque(order))
        left = len(job.todo)
        self._tell("job", job)
        try:
            while left:
                cancel.check()
                try:
                    yield job.done.get(timeout=_LOOK_SECONDS)
                except queue.Empty:
                    if self._stopped.is_set():
                        raise _no_process() from None
                else:
                    left -= 1
        finally:
            self._tell("over", job)

    def warm(self, syntax: str) -> None:
        """Have a process ready for frames of this syntax soon; returns at once."""
        self._tell("warm", syntax)

    def stop(self) -> None:
        """End all processes; callers that wait get an error."""
        self._stopped.set()
        self._tell("stop")
        self._thread.join()

    def _tell(self, word: str, what: Job | str = "") -> None:
        self._inbox.put((word, what))
        self._bell.send_bytes(b"!")

    def _loop(self) -> None:
        try:
            while not self._stopped.is_set():
                self._listen()
                self._look()
                self._hand_out()
        finally:
            self._stopped.set()
            for process in self._processes:
                process.end()
            self._processes.clear()

    def _listen(self) -> None:
        """Wait for news from callers and processes, and take it in."""
        ready = wait([self._ear, *(process.pipe for process in self._processes)], self._patience())
        for process in [one for one in self._processes if one.pipe in ready]:
            self._hear(process)
        if self._ear in ready:
            self._ear.recv_bytes()
            self._take_in(*self._inbox.get())

    def _patience(self) -> float | None:
        if any(process.under_way or not process.ready for process in self._processes):
            return _LOOK_SECONDS
        return IDLE_SECONDS / 4 if self._processes else None

    def _take_in(self, word: str, what: Job | str) -> None:
        """A caller's word."""
        if isinstance(what, Job):
            if word == "job":
                self._jobs.append(what)
            else:
                self._close(what)
        elif word == "warm":
            if not self._processes:
                self._start()
            for process in tuple(self._processes):
                self._try(process, process.warm, what)

    def _close(self, job: Job) -> None:
        job.todo.clear()
        self._jobs.remove(job)
        for process in tuple(self._processes):
            self._try(process, process.close, job.number)

    def _try(self, process: DecoderProcess, tell: Callable[..., None], *what: object) -> None:
        """Tell a process something; one that is gone is replaced."""
        try:
            tell(*what)
        except OSError:
            self._lost(process, "died")

    def _hear(self, process: DecoderProcess) -> None:
        try:
            heard = process.hear()
        except (EOFError, OSError, ValueError, TypeError):
            self._lost(process, "died")
            return
        if heard is None:
            self._stillborn = 0
            return
        task, answer = heard
        if isinstance(answer, str):
            log.error("a decoder process met a fault of this program: %s", answer)
            answer = _faulty()
        if answer is None and task.job in self._jobs:
            task.job.into[task.k] = process.picture(task)
        task.job.done.put((task.k, answer))

    def _look(self) -> None:
        """End what takes too long or was idle too long."""
        now = time.monotonic()
        for process in tuple(self._processes):
            late = process.overdue(now)
            if late and not process.pipe.poll():
                self._lost(process, late)
            elif process.ready and not process.under_way:
                stays = KEEP_SECONDS if len(self._processes) == 1 else IDLE_SECONDS
                if now - process.since > stays:
                    self._processes.remove(process)
                    process.end()

    def _lost(self, process: DecoderProcess, why: str) -> None:
        """End a process that died or hangs: the frame it was at fails, the others are tried anew."""
        log.warning("decoder process %d is ended and replaced (%s)", process.pid, why)
        blamed = process.under_way.popleft() if process.has_begun else None
        self._processes.remove(process)
        process.end()
        self._stillborn += not process.ready
        for task in reversed(process.under_way):
            _again(task)
        if blamed is not None:
            _blame(blamed, why)
        if self._stillborn >= _TRIES:
            self._stillborn = 0
            for job in self._jobs:
                _fail_rest(job, _no_process())

    def _hand_out(self) -> None:
        """Give out frames; callers take turns, so that a picture does not wait for a whole series."""
        self._grow()
        while (job := next((one for one in self._jobs if one.todo), None)) is not None:
            free = [one for one in self._processes if one.has_room(job)]
            if not free:
                return
            self._jobs.remove(job)
            self._jobs.append(job)
            process = min(free, key=lambda one: len(one.under_way))
            self._try(process, process.give, next(self._numbers), job, job.todo.popleft())

    def _grow(self) -> None:
        """Start as many processes as the waiting work is worth."""
        frames = sum(len(job.todo) for job in self._jobs)
        if not frames:
            return
        weight = sum(len(job.todo) * job.frame_bytes for job in self._jobs)
        busy = sum(bool(process.under_way) for process in self._processes)
        wanted = min(self._most, busy + frames, 1 + weight // _STEP_BYTES)
        while len(self._processes) < wanted and self._start():
            pass

    def _start(self) -> bool:
        try:
            self._processes.append(DecoderProcess())
        except OSError as error:
            log.error("a decoder process cannot be started: %s", error.strerror)
            if not self._processes:
                for job in self._jobs:
                    _fail_rest(job, _no_process())
            return False
        return True


def _again(task: Task) -> None:
    """Put a frame back that its process never came to."""
    job, k = task.job, task.k
    job.tries[k] = job.tries.get(k, 0) + 1
    if job.tries[k] < _TRIES:
        job.todo.appendleft(k)
    else:
        job.done.put((k, _no_process()))


def _blame(task: Task, why: str) -> None:
    """The frame a process was at when it was lost."""
    job = task.job
    job.lost += 1 if why == "died" else _HUNG
    job.done.put((task.k, _reason(why)))
    if job.lost >= _MOST_LOST:
        _fail_rest(job, _given_up())


def _fail_rest(job: Job, error: ReadError) -> None:
    while job.todo:
        job.done.put((job.todo.popleft(), error))


def _reason(why: str) -> ReadError:
    if why == "decode":
        return ReadError("This picture takes too long to decode: it is damaged.", "Ask for a new copy.", "too_large")
    if why == "read":
        return ReadError("The file takes too long to read.", "Is the disk or network still there?", "unreadable")
    return ReadError("This picture ends its decoder: it is damaged.", "Ask for a new copy.")


def _given_up() -> ReadError:
    return ReadError(
        "Too many pictures of this series end their decoder; the others are left out.", "Ask for a new copy."
    )


def _faulty() -> ReadError:
    return ReadError(
        "This picture cannot be decoded because of a fault in the program.",
        "Report it with the program's log.",
        "failed",
    )


def _no_process() -> ReadError:
    return ReadError(
        "The process that decodes pictures cannot be started.",
        "Close other programs and open the series again.",
        "failed",
    )


_lock = threading.Lock()
_shared: list[Decoders] = []
#: Pools of the process this one was forked from: their processes are not ours to end.
_inherited: list[Decoders] = []


def decoders() -> Decoders:
    """The pool of this process; no process starts before it is wanted."""
    with _lock:
        if not _shared:
            _shared.append(Decoders())
            atexit.register(_shared[0].stop)
        return _shared[0]


def warm(syntax: str = "") -> None:
    """Compressed pictures, of this syntax if it is known, will be wanted soon; returns at once."""
    decoders().warm(syntax)


def _forget() -> None:
    """In a fork: start anew."""
    _inherited.extend(_shared)
    for pool in _shared:
        atexit.unregister(pool.stop)
    _shared.clear()
    _lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget)
