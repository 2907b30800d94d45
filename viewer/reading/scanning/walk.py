"""Find files: folders walked once each, symbolic links followed without loops, ZIPs unpacked within bounds."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

#: Names no reader needs to look at.
_SKIPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NOTHING = (-1, -1, -1)
#: Some file systems number files with 64 bits, or more.
_63_BITS = (1 << 63) - 1
_BY_NAME = attrgetter("name")


@dataclass(slots=True)
class Folder:
    """One folder's files in name order.

    Attributes:
        path: of the folder; `names`: of the files in it.
        status: size, mtime_ns and inode of each, one after the other, where asked for.
    """

    path: str
    names: list[str]
    status: array[int] = field(default_factory=lambda: array("q"))

    @property
    def files(self) -> list[str]:
        """The files' paths."""
        start = self.path if self.path.endswith(os.sep) else self.path + os.sep
        return [start + name for name in self.names]


def status_of(status: os.stat_result) -> tuple[int, int, int]:
    """Size, mtime_ns and inode: what tells that a file is the one seen before."""
    return status.st_size, status.st_mtime_ns, status.st_ino & _63_BITS


def folders(paths: Iterable[str | os.PathLike[str]], with_status: bool = False) -> Iterator[Folder]:
    """Folders with their files; single files come as a folder of one. Each real folder once."""
    seen: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(given).absolute()
        if path.is_dir():
            yield from _walk(str(path), seen, with_status)
        else:
            status = array("q", _status(path) if with_status else ())
            yield Folder(str(path.parent), [path.name], status)


def _walk(root: str, seen: set[tuple[int, int]], with_status: bool) -> Iterator[Folder]:
    """Depth first without recursion; (device, inode) of each folder guards against link loops."""
    pending = [root]
    while pending:
        path = pending.pop()
        try:
            status = os.stat(path)  # noqa: PTH116 - no Path for each folder
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                continue
            seen.add(identity)
            with os.scandir(path) as entries:
                listed = sorted(entries, key=_BY_NAME)
        except OSError:
            continue
        files, below = _sorted_out(listed)
        pending += reversed(below)
        if files:
            yield Folder(path, [entry.name for entry in files], _all_status(files) if with_status else array("q"))


def _sorted_out(entries: list[os.DirEntry[str]]) -> tuple[list[os.DirEntry[str]], list[str]]:
    """Files, and the paths of folders; what cannot be asked counts as a file, so that it is refused in words."""
    files, below = [], []
    for entry in entries:
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            below.append(entry.path)
        elif entry.name not in _SKIPPED:
            files.append(entry)
    return files, below


def _all_status(files: list[os.DirEntry[str]]) -> array[int]:
    found = array("q")
    for file in files:
        try:
            found.extend(status_of(file.stat()))
        except OSError:
            found.extend(_NOTHING)
    return found


def _status(path: Path) -> tuple[int, int, int]:
    try:
        return status_of(path.stat())
    except OSError:
        return _NOTHING
