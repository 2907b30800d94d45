"""A fault layer: runs a piece of work again and again, killing it at each step that changes the disk.

Python announces every opening of a file for writing, every rename, link, removal and new folder
(`sys.addaudithook`) before it happens. A forked child counts those announcements under one folder
and kills itself with SIGKILL at the n-th: nothing is tidied up, as with a lost mains plug.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

#: Events that announce a change of the disk -> how many of their arguments are paths.
_CHANGES = {
    "os.rename": 2,
    "os.link": 2,
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.truncate": 1,
    "os.symlink": 2,
    "os.chmod": 1,
    "os.utime": 1,
    "shutil.rmtree": 1,
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
#: System calls that change the disk.
WRITING_CALLS = (
    "write", "pwrite64", "writev", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir", "ftruncate", "fallocate", "fsync", "fdatasync", "symlink", "chmod", "fchmod", "sendfile",
    "copy_file_range",
)  # fmt: skip
#: Exit status of a child that came to its end.
_DONE, _FAILED = 0, 97
#: A child that takes longer than this hangs (seconds).
_LIMIT_SECONDS = 120
#: Under strace every system call of its kind stops twice.
_TRACED_LIMIT_SECONDS = 900


def kills(work: Callable[[], object], place: Path, *, step: int = 1, most: int = 10_000) -> Iterator[int]:
    """Run `work` in a child that is killed at its n-th change under `place`, for n = 1, 1 + step ...

    The caller restores the folder after each; the iteration ends once the work comes to its end.

    Yields:
        n, once the child is dead.
    """
    for n in range(1, most, step):
        if _killed_at(work, place, n):
            yield n
        else:
            return
    raise AssertionError(f"the work does not end within {most} changes of the disk")


def has_strace() -> bool:
    """True where `strace` is there and may look into a child of ours."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0


def system_kills(
    work: Callable[[], object], *, step: int = 1, calls: tuple[str, ...] = WRITING_CALLS, most: int = 100_000
) -> Iterator[tuple[str, int]]:
    """Run `work` in a child that `strace` kills as it enters the n-th system call of a kind, n = 1, 1 + step ...

    Everything counts: C libraries and SQLite too, in each thread by itself. The caller restores the folder after each;
    a kind ends once the work comes to its end.

    Yields:
        The call and n, once the child is dead; 0 where the work came to its end.
    """
    for call in calls:
        for n in range(1, most, step):
            dead = _traced(work, call, n)
            yield call, n if dead else 0
            if not dead:
                break


def _traced(work: Callable[[], object], call: str, n: int) -> bool:
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # not what a test runner made of it
        signal.alarm(_TRACED_LIMIT_SECONDS)
        os.read(wait, 1)  # until strace looks
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to whoever forked, not raised in a copy of the test
            traceback.print_exc()
            os._exit(_FAILED)
        os._exit(_DONE)
    os.close(wait)
    inject = ["-e", f"trace=?{call}", "-e", f"inject=?{call}:signal=KILL:when={n}"]
    with subprocess.Popen(
        ["strace", "-f", "-p", str(child), "-o", "/dev/null", *inject], stderr=subprocess.PIPE, text=True
    ) as strace:
        assert strace.stderr is not None
        line = strace.stderr.readline()
        assert "attached" in line, line
        os.write(go, b"g")
        os.close(go)
        _, status = os.waitpid(child, 0)
        strace.stderr.read()
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, "the work hangs"
        return True
    assert os.WEXITSTATUS(status) == _DONE, "the work failed by itself"
    return False


def count(work: Callable[[], object], place: Path) -> int:
    """How many changes under `place` the work announces when it is left alone (run in a child)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen = _Counter(place, None)
        _run(work, seen)
        os.write(write, str(seen.count).encode())
        os._exit(_DONE)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as told:
        return int(told.read())


def apart(work: Callable[[], object]) -> None:
    """Run something in a child of its own: threads that it starts are not there in the next fork."""
    child = os.fork()
    if child == 0:
        signal.alarm(_LIMIT_SECONDS)
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to whoever forked, not raised in a copy of the test
            traceback.print_exc()
            os._exit(_FAILED)
        os._exit(_DONE)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == _DONE, "it failed in its own process; see above"


def _killed_at(work: Callable[[], object], place: Path, n: int) -> bool:
    child = os.fork()
    if child == 0:
        signal.alarm(_LIMIT_SECONDS)
        _run(work, _Counter(place, n))
        os._exit(_DONE)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, "the work hangs"
        return True
    assert os.WEXITSTATUS(status) == _DONE, "the work failed by itself"
    return False


class _Counter:
    """Counts announcements; kills the process at the n-th."""

    def __init__(self, place: Path, limit: int | None) -> None:
        self._place = str(place)
        self._limit = limit
        self.count = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_change(event, arguments):
            return
        self.count += 1
        if self.count == self._limit:
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_change(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            flags = arguments[2]
            return isinstance(flags, int) and bool(flags & _WRITING) and self._is_here(arguments[:1])
        count = _CHANGES.get(event, 0)
        return self._is_here(arguments[:count]) or self._is_folder_here(arguments[count : 2 * count])

    def _is_here(self, paths: tuple[object, ...]) -> bool:
        return any(isinstance(path, (str, Path)) and str(path).startswith(self._place) for path in paths)

    def _is_folder_here(self, handles: tuple[object, ...]) -> bool:
        """True where a path is named from an open folder that lies here (`shutil.rmtree` does so)."""
        folders = [Path(f"/proc/self/fd/{h}") for h in handles if isinstance(h, int) and h > 0]
        return self._is_here(tuple(folder.readlink() for folder in folders if folder.is_symlink()))


def _run(work: Callable[[], object], counter: _Counter) -> None:
    try:
        sys.addaudithook(counter)
        work()
    except BaseException:  # noqa: BLE001 - told to whoever forked, not raised in a copy of the test
        traceback.print_exc()
        os._exit(_FAILED)
