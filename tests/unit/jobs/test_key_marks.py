"""The reader's key images: the marked slice, as it was windowed, with its words, first in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest

from tests import synth
from tests.unit.reporting.folders import film_results, opened
from viewer.core.annotation import KeyMark
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display.framing import Frame
from viewer.display.render import render
from viewer.display.slicing import Plane, needs_resampling, slice_count
from viewer.display.window import Window
from viewer.jobs import key_marks, report
from viewer.jobs.report_images import SIDE
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
    files = report.export(tmp_path / "out", study, runs, chosen=chosen)
    document = pdfium.PdfDocument(files["report.pdf"])
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    document.close()
    places = [text.find(f"L {500 + n}.") for n in range(9)]
    assert min(places) > 0
    assert places == sorted(places)
