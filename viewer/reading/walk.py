"""Find files: folders walked once each, symbolic links followed without loops, ZIPs unpacked within bounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Names no reader needs to look at.
_SKIPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NOTHING = (-1, -1, -1)


@dataclass(slots=True)
class Folder:
    """One folder's files in name order; `status`: (size, mtime_ns, inode) of each where asked for."""

    path: str
    files: list[str]
    status: list[tuple[int, int, int]] = field(default_factory=list)


def folders(paths: Iterable[str | os.PathLike[str]], with_status: bool = False) -> Iterator[Folder]:
    """Folders with their files; single files come as a folder of one. Each real folder once."""
    seen: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(given).absolute()
        if path.is_dir():
            yield from _walk(str(path), seen, with_status)
        else:
            status = [_status(path)] if with_status else []
            yield Folder(str(path.parent), [str(path)], status)


def _walk(root: str, seen: set[tuple[int, int]], with_status: bool) -> Iterator[Folder]:
    """Depth first without recursion; (device, inode) of each folder guards against link loops."""
    pending = [root]
    while pending:
        path = pending.pop()
        try:
            status = Path(path).stat()
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                continue
            seen.add(identity)
            entries = os.scandir(path)
        except OSError:
            continue
        files, below = [], []
        with entries:
            for entry in entries:
                if _is_folder(entry):
                    below.append(entry.path)
                elif entry.name not in _SKIPPED:
                    files.append((entry.path, _status(entry)) if with_status else (entry.path, _NOTHING))
        files.sort()
        pending += sorted(below, reverse=True)
        if files:
            yield Folder(path, [one[0] for one in files], [one[1] for one in files] if with_status else [])


def _status(file: os.DirEntry[str] | Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return _NOTHING
    return status.st_size, status.st_mtime_ns, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
