"""The report of a result folder: what is in it, what is signed, and that a failure leaves no trace."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pypdfium2
import pytest

from tests import synth
from tests.unit.reporting.folders import film_folder, film_results, head_folder, head_results, opened, write_folder
from viewer.core.analysis import AnalysisResult
from viewer.core.errors import OutputError, ReadError, UsageError
from viewer.core.finding import FindingKind, FindingState
from viewer.core.report import Signature
from viewer.core.settings import Settings, save_settings
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, Cancelled, Progress
from viewer.core.volume import Volume
from viewer.jobs import export, report
from viewer.jobs.checking.check import check
from viewer.jobs.review import Edit, review
from viewer.reading import scan
from viewer.reading.objects.segmentation import read_segmentation

SIGN = ("Dr. A. Reader", "Sample Hospital")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return film_folder(tmp_path)


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return head_folder(tmp_path)


def text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    return " ".join("\n".join(page.get_textpage().get_text_range() for page in document).split())


def document_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return document


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_accepted_findings_reach_the_paper(film: Path, tmp_path: Path) -> None:
    review(film, accept=["x1"], reject=["x2"], reader="Dr. A. Reader")
    out = report.write_report(film, tmp_path / "out" / "report.pdf")
    text = text_of(out)
    assert out == tmp_path / "out" / "report.pdf"
    assert "Right lower zone" in text
    assert "Right upper zone" not in text
    assert "Of its proposals (2): 1 accepted, 1 rejected." in text
    assert "AI DRAFT, NOT SIGNED" in text
    assert "was not run. Tested on MR only; this series is DX. (0008,0060)" in text
    assert "This study is computer-made" in text
    assert (film / "report.pdf").read_bytes() == out.read_bytes()


def test_without_a_review_nothing_is_accepted_and_it_says_so(film: Path) -> None:
    text = text_of(report.write_report(film))
    assert "No finding was accepted by the reader. That does not make the study normal." in text
    assert "2 AI proposal(s) have not been judged; they are left out." in text


def test_rejecting_everything_does_not_say_that_the_algorithm_found_nothing(film: Path) -> None:
    review(film, reject=["all"], reader="A")
    report.write_report(film)
    text = str(pydicom.dcmread(film / "sr.dcm"))
    assert "Not all algorithms succeeded; with findings" in text


def test_all_packs_refused_still_makes_a_report(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "film")
    folder = write_folder(tmp_path / "results", written.folder, lambda s, v: film_results(s, v)[1:])
    text = text_of(report.write_report(folder))
    assert "was not run." in text
    assert "No finding was accepted" in text
    assert "111245" in str(pydicom.dcmread(folder / "sr.dcm"))


def test_edits_reach_paper_and_object(film: Path) -> None:
    review(
        film, accept=["x1"], reject=["x2"], reader="Dr. A. Reader", edits={"x1": Edit("Mass", None, "Round & <firm>")}
    )
    text = text_of(report.write_report(film))
    assert "Mass" in text
    assert "Round & <firm>" in text
    assert "AI wrote: Pneumonia pattern" in text
    assert "accepted, edited" in text
    assert "4147007" in str(pydicom.dcmread(film / "sr.dcm"))


def test_result_json_says_what_was_written(film: Path) -> None:
    review(film, accept=["x1"], reject=["x2"], reader="A")
    report.write_report(film, sections={"indication": "Cough"})
    document = document_of(film)
    assert document["report"] | {"created": ""} == {
        "file": "report.pdf",
        "status": "AI draft",
        "language": "en",
        "version": 1,
        "created": "",
        "author": "A",
        "sections": {"indication": "Cough"},
        "signature": None,
        "sha256": "",
        "findings": ["x1"],
        "key_images": [],
        "drafted": ["impression", "technique"],
        "formats": ["csv", "keys", "pdf", "pictures", "seg", "sr"],
    }
    assert sorted(document["files"]) == sorted(path.name for path in film.iterdir())


def test_words_of_the_reader_stay_for_the_next_version(film: Path) -> None:
    report.write_report(film, sections={"indication": "Cough", "impression": "First"})
    text = text_of(report.write_report(film, sections={"impression": "Second"}))
    assert "Cough" in text
    assert "Second" in text
    assert "First" not in text
    assert document_of(film)["report"]["version"] == 2


def test_drafted_words_follow_the_language(film: Path) -> None:
    review(film, accept=["all"], reader="A")
    assert "PA view, 40 x 48 pixels, 0.20 x 0.20 mm at the detector." in text_of(report.write_report(film))
    chinese = text_of(report.write_report(film, language="zh"))
    assert "40 x 48 像素" in chinese
    assert "肺炎样表现" in chinese
    assert "PA view" not in chinese


def test_the_accepted_segment_alone_is_in_the_segmentation(head: Path) -> None:
    review(head, accept=["f2"], reject=["f1"], reader="A")
    report.write_report(head)
    stack = scan([head / "seg.dcm"]).studies[0].stacks[0]
    masks = read_segmentation(stack)
    assert [segment.name for mask in masks for segment in mask.segments] == ["Posterior hippocampus"]
    assert pydicom.dcmread(head / "seg.dcm").ContentLabel == "AI_REVIEWED"
    assert "Posterior hippocampus" in str(pydicom.dcmread(head / "sr.dcm"))
    assert "Anterior hippocampus" not in str(pydicom.dcmread(head / "sr.dcm"))


def test_a_segmentation_of_unaccepted_segments_does_not_stay(head: Path) -> None:
    assert (head / "seg.dcm").exists()
    report.write_report(head)
    assert not (head / "seg.dcm").exists()
    assert "seg.dcm" not in document_of(head)["files"]


def test_what_was_rejected_can_be_taken_back_before_signing(head: Path) -> None:
    review(head, reject=["all"], reader="A")
    report.write_report(head)
    review(head, accept=["all"], reader="A")
    report.write_report(head)
    assert len(pydicom.dcmread(head / "seg.dcm").SegmentSequence) == 2


def test_signing_verifies_and_locks(film: Path, tmp_path: Path) -> None:
    review(film, accept=["all"], reader="Dr. A. Reader")
    out = report.write_report(film, tmp_path / "signed.pdf", sign=SIGN)
    document = document_of(film)
    assert "FINAL, SIGNED" in text_of(out)
    assert "Dr. A. Reader, Sample Hospital" in text_of(out)
    assert document["report"]["status"] == "signed"
    assert document["report"]["signature"]["organization"] == "Sample Hospital"
    assert len(document["report"]["sha256"]) == 64
    assert f"hash {document['report']['sha256'][:4]}…" in text_of(out)
    assert pydicom.dcmread(film / "sr.dcm").VerificationFlag == "VERIFIED"
    for options in ({"sign": SIGN}, {"sections": {"impression": "other"}}):
        with pytest.raises(UsageError, match="signed"):
            report.write_report(film, **options)


def test_a_signature_given_in_the_window_keeps_its_time(film: Path) -> None:
    review(film, accept=["all"], reader="A")
    signature = Signature("Dr. A. Reader", "Sample Hospital", "2031-03-02T10:41:00+01:00")
    text = text_of(report.write_report(film, sign=signature))
    assert "Signed on 2 Mar 2031 10:41" in text
    (observer,) = pydicom.dcmread(film / "sr.dcm").VerifyingObserverSequence
    assert str(observer.VerificationDateTime) == "20310302104100+0100"


def test_copies_of_a_signed_report_change_nothing_in_the_folder(film: Path, tmp_path: Path) -> None:
    review(film, accept=["all"], reader="A")
    report.write_report(film, sign=SIGN, sections={"indication": "Cough"})
    before = contents(film)
    copy = report.write_report(film, tmp_path / "copy.pdf", sections={"indication": "Cough"})
    assert "FINAL, SIGNED" in text_of(copy)
    assert "another language" not in text_of(copy)
    translated = report.write_report(film, tmp_path / "zh.pdf", language="zh")
    assert "签名的是另一语言版本" in text_of(translated)
    assert contents(film) == before


def test_a_signed_folder_is_not_overwritten_and_gives_its_own_pdf(film: Path) -> None:
    review(film, accept=["all"], reader="A")
    signed = report.write_report(film, sign=SIGN)
    before = contents(film)
    key = next(name for name in before if name.endswith(".png"))
    for name in ("report.pdf", "result.json", "sr.dcm", "seg.dcm", key, f"../{film.name}/report.pdf"):
        with pytest.raises((UsageError, OutputError), match=r"report is signed|name of a result"):
            report.write_report(film, film / name)
    with pytest.raises(UsageError, match="another language"):
        report.write_report(film, language="zh")
    assert report.write_report(film) == signed
    assert contents(film) == before


@pytest.mark.parametrize("name", ["result.json", "sr.dcm", "SEG.dcm"])
def test_a_draft_does_not_replace_a_result_either(name: str, film: Path) -> None:
    before = contents(film)
    with pytest.raises(UsageError, match="name of a result"):
        report.write_report(film, film / name)
    assert contents(film) == before


@pytest.mark.parametrize("sign", [("", "Org"), ("Name", ""), (" ", " ")])
def test_half_a_signature_is_refused_and_changes_nothing(sign: tuple[str, str], film: Path) -> None:
    before = contents(film)
    with pytest.raises(UsageError, match="name and an organisation"):
        report.write_report(film, sign=sign)
    assert contents(film) == before


def test_what_waits_for_a_verdict_keeps_it_from_being_signed(film: Path) -> None:
    review(film, accept=["x1"], reader="Dr. A. Reader")
    before = contents(film)
    with pytest.raises(UsageError, match="findings are open: x2"):
        report.write_report(film, sign=SIGN)
    assert contents(film) == before
    review(film, unsure=["x2"], reader="Dr. A. Reader")
    assert "FINAL, SIGNED" in text_of(report.write_report(film, sign=SIGN))


def test_settings_give_letterhead_and_author(film: Path) -> None:
    save_settings(Settings(reader_name="Dr. Set", organization="Org", letterhead=("Sample Clinic", "Road 1")))
    text = text_of(report.write_report(film))
    assert text.startswith("Sample Clinic Road 1")
    assert "Written by Dr. Set, Org" in text


@pytest.mark.logs("is left out")
def test_key_pictures_come_from_the_source_and_else_from_the_folder(film: Path, tmp_path: Path) -> None:
    review(film, accept=["x1"], reject=["x2"], reader="A")
    assert "AI heatmap over it (45 %, inferno). Honesty check passed." in text_of(report.write_report(film))
    shutil.rmtree(tmp_path / "film")
    text = text_of(report.write_report(film, tmp_path / "late.pdf"))
    assert "As stored at the analysis; the source images were not available." in text
    left_out = {entry["file"] for entry in document_of(film)["left_out"]}
    assert "sr.dcm" in left_out


@pytest.mark.logs("is left out")
def test_pictures_replaced_by_others_are_not_used(film: Path, tmp_path: Path) -> None:
    review(film, accept=["x1"], reject=["x2"], reader="A")
    shutil.rmtree(tmp_path / "film")
    synth.write_xray(tmp_path / "film", patient_id="SOMEBODY-ELSE")
    assert "As stored at the analysis" in text_of(report.write_report(film))


def test_a_picture_outside_dicom_gets_a_report_without_objects(tmp_path: Path) -> None:
    import SimpleITK

    (tmp_path / "in").mkdir()
    image = SimpleITK.GetImageFromArray(np.arange(6 * 24 * 20, dtype=np.int16).reshape(6, 24, 20))
    image.SetSpacing((0.7, 0.8, 5.0))
    SimpleITK.WriteImage(image, str(tmp_path / "in" / "a.nii.gz"))
    folder = write_folder(tmp_path / "results", tmp_path / "in", head_results)
    review(folder, accept=["all"], reader="A")
    text = text_of(report.write_report(folder))
    assert "name not in the images" in text
    assert "Anterior hippocampus" in text
    assert {e["file"] for e in document_of(folder)["left_out"]} == {"seg.dcm", "sr.dcm"}
    assert not (folder / "sr.dcm").exists()


def test_progress_ends_at_one(film: Path) -> None:
    seen: list[Progress] = []
    report.write_report(film, on_progress=seen.append)
    fractions = [p.fraction for p in seen if p.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("stage", ["Reading results", "Laying out pages"])
def test_cancelling_changes_nothing(stage: str, film: Path) -> None:
    cancel, before = CancelFlag(), contents(film)
    review_done = contents(film)
    assert review_done == before

    def stop(progress: Progress) -> None:
        if progress.stage == stage:
            cancel.cancel()

    with pytest.raises(Cancelled):
        report.write_report(film, on_progress=stop, cancel=cancel)
    assert contents(film) == before


@pytest.mark.parametrize("where", ["write_bytes", "replace"])
def test_a_full_disk_leaves_everything_as_it_was(
    where: str, head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review(head, accept=["all"], reader="A")
    report.write_report(head)
    before = contents(head)
    real = getattr(Path, where)
    calls: list[Path] = []

    def full(self: Path, *args: Any) -> Any:
        calls.append(self)
        if where == "write_bytes" or (len(calls) == 3 and "/.change/" in str(self)):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *args)

    monkeypatch.setattr(Path, where, full)
    with pytest.raises(OutputError, match="disk is full"):
        report.write_report(head, tmp_path / "out.pdf", sections={"impression": "new"})
    monkeypatch.undo()
    assert contents(head) == before
    assert not list(tmp_path.glob("*out.pdf*"))


def test_a_report_that_reads_back_wrong_is_not_kept(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    review(film, accept=["all"], reader="A")
    before = contents(film)
    monkeypatch.setattr("viewer.reporting.readback.compare_sr", lambda *_: ["finding 1 is on Left, not Right"])
    with pytest.raises(OutputError, match="finding 1 is on Left, not Right"):
        report.write_report(film)
    assert contents(film) == before


def test_a_target_that_is_a_folder_a_language_and_a_folder_that_is_none(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        report.write_report(film, tmp_path)
    with pytest.raises(UsageError, match="no report in the language"):
        report.write_report(film, language="de")
    with pytest.raises(ReadError, match=r"holds no result\.json"):
        report.write_report(tmp_path / "film")


def test_the_window_exports_what_it_holds(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "film")
    study, stack, volume = opened(written.folder)
    first, second = film_results(stack, volume)
    judged = tuple(
        f.judged(FindingState.ACCEPTED, "Dr. A. Reader", "2026-03-02T10:21:00+01:00") for f in first.findings
    )
    runs = [(stack, volume, replace(first, findings=judged)), (stack, volume, second)]
    files = export.export(tmp_path / "out", study, runs, sections={"indication": "Cough"})
    assert {"report.pdf", "result.json", "sr.dcm"} <= set(files)
    assert "Cough" in text_of(files["report.pdf"])
    assert "Dr. A. Reader, accepted" in text_of(files["report.pdf"])
    again = export.export(tmp_path / "out", study, runs, sections={"indication": "Fever"}, sign=SIGN)
    assert "FINAL, SIGNED" in text_of(again["report.pdf"])


def test_two_series_make_two_reports(tmp_path: Path) -> None:
    uid = pydicom.uid.generate_uid()
    runs = []
    for name in ("one", "two"):
        written = synth.write_series(tmp_path / name, modality="MR", study_uid=uid)
        study, stack, volume = opened(written.folder)
        runs += [(stack, volume, one) for one in head_results(stack, volume)]
    files = export.export(tmp_path / "out", study, runs)
    assert {"report.pdf", "series-2/report.pdf", "series-2/result.json"} <= set(files)


def anatomy_results(stack: Stack, volume: Volume) -> tuple[AnalysisResult, ...]:
    """Two structures, outlined and measured."""
    (made,) = head_results(stack, volume)
    return (replace(made, findings=tuple(replace(one, kind=FindingKind.ANATOMY) for one in made.findings)),)


def test_outlined_anatomy_is_measured_and_waits_for_no_verdict(tmp_path: Path) -> None:
    """Counts, paper, result.json, signing and check agree; what a reader accepts is printed beside the findings."""
    written = synth.write_series(tmp_path / "head", modality="MR")
    folder = write_folder(tmp_path / "results", written.folder, anatomy_results)
    assert [entry["kind"] for entry in document_of(folder)["findings"]] == ["anatomy", "anatomy"]
    alone = text_of(report.write_report(folder, tmp_path / "alone.pdf"))
    assert "No finding was accepted by the reader" in alone
    assert "outlined and measured 2 structure(s)" in alone
    assert "not been judged" not in alone
    first, second = (entry["id"] for entry in document_of(folder)["findings"])
    review(folder, accept=[first], reader="Dr. A. Reader")
    signed = text_of(report.write_report(folder, tmp_path / "signed.pdf", sign=SIGN))
    assert "Structures measured by AI, accepted by the reader" in signed
    assert "Anterior hippocampus" in signed
    assert "Posterior" not in signed
    assert "No finding was accepted by the reader" in signed
    document = document_of(folder)
    assert document["report"]["findings"] == [first]
    assert [entry["state"] for entry in document["findings"]] == ["accepted", "proposed"]
    done = check(folder)
    assert (done.mismatches, done.seal.state.value) == ((), "as signed")


def test_result_folders_of_before_know_findings_only(head: Path) -> None:
    path = head / "result.json"
    document = document_of(head)
    for entry in document["findings"]:
        assert entry.pop("kind") == "finding"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="findings are open"):
        report.write_report(head, head.parent / "report.pdf", sign=SIGN)
