"""Verdicts from the command line do what the window's buttons do, wholly or not at all."""

from __future__ import annotations

import errno
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.unit.reporting.folders import film_folder, head_folder, restated
from viewer.core.errors import OutputError, ReadError, UsageError
from viewer.core.finding import Side
from viewer.core.task import CancelFlag, Cancelled
from viewer.jobs import report, result_folder
from viewer.jobs.review import Edit, review


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return film_folder(tmp_path)


def states(folder: Path) -> dict[str, str]:
    document = json.loads((folder / "result.json").read_text())
    return {finding["id"]: finding["state"] for finding in document["findings"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"accept": ["all"]}, {"x1": "accepted", "x2": "accepted"}),
        ({"accept": ["x1"], "reject": ["x2"]}, {"x1": "accepted", "x2": "rejected"}),
        ({"accept": ["all"], "unsure": ["x2"]}, {"x1": "accepted", "x2": "unsure"}),
        ({"reject": ["x1"]}, {"x1": "rejected", "x2": "proposed"}),
    ],
)
def test_verdicts(verdicts: dict[str, list[str]], expected: dict[str, str], folder: Path) -> None:
    document = review(folder, **verdicts, reader="Dr. A. Reader")
    assert states(folder) == expected
    assert document == json.loads((folder / "result.json").read_text())


def test_who_when_and_why_are_kept(folder: Path) -> None:
    review(folder, accept=["x1"], reader="  Dr. A. Reader ", reason="Seen on both films")
    first, second = json.loads((folder / "result.json").read_text())["findings"]
    assert (first["reader"], first["reason"]) == ("Dr. A. Reader", "Seen on both films")
    assert datetime.fromisoformat(first["when"]).tzinfo is not None
    assert second["reader"] == ""


def test_a_verdict_can_be_changed_later(folder: Path) -> None:
    review(folder, accept=["all"], reader="A")
    review(folder, reject=["x1"], reader="B")
    assert states(folder) == {"x1": "rejected", "x2": "accepted"}


@pytest.mark.usefixtures("qapp")
def test_a_report_of_the_verdicts_before_does_not_stay(folder: Path) -> None:
    review(folder, accept=["all"], reader="A")
    report.write_report(folder, sections={"impression": "My words"})
    document = review(folder, reject=["x1"], reader="B")
    assert not (folder / "report.pdf").exists()
    assert "report.pdf" not in document["files"]
    assert (document["report"]["file"], document["report"]["status"]) == (None, "outdated")
    assert "written anew" in document["report"]["note"]
    report.write_report(folder)
    again = json.loads((folder / "result.json").read_text())["report"]
    assert (again["file"], again["version"], again["findings"]) == ("report.pdf", 2, ["x2"])
    assert again["sections"]["impression"] == "My words"
    assert "note" not in again


def test_edits_keep_the_original(folder: Path) -> None:
    review(folder, accept=["x1"], reader="A", edits={"x1": Edit("Mass", Side.LEFT, "Not pneumonia")})
    (first, _second) = result_folder.load(folder, arrays=False).findings
    assert (first.label, first.side, first.comment, first.edited) == ("Mass", Side.LEFT, "Not pneumonia", True)
    assert first.original is not None
    assert (first.original.label, first.original.side) == ("Pneumonia pattern", Side.RIGHT)


def test_an_edit_alone_gives_no_verdict(folder: Path) -> None:
    review(folder, reader="A", edits={"x1": Edit(comment="Look again")})
    (first, _second) = result_folder.load(folder, arrays=False).findings
    assert (first.state.value, first.comment, first.label) == ("proposed", "Look again", "Pneumonia pattern")


def test_the_report_object_follows_the_verdicts_and_names_its_predecessor(folder: Path) -> None:
    before = pydicom.dcmread(folder / "sr.dcm")
    review(folder, accept=["x1"], reject=["x2"], reader="Dr. A. Reader")
    after = pydicom.dcmread(folder / "sr.dcm")
    assert after.VerificationFlag == "UNVERIFIED"
    assert after.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[
        0
    ].ReferencedSOPInstanceUID == (before.SOPInstanceUID)
    text = str(after)
    assert "ACCEPTED" in text
    assert "REJECTED" in text


