"""Several files together or not at all: at every kill, and where the disk refuses in the middle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import faults
from viewer.core import change
from viewer.core.change import changing, is_unfinished, recover

BEFORE = {"a": "old a", "b": "old b", "c": "old c"}
AFTER = {"a": "new a", "c": "old c", "d": "new d"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "results"
    fill(place)
    return place


def fill(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, text in BEFORE.items():
        (place / name).write_text(text)


def change_it(folder: Path) -> None:
    with changing(folder) as one:
        (one.files / "a").write_text("new a")
        (one.files / "d").write_text("new d")
        one.gone.append("b")


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_files_come_and_go_together(folder: Path) -> None:
    change_it(folder)
    assert contents(folder) == AFTER
    assert not is_unfinished(folder)


def test_a_block_that_fails_changes_nothing(folder: Path) -> None:
    with pytest.raises(ValueError, match="no"), changing(folder) as one:
        (one.files / "a").write_text("new a")
        raise ValueError("no")
    assert contents(folder) == BEFORE


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.logs("cut short is settled")
def test_at_every_kill_it_is_all_or_nothing(folder: Path) -> None:
    seen = set()
    points = 0
    for _ in faults.kills(lambda: change_it(folder), folder):
        points += 1
        recover(folder)
        after = contents(folder)
        assert after in (BEFORE, AFTER)
        seen.add(tuple(sorted(after.items())))
        fill(folder)
    assert points > 15
    assert len(seen) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.logs("cut short is settled")
def test_a_recovery_that_is_killed_is_gone_on_with(folder: Path, tmp_path: Path) -> None:
    states = []
    for n in faults.kills(lambda: change_it(folder), folder):
        shutil.copytree(folder, tmp_path / f"state-{n}")
        states.append(tmp_path / f"state-{n}")
        fill(folder)
    points = 0
    for state in states:
        decided = is_unfinished(state)
        work = tmp_path / "work"
        shutil.copytree(state, work)
        for _ in faults.kills(lambda place=work: recover(place), work):  # type: ignore[misc]
            points += 1
            recover(work)
            assert contents(work) == AFTER if decided else contents(work) in (BEFORE, AFTER)
            shutil.rmtree(work)
            shutil.copytree(state, work)
        shutil.rmtree(work)
    assert points > 50


def test_where_the_disk_refuses_in_the_middle_the_old_files_come_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, moved = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        if self.name == "d":
            raise OSError(5, "the disk is ill")
        moved.append(self.name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="ill"):
        change_it(folder)
    assert "a" in moved
    assert contents(folder) == BEFORE


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.logs("cut short is settled")
def test_a_kill_while_the_old_files_come_back_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == "d":
            raise OSError(5, "the disk is ill")
        return real(self, target)

    def refused() -> None:
        Path.replace = replace  # type: ignore[method-assign]
        with pytest.raises(OSError, match="ill"):
            change_it(folder)

    points = 0
    for _ in faults.kills(refused, folder):
        points += 1
        recover(folder)
        assert contents(folder) in (BEFORE, AFTER)
        fill(folder)
    assert points > 20


@pytest.mark.logs("cut short is settled")
def test_a_name_with_a_path_in_it_is_never_followed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_text("mine")
    decided = folder / change.DECIDED
    decided.mkdir()
    (decided / "plan.json").write_text('{"new": [], "gone": ["../outside"], "before": []}')
    recover(folder)
    assert outside.read_text() == "mine"
