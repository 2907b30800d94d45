"""Unpack a ZIP into a private folder, within bounds: no bombs, no paths that leave it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from viewer.core.errors import ReadError
from viewer.core.resources import user_cache_dir
from viewer.core.task import CancelToken

#: Entries of one archive at most.
MOST_ENTRIES = 200_000
#: Unpacked bytes of one archive at most, and the share of the free disk it may take.
MOST_BYTES = 64 << 30
DISK_SHARE = 0.5
#: An archive over `BIG` unpacked bytes that shrinks by more than this is a bomb.
BIG = 256 << 20
MOST_SHRINKING = 100
_CHUNK = 1 << 20
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


@dataclass(slots=True)
class Unpacked:
    """Where an archive was unpacked, and the entries that were not: (name, why)."""

    folder: str
    refused: list[tuple[str, ReadError]] = field(default_factory=list)


def unpack(path: str, cancel: CancelToken) -> Unpacked:
    """Unpack a ZIP into a new private folder that goes when the program ends.

    Raises:
        ReadError: damaged, a bomb, or too large for the disk.
        Cancelled: the reader asked to stop.
    """
    done = Unpacked(tempfile.mkdtemp(prefix="zip-", dir=_private_folder(user_cache_dir() / "unpacked")))
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            _check(path, entries, done.folder)
            left = _budget(path, done.folder)
            for entry in entries:
                cancel.check()
                left -= _entry(archive, entry, done, left)
    except _FAULTS as error:
        raise ReadError("The ZIP archive is damaged.", "Ask for a new copy.") from error
    except OSError as error:
        raise ReadError(f"The ZIP archive cannot be unpacked ({error.strerror}).", "Free some disk space.") from error
    return done


def _check(path: str, entries: list[zipfile.ZipInfo], folder: str) -> None:
    if len(entries) > MOST_ENTRIES:
        raise ReadError(f"The ZIP archive claims {len(entries)} files.", "Unpack it yourself first.", "too_large")
    total = sum(entry.file_size for entry in entries)
    if total > _budget(path, folder):
        raise _bomb()


def _budget(path: str, folder: str) -> int:
    """Bytes an archive may unpack to."""
    allowed = max(BIG, Path(path).stat().st_size * MOST_SHRINKING)
    return min(allowed, MOST_BYTES, int(shutil.disk_usage(folder).free * DISK_SHARE))


def _bomb() -> ReadError:
    return ReadError(
        "The ZIP archive would unpack to far more than it holds or than the disk takes.",
        "Unpack it yourself if you trust it.",
        "too_large",
    )


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, done: Unpacked, left: int) -> int:
    """Unpack one entry; returns its true size."""
    target = _inside(done.folder, entry.filename)
    if target is None:
        error = ReadError("The file's path leaves the archive's folder: it was not unpacked.", "", "unsafe_path")
        done.refused.append((entry.filename, error))
        return 0
    if entry.flag_bits & 1:
        error = ReadError("The file is encrypted.", "Unpack the archive with its password first.", "encrypted")
        done.refused.append((entry.filename, error))
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("xb") as out:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise _bomb()
            out.write(chunk)
    return size


def _inside(folder: str, name: str) -> Path | None:
    """Where an entry goes; None where its name leaves the folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or any(":" in part or "\0" in part for part in parts):
        return None
    return Path(folder, *parts)


@functools.cache
def _private_folder(root: Path) -> str:
    """This process's own folder for unpacked files; what dead processes left is removed."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in root.iterdir():
        if old.name.isdigit() and not _alive(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    own = root / str(os.getpid())
    own.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return str(own)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
