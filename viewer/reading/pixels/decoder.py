"""One decoder process, seen from this side."""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.volume import Array
from viewer.reading.header.limits import decoding_memory, decoding_seconds
from viewer.reading.pixels import sharing
from viewer.reading.pixels.decoding import STATUS_BYTES, Area, Bench
from viewer.reading.stacking.frame import PixelSpec, Slice

#: Seconds without processor time, or of it, for starting; and for reading a frame's bytes from a slow disk.
START_SECONDS, READ_SECONDS = 30.0, 60.0
#: Seconds that a process may spend no processor time while it should take up or decode a frame.
STILL_SECONDS = 3.0
#: Frames a process holds at most: one in hand and the next, more where they are small, so that it never waits.
_DEPTHS, _DEPTH_BYTES = (2, 12), 4 << 20
_NO_TABLE = np.zeros((0, 3), np.uint8)
#: Longest answer.
_MOST_ANSWER = 1 << 16
_CODE = "from viewer.reading.pixels.decoding import main; main()"


@dataclass(frozen=True, slots=True)
class Stream:
    """A code stream that lies in no file of its own."""

    data: bytes
    spec: PixelSpec


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """A colour table: RGB [n, 3], the first row for the stored value `lowest`."""

    lowest: int
    table: Array


@dataclass(slots=True, eq=False)
class Job:
    """Frames of one caller.

    Attributes:
        into: [K, J, I] or [K, J, I, 3]; frame k of it comes from sources[k].
        palette: turns stored values into colours.
        todo: frames no process has yet, the next one first.
        done: (frame, why it could not be decoded or None).
        tries: how often a frame was handed out in vain.
        lost: processes the job has cost.
        specs: what the frames are, each once.
        seconds: time that decoding one frame may take.
    """

    number: int
    into: Array
    sources: Sequence[Slice | Stream]
    palette: Palette | None
    todo: deque[int]
    done: queue.SimpleQueue[tuple[int, ReadError | None]] = field(default_factory=queue.SimpleQueue)
    tries: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    specs: tuple[PixelSpec, ...] = field(init=False)
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.specs = tuple({one.spec: None for one in self.sources if one.spec is not None})
        self.seconds = decoding_seconds(self._most)

    @property
    def _most(self) -> int:
        """Bytes of the largest frame as its file holds it."""
        return max((spec.frame_bytes for spec in self.specs), default=0)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one picture."""
        return self.into.nbytes // max(1, len(self.into))

    @property
    def depth(self) -> int:
        """Frames that a process may hold."""
        least, most = _DEPTHS
        return min(most, max(least, _DEPTH_BYTES // max(1, self.frame_bytes)), len(self.sources))

    def bench(self) -> Bench:
        """The memory a process needs for it."""
        pictures = Area((self.depth, *self.into.shape[1:]), self.into.dtype.str)
        table = self.palette.table if self.palette is not None else _NO_TABLE
        palette = Area(table.shape, table.dtype.str, _rounded(pictures.end))
        longest = max((len(one.data) for one in self.sources if isinstance(one, Stream)), default=0)
        streams = Area((self.depth, longest), "u1", _rounded(palette.end))
        lowest = self.palette.lowest if self.palette is not None else 0
        return Bench(pictures, palette, streams, lowest, self.specs, decoding_memory(self._most), self.seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One frame on its way: its number in the volume and the slot it is decoded into."""

    serial: int
    job: Job
    k: int
    slot: int


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """The memory of one job in one process."""

    pictures: Array
    streams: Array
    numbers: dict[PixelSpec, int]


