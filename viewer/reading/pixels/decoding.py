"""A decoder process: takes frames from one pipe, decodes them into memory that the other side sees.

It holds nothing worth saving and may be killed at any time. Messages to it are tuples: ("status",
size) and its memory, ("open", job, Bench) and its memory, ("frame", serial, job, slot, (number of
its spec, offset, length, frame, tile, path) or, for a stream in memory, (number of its spec, length)),
("close", job), ("warm", syntax). Its answers are JSON, so that what a damaged process
writes can never be more than data: "ready", then [serial, null], [serial, [what, todo, code]] or
[serial, "a fault of this program"] for each frame, in their order.
"""

from __future__ import annotations

import json
import logging
import mmap
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.volume import Array
from viewer.reading.pixels.codecs import decode, preload, too_hungry
from viewer.reading.pixels.sharing import open_pipe, receive
from viewer.reading.pixels.stored import dtype_of, read_frame, same_kind
from viewer.reading.stacking.frame import PixelSpec, Slice

#: Bytes of the status page: float64 [serial of the frame in hand, 1 once its bytes are read].
STATUS_BYTES = 16


@dataclass(frozen=True, slots=True)
class Area:
    """An array in shared memory: shape, type, first byte."""

    shape: tuple[int, ...]
    dtype: str
    offset: int = 0

    @property
    def end(self) -> int:
        """First byte behind it."""
        return self.offset + int(np.prod(self.shape, dtype=object)) * np.dtype(self.dtype).itemsize

    def of(self, memory: mmap.mmap) -> Array:
        """The array itself."""
        count = int(np.prod(self.shape, dtype=object))
        return np.frombuffer(memory, self.dtype, count, self.offset).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Bench:
    """The memory that this side and a decoder process share for one job, and what a frame may cost.

    Attributes:
        pictures: [slots, J, I] or [slots, J, I, 3]: where decoded frames are left.
        palette: colours [n, 3], the first for the stored value `lowest`; None where stored values are kept.
        streams: uint8 [slots, n]: code streams that lie in no file.
        specs: what the frames are; each names its own by number.
        memory: bytes that decoding one frame may take.
        seconds: time that decoding one frame may take.
    """

    pictures: Area
    palette: Area
    streams: Area
    lowest: int
    specs: tuple[PixelSpec, ...]
    memory: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """A job whose memory is mapped."""

    bench: Bench
    pictures: Array
    palette: Array
    streams: Array


def main() -> None:
    """Serve until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal belongs to the window
    logging.disable()
    _no_core_dumps()
    pipe = open_pipe(int(sys.argv[-1]))
    try:
        pipe.send_bytes(b'"ready"')
        _Server(pipe).run()
    except (EOFError, OSError):
        return


class _Server:
    """The open jobs and the page that tells what is being done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._status: npt.NDArray[np.float64] = np.zeros(2)
        self._jobs: dict[int, _Open] = {}

    def run(self) -> None:
        does: dict[str, Callable[..., None]] = {
            "status": self._page, "open": self._open, "close": self._close, "frame": self._frame, "warm": preload,
        }  # fmt: skip
        while True:
            word, *rest = self._pipe.recv()
            does[word](*rest)

    def _page(self, size: int) -> None:
        self._status = np.frombuffer(receive(self._pipe, size), np.float64)

    def _open(self, job: int, bench: Bench) -> None:
        memory = receive(self._pipe, bench.streams.end)
        self._jobs[job] = _Open(bench, bench.pictures.of(memory), bench.palette.of(memory), bench.streams.of(memory))
        limit_memory(max(opened.bench.memory for opened in self._jobs.values()))

    def _close(self, job: int) -> None:
        self._jobs.pop(job, None)

    def _frame(self, serial: int, job: int, slot: int, where: tuple[Any, ...]) -> None:
        self._status[1] = 0.0
        self._status[0] = serial
        opened = self._jobs[job]
        try:
            limit_time(int(opened.bench.seconds) + 1)
            number, *place = where
            self._decode(opened, slot, opened.bench.specs[number], place)
            answer: list[str] | str | None = None
        except ReadError as error:
            answer = _parts(error)
        except MemoryError:
            answer = _parts(too_hungry())
        except Exception as error:  # noqa: BLE001 - the edge of the process: told to the log of the other side
            answer = f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
        self._pipe.send_bytes(json.dumps([serial, answer]).encode())

    def _decode(self, opened: _Open, slot: int, spec: PixelSpec, place: list[Any]) -> None:
        into = opened.pictures[slot]
        if len(place) == 1:
            stream = opened.streams[slot, : place[0]].tobytes()
            self._begun()
            pixels = same_kind(decode(stream, spec, into), into.dtype)
            if not np.shares_memory(pixels, into):
                into[...] = pixels
            return
        offset, length, frame, tile, path = place
        where = Slice(Path(path), frame=frame, spec=spec, offset=offset, length=length, tile=tile)
        if len(opened.palette):
            indices = np.empty((spec.rows, spec.columns), dtype_of(spec))
            read_frame(where, indices, self._begun)
            into[...] = opened.palette[indices.astype(np.intp) - opened.bench.lowest]
        else:
            read_frame(where, into, self._begun)

    def _begun(self) -> None:
        """The code stream is in memory: from here on it is the decoder that takes time."""
        self._status[1] = 1.0


def _parts(error: ReadError) -> list[str]:
    return [error.what, error.todo, error.code]


def limit_memory(memory: int) -> None:
    """Let this process take so many bytes more; on Linux only, where RLIMIT_DATA counts all that is private."""
    if sys.platform == "linux":
        import resource

        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5]) * resource.getpagesize()
        _at_most(resource.RLIMIT_DATA, held + memory)


def limit_time(seconds: int) -> None:
    """Let this process take so much more processor time: a last resort where nobody watches it any more."""
    if sys.platform != "win32":
        import resource

        _at_most(resource.RLIMIT_CPU, int(time.process_time()) + 1 + seconds)


def _no_core_dumps() -> None:
    """A core dump would hold pictures."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _at_most(what: int, amount: int) -> None:
    import resource

    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))
