"""The report of a script: what the reader measured, marked and wrote, by name, in every file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests import synth
from tests.scripted import lps, play, results
from viewer.core.task import CancelFlag
from viewer.jobs.checking.check import check


@pytest.fixture
def steps(tmp_path: Path) -> list[dict[str, Any]]:
    """A series on show on its slice 3."""
    made = synth.write_series(tmp_path / "ct", shape=(6, 64, 64), spacing=(5.0, 1.0, 1.0))
    assert made.affine is not None
    return [
        {"do": "open", "paths": [str(made.folder)]},
        {"do": "show", "series_uid": made.series_uid},
        {"do": "measure", "tool": "length", "points_lps": lps(made.affine, (3, 20, 20), (3, 40, 40))},
    ]


def words_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_a_named_measurement_stands_in_pdf_sr_and_result(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    measured = results(*steps)[2]
    to = tmp_path / "out"
    rename = {"do": "rename", "id": measured["id"], "name": "Aortic width"}
    told = results(*steps[:2], rename, {"do": "report", "to": str(to)}, {"do": "report", "to": str(to)})
    assert {"report.pdf", "sr.dcm", "result.json"} <= {Path(file).name for file in told[3]["files"]}
    assert all(Path(file).is_file() for file in told[3]["files"])
    assert "Aortic width" in words_of(to / "report.pdf") and "28.3" in words_of(to / "report.pdf")
    assert b"Aortic width" in (to / "sr.dcm").read_bytes()
    assert json.loads((to / "result.json").read_text())["measurements"][0]["name"] == "Aortic width"


def test_only_the_formats_that_are_wanted_are_written(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    wanted = {"do": "report", "to": str(tmp_path / "out"), "formats": ["pdf", "json"]}
    told = play(*steps, wanted, wanted | {"formats": ["docx"], "to": str(tmp_path / "other")})
    assert {Path(file).name for file in told[3]["result"]["files"]} == {"report.pdf", "result.json"}
    assert not told[4]["ok"] and not (tmp_path / "other").exists()


def test_words_and_pictures_alone_are_reported_and_nothing_is_not(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    report = {"do": "report"}
    told = play(
        *steps[:2],
        report | {"to": str(tmp_path / "nothing")},
        {"do": "text", "section": "impression", "text": "Unremarkable."},
        report | {"to": str(tmp_path / "words")},
        {"do": "undo"},
        {"do": "key_image", "caption": "This one"},
        report | {"to": str(tmp_path / "picture")},
    )
    assert [one["ok"] for one in told] == [True, True, False, True, True, True, True, True]
    assert "Unremarkable." in words_of(tmp_path / "words" / "report.pdf")
    assert "This one" in words_of(tmp_path / "picture" / "report.pdf")


def test_a_signed_report_locks_its_words_and_a_failed_one_locks_nothing(
    steps: list[dict[str, Any]], tmp_path: Path
) -> None:
    sign = {"name": "A. Reader", "organization": "Sample Hospital"}
    text = {"do": "text", "section": "impression", "text": "Unremarkable."}
    taken = tmp_path / "taken"
    taken.write_text("a file, no folder")
    report = {"do": "report", "sign": sign}
    told = play(
        *steps,
        report | {"to": str(taken)},
        text,
        report | {"to": str(tmp_path / "out")},
        text | {"text": "Something else."},
        report | {"to": str(tmp_path / "again")},
        {"do": "report", "to": str(tmp_path / "copy")},
    )
    assert [one["ok"] for one in told[3:]] == [False, True, True, False, False, True]
    assert json.loads((tmp_path / "out" / "result.json").read_text())["report"]["signature"]["name"] == "A. Reader"


def test_a_picture_or_report_of_changed_files_is_not_written(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    import pydicom

    from viewer.room.script import run

    def change() -> None:
        path = next(one for one in (tmp_path / "ct").rglob("*") if one.is_file())
        dataset = pydicom.dcmread(path)
        dataset.PixelData = dataset.PixelData[:-2] + b"\x01\x01"
        dataset.save_as(path)

    lines = [json.dumps(step).encode() for step in steps]
    picture = {"do": "picture", "view": 0, "to": str(tmp_path / "one.png"), "size": [64, 64]}
    later = [picture | {"to": str(tmp_path / "two.png")}, {"do": "report", "to": str(tmp_path / "out")}]

    def told_in_time() -> Iterator[bytes]:
        yield from lines
        yield json.dumps(picture).encode()
        change()
        yield from (json.dumps(step).encode() for step in later)

    answers: list[dict[str, Any]] = []
    run.play_steps(told_in_time(), lambda line: answers.append(json.loads(line)), print, repr, CancelFlag())
    assert [one["ok"] for one in answers] == [True, True, True, True, False, False]
    assert all("holds other voxels" in one["error"] for one in answers[-2:])
    assert (tmp_path / "one.png").is_file()
    assert not (tmp_path / "two.png").exists() and not (tmp_path / "out").exists()


def test_what_may_hurt_is_settled_or_let_stand_with_a_reason_before_signing(
    steps: list[dict[str, Any]], tmp_path: Path
) -> None:
    sign = {"do": "report", "sign": {"name": "A. Reader", "organization": "Sample Hospital"}}
    stand = {"do": "overrule", "code": "placeholder_left", "reason": "Quoted from the form"}
    out = tmp_path / "out"
    told = play(
        *steps[:2],
        {"do": "text", "section": "impression", "text": "Form says ___. Unchanged nodule."},
        {"do": "lint"},
        sign | {"to": str(tmp_path / "refused")},
        stand | {"code": "sex_mismatch"},
        stand | {"reason": " "},
        stand,
        sign | {"to": str(out)},
        {"do": "state"},
    )
    assert [one["ok"] for one in told[2:]] == [True, True, False, False, False, True, True, True]
    asked = told[3]["result"]["issues"]
    assert [(one["code"], one["quote"], one["critical"]) for one in asked] == [
        ("change_without_prior", "Unchanged", False),
        ("placeholder_left", "___", True),
    ]
    assert "___" in told[4]["error"] and not (tmp_path / "refused").exists()
    assert [one["code"] for one in told[8]["result"]["lint"]] == ["change_without_prior"]
    assert list(told[9]["result"]["texts"]) == ["impression"]
    kept = json.loads((out / "result.json").read_text())["report"]["sections"]["overruled"]
    assert "Quoted from the form" in kept and "Quoted from the form" not in words_of(out / "report.pdf")
    assert check(out).is_sound


def test_a_guideline_is_asked_and_its_trace_goes_into_the_recommendation(
    steps: list[dict[str, Any]], tmp_path: Path
) -> None:
    patient = {"age_years": 60, "known_cancer": False, "immunosuppressed": False, "screening": False}
    case = {"nodules": [{"composition": "solid", "long_mm": 8, "short_mm": 7}], "risk": "low", "patient": patient}
    ask = {"do": "guideline", "name": "fleischner-2017", "input": case, "to_report": True}
    told = play(
        *steps[:2], ask, ask, ask | {"name": "fleischner"}, ask | {"input": {}}, {"do": "state"}, {"do": "undo"}
    )
    assert [one["ok"] for one in told[2:]] == [True, True, False, False, True, True]
    assert told[2]["result"]["rule"] == "solid-single-6-to-8-low"
    words = told[6]["result"]["texts"]["recommendation"]
    assert words.count("solid-single-6-to-8-low") == 1 and "size 8 mm" in words and "edition 2017" in words
