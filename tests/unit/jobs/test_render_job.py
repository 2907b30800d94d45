"""`secondread render`: the picture of a real file, and refusals in words."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import synth
from viewer.core.analysis import AnalysisResult
from viewer.core.errors import GeometryError, OutputError, ReadError, UsageError
from viewer.core.study import Kind, Patient, Stack, Study
from viewer.core.volume import Mask, Segment
from viewer.display.colours import WARN
from viewer.display.framing import STRIP
from viewer.jobs import render as render_job
from viewer.jobs import result_folder
from viewer.jobs.convert import convert
from viewer.jobs.open import open_one
from viewer.jobs.render import render_picture

#: Patient's left half bright, as a CT stores it (rescale 1, -1024).
SHAPE = (6, 24, 20)


def left_bright() -> Any:
    stored = np.zeros(SHAPE, np.int16)
    stored[:, :, SHAPE[2] // 2 :] = 2000
    return stored


def png(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("plane", ["axial", "coronal", None])
def test_patient_left_is_on_the_right(tmp_path: Path, plane: str | None) -> None:
    written = synth.write_series(tmp_path / "in", stored=left_bright())
    out = render_picture(written.folder, tmp_path / "out.png", plane=plane, window=(0.0, 1000.0))
    picture = png(out)
    height, width = picture.shape[:2]
    assert picture[height // 2, int(width * 0.62)].min() > 200
    assert picture[height // 2, int(width * 0.38)].max() < 50


def test_prone_patients_and_reversed_rows_are_turned_upright(tmp_path: Path) -> None:
    prone = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    stored = np.zeros(SHAPE, np.int16)
    stored[:, :, : SHAPE[2] // 2] = 2000  # columns run to the patient's right: the first ones are left
    written = synth.write_series(tmp_path / "in", stored=stored, orientation=prone)
    picture = png(render_picture(written.folder, tmp_path / "out.png", window=(0.0, 1000.0)))
    height, width = picture.shape[:2]
    assert picture[height // 2, int(width * 0.62)].min() > 200


def test_window_of_the_command_line_is_centre_then_width(tmp_path: Path) -> None:
    stored = np.full(SHAPE, 1064, np.int16)  # 40 HU
    written = synth.write_series(tmp_path / "in", stored=stored)
    picture = png(render_picture(written.folder, tmp_path / "out.png", window=(40.0, 400.0), size=(600, 600)))
    assert abs(int(picture[300, 300, 0]) - 128) <= 1


def test_cuts_across_tilted_slices_are_resampled_and_say_so(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "in", tilt_degrees=12)
    picture = png(render_picture(written.folder, tmp_path / "out.png", plane="coronal"))
    strip = picture[:STRIP].astype(int)
    assert np.count_nonzero(np.abs(strip - WARN).max(axis=2) < 30) > 100
    native = png(render_picture(written.folder, tmp_path / "native.png"))
    badge_pixels = [np.count_nonzero(np.abs(p[:STRIP].astype(int) - WARN).max(axis=2) < 30) for p in (picture, native)]
    assert badge_pixels[0] > badge_pixels[1]


def test_films_and_monochrome1(tmp_path: Path) -> None:
    stored = np.zeros((48, 40), np.uint16)
    stored[:, 20:] = 4000
    plain = synth.write_xray(tmp_path / "a", stored=stored)
    inverse = synth.write_xray(tmp_path / "b", stored=stored, photometric="MONOCHROME1")
    window = (2000.0, 4000.0)
    first = png(render_picture(plain.folder, tmp_path / "a.png", window=window, size=(500, 600)))
    second = png(render_picture(inverse.folder, tmp_path / "b.png", window=window, size=(500, 600)))
    assert first[250, 350, 0] > 200 > 50 > first[250, 150, 0]
    assert second[250, 350, 0] < 50 < 200 < second[250, 150, 0]


def results(tmp_path: Path, name: str) -> tuple[synth.Written, Path]:
    written = synth.write_series(tmp_path / name)
    found, stack, volume = open_one(written.folder)
    labels = np.zeros(volume.shape, np.uint8)
    labels[:, 6:18, 5:15] = 1
    mask = Mask(labels, (Segment(1, "Block"),), volume.geometry, "block")
    result = AnalysisResult("r1", "a-pack", "ran", stack.series_uid, masks=(mask,))
    return written, result_folder.write(tmp_path / f"{name}-out", found.studies[0], stack, volume, [result])


def test_results_are_laid_over_and_marked_as_draft(tmp_path: Path) -> None:
    written, folder = results(tmp_path, "in")
    bare = png(render_picture(written.folder, tmp_path / "bare.png", size=(500, 600)))
    covered = png(render_picture(written.folder, tmp_path / "covered.png", overlay=folder, size=(500, 600)))
    orange = np.abs(covered.astype(int) - (0xFF, 0x99, 0x33)).max(axis=2) < 40
    assert np.count_nonzero(orange) > 100
    assert not np.array_equal(bare[:STRIP], covered[:STRIP])


def test_results_of_another_series_are_refused(tmp_path: Path) -> None:
    _, folder = results(tmp_path, "in")
    other = synth.write_series(tmp_path / "other")
    with pytest.raises(UsageError, match="another series"):
        render_picture(other.folder, tmp_path / "out.png", overlay=folder)
    assert not (tmp_path / "out.png").exists()


def test_refusals(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "in")
    with pytest.raises(GeometryError, match="There is no slice 99"):
        render_picture(written.folder, tmp_path / "out.png", index=99)
    with pytest.raises(UsageError, match="shows nothing"):
        render_picture(written.folder, tmp_path / "out.png", window=(40.0, 0.0))
    for window in ((float("nan"), 400.0), (40.0, float("nan")), (40.0, float("inf"))):
        with pytest.raises(UsageError, match="two numbers"):
            render_picture(written.folder, tmp_path / "out.png", window=window)
    with pytest.raises(OutputError):
        render_picture(written.folder, tmp_path / "no" / "such" / "folder" / "out.png")
    with pytest.raises(ReadError):
        render_picture(written.folder, tmp_path / "out.png", overlay=tmp_path)
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "out.png").exists()


def test_corners_say_age_and_date_as_the_window_does() -> None:
    patient = Patient("SYN-1", "SYNTHETIC^CHILD", "20220101", "F")
    study = Study("1.2", patient, (), date="20260302", time="101400")
    stack = Stack("1.2.3", Kind.IMAGE, "DX", (), header={"PatientAge": "004Y"})
    assert render_job._patient_lines(study, stack) == ("SYNTHETIC CHILD", "F 4 Y", "SYN-1")
    assert render_job._when(study) == "2 Mar 2026, 10:14"


def test_the_picture_is_as_private_as_the_umask_says(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "in", stored=left_bright())
    before = os.umask(0o077)
    try:
        out = render_picture(written.folder, tmp_path / "out.png")
        nifti = convert(written.folder, tmp_path / "out.nii.gz")
    finally:
        os.umask(before)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(nifti).stat().st_mode) == 0o600
