"""Same pixels, same patient: whatever of the pictures changes after the analysis stops review, report and signing."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests import synth, tiny_packs
from tests.unit.reporting.folders import film_folder, film_results, head_folder, head_results, restated, write_folder
from viewer.core.errors import OutputError, UsageError, ViewerError
from viewer.core.report import Signature
from viewer.jobs import analyse, report
from viewer.jobs.checking.check import check
from viewer.jobs.review import review

SIGN = ("Dr. A. Reader", "Sample Hospital")
READER = "Dr. A. Reader"
Change = Callable[[pydicom.Dataset], object]


def _pixels(dataset: pydicom.Dataset) -> None:
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[:, ::-1]).tobytes()


def _one_pixel(dataset: pydicom.Dataset) -> None:
    values = dataset.pixel_array.copy()
    values[3, 4] += 1
    dataset.PixelData = values.tobytes()


def _place(dataset: pydicom.Dataset) -> None:
    x, y, z = (float(v) for v in dataset.ImagePositionPatient)
    dataset.ImagePositionPatient = [x, y, z + 150]


CHANGES: dict[str, tuple[Change, str]] = {
    "mirrored": (_pixels, "holds other voxels"),
    "one value": (_one_pixel, "holds other voxels"),
    "rescaled": (lambda d: setattr(d, "RescaleIntercept", "17"), "holds other voxels"),
    "moved by 150 mm": (_place, "lies elsewhere"),
    "another name": (lambda d: setattr(d, "PatientName", "OTHER^ONE"), "names another patient"),
    "another ID": (lambda d: setattr(d, "PatientID", "X"), "names another patient"),
    "born on another day": (lambda d: setattr(d, "PatientBirthDate", "19500101"), "names another patient"),
    "another sex": (lambda d: setattr(d, "PatientSex", "M"), "names another patient"),
    "another series": (lambda d: setattr(d, "SeriesInstanceUID", "1.2.3.4"), "another study or series"),
    "another study": (lambda d: setattr(d, "StudyInstanceUID", "1.2.3.4"), "another study or series"),
}


def change(pictures: Path, how: Change) -> None:
    for path in (one for one in pictures.rglob("*") if one.is_file()):
        dataset = pydicom.dcmread(path)
        how(dataset)
        dataset.save_as(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made")
    head_folder(place)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """Pictures and results, judged; result.json knows the pictures by the place they lay in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "results" / "result.json"

    def moved(document: dict[str, object]) -> None:
        text = json.dumps(document["stack"]).replace(str(made), str(tmp_path))
        document["stack"] = json.loads(text)

    restated(path.parent, moved)
    return tmp_path


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_pictures_stops_review_report_and_signing(place: Path, name: str) -> None:
    how, words = CHANGES[name]
    before = {path.name: path.read_bytes() for path in (place / "results").iterdir()}
    change(place / "head", how)
    works: tuple[Callable[[], object], ...] = (
        lambda: review(place / "results", accept=["all"], reader=READER),
        lambda: report.write_report(place / "results"),
    )
    for work in works:
        with pytest.raises(OutputError, match=words):
            work()
    assert {path.name: path.read_bytes() for path in (place / "results").iterdir()} == before


def test_files_renamed_in_their_folder_are_found_again_and_missing_ones_stop_a_signature(place: Path) -> None:
    files = sorted(one for one in (place / "head").rglob("*") if one.is_file())
    for number, path in enumerate(files):
        path.rename(path.with_name(f"renamed-{number}.dcm"))
    review(place / "results", accept=["all"], reader=READER)
    report.write_report(place / "results")
    next(one for one in (place / "head").rglob("*") if one.is_file()).unlink()
    with pytest.raises(OutputError, match=r"Nothing can be signed: image \d"):
        report.write_report(place / "results", sign=SIGN)
    shutil.rmtree(place / "head")
    with pytest.raises(OutputError, match="and 5 more cannot be found"):
        report.write_report(place / "results", sign=SIGN)


def test_nothing_unjudged_is_signed_and_no_verdict_goes_without_a_reader(tmp_path: Path) -> None:
    folder = film_folder(tmp_path)
    with pytest.raises(UsageError, match="x1, x2"):
        report.write_report(folder, sign=SIGN)
    for name in ("", "  "):
        with pytest.raises(UsageError, match="reader"):
            review(folder, accept=["all"], reader=name)
    assert json.loads((folder / "result.json").read_text())["findings"][0]["state"] == "proposed"


def test_nothing_is_signed_before_it_was_judged_by_the_clock_and_nothing_of_nobody(tmp_path: Path) -> None:
    folder = film_folder(tmp_path / "one")
    review(folder, accept=["all"], reader=READER)
    with pytest.raises(UsageError, match="clock of this computer"):
        report.write_report(folder, sign=Signature(*SIGN, "2016-03-02T10:00:00+01:00"))
    made = synth.write_xray(tmp_path / "two", patient_id="", patient_name="")
    nobody = write_folder(tmp_path / "nobody", made.folder, film_results)
    review(nobody, accept=["all"], reader=READER)
    with pytest.raises(UsageError, match="neither a patient's name nor an ID"):
        report.write_report(nobody, sign=SIGN)


def test_masks_of_uneven_stacks_say_how_far_off_they_lie(tmp_path: Path) -> None:
    made = synth.write_series(tmp_path / "in", modality="MR", positions=(0.0, 5.0, 10.0, 15.0, 22.0, 27.0))
    folder = write_folder(tmp_path / "results", made.folder, head_results)
    (note,) = json.loads((folder / "result.json").read_text())["notes"]
    assert "unevenly spaced" in note and re.search(r"lie up to \d\.\d\d mm off", note)
    assert check(folder).mismatches == ()


@pytest.mark.skipif(os.name != "posix", reason="paths are text here")
def test_a_path_that_is_no_utf_8_is_analysed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.classifier(tmp_path / "models")))
    made = synth.write_xray(tmp_path / "film")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe odd"))
    made.folder.rename(odd)
    document = analyse.analyse(odd, tmp_path / "out", device="cpu")
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["packs"]
    assert document["packs"][0]["pack"] == "xray-tiny-classifier"


def test_a_file_of_the_reader_s_gives_way_to_an_analysis_only_with_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tiny_packs.classifier(tmp_path / "models")))
    made = synth.write_xray(tmp_path / "film")
    out = tmp_path / "out"
    out.write_text("notes of mine")
    with pytest.raises(OutputError):
        analyse.analyse(made.folder, out, device="cpu")
    assert out.read_text() == "notes of mine"
    analyse.analyse(made.folder, out, device="cpu", force=True)
    assert (out / "result.json").is_file()
    picture = next(one for one in made.folder.rglob("*") if one.is_file())
    whole = picture.read_bytes()
    with pytest.raises(ViewerError):
        analyse.analyse(made.folder, picture, device="cpu", force=True)
    assert picture.read_bytes() == whole
