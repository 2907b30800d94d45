"""Decoder processes: what they decode, and what is left when one dies, hangs or bloats."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from tests.synth import write_series
from viewer.core.errors import ReadError
from viewer.core.task import CancelFlag, Cancelled
from viewer.reading import open_stack, scan
from viewer.reading.pixels import decoder as one_process
from viewer.reading.pixels import decoders as pool_of
from viewer.reading.pixels.decoder import Stream
from viewer.reading.pixels.decoders import Decoders
from viewer.reading.stacking.frame import PixelSpec

J2K = "1.2.840.10008.1.2.4.90"


def spec_of(picture: np.ndarray[Any, Any], syntax: str = J2K) -> PixelSpec:
    bits = picture.dtype.itemsize * 8
    rows, columns = picture.shape[:2]
    return PixelSpec(syntax, 0x7FE00010, rows, columns, 1, bits, bits, bits - 1, False, "MONOCHROME2", False, 1)


def stream(picture: np.ndarray[Any, Any]) -> Stream:
    """A lossless JPEG 2000 stream."""
    data = imagecodecs.jpeg2k_encode(picture, codecformat="j2k", reversible=True, level=0)
    return Stream(bytes(data), spec_of(picture))


def noise(count: int, side: int, seed: int = 1) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 4000, (count, side, side), np.uint16)


@pytest.fixture
def pool() -> Iterator[Decoders]:
    pool = Decoders(most=1)
    yield pool
    pool.stop()


def run(pool: Decoders, into: np.ndarray[Any, Any], sources: list[Stream]) -> dict[int, ReadError | None]:
    return dict(pool.frames(into, sources, range(len(sources)), CancelFlag()))


def until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def warmed(pool: Decoders) -> int:
    """The id of the pool's only process, up and running."""
    small = noise(1, 8)
    assert run(pool, np.empty_like(small), [stream(small[0])]) == {0: None}
    (pid,) = pool.pids
    return pid


def test_frames_arrive_bit_for_bit(pool: Decoders) -> None:
    pictures = noise(9, 40)
    into = np.zeros_like(pictures)
    assert run(pool, into, [stream(one) for one in pictures]) == dict.fromkeys(range(9))
    np.testing.assert_array_equal(into, pictures)


def test_more_processes_as_work_piles_up() -> None:
    pool = Decoders(most=2)
    try:
        pictures = np.zeros((8, 1024, 1024), np.uint16) + np.arange(8, dtype=np.uint16)[:, None, None]
        into = np.zeros_like(pictures)
        run(pool, into, [stream(one) for one in pictures])
        assert len(pool.pids) == 2
        np.testing.assert_array_equal(into, pictures)
    finally:
        pool.stop()
    assert pool.pids == ()


def test_jobs_take_turns(pool: Decoders) -> None:
    """A single picture does not wait for a whole series."""
    warmed(pool)
    series = [stream(noise(1, 256)[0])] * 60
    began = threading.Event()
    seen: list[int] = []

    def read() -> None:
        for k, _ in pool.frames(np.empty((60, 256, 256), np.uint16), series, range(60), CancelFlag()):
            seen.append(k)
            began.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert began.wait(20)
    small = noise(1, 16)
    assert run(pool, np.empty_like(small), [stream(small[0])]) == {0: None}
    assert len(seen) < 60
    thread.join()
    assert len(seen) == 60


def test_damage_is_told_in_words_and_the_process_lives(pool: Decoders) -> None:
    pid = warmed(pool)
    good = noise(1, 32)[0]
    bad = stream(good)
    bad = Stream(bad.data[:120] + bytes(len(bad.data) - 120), bad.spec)
    answers = run(pool, np.empty((2, 32, 32), np.uint16), [bad, stream(good)])
    assert answers[1] is None
    error = answers[0]
    assert error is not None and "damaged" in error.text
    assert pool.pids == (pid,)


