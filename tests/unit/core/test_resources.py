"""Where the user's folders are on each system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from viewer.core.resources import user_cache_dir, user_config_dir, user_data_dir

FOLDERS = (user_data_dir, user_config_dir, user_cache_dir)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home in which no variable moves a folder."""
    for name in ("SECONDREAD_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="places of Linux")
def test_places_on_linux(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [home / place for place in (".local/share/secondread", ".config/secondread", ".cache/secondread")]
    assert [folder() for folder in FOLDERS] == usual
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "elsewhere"))
    assert user_data_dir() == home / "elsewhere" / "secondread"


def test_one_variable_moves_them_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_HOME", str(home / "portable"))
    assert [folder() for folder in FOLDERS] == [home / "portable" / what for what in ("data", "config", "cache")]


def test_a_journal_where_an_earlier_version_left_it_is_used_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (home / ".local/share/secondread").mkdir(parents=True)
    assert user_data_dir() == home / ".local/share/secondread"
