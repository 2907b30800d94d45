"""Finds `resources/` and `models/` in a checkout or an installed wheel, and the user's folders."""

from __future__ import annotations

import os
from pathlib import Path

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
    return _user("data", "XDG_DATA_HOME", ".local/share")


def user_config_dir() -> Path:
    """settings.toml."""
    return _user("config", "XDG_CONFIG_HOME", ".config")


def user_cache_dir() -> Path:
    """Rebuildable things: scan index, exported networks."""
    return _user("cache", "XDG_CACHE_HOME", ".cache")


def _user(what: str, variable: str, fallback: str) -> Path:
    home = os.environ.get("SECONDREAD_HOME")
    if home:
        return Path(home) / what
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA", str(Path.home())))
        return base / "SecondRead" / what
    return Path(os.environ.get(variable) or Path.home() / fallback) / "secondread"
