"""One writer at a time: met in words, waited for, never left behind by a dead process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from viewer.core.errors import OutputError
from viewer.core.lock import FileLock, holder_of, is_locked, locked
from viewer.core.task import CancelFlag, Cancelled

HOLD = """
import sys, time
from pathlib import Path
from viewer.core.lock import FileLock
lock = FileLock(Path(sys.argv[1]), "report")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".lock"


def holding(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_lock_is_met_in_words_that_name_its_holder(path: Path) -> None:
    other = holding(path)
    try:
        with pytest.raises(OutputError) as caught:
            FileLock(path, "review").acquire(0.2)
        assert caught.value.code == "locked"
        assert f"report (process {other.pid} of " in caught.value.what
        assert "since" in caught.value.what
        assert is_locked(path)
    finally:
        end(other)


def test_a_killed_holder_leaves_no_lock(path: Path) -> None:
    other = holding(path)
    os.kill(other.pid, signal.SIGKILL)
    end(other)
    assert path.exists()
    with locked(path, "review", seconds=0.5):
        holder = holder_of(path)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert not path.exists()


def test_it_is_waited_for(path: Path) -> None:
    lock = FileLock(path, "report")
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    start = time.monotonic()
    with locked(path, "review", seconds=5):
        assert 0.2 < time.monotonic() - start < 4


def test_whoever_waits_can_be_stopped(path: Path) -> None:
    lock, cancel = FileLock(path, "report"), CancelFlag()
    lock.acquire()
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(Cancelled):
        FileLock(path, "review").acquire(5, cancel)
    lock.release()


def test_a_block_inside_a_block_needs_no_second_lock(path: Path) -> None:
    with locked(path, "report"):
        with locked(path, "review", seconds=0.1):
            assert is_locked(path)
        assert is_locked(path)
    assert not path.exists()


def test_another_thread_of_the_same_program_waits(path: Path) -> None:
    refused: list[str] = []

    def try_it() -> None:
        try:
            with locked(path, "review", seconds=0.1):
                refused.append("")
        except OutputError as error:
            refused.append(error.code)

    with locked(path, "report"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert refused == ["locked"]


def count_up(path: Path, number: Path, times: int) -> None:
    for _ in range(times):
        with locked(path, "count"):
            number.write_text(str(int(number.read_text()) + 1))


def test_no_change_of_four_processes_is_lost(path: Path, tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(path, number, 50)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert number.read_text() == "200"
    assert not path.exists()


def test_what_the_file_says_decides_nothing(path: Path) -> None:
    path.write_text('{"what": "report", "pid": 1, "host": "h", "user": "u", "since": "2026-01-01T00:00:00+00:00"}')
    assert not is_locked(path)
    with locked(path, "review", seconds=0.1):
        pass


def test_a_file_that_says_nothing_has_no_holder(path: Path) -> None:
    path.write_text("{")
    assert holder_of(path) is None
