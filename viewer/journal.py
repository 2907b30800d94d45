"""The one truth on disk: an append-only SQLite journal of every change.

Written at once, in WAL mode with `synchronous=FULL`: a verdict costs one fsync (a few
milliseconds, a few times a minute) and is then safe from a killed program and from a lost
mains plug alike; with NORMAL the last verdicts could be lost to the latter.
`result.json`, SEG and SR are exports of what stands here.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from viewer.core.errors import OutputError

_LOG = logging.getLogger(__name__)

#: Version of the table; a journal of a newer one is set aside, never rewritten.
SCHEMA = 2
_TABLE = """
CREATE TABLE IF NOT EXISTS entry (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    run   INTEGER NOT NULL,
    at    TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    study TEXT    NOT NULL,
    body  TEXT    NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_by_study ON entry (study, seq);
CREATE INDEX IF NOT EXISTS entry_by_run ON entry (run, kind, seq);
CREATE TRIGGER IF NOT EXISTS entry_keeps BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_stays BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_signed BEFORE INSERT ON entry
    WHEN (NEW.kind = 'signed'
          OR NEW.kind = 'step' AND json_extract(NEW.body, '$.thing') IN ('finding', 'text', 'key_images'))
         AND EXISTS (SELECT 1 FROM entry WHERE study = NEW.study AND kind = 'signed')
    BEGIN SELECT RAISE(ABORT, 'the report of this study is signed'); END;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal.

    Attributes:
        run: number of the program start that wrote it.
        at: ISO 8601 with offset.
        kind: "started", "opened", "closed", "place", "views", "result", "step", "signing", "signed",
            "registered", "exported", "ended"; version 1 also wrote "finding", "drawing", "report" and "key_images".
        study: Study Instance UID, "" where the entry concerns none.
        body: JSON data of that kind.
    """

    seq: int
    run: int
    at: str
    kind: str
    study: str
    body: dict[str, Any]


class Journal:
    """An open journal. Use `open_journal`, which also copes with a damaged one.

    Attributes:
        reads_only: another program writes here: nothing is added.
    """

    def __init__(self, path: Path) -> None:
        self.reads_only = False
        self._base = sqlite3.connect(path, timeout=5.0, isolation_level=None)
        try:
            self._prepare()
        except sqlite3.Error:
            self._base.close()
            raise
        self._waiting: list[tuple[str, str, str, str]] = []

    def _prepare(self) -> None:
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        version = int(self._base.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise sqlite3.DatabaseError("written by a newer version of the program")
        if self._base.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the file is damaged")
        self._base.executescript(_TABLE)
        self._base.execute(f"PRAGMA user_version={SCHEMA}")
        self.run = int(self._base.execute("SELECT COALESCE(MAX(run), 0) + 1 FROM entry").fetchone()[0])

    def append(self, kind: str, body: dict[str, Any], study: str = "") -> None:
        """Write one entry; it is on the disk when this returns.

        Raises:
            OutputError: it could not be written. The entry is kept in memory and written
                with the next one.
        """
        if self.reads_only:
            return
        at = datetime.now().astimezone().isoformat(timespec="milliseconds")
        self._waiting.append((at, kind, study, json.dumps(body, ensure_ascii=False)))
        try:
            self._flush()
        except sqlite3.IntegrityError as error:  # the journal's own rules: it will never take this entry
            self._waiting.pop()
            raise OutputError(
                "The report of this study is signed: the journal takes no change of it any more.",
                "Open the study again to see what was signed.",
                "signed",
            ) from error
        except sqlite3.Error as error:
            _LOG.warning("journal: %d entries wait (%s)", len(self._waiting), error)
            raise OutputError(
                "The last change could not be stored on the disk; it is kept in memory.",
                "Free some space or check the folder's rights; the next change stores both.",
            ) from error

    def _flush(self) -> None:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.executemany(
                "INSERT INTO entry (run, at, kind, study, body) VALUES (?, ?, ?, ?, ?)",
                [(self.run, *row) for row in self._waiting],
            )
            self._base.execute("COMMIT")
        except sqlite3.Error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        """Entries that are not on the disk yet."""
        return len(self._waiting)

    def entries(self, *, study: str | None = None, run: int | None = None, kind: str | None = None) -> Iterable[Entry]:
        """Entries in the order they were written, narrowed by what is given."""
        wanted = {"study": study, "run": run, "kind": kind}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given) or "1"
        query = f"SELECT seq, run, at, kind, study, body FROM entry WHERE {where} ORDER BY seq"  # noqa: S608
        for seq, of_run, at, of_kind, of_study, body in self._base.execute(query, tuple(given.values())):
            yield Entry(seq, of_run, at, of_kind, of_study, json.loads(body))

    def latest(self, kind: str) -> Iterator[Entry]:
        """Entries of a kind, the last one first."""
        query = "SELECT seq, run, at, kind, study, body FROM entry WHERE kind = ? ORDER BY seq DESC"
        for seq, run, at, of_kind, study, body in self._base.execute(query, (kind,)):
            yield Entry(seq, run, at, of_kind, study, json.loads(body))

    def last_run(self) -> int | None:
        """Number of the run before this one, None on a first start."""
        found = self._base.execute("SELECT MAX(run) FROM entry WHERE run < ?", (self.run,)).fetchone()[0]
        return None if found is None else int(found)

    def close(self) -> None:
        """Write what waits, if it can be written, and close the file."""
        if self._waiting:
            try:
                self._flush()
            except sqlite3.Error as error:
                _LOG.error("journal: %d entries were lost at the end (%s)", len(self._waiting), error)
        self._base.close()


def open_journal(folder: Path) -> tuple[Journal, str]:
    """Open the journal of `folder`, or begin a new one.

    Returns:
        The journal, and words for the reader ("" when all is well): a damaged journal is
        set aside under another name, never deleted; where the folder cannot be written,
        the journal lives in memory.
    """
    path = folder / "journal.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        return Journal(path), ""
    except (OSError, sqlite3.OperationalError) as error:
        if not _is_damage(path, error):
            _LOG.warning("journal: in memory only (%s)", error)
            return Journal(Path(":memory:")), (
                "Nothing can be stored: the program's data folder cannot be written. "
                "Your work lasts until you close the window. Check the folder's rights and free space."
            )
        return _begin_anew(path, str(error))
    except sqlite3.DatabaseError as error:
        return _begin_anew(path, str(error))


def _is_damage(path: Path, error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "malformed" in str(error) and path.is_file()


def _begin_anew(path: Path, why: str) -> tuple[Journal, str]:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"journal-set-aside-{stamp}.sqlite")
    _LOG.error("journal: set aside (%s)", why)
    for tail in ("", "-wal", "-shm"):
        part = path.with_name(path.name + tail)
        if part.exists():
            part.rename(aside.with_name(aside.name + tail))
    return Journal(path), (
        f"The journal of earlier sessions could not be read ({why}). It was set aside as {aside.name} "
        "and a new one begun. Earlier verdicts are in that file and in exported results."
    )
