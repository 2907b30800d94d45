"""Judging, report text, key images, signing and export of a sitting without a window."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.sittings import Sitting
from tests.unit.room.conftest import Sit
from viewer.core.annotation import KeyMark
from viewer.core.finding import FindingState, Side
from viewer.room.events import Exported


@pytest.fixture
def judged(sit: Sit, film: Path) -> Sitting:
    """A sitting with one accepted finding."""
    sitting = sit(film)
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.reviewing.judge_selected(FindingState.ACCEPTED)
    return sitting


def uid(sitting: Sitting) -> str:
    study = sitting.context.session.library.active_study
    assert study is not None
    return study.uid


def test_verdicts_go_by_the_selected_finding(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    reviewing = sitting.room.reviewing
    reviewing.judge_selected(FindingState.ACCEPTED)
    assert sitting.take_troubles()[0].startswith("No finding is selected.")
    sitting.room.analyses.run_first()
    sitting.settle()
    (finding,) = reviewing.findings()
    reviewing.step(1)
    assert reviewing.current() == finding
    reviewing.judge_selected(FindingState.UNSURE)
    reviewing.edit(finding.id, "Opacity", Side.LEFT, "small")
    assert [(f.state, f.label, f.side, f.reader) for f in reviewing.findings()] == [
        (FindingState.UNSURE, "Opacity", Side.LEFT, "Dr. A. Reader")
    ]
    reviewing.edit(finding.id, " ", Side.LEFT, "")
    assert "needs a name" in sitting.take_troubles()[0]
    reviewing.undo()
    reviewing.undo()
    assert reviewing.findings() == (finding,)
    reviewing.undo()
    reviewing.redo()
    assert reviewing.findings()[0].state is FindingState.UNSURE


def test_without_a_readers_name_no_verdict_is_given(sit: Sit, film: Path) -> None:
    sitting = sit(film, reader_name="")
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.reviewing.judge_selected(FindingState.ACCEPTED)
    assert "needs the reader's name" in sitting.take_troubles()[0]


def test_an_open_finding_keeps_the_report_from_being_signed(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    assert sitting.take_troubles()[0].startswith("Nothing can be signed while findings are open")
    assert sitting.context.session.review.signature(uid(sitting)) is None


def test_a_signed_report_locks_everything_of_it(judged: Sitting) -> None:
    room, review = judged.room, judged.context.session.review
    room.reporting.put_text(uid(judged), {"impression": "None."})
    room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.settle()
    room.reporting.put_text(uid(judged), {"impression": "Other."})
    room.reporting.mark(KeyMark(judged.context.session.library.active, "native", 0, 40.0, 400.0))
    room.reviewing.judge_selected(FindingState.REJECTED)
    room.reviewing.undo()
    troubles = judged.take_troubles()
    assert len(troubles) == 4
    assert all("signed" in words for words in troubles)
    assert review.report_text(uid(judged)) == {"impression": "None."}
    assert review.key_marks(uid(judged)) == ()


def test_nothing_can_be_exported_before_something_was_analysed(sit: Sit, film: Path, tmp_path: Path) -> None:
    sitting = sit(film)
    sitting.room.reporting.export(str(tmp_path))
    assert sitting.take_troubles()[0].startswith("There is nothing to report yet.")


def test_the_signed_report_is_exported_with_text_and_key_image(judged: Sitting, tmp_path: Path) -> None:
    exported: list[Exported] = []
    judged.context.session.on(Exported, exported.append)
    room, key = judged.room, judged.context.session.library.active
    room.reporting.put_text(uid(judged), {"impression": "One bright pattern."})
    room.reporting.mark(KeyMark(key, "native", 0, 1500.0, 2000.0))
    room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.settle()
    room.reporting.export(str(tmp_path / "out"))
    judged.settle()
    assert judged.take_troubles() == ()
    (event,) = exported
    files = {path.name for path in event.files.values()}
    assert {"report.pdf", "result.json", "sr.dcm"} <= files
    document = json.loads((Path(event.folder) / "result.json").read_text())
    text = json.dumps(document)
    assert "accepted" in text
    assert "One bright pattern." in text
    kinds = [entry.kind for entry in judged.context.journal.entries()]
    assert kinds[-2:] == ["signed", "exported"]


def signed_by(sitting: Sitting) -> str:
    signature = sitting.context.session.review.signature(uid(sitting))
    return signature.name if signature is not None else ""


def redraw(film: Path) -> None:
    """Other pixels under the same name."""
    (path,) = [one for one in film.rglob("*") if one.is_file()]
    dataset = pydicom.dcmread(path)
    dataset.PixelData = np.ascontiguousarray(np.roll(dataset.pixel_array, 7, axis=1)).tobytes()
    dataset.save_as(path)


def test_pictures_that_were_changed_since_they_were_opened_are_not_signed_or_exported(
    judged: Sitting, film: Path, tmp_path: Path
) -> None:
    redraw(film)
    judged.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.settle()
    judged.room.reporting.export(str(tmp_path / "out"))
    judged.settle()
    troubles = judged.take_troubles()
    assert len(troubles) == 2
    assert all("holds other voxels" in words for words in troubles)
    assert signed_by(judged) == ""
    assert not (tmp_path / "out").exists()


def test_pictures_that_are_gone_are_not_signed(judged: Sitting, film: Path) -> None:
    shutil.rmtree(film)
    judged.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.settle()
    assert judged.take_troubles()[0].startswith("Nothing can be signed: image 1 (")
    assert signed_by(judged) == ""


def test_a_stored_result_that_was_changed_is_not_signed(judged: Sitting) -> None:
    (entry,) = judged.context.session.review.results()
    assert entry.folder is not None
    path = entry.folder / "result.json"
    path.write_text(path.read_text().replace('"right"', '"left"').replace('"score": 0.', '"score": 0.1'))
    judged.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.settle()
    assert "result.json" in judged.take_troubles()[0]
    assert signed_by(judged) == ""


def test_what_changes_while_it_is_being_checked_is_not_signed(judged: Sitting) -> None:
    judged.room.reporting.sign("Dr. A. Reader", "Sample Hospital")
    judged.room.reporting.put_text(uid(judged), {"impression": "Another."})
    judged.settle()
    assert "changed while it was being checked" in judged.take_troubles()[0]
    assert signed_by(judged) == ""
