"""A private folder through which voxels pass between the window and the inference process.

Arrays lie in memory-mapped files, readable by this user alone (0700/0600). Their space is
reserved before a byte is written, so that a full disk is an error in words and not a
SIGBUS in the window. What a killed program left behind is swept at the next start.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from viewer.core.errors import AnalysisError

Array = npt.NDArray[Any]

_log = logging.getLogger(__name__)

#: Only plain numbers may cross: bool, signed, unsigned, float.
_KINDS = "biuf"
_LOCK = "lock"
_PREFIX = "run-"
#: A folder without its lock is left alone for this long: its owner may be about to take it.
_SETTLED_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ArrayRef:
    """Where an array lies: file name in the run folder, dtype string, shape and exact bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


class RunFolder:
    """One program's private exchange folder; the parent creates it, the worker opens it.

    Args:
        path: the folder; it must exist and belong to this user alone.
    """

    def __init__(self, path: Path, lock: int | None = None) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, base: Path | None = None) -> Self:
        """Sweep what dead programs left and make a fresh folder.

        Args:
            base: folder that holds the run folders of this user; the default is in memory
                (/dev/shm) where there is such a thing, else the temporary folder.

        Raises:
            AnalysisError: the place belongs to somebody else, is full or cannot be written.
        """
        root = base or default_base()
        try:
            _private_folder(root)
            sweep(root)
            path = root / f"{_PREFIX}{uuid.uuid4().hex}"
            path.mkdir(mode=0o700)
            return cls(path, _take_lock(path))
        except OSError as error:
            raise _no_space(error) from error

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder another process made."""
        return cls(path)

    def write(self, array: Array) -> ArrayRef:
        """Copy an array into a new file of the folder.

        Raises:
            AnalysisError: no room for it (nothing is left behind).
        """
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"arrays of {array.dtype} do not cross processes")
        name = f"{uuid.uuid4().hex}.bin"
        path = self.path / name
        try:
            _reserve(path, array.nbytes)
            if array.nbytes:
                target = np.memmap(path, dtype=array.dtype, mode="r+", shape=array.shape)
                np.copyto(target, array)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _no_space(error) from error
        return ArrayRef(name, array.dtype.str, tuple(array.shape), array.nbytes)

    def map(self, ref: ArrayRef) -> Array:
        """The array behind `ref`, read-only and without a copy.

        Raises:
            AnalysisError: the file is gone or does not hold exactly the bytes it should.
        """
        path = self._checked(ref)
        if not ref.nbytes:
            return np.empty(ref.shape, dtype=np.dtype(ref.dtype))
        return np.memmap(path, dtype=np.dtype(ref.dtype), mode="r", shape=ref.shape)

    def take(self, ref: ArrayRef) -> Array:
        """The array behind `ref` as private memory; its file is removed."""
        array = np.array(self.map(ref))
        self.drop(ref)
        return array

    def drop(self, ref: ArrayRef) -> None:
        """Remove the file behind `ref`; a mapping that is still in use stays valid."""
        path = self.path / Path(ref.name).name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # Windows keeps mapped files; the sweep gets them
            _log.debug("run file stays until the next sweep: %s", error)

    def clear(self) -> None:
        """Remove every array, keep the folder (after the worker died in mid-run)."""
        for path in self.path.glob("*.bin"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder and all in it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self.path, ignore_errors=True)

    def _checked(self, ref: ArrayRef) -> Path:
        dtype = np.dtype(ref.dtype)
        expected = int(np.prod(ref.shape, dtype=np.int64)) * dtype.itemsize
        path = self.path / Path(ref.name).name
        size = path.stat().st_size if path.is_file() else -1
        if dtype.kind not in _KINDS or expected != ref.nbytes or size != ref.nbytes:
            raise AnalysisError(
                "The picture data did not reach the analysis whole.",
                "Run the analysis again; if it happens again, restart the program.",
            )
        return path


def default_base() -> Path:
    """Where this user's run folders lie: memory first, disk where there is none."""
    shared = Path("/dev/shm")
    usable = shared.is_dir() and os.access(shared, os.W_OK)
    parent = shared if usable else Path(tempfile.gettempdir())
    return parent / f"secondread-{_user_id()}"


def sweep(root: Path) -> int:
    """Remove the run folders in `root` whose program is gone; returns how many."""
    removed = 0
    for path in root.glob(f"{_PREFIX}*"):
        if path.is_symlink() or not path.is_dir() or not _abandoned(path):
            continue
        shutil.rmtree(path, ignore_errors=True)
        removed += 1
    if removed:
        _log.info("swept %d run folders of earlier programs", removed)
    return removed


def _user_id() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _private_folder(path: Path) -> None:
    """Make `path` (0700) or check that it is ours alone: others could have put it there first."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not hasattr(os, "getuid"):
        return
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "the run folder belongs to somebody else")
    if stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(0o700)


def _take_lock(folder: Path) -> int:
    """Hold `folder`/lock for as long as this process lives: the mark of a living owner."""
    handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def _abandoned(folder: Path) -> bool:
    """True when no living process holds the folder's lock."""
    if sys.platform == "win32":
        try:
            (folder / _LOCK).unlink(missing_ok=True)  # refused while the owner has it open
        except OSError:
            return False
        return True
    import fcntl

    try:
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:  # made a moment ago, or by a program killed just then
        return time.time() - folder.stat().st_mtime > _SETTLED_SECONDS
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _reserve(path: Path, nbytes: int) -> None:
    """Create a 0600 file of exactly `nbytes` whose space is really there."""
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o600)
    try:
        if nbytes and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, nbytes)
        elif nbytes:
            os.ftruncate(handle, nbytes)
    finally:
        os.close(handle)


def _no_space(error: OSError) -> AnalysisError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else error.errno == errno.ENOSPC
    if full:
        return AnalysisError(
            "There is no room left for the analysis' working files. Nothing was changed.",
            "Free some space on the temporary disk (or /dev/shm) and run it again.",
        )
    return AnalysisError(
        f"The analysis' working folder cannot be used ({error.strerror or 'unknown reason'}).",
        "Check the temporary folder's rights and run it again.",
    )
