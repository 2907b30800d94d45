"""Finished sentences said again: by pattern, nested, several in a row; what is not known stays."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from viewer.core import errors, measure
from viewer.core.geometry import Geometry
from viewer.core.phrases import Phrases, phrases_in
from viewer.core.resources import resources_dir

ROOT = Path(__file__).resolve().parents[3]
#: Parts whose sentences reach the window.
PARTS = ("analysis", "core", "display", "reading", "reporting", "room/tools", "session")
SPOKEN = {"GateReason", "Caution", "MeasureError", *(n for n in vars(errors) if n.endswith("Error"))}
TABLE = Phrases(
    {
        "{need}; this is {have}.": "{need}；此图像为：{have}。",
        "Needs {what}": "需要 {what}",
        "{a} or {b}": "{a} 或 {b}",
        "chest": "胸部",
        "It is empty.": "为空。",
    }
)


def test_filled_in_words_are_looked_up_too() -> None:
    assert TABLE.say("Needs CR or DX; this is chest.") == "需要 CR 或 DX；此图像为：胸部。"


def test_short_values_are_no_words() -> None:
    assert Phrases({"{a}.": "{a}。", "L": "窗位"}).say("L.") == "L。"


def test_sentences_in_a_row_are_said_one_by_one() -> None:
    assert TABLE.say("It is empty. Needs MR; this is CT.") == "为空。需要 MR；此图像为：CT。"
    assert TABLE.say("It is empty. Nobody knows this.") == "为空。Nobody knows this."


def test_what_is_not_known_and_english_stay() -> None:
    assert TABLE.say("Something else (MR).") == "Something else (MR)."
    assert phrases_in("en").say("It is empty.") == "It is empty."


def test_braces_in_a_value_do_no_harm() -> None:
    assert TABLE.say("Needs {x}; this is {0}.") == "需要 {x}；此图像为：{0}。"


def test_a_measurement_refused_across_a_gap_is_said_in_chinese() -> None:
    affine = np.diag([5.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]]
    geometry = Geometry((4, 9, 9), affine, slice_positions=(0.0, 5.0, 10.0, 22.5))
    with pytest.raises(measure.MeasureError) as caught:
        measure.length((0, 0, 10), (0, 0, 15), geometry)
    say = phrases_in("zh").say
    assert "长度" in say(caught.value.what)
    assert not re.search("[A-Za-z]{3}", say(caught.value.what) + say(caught.value.todo))


def test_both_languages_name_the_same_fields() -> None:
    table = tomllib_table()
    fields = re.compile(r"\{(\w+)\}")
    off = [key for key, said in table.items() if sorted(fields.findall(key)) != sorted(set(fields.findall(said)))]
    assert off == []


def tomllib_table() -> dict[str, str]:
    import tomllib

    return tomllib.loads((resources_dir() / "i18n" / "zh_sentences.toml").read_text(encoding="utf-8"))


def written(node: ast.expr) -> list[str]:
    """Sentences that an argument may be, with 7 for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(v.value if isinstance(v, ast.Constant) else "7" for v in node.values)]
    if isinstance(node, ast.IfExp):
        return written(node.body) + written(node.orelse)
    return []


def sentences(source: Path) -> Iterator[str]:
    """Every sentence written in a call of an error, a reason or a caution, or kept in `text` before it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SPOKEN:
            for value in (*node.args, *(keyword.value for keyword in node.keywords)):
                yield from written(value)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "text":
            yield from written(node.value)


def spoken() -> list[Path]:
    files = (p for part in PARTS for p in (ROOT / "viewer" / part).rglob("*.py"))
    return sorted(p for p in files if SPOKEN & set(re.findall(r"\w+(?=\()", p.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("source", spoken(), ids=lambda p: str(p.relative_to(ROOT / "viewer")))
def test_every_sentence_of_the_lower_parts_has_its_chinese(source: Path) -> None:
    say = phrases_in("zh").say
    assert [s for s in sentences(source) if s[:1].isupper() and s.endswith(".") and say(s) == s] == []
