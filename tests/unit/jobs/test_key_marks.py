"""The reader's key images: the marked slice, as it was windowed, with its words, first in the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests import synth
from tests.unit.reporting.folders import film_folder, film_results, opened
from viewer.core.annotation import KeyMark
from viewer.core.report import KeyImage
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display.framing import Frame
from viewer.display.render import render
from viewer.display.slicing import Plane, needs_resampling, slice_count
from viewer.display.window import Window
from viewer.jobs import export, key_marks, report, result_folder
from viewer.jobs.report_images import SIDE
from viewer.jobs.review import review
from viewer.reading import resample_regular


@pytest.fixture
def head(tmp_path: Path) -> tuple[Stack, Volume]:
    written = synth.write_series(tmp_path / "head", modality="MR", shape=(6, 48, 40), spacing=(2.0, 1.0, 1.0))
    _, stack, volume = opened(written.folder)
    return replace(stack, description="T1 3D"), volume


def test_the_marked_slice_in_its_window(head: tuple[Stack, Volume]) -> None:
    stack, volume = head
    mark = KeyMark(stack.key, "coronal", 20, 100.0, 150.0)
    (image,) = key_marks.pictures([(mark, stack, volume)], "en")
    wanted = Window(100.0, 150.0)
    frame = Frame(corners=False)
    expected = render(volume, Plane.CORONAL, 20, wanted, size=(SIDE, SIDE), frame=frame)
    assert np.array_equal(image.pixels, expected)
    count = slice_count(volume.geometry, Plane.CORONAL)
    assert image.caption == f"Chosen by the reader. T1 3D, coronal, image 21 of {count}. W 150 L 100."
    (chinese,) = key_marks.pictures([(mark, stack, volume)], "zh")
    assert f"T1 3D, 冠状位, 第 21 幅，共 {count} 幅" in chinese.caption


def test_a_cut_across_uneven_slices_is_that_of_the_window(tmp_path: Path) -> None:
    places = (0.0, 3.0, 9.0, 21.0)
    written = synth.write_series(tmp_path / "ct", shape=(4, 48, 40), positions=places)
    _, stack, volume = opened(written.folder)
    assert needs_resampling(volume.geometry, Plane.CORONAL)
    (image,) = key_marks.pictures([(KeyMark(stack.key, "coronal", 20, 40.0, 400.0), stack, volume)], "en")
    shown = resample_regular(volume)
    frame = Frame(corners=False)
    expected = render(shown, Plane.CORONAL, 20, Window(40.0, 400.0), size=(SIDE, SIDE), frame=frame)
    assert np.array_equal(image.pixels, expected)
    assert f"coronal, image 21 of {slice_count(shown.geometry, Plane.CORONAL)}" in image.caption


@pytest.mark.logs("is left out")
def test_a_mark_that_fits_no_more_is_left_out(head: tuple[Stack, Volume]) -> None:
    stack, volume = head
    marks = [KeyMark(stack.key, "native", k, 100.0, 150.0) for k in (99, 2)]
    (image,) = key_marks.pictures([(mark, stack, volume) for mark in marks], "en")
    assert "image 3 of 6" in image.caption


def test_they_come_first_in_the_report_however_many(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "film")
    study, stack, volume = opened(written.folder)
    marks = [KeyMark(stack.key, "native", 0, 500.0 + n, 900.0) for n in range(9)]
    chosen = key_marks.pictures([(mark, stack, volume) for mark in marks], "en")
    runs = [(stack, volume, one) for one in film_results(stack, volume)]
    files = export.export(tmp_path / "out", study, runs, chosen=chosen)
    document = pdfium.PdfDocument(files["report.pdf"])
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    document.close()
    places = [text.find(f"L {500 + n}.") for n in range(9)]
    assert min(places) > 0
    assert places == sorted(places)


def test_a_native_slice_names_its_picture_and_a_cut_across_names_none(head: tuple[Stack, Volume]) -> None:
    stack, volume = head
    native, axial, across = (KeyMark(stack.key, plane, 2, 100.0, 150.0) for plane in ("native", "axial", "sagittal"))
    shown = key_marks.pictures([(mark, stack, volume) for mark in (native, axial, across)], "en")
    assert shown[0].instance == shown[1].instance == stack.instances[2]
    assert shown[2].instance is None


def test_key_images_are_kept_signed_and_listed_as_dicom(tmp_path: Path) -> None:
    folder = film_folder(tmp_path)
    _, stack, volume = opened(tmp_path / "film")
    chosen = key_marks.pictures([(KeyMark(stack.key, "native", 0, 500.0, 900.0), stack, volume)], "en")
    report.write_report(folder, chosen=chosen)
    (entry,) = json.loads((folder / "result.json").read_text())["report"]["key_images"]
    assert entry["mark"]["center"] == 500.0
    assert {entry["file"], "keys.dcm"} <= {p.name for p in folder.iterdir()}
    keys = pydicom.dcmread(folder / "keys.dcm")
    assert keys.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.59"
    pictures = [item for item in keys.ContentSequence if item.ValueType == "IMAGE"]
    assert [p.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for p in pictures] == [
        stack.instances[0].sop_instance_uid
    ]
    review(folder, accept=["all"], reader="Dr A")
    report.write_report(folder, sign=("Dr A", "Ward B"))
    again = json.loads((folder / "result.json").read_text())
    assert again["report"]["key_images"] == [entry]
    assert {entry["file"], "keys.dcm"} <= set(again["files"])
    assert len(report_content_images(folder)) == 1


def report_content_images(folder: Path) -> tuple[KeyImage, ...]:
    return key_marks.kept_in(folder, result_folder.load(folder).document["report"])


def test_without_marks_the_pictures_of_before_go(tmp_path: Path) -> None:
    folder = film_folder(tmp_path)
    _, stack, volume = opened(tmp_path / "film")
    chosen = key_marks.pictures([(KeyMark(stack.key, "native", 0, 500.0, 900.0), stack, volume)], "en")
    report.write_report(folder, chosen=chosen)
    report.write_report(folder, chosen=())
    document = json.loads((folder / "result.json").read_text())
    assert document["report"]["key_images"] == []
    assert not [p for p in folder.iterdir() if p.name.startswith("chosen-") or p.name == "keys.dcm"]
    assert sorted(document["files"]) == sorted(p.name for p in folder.iterdir())


@pytest.mark.logs("is left out")
def test_a_changed_picture_is_left_out(tmp_path: Path) -> None:
    folder = film_folder(tmp_path)
    _, stack, volume = opened(tmp_path / "film")
    chosen = key_marks.pictures([(KeyMark(stack.key, "native", 0, 500.0, 900.0), stack, volume)], "en")
    report.write_report(folder, chosen=chosen)
    Image.fromarray(255 - chosen[0].pixels).save(folder / "chosen-1.png")
    assert report_content_images(folder) == ()
