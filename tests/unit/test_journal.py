"""The journal survives a killed program, refuses rewriting, and copes with damage in words."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from viewer.core.errors import OutputError
from viewer.journal import Journal, open_journal


def kinds(journal: Journal) -> list[str]:
    return [entry.kind for entry in journal.entries()]


def test_entries_come_back_in_order_and_narrowed(tmp_path: Path) -> None:
    journal, words = open_journal(tmp_path)
    assert words == ""
    journal.append("opened", {"paths": ["a"]})
    journal.append("finding", {"n": 1}, study="1.2")
    journal.append("finding", {"n": 2}, study="1.3")
    assert kinds(journal) == ["opened", "finding", "finding"]
    assert [e.body["n"] for e in journal.entries(study="1.3")] == [2]
    journal.close()


def test_runs_are_counted(tmp_path: Path) -> None:
    first, _ = open_journal(tmp_path)
    assert first.last_run() is None
    first.append("started", {})
    first.close()
    second, _ = open_journal(tmp_path)
    assert second.run == first.run + 1
    assert second.last_run() == first.run
    second.close()


def test_nothing_can_be_rewritten_or_removed(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.append("finding", {"n": 1})
    journal.close()
    base = sqlite3.connect(tmp_path / "journal.sqlite")
    for statement in ("UPDATE entry SET body = '{}'", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            base.execute(statement)
    base.close()


def test_the_file_is_private(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path / "data")
    journal.append("started", {})
    assert stat.S_IMODE((tmp_path / "data" / "journal.sqlite").stat().st_mode) == 0o600
    journal.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from viewer.journal import open_journal
journal, _ = open_journal(Path(sys.argv[1]))
for n in range(50):
    journal.append("finding", {"n": n}, study="1.2")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_lost_to_kill_9(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    journal, words = open_journal(tmp_path)
    assert words == ""
    assert [e.body["n"] for e in journal.entries()] == list(range(50))
    journal.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
@pytest.mark.logs("set aside")
def test_a_damaged_journal_is_set_aside_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.sqlite").write_bytes(content)
    journal, words = open_journal(tmp_path)
    assert "set aside" in words
    aside = list(tmp_path.glob("journal-set-aside-*.sqlite"))
    assert [a.read_bytes() for a in aside] == [content]
    journal.append("started", {})
    assert kinds(journal) == ["started"]
    journal.close()


@pytest.mark.logs("set aside")
def test_a_torn_page_is_noticed(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    for n in range(400):
        journal.append("finding", {"text": "x" * 100, "n": n})
    journal.close()
    path = tmp_path / "journal.sqlite"
    torn = bytearray(path.read_bytes())
    torn[4096:12288] = os.urandom(8192)
    path.write_bytes(bytes(torn))
    fresh, words = open_journal(tmp_path)
    assert "set aside" in words
    fresh.close()


@pytest.mark.logs("set aside")
def test_a_newer_journal_is_not_touched(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "journal.sqlite")
    base.execute("PRAGMA user_version=99")
    base.close()
    journal, words = open_journal(tmp_path)
    assert "newer version" in words
    journal.close()
    assert list(tmp_path.glob("journal-set-aside-*.sqlite"))


@pytest.mark.logs("in memory only")
def test_where_nothing_can_be_written_the_journal_lives_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal, words = open_journal(tmp_path / "file")
    assert "Nothing can be stored" in words
    journal.append("started", {})
    assert kinds(journal) == ["started"]
    journal.close()


@pytest.mark.logs("entries wait")
def test_an_entry_that_could_not_be_written_goes_with_the_next(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    journal._base.execute("PRAGMA busy_timeout=10")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(OutputError, match="kept in memory"):
        journal.append("finding", {"n": 1})
    assert journal.waiting == 1
    other.execute("ROLLBACK")
    other.close()
    journal.append("finding", {"n": 2})
    assert [e.body["n"] for e in journal.entries()] == [1, 2]
    assert journal.waiting == 0
    journal.close()