class DecoderProcess:
    """A decoder process, its pipe and its status page.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self) -> None:
        page = sharing.Block(STATUS_BYTES)
        self._status = np.frombuffer(page.memory, np.float64)
        self._popen, self.pipe = sharing.start(_CODE, _environment())
        self.pid = self._popen.pid
        self.ready = False
        self.under_way: deque[Task] = deque()
        self.since = time.monotonic()
        self._jobs: dict[int, _Shared] = {}
        self._warmed: set[str] = set()
        self._mark, self._mark_spent = ("", 0), 0.0
        self._moved, self._spent = self.since, 0.0
        try:
            self.pipe.send(("status", STATUS_BYTES))
            page.send(self.pipe, self.pid)
        except OSError:
            self.end()
            raise

    @property
    def has_begun(self) -> bool:
        """True where the first frame under way was taken up."""
        return bool(self.under_way) and int(self._status[0]) == self.under_way[0].serial

    def give(self, serial: int, job: Job, k: int) -> None:
        """Hand over a frame; OSError when the process is gone or its memory cannot be had."""
        if not self.under_way:
            self.since = time.monotonic()
        taken = {task.slot for task in self.under_way if task.job is job}
        task = Task(serial, job, k, next(slot for slot in range(job.depth) if slot not in taken))
        self.under_way.append(task)
        shared = self._jobs.get(job.number) or self._open(job)
        self.pipe.send(("frame", serial, job.number, task.slot, _where(job.sources[k], shared, task.slot)))

    def has_room(self, job: Job) -> bool:
        """True where it may be given one more frame of a job."""
        return self.ready and len(self.under_way) < job.depth

    def _open(self, job: Job) -> _Shared:
        bench = job.bench()
        block = sharing.Block(bench.streams.end)
        if job.palette is not None:
            bench.palette.of(block.memory)[...] = job.palette.table
        self.pipe.send(("open", job.number, bench))
        block.send(self.pipe, self.pid)
        numbers = {spec: n for n, spec in enumerate(bench.specs)}
        shared = _Shared(bench.pictures.of(block.memory), bench.streams.of(block.memory), numbers)
        self._jobs[job.number] = shared
        return shared

    def picture(self, task: Task) -> Array:
        """What was decoded for a task that was answered last."""
        pictures = self._jobs[task.job.number].pictures
        return np.asarray(pictures[task.slot])

    def close(self, job: int) -> None:
        """Let go of a job's memory."""
        if self._jobs.pop(job, None) is not None:
            self.pipe.send(("close", job))

    def warm(self, syntax: str) -> None:
        """Have the library of a syntax imported; OSError when the process is gone."""
        if syntax not in self._warmed:
            self._warmed.add(syntax)
            self.pipe.send(("warm", syntax))

    def hear(self) -> tuple[Task, ReadError | str | None] | None:
        """Take in one message: a frame and what became of it (a text: a fault of this program), or None.

        Raises:
            EOFError, OSError, ValueError: the process is gone or out of its mind.
        """
        message = json.loads(self.pipe.recv_bytes(_MOST_ANSWER))
        self.since = time.monotonic()
        if message == "ready":
            self.ready = True
            return None
        serial, answer = message
        if not self.under_way or self.under_way[0].serial != serial:
            raise ValueError("an answer to nothing")
        return self.under_way.popleft(), ReadError(*answer) if isinstance(answer, list) else answer

    def overdue(self, now: float) -> str:
        """What took too long ("start", "take", "read", "decode"), or ""; to be asked often."""
        stage = self._stage()
        spent = _processor_seconds(self.pid, now)
        if (stage, self._head) != self._mark:
            self._mark, self._mark_spent, self._moved, self._spent = (stage, self._head), spent, now, spent
        if spent > self._spent:
            self._moved, self._spent = now, spent
        used, still = spent - self._mark_spent, now - self._moved
        late = {
            "": False,
            "start": max(used, still) > START_SECONDS,
            "take": max(used, still) > STILL_SECONDS,
            "read": still > READ_SECONDS,
            "decode": still > STILL_SECONDS or used > (self.under_way[0].job.seconds if self.under_way else 0),
        }
        return stage if late[stage] else ""

    @property
    def _head(self) -> int:
        return self.under_way[0].serial if self.under_way else 0

    def _stage(self) -> str:
        """What the process is at, "" for nothing."""
        if not self.ready:
            return "start"
        if not self.under_way:
            return ""
        if not self.has_begun:
            return "take"
        return "decode" if self._status[1] else "read"

    def end(self) -> None:
        """Kill it, for good."""
        self._popen.kill()
        self._popen.wait()
        self.pipe.close()


def _processor_seconds(pid: int, now: float) -> float:
    """Processor time of a process; the time of day where the system does not tell it.

    A busy machine gives a process little of it in many seconds; a process that was stopped or
    waits for ever gets none. Linux keeps a clock for each process (clock_getcpuclockid(3)).
    """
    if sys.platform != "linux":
        return now
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return now


def _where(source: Slice | Stream, shared: _Shared, slot: int) -> tuple[object, ...]:
    """A frame in few words: plain values travel in a tenth of the time that objects take."""
    assert source.spec is not None
    number = shared.numbers[source.spec]
    if isinstance(source, Stream):
        shared.streams[slot, : len(source.data)] = np.frombuffer(source.data, np.uint8)
        return number, len(source.data)
    return number, source.offset, source.length, source.frame, source.tile, str(source.path)


def _rounded(offset: int) -> int:
    """The next offset that any number may lie at."""
    return -(-offset // 16) * 16


def _environment() -> dict[str, str]:
    """This program's own, so that the process finds the same packages; one thread each is enough."""
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
