"""Every word of the window exists in Chinese; colours stand in one table; keys do not clash."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from viewer.core.report import INTENDED_USE
from viewer.core.sections import SECTIONS
from viewer.core.study import Patient
from viewer.display.protocols import builtin_rules
from viewer.room.actions import ACTIONS, MENUS, TOOLBAR, conflicts, row
from viewer.room.views.facts import CursorInfo
from viewer.room.views.values import value_words
from viewer.ui.kit import icons, theme
from viewer.words.i18n import date_words, load_words, set_language, tr
from viewer.words.people import age_words, patient_name

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "viewer" / "ui").rglob("*.py"))


def said(source: Path) -> set[str]:
    """Literal texts handed to `tr` in a file."""
    calls = [n for n in ast.walk(ast.parse(source.read_text())) if isinstance(n, ast.Call) and n.args]
    texts = [c.args[0] for c in calls if getattr(c.func, "id", "") == "tr"]
    flat = [part for t in texts for part in ((t.body, t.orelse) if isinstance(t, ast.IfExp) else (t,))]
    return {t.value for t in flat if isinstance(t, ast.Constant) and isinstance(t.value, str)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "viewer" / "ui")))
def test_every_word_has_its_chinese(source: Path) -> None:
    assert sorted(said(source) - load_words("zh").keys()) == []


def test_tables_of_words_have_their_chinese() -> None:
    words = load_words("zh")
    tables = [INTENDED_USE, *MENUS, *(a.text for a in ACTIONS), *(a.short for a in ACTIONS if a.short)]
    tables += [section.heading for section in SECTIONS]
    tables += [rule.name for rule in builtin_rules()]
    assert sorted(set(tables) - words.keys()) == []


def test_fields_survive_translation() -> None:
    fields = re.compile(r"\{(\w+)")
    for english, chinese in load_words("zh").items():
        assert sorted(fields.findall(english)) == sorted(fields.findall(chinese)), english


def test_a_verdict_and_a_refusal_share_no_word_in_chinese() -> None:
    words = load_words("zh")
    assert words["Rejected"] == "不采纳"
    assert words["Refused"] == "拒绝运行"
    assert words["AI draft"] == "AI 草稿"


def test_dates_and_ages() -> None:
    assert date_words("20260302") == "2 Mar 2026"
    assert date_words("nonsense") == "nonsense"
    set_language("zh")
    assert date_words("20260302") == "2026-03-02"
    assert tr("Accept") == "采纳"
    set_language("en")
    assert age_words("20220114", "20260302") == "4 Y"
    assert age_words("20260101", "20260115") == "14 days"
    assert age_words("20250601", "20260302") == "9 months"
    assert age_words("", "20260302", "004Y") == "4 Y"
    assert age_words("20300101", "20260302") == "", "nobody is born after the study"


def test_names_as_read_aloud() -> None:
    assert patient_name(Patient(name="DOE^JANE^^DR")) == "DOE JANE DR"
    assert patient_name(Patient(name="Yamada^Tarou=山田^太郎")) == "山田 太郎 (Yamada Tarou)"
    assert patient_name(Patient()) == "no name"
    assert patient_name(Patient(name="DOE^JANE"), hide=True) == "hidden"


def luminance(value: str) -> float:
    channels = [int(value[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("text", ["text_1", "text_2", "text_3", "proposed", "accepted", "unsure", "warn", "refuse"])
@pytest.mark.parametrize("ground", ["bg_panel", "bg_raised", "bg_hover"])
def test_text_stands_out(text: str, ground: str) -> None:
    tokens = theme.TOKENS
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


def test_no_colour_stands_outside_the_table() -> None:
    hexes = re.compile(r"""["']#[0-9A-Fa-f]{6}["']""")
    found = {p.name for p in SOURCES if hexes.search(p.read_text())}
    assert found == {"theme.py"}
    assert not re.search(r"#[0-9A-Fa-f]{6}\b", (ROOT / "resources" / "theme" / "app.qss").read_text())


def test_default_keys_do_not_clash() -> None:
    assert conflicts({}) == {}
    assert conflicts({"tool.zoom": "W"})["W"] == ("tool.window", "tool.zoom")


def test_keys_that_readers_already_know() -> None:
    wanted = {
        "tool.window": "W", "tool.zoom": "Z", "tool.pan": "T", "tool.angle": "A", "tool.ellipse": "E",
        "tool.arrow": "Q", "tool.text": "B", "image.flip_h": "H", "image.flip_v": "V", "image.rotate": "R",
        "image.invert": "I", "tool.crosshair": "X", "image.cine": "C", "view.corners": "Space",
        "edit.undo": "Ctrl+Z", "edit.redo": "Ctrl+Y", "view.reset": "Ctrl+R", "overlay.toggle": "O",
        "finding.next": "N", "finding.previous": "Shift+N", "finding.accept": "Ctrl+Return",
        "finding.reject": "Ctrl+Backspace", "finding.edit": "F2", "window.auto": "0", "window.file": "1",
        "slice.up": "Up", "slice.up10": "Shift+Up", "slice.first": "Home", "series.next": "PgDown",
        "view.next": "Tab", "patient.next": "Ctrl+Down", "view.maximise": "F11", "help.keys": "F1",
    }  # fmt: skip
    assert {name: row(name).keys[0] for name in wanted} == wanted
    assert set(row("tool.length").keys) == {"D", "L"}


def test_every_toolbar_entry_is_an_action_with_icon_and_word() -> None:
    for name in (name for group in TOOLBAR for name in group):
        assert row(name).icon
        assert row(name).short


def test_icons_take_their_colour(qapp: QApplication) -> None:
    def colour_at_edge(token: str) -> str:
        picture = icons.pixmap("refuse", token, 32).toImage()
        return picture.pixelColor(16, 5).name()

    assert colour_at_edge("refuse") != colour_at_edge("accepted")
    for file in sorted((ROOT / "resources" / "icons").glob("*.svg")):
        assert not icons.pixmap(file.stem, "text_1").isNull()


@pytest.mark.parametrize(
    ("value", "unit", "factor", "said"),
    [
        (13220.0, "Bq/mL", 0.000318, "13220 Bq/mL  SUVbw 4.20 (× 0.000318)"),
        (4.2, "g/mL", 1.0, "4.20 g/mL  SUVbw 4.20"),
        (-612.0, "HU", None, "−612 HU"),
    ],
)
def test_the_value_under_the_cursor(value: float, unit: str, factor: float | None, said: str) -> None:
    assert value_words(CursorInfo((0, 0, 0), None, None, (value,), unit, factor)) == said
