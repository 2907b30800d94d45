"""Settings come back as they were stored, and what is wrong in them is said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.errors import SettingsError
from viewer.core.settings import CHOICES, Settings, load_settings, save_settings, settings_path

#: Whatever a reader can type into a field.
TYPED = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=40)


@given(
    name=TYPED,
    lines=st.lists(TYPED, max_size=4),
    keys=st.dictionaries(TYPED, TYPED, max_size=4),
    opacity=st.floats(0, 1),
    pattern=st.sampled_from(CHOICES["overlay_pattern"]),
)
def test_settings_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    lines: list[str],
    keys: dict[str, str],
    opacity: float,
    pattern: str,
) -> None:
    file = tmp_path_factory.mktemp("settings") / "settings.toml"
    settings = Settings(
        reader_name=name, letterhead=tuple(lines), shortcuts=keys, fill_opacity=opacity, overlay_pattern=pattern
    )
    save_settings(settings, file)
    assert load_settings(file) == settings


def test_no_file_gives_the_defaults_and_the_file_is_plain_toml(own_home: Path) -> None:
    assert load_settings() == Settings()
    save_settings(Settings(language="zh", shortcuts={"tool.pan": "Ctrl+T"}))
    assert settings_path() == own_home / "config" / "settings.toml"
    table = tomllib.loads(settings_path().read_text(encoding="utf-8"))
    assert (table["language"], table["shortcuts"]) == ("zh", {"tool.pan": "Ctrl+T"})
    assert [path.name for path in settings_path().parent.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('language = "fr"', "en or zh"),
        ("reader_name = 3", "not a str"),
        ("fill_opacity = true", "not a float"),
        ("language = ", "cannot be read"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_settings(file)


def test_keys_of_other_versions_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('later = 1\nreader_name = "A"\nfill_opacity = 0\n', encoding="utf-8")
    assert load_settings(file) == Settings(reader_name="A", fill_opacity=0.0)