def test_segmentation_and_report_object_still_belong_together(tmp_path: Path) -> None:
    folder = head_folder(tmp_path)
    review(folder, accept=["all"], reader="A")
    seg = pydicom.dcmread(folder / "seg.dcm")
    assert seg.SOPInstanceUID in str(pydicom.dcmread(folder / "sr.dcm"))


@pytest.mark.logs("is left out")
def test_sources_that_have_gone_do_not_stop_a_verdict_and_are_said(folder: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "film").iterdir():
        path.unlink()
    document = review(folder, accept=["all"], reader="A")
    assert states(folder) == {"x1": "accepted", "x2": "accepted"}
    (note,) = [entry for entry in document["left_out"] if entry["file"] == "sr.dcm"]
    assert note["reason"].startswith("A source image is no longer where it was")
    assert not list(folder.glob("*.dcm")), "objects of the state before must not stay beside a newer one"


def test_pictures_from_an_archive_are_found_again_in_it(folder: Path, tmp_path: Path) -> None:
    """What an archive held is unpacked to a place that goes with the program that analysed it."""
    archive = shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path / "film")
    shutil.rmtree(tmp_path / "film")
    restated(folder, lambda document: document.update(request={"path": archive}))
    before = pydicom.dcmread(folder / "sr.dcm").SOPInstanceUID
    document = review(folder, reject=["all"], reader="A")
    assert "sr.dcm" not in {entry["file"] for entry in document["left_out"]}
    assert pydicom.dcmread(folder / "sr.dcm").SOPInstanceUID != before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accept": ["zz"]}, "no finding zz"),
        ({"accept": ["x1"], "reject": ["x1"]}, "two verdicts"),
        ({"accept": ["all"], "reject": ["all"]}, "one verdict only"),
        ({"edits": {"nope": Edit("x")}}, "no finding nope"),
        ({"accept": ["all"], "reader": " "}, "needs the reader's name"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(options: dict[str, Any], words: str, folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(UsageError, match=words):
        review(folder, **{"reader": "A", **options})
    assert contents(folder) == before


def test_a_signed_report_locks_its_findings(folder: Path) -> None:
    review(folder, accept=["all"], reader="A")
    report.write_report(folder, sign=("Dr. A. Reader", "Sample Hospital"))
    with pytest.raises(UsageError, match="signed"):
        review(folder, reject=["x1"], reader="A")
    assert states(folder) == {"x1": "accepted", "x2": "accepted"}


def test_a_folder_of_something_else_and_a_damaged_one_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReadError, match="holds no"):
        review(tmp_path / "empty", accept=["all"], reader="A")
    (folder / "result.json").write_text('{"schema": 1, "packs": [')
    with pytest.raises(ReadError, match="damaged"):
        review(folder, accept=["all"], reader="A")
    (folder / "result.json").write_text(json.dumps({"schema": 1, "packs": [], "findings": [{"id": 3}]}))
    with pytest.raises(ReadError, match="damaged"):
        review(folder, accept=["all"], reader="A")


def test_two_findings_of_one_name_are_refused_in_words(folder: Path) -> None:
    document = json.loads((folder / "result.json").read_text())
    document["findings"][1]["id"] = document["findings"][0]["id"]
    (folder / "result.json").write_text(json.dumps(document))
    before = contents(folder)
    with pytest.raises(ReadError, match="more than one finding is called x1"):
        review(folder, accept=["x1"], reader="A")
    assert contents(folder) == before


def test_a_full_disk_changes_nothing_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)

    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("viewer.reporting.sr.save", full)
    with pytest.raises(OutputError, match="disk is full"):
        review(folder, accept=["all"], reader="A")
    assert contents(folder) == before


def test_cancelling_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    cancel = CancelFlag()
    cancel.cancel()
    with pytest.raises(Cancelled):
        review(folder, accept=["all"], reader="A", cancel=cancel)
    assert contents(folder) == before
