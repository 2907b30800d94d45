"""Fonts that may be printed with: the program's own and those of known folders; never whatever else is there."""

from __future__ import annotations

import os
import sys
import unicodedata
from functools import cache
from pathlib import Path

import typst

from viewer.core.resources import resources_dir

#: Where distributions keep Noto and DejaVu (Debian, Fedora, openSUSE, Arch).
_LINUX_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_LINUX_FOLDERS = ("*noto*", "*dejavu*", "*/*noto*", "*/*dejavu*")
_MACOS = (Path("/System/Library/Fonts"), Path("/Library/Fonts"))
#: Characters of these kinds have no look of their own: format marks and control characters.
_MARKS = ("Cc", "Cf", "Cs", "Cn", "Co")


def font_folders() -> list[Path]:
    """The folders fonts are taken from, the program's own first."""
    return [resources_dir() / "fonts", *(folder for folder in _system_folders() if folder.is_dir())]


def _system_folders() -> list[Path]:
    if os.name == "nt":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return list(_MACOS)
    return sorted({folder for root in _LINUX_ROOTS for pattern in _LINUX_FOLDERS for folder in root.glob(pattern)})


@cache
def fonts() -> typst.Fonts:
    """All of them, read once."""
    folders = [str(folder) for folder in font_folders()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def packages_for(letters: frozenset[str]) -> str:
    """What to install so that these characters can be drawn, by the names of Debian and Ubuntu."""
    names = [unicodedata.name(letter, "") for letter in letters if unicodedata.category(letter) not in _MARKS]
    wanted = {_package(name) for name in names if name}
    return ", ".join(sorted(wanted)) or "fonts-noto-core"


def _package(name: str) -> str:
    """The package with the characters of a Unicode name's script."""
    if name.startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH")):
        return "fonts-noto-cjk"
    return "fonts-noto-core"
