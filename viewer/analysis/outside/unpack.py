"""Takes out of a model's ZIP only the files that are read, each checked before a byte is written."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from viewer.analysis.outside.plain import refused

_CHUNK = 1 << 20
_MOST_ENTRIES = 100_000


def take(file: Path, names: Iterable[str], target: Path, most: int) -> Path:
    """Unpack the files with these names, folders kept.

    Args:
        file: the ZIP.
        names: of files, without folders.
        target: an empty folder.
        most: bytes that all of them may unfold to.

    Raises:
        PackError: a path that leaves the folder, a link, more than was promised, damage.
    """
    wanted = frozenset(names)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise refused(f"{file.name} holds {len(entries)} files")
            for entry in entries:
                _check_name(entry)
            taken = [e for e in entries if not e.is_dir() and PurePosixPath(e.filename).name in wanted]
            if sum(e.file_size for e in taken) > most:
                raise refused(f"{file.name} unfolds to more than {most // 2**30} GB")
            for entry in taken:
                _copy(archive, entry, target)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, FileExistsError) as error:
        raise refused(f"{file.name} is damaged, locked or packed by an unknown method") from error
    return target


def _check_name(entry: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(entry.filename).parts
    if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in entry.filename or "\\" in entry.filename:
        raise refused("its ZIP tries to write outside its own folder", "Do not install it.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise refused("its ZIP holds a link to another place", "Do not install it.")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """One file, at most as long as the ZIP's index promises."""
    place = target.joinpath(*PurePosixPath(entry.filename).parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as source, place.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > entry.file_size:
                raise refused("its ZIP unfolds to more than it says", "Do not install it.")
            sink.write(chunk)
