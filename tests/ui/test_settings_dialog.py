"""Settings made from the typed settings: each has a control, words in both languages, and comes back as it was."""

from __future__ import annotations

import unicodedata
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PySide6.QtWidgets import QComboBox, QSpinBox, QTableWidget
from pytestqt.qtbot import QtBot

from tests import phantoms
from viewer.core.errors import SettingsError
from viewer.core.settings import CHOICES, Settings, load_settings, save_settings
from viewer.display.slicing import Plane
from viewer.room.preferences import GROUPS, MOUSE_PROFILES, PREFERENCES, mouse_rows, preference, profile_of
from viewer.room.views import commands
from viewer.room.views.mouse import Button, Mouse
from viewer.room.views.view import View, ViewSpec
from viewer.ui.kit import theme
from viewer.ui.shell.dialogs.key_card import write_key_card
from viewer.ui.shell.dialogs.settings import SettingsDialog
from viewer.words.i18n import load_words, set_language

CHOSEN = Settings(
    language="zh",
    reader_name="Dr. A",
    letterhead=("Line one", "Line two"),
    fill_opacity=0.4,
    mouse_right="nothing",
    text_percent=115,
    presets={"CT/Lung": "1600/-500"},
    shortcuts={"tool.zoom": "Ctrl+J"},
)


def test_every_setting_has_a_row_and_every_word_its_chinese() -> None:
    assert {row.name for row in PREFERENCES} == {one.name for one in fields(Settings)} - {"schema"}
    assert {row.name: tuple(row.choices) for row in PREFERENCES if row.choices} == CHOICES
    words = load_words("zh")
    said = [*GROUPS, *(row.text for row in PREFERENCES), *(row.hint for row in PREFERENCES if row.hint)]
    said += [text for row in PREFERENCES if row.name != "language" for text in row.choices.values()]
    said += [text for row in mouse_rows(Settings()) for text in row]
    assert sorted(set(said) - words.keys()) == []


@pytest.mark.parametrize("settings", [Settings(), CHOSEN])
def test_what_is_not_touched_comes_back_as_it_was(settings: Settings, qtbot: QtBot) -> None:
    saved: list[Settings] = []
    dialog = SettingsDialog(settings, saved.append)
    qtbot.addWidget(dialog)
    dialog._save()
    assert saved == [settings]


def test_the_search_shows_what_the_words_fit(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings(), lambda _settings: None)
    qtbot.addWidget(dialog)

    def shown() -> list[str]:
        return [line.row.name for line in dialog._lines if not line.holder.isHidden()]

    assert len(shown()) == len(PREFERENCES)
    dialog.search.setText("opacity")
    assert shown() == ["fill_opacity", "heatmap_opacity"]
    dialog.search.setText("Invert")
    assert shown() == ["shortcuts"], "keys are found by the name of their action"
    dialog.search.setText("nonsense words")
    assert shown() == [] and not dialog._nothing.isHidden()


def test_each_kind_of_setting_is_changed_by_its_control(qtbot: QtBot) -> None:
    saved: list[Settings] = []
    dialog = SettingsDialog(Settings(), saved.append)
    qtbot.addWidget(dialog)
    size, pattern, presets = (dialog.editors[n].widget for n in ("text_percent", "overlay_pattern", "presets"))
    assert isinstance(size, QSpinBox) and isinstance(pattern, QComboBox) and isinstance(presets, QTableWidget)
    size.setValue(120)
    pattern.setCurrentIndex(pattern.findData("outline"))
    presets.item(0, 2).setText("1600")
    presets.item(1, 2).setText("wide")
    dialog._save()
    wanted = replace(Settings(), text_percent=120, overlay_pattern="outline", presets={"CT/Lung": "1600/-600"})
    assert saved == [wanted]


def test_settings_out_of_their_limits_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    save_settings(CHOSEN, file)
    assert load_settings(file) == CHOSEN
    for line in ("text_percent = 900", "fill_opacity = 7.0", 'mouse_left = "fly"'):
        file.write_text(line + "\n")
        with pytest.raises(SettingsError):
            load_settings(file)


def view_of(**options: object) -> View:
    made = View()
    made.options = replace(made.options, **options)  # type: ignore[arg-type]
    values = np.arange(8 * 60 * 60, dtype=np.int16).reshape(8, 60, 60)
    grid = phantoms.geometry((8, 60, 60))
    made.show(ViewSpec(phantoms.stack(grid), phantoms.volume(values, geometry=grid), Plane.NATIVE))
    made.camera = made.camera.resized(600, 600)
    return made


@pytest.mark.parametrize("name", MOUSE_PROFILES)
def test_a_profile_says_what_each_button_does(name: str) -> None:
    left, middle, right, wheel = MOUSE_PROFILES[name]
    view = view_of(buttons=(left, middle, right), wheel=wheel)
    mouse = Mouse(view)
    for button, wanted in zip(Button, (left, middle, right), strict=True):
        before = (view.camera, view.window)
        mouse.press(button, mouse.pointer(300, 300))
        mouse.move(mouse.pointer(320, 340))
        mouse.release(button, mouse.pointer(320, 340))
        moved, windowed = view.camera != before[0], view.window != before[1]
        assert (moved, windowed) == (wanted in ("pan", "zoom"), wanted in ("tool", "window")), (name, button)


def test_a_wheel_may_zoom_where_the_pointer_is() -> None:
    view = view_of(wheel="zoom")
    zoom = view.camera.zoom
    assert Mouse(view).wheel(2.0, fast=False) == 0
    assert view.camera.zoom > zoom


def test_presets_of_the_reader_take_the_place_of_the_usual_ones() -> None:
    view = view_of(presets=(("CT/Lung", "1600/-500"), ("CT/Bone", "nonsense")))
    found = {one.name: (one.width, one.center, one.key) for one in commands.presets_of(view)}
    assert found["Lung"] == (1600.0, -500.0, "2")
    assert found["Bone"][:2] == (2000.0, 350.0)
    commands.preset_window(view, 2)
    assert view.window is not None and view.window.width == 1600


def test_the_key_card_is_a_pdf_in_both_languages(qtbot: QtBot, tmp_path: Path) -> None:
    for language, invert, mouse in (("en", "Invert", "Menu"), ("zh", "反相", "菜单")):
        set_language(language)
        file = tmp_path / f"{language}.pdf"
        write_key_card(str(file), Settings(shortcuts={"image.invert": "Ctrl+J"}, mouse_right="nothing"))
        document = pdfium.PdfDocument(file)
        try:
            text = " ".join(page.get_textpage().get_text_range() for page in document)
            assert 1 <= len(document) <= 2
        finally:
            document.close()
        said = "".join(unicodedata.normalize("NFKC", text).split())
        assert "Ctrl+J" in said and invert in said and mouse in said
    with pytest.raises(OSError):
        write_key_card(str(tmp_path / "missing" / "card.pdf"), Settings())


def test_the_text_of_the_chrome_grows_with_the_setting() -> None:
    theme._TEXT["percent"] = 130
    try:
        assert theme.px(13) == 17
        assert "font-size: 17px" in theme.style_sheet() and "font-size: 13px" not in theme.style_sheet()
    finally:
        theme._TEXT["percent"] = 100


def test_profiles_are_told_by_their_buttons() -> None:
    assert profile_of(Settings()) == "SecondRead"
    assert profile_of(Settings(mouse_right="nothing")) == "Weasis"
    assert profile_of(Settings(mouse_right="scroll", mouse_wheel="zoom")) == ""
    assert preference("mouse_left").group == "Mouse"
