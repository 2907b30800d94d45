"""Judging, report text, key images, signing and export of a sitting without a window."""

from __future__ import annotations

import json
from pathlib import Path

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
