"""One program works in a home: a second one looks, a script waits, the journal takes no verdict after a signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from viewer.core import lock
from viewer.core.errors import OutputError, UsageError
from viewer.core.task import CancelFlag
from viewer.journal import open_journal
from viewer.room.home import home_lock, in_words, wait_for_home
from viewer.session import Session
from viewer.session.history import Thing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path))
    return tmp_path


def test_a_second_window_learns_who_works_here() -> None:
    first, nobody = home_lock("a window")
    second, holder = home_lock("a window")
    assert nobody is None
    assert holder is not None
    assert "a window (process" in in_words(holder)
    first.release()
    assert second.try_acquire()
    second.release()


def test_a_script_waits_and_then_says_who_holds_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = home_lock("a window")
    monkeypatch.setattr(lock.FileLock.acquire, "__defaults__", (0.2, None))
    with pytest.raises(OutputError, match="a window"):
        wait_for_home("a script", CancelFlag())
    first.release()
    wait_for_home("a script", CancelFlag()).release()


def test_where_another_works_nothing_is_changed() -> None:
    session = Session()
    session.history.lock("a window (process 1 of a on b) since 10:00:00")
    with pytest.raises(UsageError, match="only be looked at"):
        session.history.do(Thing.TEXT, "1.2", "text", before={}, after={"impression": "x"})
    with pytest.raises(UsageError, match="process 1"):
        session.history.check_open()


def test_a_journal_that_only_reads_takes_nothing(home: Path) -> None:
    journal, _ = open_journal(home)
    journal.append("signed", {"name": "A"}, "1.2")
    journal.close()
    looking, _ = open_journal(home)
    looking.reads_only = True
    looking.append("step", {"thing": "finding"}, "1.3")
    assert [entry.kind for entry in looking.entries()] == ["signed"]
    looking.close()


STEPS: list[tuple[str, dict[str, Any], str, bool]] = [
    ("step", {"thing": "finding"}, "1.2", False),
    ("step", {"thing": "text"}, "1.2", False),
    ("step", {"thing": "key_images"}, "1.2", False),
    ("signed", {"name": "B"}, "1.2", False),
    ("step", {"thing": "finding"}, "1.3", True),
    ("step", {"thing": "layout"}, "1.2", True),
    ("result", {}, "1.2", True),
]


@pytest.mark.parametrize(("kind", "body", "study", "taken"), STEPS)
def test_after_a_signature_the_journal_itself_takes_no_verdict(
    home: Path, kind: str, body: dict[str, Any], study: str, taken: bool
) -> None:
    journal, _ = open_journal(home)
    journal.append("step", {"thing": "finding"}, "1.2")
    journal.append("signed", {"name": "A"}, "1.2")
    if taken:
        journal.append(kind, body, study)
    else:
        with pytest.raises(OutputError, match="is signed"):
            journal.append(kind, body, study)
    assert journal.waiting == 0
    assert len(list(journal.entries())) == (3 if taken else 2)
    journal.append("place", {})
    journal.close()
