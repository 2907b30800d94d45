"""Several files of one folder changed together or not at all, whatever is killed in between.

The new files are written into `.change.part` in the folder itself. Renaming it to `.change` decides:
before that the folder is as it was, after it the change holds, and putting the files in their places
is only work that the next start finishes (`recover`). Whoever changes a folder holds its lock.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

_log = logging.getLogger(__name__)

#: Where a change is prepared; what it is called once it is decided; and where the disk refused in the middle.
PREPARED, DECIDED, UNDONE = ".change.part", ".change", ".change.undo"
_NEW, _OLD, _PLAN = "new", "old", "plan.json"


@dataclass(slots=True)
class Change:
    """A change while it is prepared.

    Attributes:
        files: an empty folder; every plain file in it goes to the folder under the same name.
        gone: names of files that must not stay.
    """

    folder: Path
    files: Path
    gone: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Names of files that come, that go, and those of both that were there before."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[Change]:
    """Prepare a change; it is made at the end of the block, and not at all where the block fails.

    Args:
        folder: whose lock the caller holds.

    Raises:
        OSError: the disk refused; everything is as before.
    """
    recover(folder)
    change = Change(folder, folder / PREPARED / _NEW)
    try:
        change.files.mkdir(parents=True)
        yield change
        _decide(change)
    except BaseException:
        shutil.rmtree(folder / PREPARED, ignore_errors=True)
        raise
    _finish_or_undo(folder)


def is_unfinished(folder: Path) -> bool:
    """True where a kill left a change that is not wholly in place."""
    return (folder / DECIDED).is_dir() or (folder / UNDONE).is_dir()


def recover(folder: Path) -> bool:
    """Finish a change that was decided, throw away one that was not; True where there was any.

    Raises:
        OSError: the disk refused; the next try goes on from there.
    """
    found = False
    for name, work in ((PREPARED, None), (DECIDED, _put_in_place), (UNDONE, _put_back)):
        place = folder / name
        if not place.is_dir():
            continue
        found = True
        if work is not None:
            _log.info("a change that a kill had cut short is settled now")
            work(folder, place)
        shutil.rmtree(place)
    return found


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises:
        OSError: the disk refused.
    """
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _decide(change: Change) -> None:
    """Everything on the disk, then the rename that decides."""
    prepared = change.folder / PREPARED
    new = tuple(sorted(path.name for path in change.files.iterdir()))
    gone = tuple(name for name in change.gone if name not in new)
    before = tuple(name for name in (*new, *gone) if (change.folder / name).is_file())
    (prepared / _PLAN).write_text(json.dumps(asdict(_Plan(new, gone, before))), encoding="utf-8")
    (prepared / _OLD).mkdir()
    for name in before:
        _keep(change.folder / name, prepared / _OLD / name)
    for path in (*change.files.iterdir(), prepared / _PLAN, change.files, prepared / _OLD, prepared):
        sync(path)
    prepared.rename(change.folder / DECIDED)
    sync(change.folder)


def _keep(path: Path, aside: Path) -> None:
    """The file under a second name, without copying where the disk can."""
    try:
        os.link(path, aside)
    except OSError:
        shutil.copy2(path, aside)
        sync(aside)


def _finish_or_undo(folder: Path) -> None:
    """Put the files in their places; where the disk refuses in the middle, the old ones come back."""
    decided, undone = folder / DECIDED, folder / UNDONE
    try:
        _put_in_place(folder, decided)
    except OSError:
        decided.rename(undone)
        _put_back(folder, undone)
        shutil.rmtree(undone, ignore_errors=True)
        raise
    shutil.rmtree(decided, ignore_errors=True)


def _put_in_place(folder: Path, decided: Path) -> None:
    """Every step may have been done before."""
    for name in _plan(decided).gone:
        (folder / name).unlink(missing_ok=True)
    for path in _files(decided / _NEW):
        path.replace(folder / path.name)
    sync(folder)


def _put_back(folder: Path, undone: Path) -> None:
    """Every step may have been done before."""
    plan = _plan(undone)
    for name in set(plan.new) - set(plan.before):
        (folder / name).unlink(missing_ok=True)
    for path in _files(undone / _OLD):
        path.replace(folder / path.name)
    sync(folder)


def _files(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.is_dir() else []


def _plan(place: Path) -> _Plan:
    """What was decided; nothing where the folder of a finished change is half removed."""
    try:
        told = json.loads((place / _PLAN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Plan()
    plain = {key: tuple(name for name in told[key] if Path(name).name == name) for key in ("new", "gone", "before")}
    return _Plan(**plain)
