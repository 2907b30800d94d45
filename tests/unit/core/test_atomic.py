"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.core.atomic import replacing, write_bytes, write_text


def test_a_file_is_written_and_nothing_else_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "é")
    write_bytes(tmp_path / "a.json", b"two")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"two"}


def test_the_place_beside_keeps_the_ending(tmp_path: Path) -> None:
    with replacing(tmp_path / "v.nii.gz") as part:
        assert part.name.endswith(".nii.gz")
        assert part.parent == tmp_path
        part.write_bytes(b"x")
    assert (tmp_path / "v.nii.gz").read_bytes() == b"x"


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "a") as part:
        part.write_bytes(b"half")
        raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_block_that_writes_nothing_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a"):
        pass
    assert (tmp_path / "a").read_bytes() == b"old"


def test_who_may_read_it_is_the_umask_s_to_say(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode
