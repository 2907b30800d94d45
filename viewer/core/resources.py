"""Finds `resources/` and `models/` in a checkout or an installed wheel, and the user's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from platformdirs import PlatformDirs

_PACKAGE = Path(__file__).resolve().parents[1]


def _beside_or_inside(name: str) -> Path:
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def resources_dir() -> Path:
    """Folder of icons, theme, presets, codes and languages."""
    return _beside_or_inside("resources")


def models_dirs() -> tuple[Path, ...]:
    """Folders searched for packs: the program's own, then the user's installed ones."""
    override = os.environ.get("SECONDREAD_MODELS")
    own = Path(override) if override else _beside_or_inside("models")
    return own, user_data_dir() / "models"


def user_data_dir() -> Path:
    """Journal, installed packs. `SECONDREAD_HOME` moves every user folder (tests, portable use)."""
    return _user("data", Path(_FOLDERS.user_data_dir))


def user_config_dir() -> Path:
    """settings.toml."""
    return _user("config", Path(_FOLDERS.user_config_dir))


def user_cache_dir() -> Path:
    """Rebuildable things: scan index, exported networks."""
    return _user("cache", Path(_FOLDERS.user_cache_dir))


_FOLDERS = PlatformDirs("secondread", appauthor=False)
#: Where earlier versions kept them; what lies there is used on.
_EARLIER: dict[str, dict[str, Path]] = {
    "darwin": {
        "data": Path(".local/share/secondread"),
        "config": Path(".config/secondread"),
        "cache": Path(".cache/secondread"),
    },
    "win32": {what: Path("AppData/Local/SecondRead", what) for what in ("data", "config", "cache")},
}


def _user(what: str, place: Path) -> Path:
    home = os.environ.get("SECONDREAD_HOME")
    if home:
        return Path(home) / what
    earlier = _EARLIER.get(sys.platform, {}).get(what)
    if earlier is not None and (Path.home() / earlier).is_dir():
        return Path.home() / earlier
    return place
