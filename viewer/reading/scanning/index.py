"""An index of what scans found, so that unchanged folders open without being read again.

SQLite in the user's cache folder, private to the user: like the files themselves it holds patient
names. Keyed by the scanned paths; a result counts only while every file below them has the same
path, size, modification time and inode as then. Anything wrong with the index means a scan.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from viewer import __version__
from viewer.core.resources import user_cache_dir
from viewer.core.study import Instance, ScanResult, Series, Stack, Study
from viewer.reading.scanning.plainform import from_plain, shape_of_nouns, to_plain
from viewer.reading.scanning.walk import folders
from viewer.reading.stacking.slices import Columns, Slices, columns_of

log = logging.getLogger(__name__)

#: Raised whenever what a scan finds changes its meaning.
VERSION = f"2/{__version__}/{shape_of_nouns()}"
#: Results kept; the least recently used go first.
MOST_RESULTS = 64
#: Scans of fewer files are quicker made again than looked up.
LEAST_FILES = 100
#: Use is noted once in this time (s): writing costs more than reading.
_NOTED_AFTER = 3600.0

_TABLE = (
    "CREATE TABLE IF NOT EXISTS scans (roots TEXT PRIMARY KEY, version TEXT, signature BLOB, used REAL,"
    " result TEXT, columns BLOB, checksum INTEGER)"
)
_FAULTS = (sqlite3.Error, OSError, KeyError, IndexError, TypeError, ValueError)


class Fingerprint:
    """Of every file of a walk: path, size, mtime_ns, inode."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)

    def add(self, folder: str, names: list[str], status: array[int]) -> None:
        """Add one folder's files, in the order of the walk."""
        self._digest.update("\0".join([folder, *names, ""]).encode("utf-8", "surrogateescape"))
        self._digest.update(status)

    @property
    def value(self) -> bytes:
        """The fingerprint so far."""
        return self._digest.digest()


def fingerprint_of(roots: Iterable[str]) -> bytes:
    """Fingerprint of what lies below the roots now."""
    found = Fingerprint()
    for folder in folders(roots, with_status=True):
        found.add(folder.path, folder.names, folder.status)
    return found.value


def load(roots: tuple[str, ...]) -> ScanResult | None:
    """What the last scan of these roots found, where nothing changed since; else None."""
    if not _path().exists():
        return None
    try:
        with _database() as database:
            row = database.execute(
                "SELECT signature, used, result, columns, checksum FROM scans WHERE roots = ? AND version = ?",
                (_key(roots), VERSION),
            ).fetchone()
            if row is None or fingerprint_of(roots) != row[0]:
                return None
            if time.time() - row[1] > _NOTED_AFTER:
                database.execute("UPDATE scans SET used = ? WHERE roots = ?", (time.time(), _key(roots)))
        return _result_of(*row[2:])
    except _FAULTS as error:
        log.info("the scan index was not used: %s", type(error).__name__)
        return None


def save(roots: tuple[str, ...], fingerprint: Fingerprint, result: ScanResult) -> None:
    """Keep what a scan found; the fingerprint is of the files as they were read."""
    try:
        row = (_key(roots), VERSION, fingerprint.value, time.time(), *_stored(result))
        with _database() as database:
            database.execute("INSERT OR REPLACE INTO scans VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            database.execute(
                "DELETE FROM scans WHERE roots NOT IN (SELECT roots FROM scans ORDER BY used DESC LIMIT ?)",
                (MOST_RESULTS,),
            )
    except _FAULTS as error:
        log.info("the scan index was not written: %s", type(error).__name__)


def _key(roots: tuple[str, ...]) -> str:
    return "\0".join(roots)


def _path() -> Path:
    return user_cache_dir() / "scans.sqlite"


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """The database, what was done in it kept at the end; one that is damaged is removed."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, timeout=0.5)
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute(_TABLE)
        yield database
        database.commit()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        database.close()
        path.unlink(missing_ok=True)
        raise
    finally:
        database.close()


def _stored(result: ScanResult) -> tuple[str, bytes, int]:
    """The result without instances, the instances of each stack as columns, and a checksum over both."""
    parts: list[bytes] = []
    counts: list[tuple[int, int]] = []

    def bare(stack: Stack) -> Stack:
        part = _packed(columns_of(stack.instances))
        parts.append(part)
        counts.append((len(stack.instances), len(part)))
        return replace(stack, instances=())

    studies = tuple(_mapped(study, bare) for study in result.studies)
    text = json.dumps([to_plain(replace(result, studies=studies)), counts])
    columns = b"".join(parts)
    return text, columns, checksum_of(text, columns)


def _result_of(text: str, columns: bytes, checksum: int) -> ScanResult:
    """The result that was stored; instances are unpacked when somebody asks for them.

    Raises:
        ValueError: it is not what was stored.
    """
    if checksum_of(text, columns) != checksum:
        raise ValueError("the index is damaged")
    plain, counts = json.loads(text)
    rest, start = iter(counts), 0

    def full(stack: Stack) -> Stack:
        nonlocal start
        count, size = next(rest)
        part = columns[start : start + size]
        start += size
        return replace(stack, instances=_instances(count, part))

    result: ScanResult = from_plain(plain)
    return replace(result, studies=tuple(_mapped(study, full) for study in result.studies))


def checksum_of(text: str, columns: bytes) -> int:
    """What tells that both are as they were stored (damage, not malice: nothing in them is ever run)."""
    return zlib.crc32(columns, zlib.crc32(text.encode()))


def _mapped(study: Study, change: Callable[[Stack], Stack]) -> Study:
    series = tuple(Series(one.uid, tuple(change(stack) for stack in one.stacks)) for one in study.series)
    return replace(study, series=series)


def _packed(columns: Columns) -> bytes:
    plain = [columns.kind, columns.paths, to_plain(columns.values)]
    return zlib.compress(json.dumps(plain).encode(), 1)


def _unpacked(part: bytes) -> Columns:
    kind, paths, values = json.loads(zlib.decompress(part))
    return Columns(kind, tuple(paths), from_plain(values))


def _instances(count: int, part: bytes) -> Sequence[Instance]:
    return Slices(count, partial(_unpacked, part)) if count else ()
