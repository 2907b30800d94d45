"""Colours, sizes and fonts of the window: one table, and the style sheet filled from it."""

from __future__ import annotations

import logging
import re
from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from viewer.core.resources import resources_dir

_LOG = logging.getLogger(__name__)
#: Size of the chrome's text in percent; the words on pictures keep theirs.
_TEXT = {"percent": 100}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of the chrome (design.md, "Tokens"); no hex value stands elsewhere in `ui`."""

    bg_viewport: str = "#000000"
    bg_window: str = "#0E1114"
    bg_panel: str = "#15191E"
    bg_raised: str = "#1C2127"
    bg_hover: str = "#262C34"
    bg_pressed: str = "#2F3740"
    sel: str = "#17303F"
    line: str = "#2C333B"
    line_control: str = "#6B7684"
    accent_fill: str = "#1B6690"
    accent_fill_hover: str = "#21769F"
    accent_fill_pressed: str = "#155478"
    warn_bg: str = "#2B2216"
    refuse_bg: str = "#2D1B1A"
    proposed_bg: str = "#221F31"
    accepted_bg: str = "#172720"
    text_1: str = "#E6E9EC"
    text_2: str = "#B6BEC8"
    text_3: str = "#929CA8"
    text_disabled: str = "#6C7683"
    on_accent: str = "#FFFFFF"
    accent: str = "#6CBBE8"
    proposed: str = "#C3B2FA"
    accepted: str = "#74CC98"
    unsure: str = "#E2CF7C"
    rejected: str = "#9EA8B3"
    warn: str = "#F5AC52"
    refuse: str = "#FF8D7E"
    measure: str = "#FFE38A"
    plate: str = "#BF000000"


TOKENS = Tokens()

#: Spacing scale in px; every edge lies on the 4 px grid.
SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32 = 4, 8, 12, 16, 24, 32
#: Type scale: px size of caption, body, panel title, page title. Nothing under 12.
CAPTION, BODY, TITLE, PAGE_TITLE = 12, 13, 14, 20
LATIN_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans")
CHINESE_FAMILIES = ("Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC")


def colour(name: str) -> QColor:
    """The token `name` as a QColor; `plate` carries its alpha."""
    value: str = getattr(TOKENS, name)
    return QColor(value)


def families(language: str) -> list[str]:
    """Font families in the order Qt tries them; Chinese ones first when the language is Chinese."""
    if language == "zh":
        return [*CHINESE_FAMILIES, *LATIN_FAMILIES]
    return [*LATIN_FAMILIES, *CHINESE_FAMILIES]


def font(size: int = BODY, weight: QFont.Weight = QFont.Weight.Normal, language: str = "en") -> QFont:
    """A font of `size` px with tabular digits, so that changing numbers do not jump."""
    made = QFont(families(language))
    made.setPixelSize(size)
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def load_fonts() -> None:
    """Register the bundled Inter files with Qt; without them the next family of the list is used."""
    for file in sorted((resources_dir() / "fonts").glob("*.otf")):
        if QFontDatabase.addApplicationFont(str(file)) < 0:
            _LOG.warning("font %s could not be loaded", file.name)


def px(size: int) -> int:
    """A size of text of the chrome in px, as large as the reader wants it."""
    return round(size * _TEXT["percent"] / 100)


def style_sheet() -> str:
    """The QSS of `resources/theme/app.qss` with every token filled in, its text in the reader's size."""
    text = (resources_dir() / "theme" / "app.qss").read_text(encoding="utf-8")
    text = re.sub(r"font-size: (\d+)px", lambda found: f"font-size: {px(int(found[1]))}px", text)
    return Template(text).substitute(asdict(TOKENS), icons=(resources_dir() / "icons").as_posix())


def palette() -> QPalette:
    """Base colours for what the style sheet does not name."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: "bg_window",
        QPalette.ColorRole.Base: "bg_window",
        QPalette.ColorRole.AlternateBase: "bg_panel",
        QPalette.ColorRole.Button: "bg_raised",
        QPalette.ColorRole.ToolTipBase: "bg_raised",
        QPalette.ColorRole.WindowText: "text_1",
        QPalette.ColorRole.Text: "text_1",
        QPalette.ColorRole.ButtonText: "text_1",
        QPalette.ColorRole.ToolTipText: "text_1",
        QPalette.ColorRole.BrightText: "on_accent",
        QPalette.ColorRole.Highlight: "accent_fill",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.PlaceholderText: "text_3",
    }
    for role, token in roles.items():
        made.setColor(role, colour(token))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, colour("text_disabled"))
    return made


def apply_theme(app: QApplication, language: str = "en", text_percent: int = 100) -> None:
    """Give the whole application its fonts, palette and style sheet."""
    _TEXT["percent"] = text_percent
    load_fonts()
    app.setStyle("Fusion")
    app.setPalette(palette())
    app.setFont(font(px(BODY), language=language))
    app.setStyleSheet(style_sheet())
