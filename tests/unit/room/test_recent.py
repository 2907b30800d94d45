"""What was opened lately: the last first, what is gone left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.journal import Journal, open_journal
from viewer.room.recent import MOST, last_folder, recent_paths


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made, _ = open_journal(tmp_path / "home")
    return made


def opened(journal: Journal, *paths: Path) -> None:
    journal.append("opened", {"paths": [str(path) for path in paths]})


def test_the_last_opened_comes_first_and_once(journal: Journal, tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "one", tmp_path / "b" / "two"
    for path in (first, second):
        path.mkdir(parents=True)
    assert (recent_paths(journal), last_folder(journal)) == ((), "")
    opened(journal, first)
    opened(journal, second)
    opened(journal, first, tmp_path / "gone")
    assert recent_paths(journal) == (str(first), str(second))
    assert last_folder(journal) == str(tmp_path / "a")


def test_a_few_are_offered(journal: Journal, tmp_path: Path) -> None:
    for number in range(MOST + 3):
        (tmp_path / str(number)).mkdir()
        opened(journal, tmp_path / str(number))
    assert len(recent_paths(journal)) == MOST
