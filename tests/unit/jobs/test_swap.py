"""Several files take their places together or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from viewer.jobs.swap import swap_in


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("new", "old", "aside"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / "new" / name).write_text(f"new {name}")
    (tmp_path / "old" / "a").write_text("old a")
    (tmp_path / "old" / "stale").write_text("stale")
    return tmp_path


def moves(place: Path) -> list[tuple[Path, Path]]:
    return [(place / "new" / name, place / "old" / name) for name in ("a", "b")]


def contents(place: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (place / "old").iterdir()}


def test_new_files_stand_and_stale_ones_are_gone(place: Path) -> None:
    swap_in(moves(place), [place / "old" / "stale"], place / "aside")
    assert contents(place) == {"a": "new a", "b": "new b"}


@pytest.mark.parametrize("across_disks", [False, True])
def test_a_failure_puts_everything_back(place: Path, across_disks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(place)
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == "b" or (across_disks and self.parent.name == "aside"):
            raise OSError(errno.EXDEV if across_disks else errno.ENOSPC, "no")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="no"):
        swap_in(moves(place), [place / "old" / "stale"], place / "aside")
    assert contents(place) == before
