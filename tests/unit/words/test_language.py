"""Dates, ages, sides and numbers as each language writes them; nothing guessed."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.reporting.builders import finding
from viewer.core.errors import UsageError
from viewer.core.finding import Location, Measurement, Side
from viewer.words.language import LANGUAGES, words_in

EN, ZH = words_in("en"), words_in("zh")


def flat(table: dict[str, Any], above: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in table.items():
        if key == "words":
            continue
        out |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: str(value)}
    return out


def test_both_languages_say_everything_with_the_same_fields() -> None:
    english, chinese = flat(EN.table), flat(ZH.table)
    assert english.keys() == chinese.keys()
    fields = {
        key: {name.split(":")[0] for _t, name, _s, _c in string.Formatter().parse(text) if name}
        for key, text in english.items()
    }
    for key, names in fields.items():
        theirs = {name for _t, name, _s, _c in string.Formatter().parse(chinese[key]) if name}
        assert theirs == names, key


def test_words_of_a_verdict_and_of_a_refusal_differ_in_chinese() -> None:
    assert ZH("ai", "rejected", n=1).startswith("不采纳")
    assert "拒绝运行" in ZH("passport", "refused")
    assert "采纳" not in ZH("passport", "refused")


def test_words_that_must_not_be_said_are_not() -> None:
    english = " ".join(text for key, text in flat(EN.table).items() if not key.endswith((".use", ".score")))
    for word in ("diagnos", "detected", "confidence", "probability", "please", "!"):
        assert word not in english.lower(), word


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("20260302", "2 Mar 2026", "2026-03-02"),
        ("2026-03-02", "2 Mar 2026", "2026-03-02"),
        ("", "unknown", "未知"),
        ("20261399", "20261399", "20261399"),
        ("spring", "spring", "spring"),
    ],
)
def test_dates(text: str, english: str, chinese: str) -> None:
    assert (EN.date(text), ZH.date(text)) == (english, chinese)


def test_moments_keep_the_writer_s_clock() -> None:
    assert EN.moment("2026-03-02T23:41:59+09:00") == "2 Mar 2026 23:41"
    assert EN.moment("") == "unknown"


@pytest.mark.parametrize(("text", "said"), [("004Y", "4 Y"), ("018M", "18 months"), ("", ""), ("4Y", ""), ("abcY", "")])
def test_ages(text: str, said: str) -> None:
    assert EN.age(text) == said


@given(st.text(max_size=12))
def test_any_age_and_date_ends_in_words(text: str) -> None:
    assert isinstance(EN.age(text), str)
    assert EN.date(text)
    assert ZH.moment(text)


@pytest.mark.parametrize(
    ("measurement", "said"),
    [
        (Measurement("Volume", 1814.49, "mm3"), "Volume 1814 mm³"),
        (Measurement("Long axis", 7.25, "mm"), "Long axis 7.2 mm"),
        (Measurement("Cardiothoracic ratio", 0.478, "1"), "Cardiothoracic ratio 0.48"),
        (Measurement("Long axis", 7.2, "mm", plus_minus=0.44), "Long axis 7.2 ± 0.4 mm"),
        (Measurement("Wobble", 1.239, "furlong"), "Wobble 1.24 furlong"),
        (Measurement("Mean", -612.4, "[hnsf'U]"), "Mean -612.4 HU"),
    ],
)
def test_measurements_are_rounded_as_they_are_read(measurement: Measurement, said: str) -> None:
    assert EN.measurement(measurement) == said


def test_a_side_the_reader_changed_is_said_with_what_the_ai_had_said() -> None:
    edited = finding(location=Location("Right lower zone"), side=Side.RIGHT).edited_to(
        label="Anterior hippocampus", side=Side.LEFT, comment=""
    )
    assert EN.place(edited) == "left (by the reader; AI placed it: Right lower zone)"
    assert "左侧" in ZH.place(edited)
    untouched = finding(location=Location("Right lower zone"), side=Side.RIGHT)
    assert EN.place(untouched) == "Right lower zone"
    assert EN.place(finding(location=Location(), side=Side.BOTH)) == "both sides"
    assert EN.place(finding(location=Location(), side=Side.NONE)) == "–"


def test_names_without_a_translation_stay_as_they_are() -> None:
    assert ZH.name("Pneumonia pattern") == "肺炎样表现"
    assert ZH.name("Something new") == "Something new"
    assert EN.name("Pneumonia pattern") == "Pneumonia pattern"


@pytest.mark.parametrize("language", ["de", "", "../en"])
def test_other_languages_are_refused_in_words(language: str) -> None:
    with pytest.raises(UsageError, match="no report in the language"):
        words_in(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_field_is_left_in_a_phrase_without_values(language: str) -> None:
    plain = [text for key, text in flat(words_in(language).table).items() if key.startswith(("section.", "status."))]
    assert not any(re.search(r"[{}]", text) for text in plain)


def test_every_label_and_name_of_the_program_s_packs_has_chinese_words() -> None:
    names = set()
    for file in sorted((Path(__file__).parents[3] / "models").glob("*/configs/metadata.json")):
        metadata = json.loads(file.read_text(encoding="utf-8"))
        if metadata["viewer"]["task"] == "gate":
            continue
        names.add(metadata["name"])
        names |= {label["text"] for label in (metadata["viewer"].get("labels") or {}).values()}
    assert names
    assert {name for name in names if ZH.name(name) == name} == set()