def test_cancel_stops_at_once(pool: Decoders) -> None:
    flag = CancelFlag()
    frames = pool.frames(np.empty((50, 256, 256), np.uint16), [stream(noise(1, 256)[0])] * 50, range(50), flag)
    next(frames)
    flag.cancel()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        next(frames)
    assert time.monotonic() - began < 1
    warmed(pool)


def slow() -> Stream:
    """About a second of honest work, so that a signal surely meets its decoding."""
    return stream(noise(1, 1024)[0])


def lost_while_decoding(pool: Decoders, what: signal.Signals) -> tuple[dict[int, ReadError | None], float]:
    """Decode a slow frame and two small ones; the process gets the signal at the slow one."""
    pid = warmed(pool)
    small = noise(2, 64)
    sources = [slow(), stream(np.resize(small[0], (1024, 1024))), stream(np.zeros((1024, 1024), np.uint16))]
    into = np.zeros((3, 1024, 1024), np.uint16)
    answers: dict[int, ReadError | None] = {}
    done = threading.Thread(target=lambda: answers.update(run(pool, into, sources)))
    done.start()
    process = next(one for one in pool._processes if one.pid == pid)
    until(lambda: process.has_begun and process._status[1] > 0)
    os.kill(pid, what)
    struck = time.monotonic()
    until(lambda: pid not in pool.pids, 30)
    took = time.monotonic() - struck
    done.join(60)
    np.testing.assert_array_equal(into[2], 0)
    return answers, took


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
@pytest.mark.logs("is ended and replaced")
def test_a_process_that_dies_costs_its_frame_only(pool: Decoders, what: signal.Signals) -> None:
    answers, took = lost_while_decoding(pool, what)
    assert sorted(answers) == [0, 1, 2]
    error = answers[0]
    assert error is not None and "ends its decoder" in error.text
    assert answers[1] is None and answers[2] is None
    assert took < 5


@pytest.mark.logs("is ended and replaced")
def test_a_process_that_hangs_is_ended_in_time(pool: Decoders) -> None:
    answers, took = lost_while_decoding(pool, signal.SIGSTOP)
    error = answers[0]
    assert error is not None and "too long" in error.text
    assert answers[1] is None and answers[2] is None
    assert took < 5


@pytest.mark.logs("is ended and replaced")
def test_a_process_that_died_idle_costs_nothing(pool: Decoders) -> None:
    pid = warmed(pool)
    os.kill(pid, signal.SIGKILL)
    again = warmed(pool)
    assert again != pid


