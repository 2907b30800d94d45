"""One writer at a time: a lock file that says who holds it, since when.

The lock is the system's own (`flock`, on Windows `LockFile`): it goes with the process that holds
it, so a killed program or a lost mains plug leaves no lock behind, at most the file. What the file
says is for people alone and decides nothing.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from viewer.core.errors import OutputError
from viewer.core.task import CancelToken

_log = logging.getLogger(__name__)

#: A lock held by another is waited for at most so long (seconds).
WAIT_SECONDS = 10.0
#: Between two tries (seconds).
_PAUSE_SECONDS = 0.05
#: Errors of a file system that knows no locks: the work then goes on without one.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: what it does, which process, whose, since when (ISO 8601 with offset)."""

    what: str
    pid: int
    host: str
    user: str
    since: str

    @property
    def words(self) -> str:
        """ "report (process 4242 of anna on ws3) since 14:03:11"."""
        if not self.pid:
            return self.what
        clock = self.since[11:19] or self.since
        return f"{self.what} (process {self.pid} of {self.user} on {self.host}) since {clock}"


class FileLock:
    """A lock on a file of its own, held until `release` or the end of the process."""

    def __init__(self, path: Path, what: str) -> None:
        """Prepare; nothing is touched.

        Args:
            path: the lock file; made where it is not there, removed on release.
            what: what is done meanwhile, in words for whoever meets the lock ("report").
        """
        self.path = path
        self._what = what
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """True between `acquire` and `release`."""
        return self._file is not None

    def try_acquire(self) -> bool:
        """Take the lock; False where another holds it.

        Raises:
            OSError: the file cannot be made here.
        """
        file = _opened(self.path)
        if not _lock(file):
            os.close(file)
            return False
        if not _is_still(file, self.path):  # whoever held it has removed the file meanwhile
            os.close(file)
            return False
        self._file = file
        _say(file, Holder(self._what, os.getpid(), socket.gethostname(), _user(), _now()))
        return True

    def acquire(self, seconds: float = WAIT_SECONDS, cancel: CancelToken | None = None) -> None:
        """Take the lock, waiting for it.

        Raises:
            OutputError: another still holds it, code "locked"; it says who.
            OSError: the file cannot be made here. Cancelled: the reader asked to stop.
        """
        until = time.monotonic() + seconds
        while not self.try_acquire():
            if cancel is not None:
                cancel.check()
            if time.monotonic() >= until:
                raise in_use(self.path)
            time.sleep(_PAUSE_SECONDS)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # on a folder that turned read-only the file stays; it locks nothing
            self.path.unlink()
        os.close(self._file)
        self._file = None


_held: dict[Path, tuple[int, int]] = {}
_guard = threading.Lock()


@contextlib.contextmanager
def locked(
    path: Path, what: str, *, seconds: float = WAIT_SECONDS, cancel: CancelToken | None = None
) -> Iterator[None]:
    """Hold the lock of a file while a block runs; a block inside it by the same thread takes it for granted.

    Args:
        path: the lock file.
        what: what is done meanwhile, in words.
        seconds: how long another is waited for.

    Raises:
        OutputError: another still holds it, code "locked"; it says who.
        OSError: the file cannot be made here. Cancelled: the reader asked to stop.
    """
    place = path.parent.resolve() / path.name
    mine = threading.get_ident()
    with _guard:
        thread, depth = _held.get(place, (0, 0))
        inside = depth > 0 and thread == mine
        if inside:
            _held[place] = mine, depth + 1
    if inside:
        try:
            yield
        finally:
            with _guard:
                _held[place] = mine, _held[place][1] - 1
        return
    lock = FileLock(place, what)
    lock.acquire(seconds, cancel)
    with _guard:
        _held[place] = mine, 1
    try:
        yield
    finally:
        with _guard:
            _held.pop(place, None)
        lock.release()


def holder_of(path: Path) -> Holder | None:
    """Who says to hold a lock; None where the file says nothing."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Holder(str(told["what"]), int(told["pid"]), str(told["host"]), str(told["user"]), str(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_locked(path: Path) -> bool:
    """True while another process or thread holds the lock; nothing is made."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _lock(file)
    finally:
        os.close(file)


def in_use(path: Path) -> OutputError:
    """The words for a lock that another holds."""
    holder = holder_of(path)
    who = holder.words if holder is not None else "another program"
    return OutputError(
        f"'{path.parent.name}' is being changed by {who}.", "Wait until it is done, then try again.", "locked"
    )


def _opened(path: Path) -> int:
    """The lock file, open for writing; for reading only where it belongs to somebody else."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        return os.open(path, os.O_RDONLY)


def _is_still(file: int, path: Path) -> bool:
    try:
        here = path.stat()
    except OSError:
        return False
    mine = os.fstat(file)
    return (here.st_dev, here.st_ino) == (mine.st_dev, mine.st_ino)


def _say(file: int, holder: Holder) -> None:
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(asdict(holder)).encode(), 0)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        """Lock a byte far behind the words, which stay readable; False where another holds it."""
        os.lseek(file, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        """Lock the file; False where another holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            _log.warning("this file system knows no locks: nobody else may write here meanwhile")
        return True
