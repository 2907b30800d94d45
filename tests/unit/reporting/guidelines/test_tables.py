"""Tables that a site supplies: the worked example of the documentation, mistakes with their place, the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from viewer.cli import main
from viewer.core.errors import ReadError, UsageError
from viewer.core.resources import user_config_dir
from viewer.jobs import guideline
from viewer.reporting.guidelines import schema

DOCS = Path(__file__).resolve().parents[4] / "docs" / "guidelines.md"
MISTAKE = "when = { suspicious = [true] } # refused: a yes-or-no answer is true or false, not a list\n"


def example() -> tuple[str, str]:
    """The worked example with its mistake, and as it should be."""
    first, second = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return first, first.replace(f"[[suspicion]]\n{MISTAKE}", "") + second


@pytest.fixture
def thyroid(tmp_path: Path) -> str:
    file = tmp_path / "thyroid-2015.toml"
    file.write_text(example()[1], encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("age", "size", "suspicious", "rule"),
    [
        (30, 9.9, False, "under-35-small"),
        (30, 10, False, "under-35-large"),
        (35, 14, False, "from-35-small"),
        (35, 15, False, "from-35-large"),
        (60, 4, True, "suspicious"),
    ],
)
def test_the_worked_example_of_the_documentation_works(
    thyroid: str, age: int, size: float, suspicious: bool, rule: str
) -> None:
    patient = {"age_years": age, "limited_life_expectancy": False}
    nodules = [{"long_mm": 2, "suspicious": False}, {"long_mm": size, "suspicious": suspicious}]
    answer = guideline.ask(thyroid, {"nodules": nodules, "patient": patient})
    assert (answer["rule"], answer["size_mm"]) == (rule, size)


def test_its_mistake_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "thyroid-2015.toml"
    file.write_text(example()[0], encoding="utf-8")
    with pytest.raises(ReadError, match="suspicion|rules"):
        guideline.ask(str(file), {})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('size = "long_mm"', 'size = "large_mm"'),
        ('place = "item"', 'place = "moon"'),
        ("after_months = [0, 0]", "after_months = [0]"),
        ("after_months = [0, 0]", "every_months = 12"),
        ("[[rules]]", "[[rule]]"),
        ("{ suspicious = true }", "{ malignant = true }"),
        ('name = "thyroid-2015"', "name ="),
    ],
)
def test_a_table_with_a_strange_word_is_refused(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "mine.toml"
    text = example()[1]
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ReadError, match="mine"):
        schema.load(file)


def test_a_table_of_the_site_is_asked_by_its_name(
    thyroid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))
    folder = user_config_dir() / "guidelines"
    folder.mkdir(parents=True)
    (folder / "thyroid-2015.toml").write_bytes(Path(thyroid).read_bytes())
    assert guideline.names() == ["fleischner-2017", "recist-1.1", "thyroid-2015"]
    assert guideline.ask("thyroid-2015", {"nodules": [{"long_mm": 9}]})["missing"]
    with pytest.raises(UsageError, match="thyroid-2015"):
        guideline.ask("thyroid", {})


def run(tmp_path: Path, name: str, text: str, *options: str) -> int:
    file = tmp_path / "case.json"
    file.write_text(text, encoding="utf-8")
    return main(["guideline", name, str(file), *options], lambda _paths: 0)


CASE = {
    "nodules": [{"composition": "solid", "long_mm": 8, "short_mm": 7}],
    "risk": "low",
    "patient": {"age_years": 60, "known_cancer": False, "immunosuppressed": False, "screening": False},
}


def test_the_command_prints_one_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "fleischner-2017", json.dumps(CASE), "--json") == 0
    assert json.loads(capfd.readouterr().out)["rule"] == "solid-single-6-to-8-low"
    assert run(tmp_path, "fleischner-2017", json.dumps({**CASE, "risk": None})) == 0
    assert "not given: risk" in capfd.readouterr().out
    assert run(tmp_path, "fleischner-2017", json.dumps(CASE), "--language", "zh") == 0
    assert "复查 CT" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("fleischner-2017", "{}", 1),
        ("fleischner-2017", "[]", 1),
        ("fleischner-2017", "{", 1),
        ("fleischner-2017", '{"nodules": [{"composition": "solid", "long_mm": NaN}]}', 1),
        ("fleischner-2018", "{}", 2),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, text: str, status: int
) -> None:
    assert run(tmp_path, name, text, "--json") == status
    told = capfd.readouterr()
    assert json.loads(told.out)["error"]["text"] and told.err


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["guideline", "fleischner-2017", str(tmp_path / "none.json")], lambda _paths: 0) == 1
    assert "cannot be read" in capfd.readouterr().err
