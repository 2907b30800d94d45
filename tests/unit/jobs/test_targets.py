"""No command writes over a picture, a DICOM file, somebody's results, or anything that is there without --force."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import synth
from tests.unit.reporting.folders import film_folder
from viewer.core.errors import OutputError, UsageError, ViewerError
from viewer.jobs import analyse, report
from viewer.jobs.convert import convert
from viewer.jobs.render import render_picture
from viewer.jobs.review import review
from viewer.jobs.sealing.seal import SealState, verify
from viewer.jobs.targets import check_target

SIGN = ("Dr. A. Reader", "Sample Hospital")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = film_folder(tmp_path)
    review(folder, accept=["all"], reader="Dr. A. Reader")
    return folder


@pytest.mark.parametrize("force", [False, True])
def test_render_and_convert_never_replace_a_source(tmp_path: Path, force: bool) -> None:
    source = tmp_path / "in" / "film.png"
    source.parent.mkdir()
    Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(source)
    series = synth.write_series(tmp_path / "mr", modality="MR")
    nifti = convert(tmp_path / "mr", tmp_path / "volume.nii.gz")
    before = {path: path.read_bytes() for path in (source, nifti, *series.files)}
    tries = [
        lambda: render_picture(source, source, force=force),
        lambda: render_picture(source.parent, source, force=force),
        lambda: render_picture(tmp_path / "mr", series.files[0], force=force),
        lambda: convert(nifti, nifti, force=force),
        lambda: render_picture(source, series.files[0], force=force),
    ]
    for write in tries:
        with pytest.raises((OutputError, UsageError)):
            write()
    assert {path: path.read_bytes() for path in before} == before


def test_what_is_there_goes_only_with_force(tmp_path: Path) -> None:
    synth.write_series(tmp_path / "mr", modality="MR")
    mine = tmp_path / "mine.png"
    mine.write_bytes(b"my own picture")
    with pytest.raises(OutputError, match="--force"):
        render_picture(tmp_path / "mr", mine)
    assert mine.read_bytes() == b"my own picture"
    render_picture(tmp_path / "mr", mine, force=True)
    assert mine.read_bytes()[:4] == b"\x89PNG"


def test_a_link_to_a_source_is_the_source(tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "mr", modality="MR")
    link = tmp_path / "link.png"
    link.symlink_to(series.files[0])
    with pytest.raises(OutputError, match="DICOM file"):
        render_picture(tmp_path / "mr", link, force=True)


def test_a_report_never_replaces_another_s(film: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(film, other)
    report.write_report(film, sign=SIGN)
    signed = (film / "report.pdf").read_bytes()
    for force in (False, True):
        with pytest.raises(ViewerError):
            report.write_report(other, film / "report.pdf", force=force)
        with pytest.raises(ViewerError):
            report.write_report(other, film / "copy.pdf", force=force)
        with pytest.raises(ViewerError):
            report.write_report(film, other / "key-x1.png", force=force)
    assert (film / "report.pdf").read_bytes() == signed
    assert verify(film, None).state is SealState.AS_SIGNED


def test_nothing_is_analysed_into_a_signed_folder(film: Path, tmp_path: Path) -> None:
    report.write_report(film, sign=SIGN)
    for out in (film, film / "inside"):
        with pytest.raises(OutputError):
            analyse.analyse(tmp_path / "film", out, device="cpu")
    assert verify(film, None).state is SealState.AS_SIGNED


def test_several_patients_are_not_one(tmp_path: Path) -> None:
    synth.write_series(tmp_path / "in" / "a", modality="MR", extra={"PatientID": "A", "PatientName": "ONE"})
    synth.write_series(tmp_path / "in" / "b", modality="MR", extra={"PatientID": "B", "PatientName": "TWO"})
    for write in (
        lambda: convert(tmp_path / "in", tmp_path / "o.nii.gz"),
        lambda: render_picture(tmp_path / "in", tmp_path / "o.png"),
        lambda: analyse.analyse(tmp_path / "in", tmp_path / "out", device="cpu"),
    ):
        with pytest.raises(UsageError, match="2 patients"):
            write()


def test_a_dicom_file_without_preamble_is_one_too(tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "mr", modality="MR")
    bare = tmp_path / "bare.png"
    bare.write_bytes(series.files[0].read_bytes()[132:])
    with pytest.raises(OutputError, match="DICOM"):
        check_target(bare, (), force=True)
