"""Settings that hold one of a few words."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.core.errors import SettingsError
from viewer.core.settings import load_settings


@pytest.mark.parametrize("line", ['language = "fr"', 'device = "tpu"', 'overlay_pattern = "stripes"'])
def test_a_word_that_is_no_choice_is_refused_at_once(tmp_path: Path, line: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(line + "\n")
    with pytest.raises(SettingsError, match="it can be"):
        load_settings(path)


def test_every_default_is_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('language = "zh"\ndevice = "cpu"\noverlay_pattern = "outline"\n')
    assert load_settings(path).language == "zh"