@pytest.mark.logs("is ended and replaced")
def test_a_process_that_stopped_idle_costs_time_only(pool: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_process, "STILL_SECONDS", 0.5)
    pid = warmed(pool)
    os.kill(pid, signal.SIGSTOP)
    assert warmed(pool) != pid


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_stream_that_eats_memory_is_refused(pool: Decoders) -> None:
    """A JPEG 2000 header that claims 2,000 components of a size that the header of the file has too."""
    side = 2048
    good = stream(np.zeros((side, side), np.uint16))
    data = good.data
    components = 2000
    siz = data.index(b"\xff\x51")
    (length,) = struct.unpack_from(">H", data, siz + 2)
    assert length == 41
    one = data[siz + 40 : siz + 43]
    head = data[: siz + 2] + struct.pack(">H", 38 + 3 * components) + data[siz + 4 : siz + 38]
    hostile = head + struct.pack(">H", components) + one * components + data[siz + 43 :]
    began = time.monotonic()
    answers = run(pool, np.empty((2, side, side), np.uint16), [Stream(hostile, good.spec), good])
    error = answers[0]
    assert error is not None and error.text
    assert answers[1] is None
    assert time.monotonic() - began < 20


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_memory_has_a_limit(pool: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    """An honest picture against a budget that is too small for it: the same stream decodes with the usual one."""
    big = np.zeros((1, 1024, 1024), np.uint16)
    source = [stream(big[0])]
    monkeypatch.setattr(one_process, "decoding_memory", lambda _bytes: 1 << 20)
    error = run(pool, np.empty_like(big), source)[0]
    assert error is not None and error.text
    monkeypatch.undo()
    assert run(pool, np.empty_like(big), source) == {0: None}


@pytest.mark.logs("is ended and replaced", "could not be read")
def test_a_series_with_a_hostile_file_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at one slice of files: the slice is named, the others are there."""
    monkeypatch.setattr(pool_of, "_shared", [Decoders(most=1)])
    written = write_series(tmp_path, stored=noise(4, 1024), transfer_syntax=J2K)
    (stack,) = (one for study in scan([tmp_path]).studies for one in study.stacks)
    loader = open_stack(stack)
    killer = threading.Thread(target=kill_at_first_frame, args=(pool_of.decoders(),))
    killer.start()
    loader.load(first=1)
    killer.join()
    pool_of.decoders().stop()
    assert list(loader.failed) == [1]
    assert not loader.volume.stored[1].any()
    for k in (0, 2, 3):
        np.testing.assert_array_equal(loader.volume.stored[k], written.stored[k])
    assert "ends its decoder" in loader.failed[1].text


def kill_at_first_frame(pool: Decoders) -> None:
    until(lambda: any(one.has_begun and one._status[1] > 0 for one in pool._processes))
    os.kill(pool.pids[0], signal.SIGKILL)


@pytest.mark.logs("is ended and replaced")
def test_too_many_deaths_end_the_job(pool: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_of, "_MOST_LOST", 2)
    sources = [slow() for _ in range(4)]
    answers: dict[int, ReadError | None] = {}
    job = threading.Thread(target=lambda: answers.update(run(pool, np.empty((4, 1024, 1024), np.uint16), sources)))
    job.start()
    for _ in range(2):
        until(lambda: any(one.has_begun and one._status[1] for one in pool._processes))
        pid = pool.pids[0]
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in pool.pids)
    job.join(30)
    texts = [str(answers[k]) for k in range(4)]
    assert sum("ends its decoder" in text for text in texts) == 2
    assert sum("left out" in text for text in texts) == 2


def test_processes_end_with_the_program_however_it_ends() -> None:
    """The parent is killed outright: its decoders see the pipe close and go."""
    code = (
        "import time\nfrom viewer.reading.pixels import decoders\npool = decoders.decoders(); decoders.warm()\n"
        "while not pool._processes or not pool._processes[0].ready: time.sleep(0.01)\n"
        "print(pool.pids[0], flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.wait()
    until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_a_program_that_ends_leaves_nothing_and_says_nothing() -> None:
    code = (
        "import numpy as np, imagecodecs\n"
        "from tests.unit.reading.test_reading_decoders import noise, stream\n"
        "from viewer.core.task import CancelFlag\nfrom viewer.reading.pixels.decoders import decoders\n"
        "p = noise(1, 16); q = np.empty_like(p)\n"
        "assert dict(decoders().frames(q, [stream(p[0])], [0], CancelFlag())) == {0: None}\n"
        "assert (p == q).all(); print(decoders().pids[0])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "" and done.returncode == 0
    assert not alive(int(done.stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_gets_processes_of_its_own() -> None:
    code = (
        "import os, sys, numpy as np\n"
        "from tests.unit.reading.test_reading_decoders import noise, stream\n"
        "from viewer.core.task import CancelFlag\nfrom viewer.reading.pixels.decoders import decoders\n"
        "p = noise(1, 16); source = [stream(p[0])]\n"
        "def read():\n    q = np.empty_like(p); list(decoders().frames(q, source, [0], CancelFlag()))\n"
        "    return (q == p).all()\n"
        "assert read()\nchild = os.fork()\n"
        "if child == 0:\n    ok = read(); decoders().stop(); os._exit(0 if ok else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\nassert read()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_idle_processes_go(pool: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_of, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(pool_of, "KEEP_SECONDS", 0.2)
    warmed(pool)
    until(lambda: not pool.pids)
    warmed(pool)
