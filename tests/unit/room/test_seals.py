"""What the window says of seals: of reports it wrote, of objects it opens, and of a signing that a kill cut short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sittings import Sitting
from tests.unit.room.conftest import Sit
from viewer.core.finding import FindingState
from viewer.jobs.sealing.seal import SEAL
from viewer.room.events import Exported
from viewer.room.panels import report, studies

SIGN = ("Dr. A. Reader", "Sample Hospital")


def signed(sit: Sit, film: Path, out: Path) -> tuple[Sitting, Path]:
    """A sitting whose report is signed and exported, and the folder."""
    sitting = sit(film)
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.reviewing.judge_selected(FindingState.ACCEPTED)
    sitting.room.reporting.sign(*SIGN)
    sitting.settle()
    told: list[Exported] = []
    sitting.context.session.on(Exported, told.append)
    sitting.room.reporting.export(str(out))
    sitting.settle()
    assert sitting.take_troubles() == ()
    return sitting, Path(told[0].folder)


def said_of(sitting: Sitting) -> tuple[tuple[str, bool], ...]:
    """What the report's section says of what was exported."""
    view = report.state(sitting.context.session, sitting.room)
    return tuple((words, sound) for _, words, sound in view.exports)


def again(sitting: Sitting) -> tuple[tuple[str, bool], ...]:
    studies_open = sitting.context.session.library.studies
    sitting.room.seals.look(tuple(study.uid for study in studies_open))
    sitting.settle()
    return said_of(sitting)


def test_an_exported_report_is_told_as_signed_changed_gone_and_by_an_unknown_key(
    sit: Sit, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting, folder = signed(sit, film, tmp_path / "out")
    assert said_of(sitting) == (("As signed: nothing was changed since.", True),)
    whole = (folder / "sr.dcm").read_bytes()
    (folder / "sr.dcm").write_bytes(whole + b"\0")
    assert again(sitting) == (("Changed since it was signed: sr.dcm.", False),)
    (folder / "sr.dcm").write_bytes(whole)
    home = os.environ["SECONDREAD_HOME"]
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "other"))
    ((words, sound),) = again(sitting)
    assert words.startswith("Signed by a key that this place does not know") and not sound
    monkeypatch.setenv("SECONDREAD_HOME", home)
    folder.rename(tmp_path / "moved")
    assert again(sitting) == (("This folder is no longer there.", False),)


def test_objects_of_a_result_folder_say_what_its_seal_says(sit: Sit, film: Path, tmp_path: Path) -> None:
    sitting, folder = signed(sit, film, tmp_path / "out")
    sitting.open([folder / "sr.dcm"])

    def row() -> studies.StudyRow:
        rows = studies.state(sitting.context.session, sitting.room).rows
        return next(one for one in rows if one.line.startswith("SR"))

    assert "As signed" in row().line and row().caution == ""
    (folder / "report.pdf").write_bytes(b"%PDF-1.7")
    again(sitting)
    assert row().caution.startswith("Changed since it was signed: report.pdf.")
    (folder / SEAL).unlink()
    again(sitting)
    assert "seal.json" in row().caution


def restarted(sitting: Sitting, sit: Sit, film: Path) -> Sitting:
    """Another start on the same home."""
    sitting.close()
    return sit(film)


def signature_in(sitting: Sitting) -> str:
    study = sitting.context.session.library.active_study
    assert study is not None
    signature = sitting.context.session.review.signature(study.uid)
    return signature.name if signature is not None else ""


def between_seal_and_journal(sit: Sit, film: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Sitting:
    """A sitting that ends after its folder is sealed and before its journal knows."""
    from viewer.core.clock import now
    from viewer.core.report import Signature

    sitting = sit(film)
    sitting.room.analyses.run_first()
    sitting.settle()
    sitting.room.reviewing.judge_selected(FindingState.ACCEPTED)
    study = sitting.context.session.library.active_study
    assert study is not None
    sitting.room.reporting.write(study, out, Signature(*SIGN, now()))
    sitting.settle()
    assert (out / SEAL).is_file()
    assert signature_in(sitting) == ""
    return sitting


def test_a_signing_cut_short_after_the_seal_is_finished_by_the_next_start(
    sit: Sit, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = between_seal_and_journal(sit, film, tmp_path / "out", monkeypatch)
    second = restarted(first, sit, film)
    assert second.take_troubles() == ()
    assert signature_in(second) == SIGN[0]
    kinds = [entry.kind for entry in second.context.journal.entries()]
    assert "signed" in kinds
    third = restarted(second, sit, film)
    assert signature_in(third) == SIGN[0]
    assert [entry.kind for entry in third.context.journal.entries()].count("signed") == 1


@pytest.mark.parametrize("what", ["gone", "unsealed"])
def test_a_signing_cut_short_before_the_seal_is_said_once(
    sit: Sit, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first = between_seal_and_journal(sit, film, tmp_path / "out", monkeypatch)
    if what == "gone":
        (tmp_path / "out").rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "out" / SEAL).unlink()
    second = restarted(first, sit, film)
    assert "ended while this report was being signed" in second.take_troubles()[0]
    assert signature_in(second) == ""
    third = restarted(second, sit, film)
    assert third.take_troubles() == ()


def test_a_stored_result_that_other_hands_changed_is_not_shown(sit: Sit, film: Path) -> None:
    first = sit(film)
    first.room.analyses.run_first()
    first.settle()
    (entry,) = first.context.session.review.results()
    assert entry.folder is not None and entry.result.heatmaps
    (heat,) = entry.folder.glob("heatmap*.nii.gz")
    heat.write_bytes(heat.read_bytes()[:-1] + b"x")
    second = restarted(first, sit, film)
    (restored,) = second.context.session.review.results()
    assert restored.result.heatmaps == ()
    assert restored.note == f"This stored result was changed by other hands: {heat.name}. Analyse again."
