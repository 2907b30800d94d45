"""An index of what scans found, so that unchanged folders open without being read again.

SQLite in the user's cache folder, private to the user: like the files themselves it holds patient
names. Keyed by the scanned paths; a result counts only while every file below them has the same
path, size, modification time and inode as then. Anything wrong with the index means a scan.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import logging
import os
import pickle
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from viewer import __version__
from viewer.core.resources import user_cache_dir
from viewer.core.study import Instance, ScanResult, Series, Stack, Study
from viewer.reading.formats import ForeignSlice
from viewer.reading.frame import Slice
from viewer.reading.walk import folders

log = logging.getLogger(__name__)

#: Raised whenever what a scan finds changes its meaning.
VERSION = f"1/{__version__}"
#: Results kept; the least recently used go first.
MOST_RESULTS = 64
#: Scans of fewer files are quicker made again than looked up.
LEAST_FILES = 100

_TABLE = (
    "CREATE TABLE IF NOT EXISTS results (roots TEXT PRIMARY KEY, version TEXT, signature BLOB, used REAL, payload BLOB)"
)
_FAULTS = (sqlite3.Error, OSError, pickle.UnpicklingError, AttributeError, ImportError, TypeError, ValueError, EOFError)
_ALLOWED = ("viewer.core.", "viewer.reading.", "numpy")
_ALLOWED_CALLS = frozenset({("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("builtins", "getattr")})


@dataclass(frozen=True, slots=True)
class Columns:
    """Instances field by field: a value that all share stands once, in a tuple of one.

    Attributes:
        kind: "slice", "foreign" or "plain"; `folders`, `names`: the two parts of each path.
    """

    kind: str
    count: int
    folders: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]


_KINDS: dict[str, type[Instance]] = {"slice": Slice, "foreign": ForeignSlice, "plain": Instance}


class Fingerprint:
    """Of every file of a walk: path, size, mtime_ns, inode."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)

    def add(self, folder: str, files: list[str], status: list[tuple[int, int, int]]) -> None:
        """Add one folder's files, in the order of the walk."""
        self._digest.update("\0".join([folder, *files]).encode("utf-8", "surrogateescape"))
        self._digest.update(repr(status).encode())

    @property
    def value(self) -> bytes:
        """The fingerprint so far."""
        return self._digest.digest()


def fingerprint_of(roots: Iterable[str]) -> bytes:
    """Fingerprint of what lies below the roots now."""
    found = Fingerprint()
    for folder in folders(roots, with_status=True):
        found.add(folder.path, folder.files, folder.status)
    return found.value


def load(roots: tuple[str, ...]) -> ScanResult | None:
    """What the last scan of these roots found, where nothing changed since; else None."""
    if not _path().exists():
        return None
    try:
        with closing(_open()) as database:
            row = database.execute(
                "SELECT signature, payload FROM results WHERE roots = ? AND version = ?", (_key(roots), VERSION)
            ).fetchone()
            if row is None or fingerprint_of(roots) != row[0]:
                return None
            result = _expanded(_Unpickler(io.BytesIO(row[1])).load())
            database.execute("UPDATE results SET used = ? WHERE roots = ?", (time.time(), _key(roots)))
            database.commit()
            return result
    except _FAULTS as error:
        log.info("the scan index was not used: %s", type(error).__name__)
        return None


def save(roots: tuple[str, ...], fingerprint: Fingerprint, result: ScanResult) -> None:
    """Keep what a scan found; the fingerprint is of the files as they were read."""
    payload = pickle.dumps(_compact(result), protocol=5)
    try:
        with closing(_open()) as database:
            database.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)",
                (_key(roots), VERSION, fingerprint.value, time.time(), payload),
            )
            database.execute(
                "DELETE FROM results WHERE roots NOT IN (SELECT roots FROM results ORDER BY used DESC LIMIT ?)",
                (MOST_RESULTS,),
            )
            database.commit()
    except _FAULTS as error:
        log.info("the scan index was not written: %s", type(error).__name__)


def _key(roots: tuple[str, ...]) -> str:
    return "\0".join(roots)


def _path() -> Path:
    return user_cache_dir() / "scans.sqlite"


def _open() -> sqlite3.Connection:
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, timeout=0.5)
    try:
        database.execute(_TABLE)
    except sqlite3.DatabaseError:
        database.close()
        path.unlink(missing_ok=True)
        raise
    return database


class _Unpickler(pickle.Unpickler):
    """Makes only this program's own nouns."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(_ALLOWED) or (module, name) in _ALLOWED_CALLS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} does not belong here")


_Compact = tuple[ScanResult, tuple[Columns, ...]]


def _compact(result: ScanResult) -> _Compact:
    """The result without instances, and the instances of each stack as columns."""
    columns: list[Columns] = []

    def bare(stack: Stack) -> Stack:
        columns.append(_columns(stack.instances))
        return replace(stack, instances=())

    studies = tuple(_mapped(study, bare) for study in result.studies)
    return replace(result, studies=studies), tuple(columns)


def _expanded(stored: _Compact) -> ScanResult:
    result, columns = stored
    rest = iter(columns)

    def full(stack: Stack) -> Stack:
        return replace(stack, instances=_instances(next(rest)))

    return replace(result, studies=tuple(_mapped(study, full) for study in result.studies))


def _mapped(study: Study, change: Any) -> Study:
    series = tuple(Series(one.uid, tuple(change(stack) for stack in one.stacks)) for one in study.series)
    return replace(study, series=series)


def _columns(instances: Sequence[Instance]) -> Columns:
    kind = next((name for name, one in _KINDS.items() if instances and type(instances[0]) is one), "plain")
    names = [one.name for one in fields(_KINDS[kind])][1:]
    values = []
    for name in names:
        column = tuple(getattr(one, name) for one in instances)
        same = all(value == column[0] for value in column)
        values.append(column[:1] if same else column)
    paths = [os.path.split(str(one.path)) for one in instances]
    parents = tuple(path[0] for path in paths)
    return Columns(
        kind,
        len(instances),
        parents[:1] if len(set(parents)) == 1 else parents,
        tuple(path[1] for path in paths),
        tuple(values),
    )


def _instances(columns: Columns) -> tuple[Instance, ...]:
    count = columns.count
    parents = {folder: Path(folder, "x") for folder in set(columns.folders)}
    paths = [
        parents[folder].with_name(name)
        for folder, name in zip(_spread(columns.folders, count), columns.names, strict=False)
    ]
    return tuple(map(_KINDS[columns.kind], paths, *(_spread(values, count) for values in columns.values)))


def _spread(values: tuple[Any, ...], count: int) -> Iterable[Any]:
    return itertools.repeat(values[0], count) if len(values) == 1 else values
