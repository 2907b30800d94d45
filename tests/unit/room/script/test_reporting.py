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
