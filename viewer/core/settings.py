"""Typed settings, kept as TOML in the user's config folder."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from viewer.core.atomic import write_text
from viewer.core.errors import SettingsError
from viewer.core.resources import user_config_dir

SCHEMA_VERSION = 1
#: What a button of the mouse may do.
MOUSE_ACTIONS = ("tool", "window", "pan", "zoom", "scroll", "nothing")
#: Settings that hold one of a few words.
CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("en", "zh"),
    "device": ("auto", "cpu", "cuda"),
    "overlay_pattern": ("colour_and_pattern", "colour", "outline"),
    "mouse_left": MOUSE_ACTIONS,
    "mouse_middle": MOUSE_ACTIONS,
    "mouse_right": MOUSE_ACTIONS,
    "mouse_wheel": ("scroll", "zoom"),
}
#: Least and greatest value of numbers.
LIMITS: dict[str, tuple[float, float]] = {
    "text_percent": (90, 130),
    "fill_opacity": (0.0, 1.0),
    "heatmap_opacity": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a reader or a site can choose.

    Attributes:
        language: "en" or "zh".
        reader_name, organization: printed on reports, needed for signing.
        letterhead: lines above a report.
        device: "auto", "cpu" or "cuda".
        swap_window_drag: left drag swaps the window and level axes.
        overlay_pattern: "colour_and_pattern", "colour" or "outline".
        shortcuts: action id -> key sequence, only what was rebound.
        mouse_left, mouse_middle, mouse_right: what a drag with the button does; mouse_wheel: "scroll" or "zoom".
        text_percent: size of the text of panels, menus and dialogs.
        presets: "CT/Lung" -> "1500/-600" (width, level), only what was changed.
        tour_seen: the tour of the first run was seen, or put off.
        research_packs: packs trained on non-commercial data may run.
    """

    schema: int = SCHEMA_VERSION
    language: str = "en"
    reader_name: str = ""
    organization: str = ""
    letterhead: tuple[str, ...] = ()
    device: str = "auto"
    hide_patient_name: bool = False
    swap_window_drag: bool = False
    heatmap_opacity: float = 0.45
    fill_opacity: float = 0.28
    overlay_pattern: str = "colour_and_pattern"
    research_packs: bool = False
    mouse_left: str = "tool"
    mouse_middle: str = "pan"
    mouse_right: str = "zoom"
    mouse_wheel: str = "scroll"
    text_percent: int = 100
    tour_seen: bool = False
    presets: dict[str, str] = field(default_factory=dict)
    shortcuts: dict[str, str] = field(default_factory=dict)


def settings_path() -> Path:
    """Where the settings live."""
    return user_config_dir() / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; a missing file gives the defaults.

    Raises:
        SettingsError: the file is not TOML or a value has the wrong type.
    """
    file = path or settings_path()
    if not file.is_file():
        return Settings()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The settings file {file.name} cannot be read ({error}).",
            "Correct or delete it; the program then starts with its defaults.",
        ) from error
    return _from_raw(raw)


def _from_raw(raw: dict[str, Any]) -> Settings:
    default = Settings()
    known = {f.name for f in fields(Settings)}
    given: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in known:
            continue
        given[name] = _checked(name, value, type(getattr(default, name)))
    return replace(default, **given)


def _checked(name: str, value: Any, want: type) -> Any:
    if want is tuple and isinstance(value, list):
        return tuple(str(v) for v in value)
    if want is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    low, high = LIMITS.get(name, (value, value))
    if type(value) is want and name in LIMITS and not low <= value <= high:
        raise SettingsError(
            f"The setting {name} holds {value!r}; it can be {low:g} to {high:g}.",
            "Correct it in settings.toml or delete the line.",
        )
    if type(value) is want and value not in CHOICES.get(name, (value,)):
        raise SettingsError(
            f"The setting {name} holds {value!r}; it can be {' or '.join(CHOICES[name])}.",
            "Correct it in settings.toml or delete the line.",
        )
    if type(value) is not want:
        raise SettingsError(
            f"The setting {name} holds {value!r}, which is not a {want.__name__}.",
            "Correct it in settings.toml or delete the line.",
        )
    return value


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings whole or not at all."""
    file = path or settings_path()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, tomli_w.dumps(asdict(settings)))
