"""Every setting as one row: its group, its words, and those of its choices; the dialog is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from viewer.core.settings import Settings

GROUPS = ("Reader", "Program", "Pictures", "Mouse", "Windows", "Keys")


@dataclass(frozen=True, slots=True)
class Preference:
    """One setting.

    Attributes:
        name: of the field of `Settings`; text: before its control; hint: below it.
        choices: English words of a setting with a few values; unit: behind its number.
    """

    name: str
    group: str
    text: str
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""


_BUTTONS = {
    "tool": "The chosen tool",
    "window": "Window and level",
    "pan": "Pan",
    "zoom": "Zoom",
    "scroll": "Scroll",
    "nothing": "Nothing",
}
PREFERENCES: tuple[Preference, ...] = (
    Preference("reader_name", "Reader", "Name", "Name and organisation are needed to sign a report."),
    Preference("organization", "Reader", "Organisation"),
    Preference("letterhead", "Reader", "Letterhead", "Lines above a report."),
    Preference("language", "Program", "Language", choices={"en": "English", "zh": "简体中文"}),
    Preference("text_percent", "Program", "Size of text", "Of panels, menus and dialogs.", unit="%"),
    Preference(
        "device",
        "Program",
        "Analyses run on",
        choices={"auto": "Automatic", "cpu": "CPU", "cuda": "Graphics card"},
    ),
    Preference("research_packs", "Program", "Allow packs trained on non-commercial data"),
    Preference("hide_patient_name", "Program", "Hide patient names everywhere"),
    Preference("tour_seen", "Program", "The tour of the first run was seen"),
    Preference(
        "overlay_pattern",
        "Pictures",
        "Segments are filled with",
        "Patterns tell segments apart without their colours.",
        {"colour_and_pattern": "Colour and pattern", "colour": "Colour", "outline": "Outline"},
    ),
    Preference("fill_opacity", "Pictures", "Opacity of segments", unit="%"),
    Preference("heatmap_opacity", "Pictures", "Opacity of heatmaps", unit="%"),
    Preference("mouse_left", "Mouse", "Left button, dragged", choices=_BUTTONS),
    Preference("mouse_middle", "Mouse", "Middle button, dragged", choices=_BUTTONS),
    Preference("mouse_right", "Mouse", "Right button, dragged", "A right click opens the menu.", _BUTTONS),
    Preference("mouse_wheel", "Mouse", "Wheel", choices={"scroll": "Scroll", "zoom": "Zoom"}),
    Preference("swap_window_drag", "Mouse", "Swap the axes of the window drag"),
    Preference("presets", "Windows", "Window presets", "Width and level of each preset; empty for the usual ones."),
    Preference("shortcuts", "Keys", "Keys"),
)
_BY_NAME = {row.name: row for row in PREFERENCES}

#: What the buttons do in other programs as they are installed: left, middle, right, wheel.
MOUSE_PROFILES: dict[str, tuple[str, str, str, str]] = {
    "SecondRead": ("tool", "pan", "zoom", "scroll"),
    "RadiAnt": ("tool", "pan", "zoom", "scroll"),
    "Horos": ("tool", "pan", "zoom", "scroll"),
    "OHIF": ("tool", "pan", "zoom", "scroll"),
    "Weasis": ("tool", "pan", "nothing", "scroll"),
    "3D Slicer": ("window", "pan", "zoom", "scroll"),
}


def preference(name: str) -> Preference:
    """The row of a setting."""
    return _BY_NAME[name]


def profile_of(settings: Settings) -> str:
    """The first profile whose buttons these are; "" for the reader's own."""
    own = settings.mouse_left, settings.mouse_middle, settings.mouse_right, settings.mouse_wheel
    return next((name for name, buttons in MOUSE_PROFILES.items() if buttons == own), "")


def mouse_rows(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What the mouse does on a picture, for the key card: English words."""
    words = {name: _BUTTONS[getattr(settings, f"mouse_{name}")] for name in ("left", "middle", "right")}
    wheel = "Scroll; with Ctrl faster" if settings.mouse_wheel == "scroll" else "Zoom"
    return (
        ("Left drag", words["left"]),
        ("Middle drag", words["middle"]),
        ("Right drag", words["right"]),
        ("Click on a drawing", "Select it: then it can be moved"),
        ("Right click", "Menu"),
        ("Wheel", wheel),
        ("Double click", "Maximise the view, or back"),
    )
