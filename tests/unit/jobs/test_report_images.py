"""Key pictures: the right slice, the right place, nothing that was not accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import synth
from tests.unit.reporting.folders import film_folder, film_results, head_results, opened
from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding, Location
from viewer.core.study import Stack, Study
from viewer.core.volume import Volume
from viewer.jobs.report_content import ReportInput
from viewer.jobs.report_images import SIDE, alone, drawn, extent

ORANGE = (255, 153, 51)


def given(study: Study, stack: Stack, results: tuple[AnalysisResult, ...]) -> ReportInput:
    return ReportInput(study, stack, results, tuple(f for r in results for f in r.findings))


@pytest.fixture
def head(tmp_path: Path) -> tuple[ReportInput, Volume]:
    written = synth.write_series(tmp_path / "head", modality="MR", shape=(6, 96, 80), spacing=(2.0, 1.0, 1.0))
    study, stack, volume = opened(written.folder)
    return given(study, stack, head_results(stack, volume)), volume


def findings_of(loaded: ReportInput) -> tuple[Finding, ...]:
    return loaded.results[0].findings


def test_the_first_finding_gets_detail_overlay_and_whole_the_next_its_overlay(head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = head
    images = drawn(loaded, volume, findings_of(loaded))
    assert [image.finding_id for image in images] == ["f1", "f1", "f1", "f2"]
    assert [("Detail." in i.caption, "Whole" in i.caption, "outline" in i.caption) for i in images] == [
        (True, False, False),
        (True, False, True),
        (False, True, False),
        (True, False, True),
    ]
    assert "image 3 of 6" in images[0].caption
    assert all(image.pixels.shape == (SIDE, SIDE, 3) and image.pixels.dtype == np.uint8 for image in images)


def colour_share(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    """Share of pixels whose hue leans to a colour."""
    r, g, b = (pixels[..., n].astype(int) for n in range(3))
    lean = (r - b > 40) if colour == ORANGE else (b - r > 40)
    return float(np.mean(lean & (np.abs(g) >= 0)))


def test_only_the_finding_s_own_segment_is_drawn(head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = head
    bare, first, whole, second = drawn(loaded, volume, findings_of(loaded))
    assert colour_share(bare.pixels, ORANGE) == colour_share(whole.pixels, ORANGE) == 0
    assert colour_share(first.pixels, ORANGE) > 0.01
    assert colour_share(first.pixels, (0, 0, 255)) < 0.001
    assert colour_share(second.pixels, (0, 0, 255)) > 0.01
    assert colour_share(second.pixels, ORANGE) < 0.001


def test_chinese_captions(head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = replace(head[0], language="zh"), head[1]
    captions = " ".join(image.caption for image in drawn(loaded, volume, findings_of(loaded)))
    assert "海马前部" in captions
    assert "第 3 幅，共 6 幅" in captions


def test_a_heatmap_that_failed_its_check_is_not_shown(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "film")
    study, stack, volume = opened(written.folder)
    ran = film_results(stack, volume)[0]
    failed = replace(ran, heatmaps=tuple(replace(h, honest=False) for h in ran.heatmaps))
    loaded = given(study, stack, (failed,))
    captions = [image.caption for image in drawn(loaded, volume, failed.findings[:1])]
    assert not any("heatmap" in caption for caption in captions)
    assert any("outline of the place" in caption for caption in captions)


@pytest.mark.parametrize("k", [None, -1, 6])
def test_a_finding_without_a_slice_has_no_picture(k: int | None, head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = head
    odd = replace(findings_of(loaded)[0], location=Location("somewhere", slice_index=k))
    assert drawn(loaded, volume, [odd]) == ()


def test_there_are_never_more_than_two_rows(head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = head
    assert len(drawn(loaded, volume, findings_of(loaded) * 10)) == 6


def places(stack: Stack, volume: Volume) -> tuple[AnalysisResult, Finding]:
    ran = head_results(stack, volume)[0]
    return ran, ran.findings[0]


def test_extent_of_a_segment_of_points_and_of_a_box(head: tuple[ReportInput, Volume]) -> None:
    loaded, volume = head
    ran, finding = places(loaded.stack, volume)
    inside = np.argwhere(ran.masks[0].labels[2] == 1)
    assert extent(finding, ran, volume, 2) == (*inside.min(axis=0), *inside.max(axis=0))
    corners = volume.geometry.index_to_world([[2, 10, 20], [2, 30, 50]])
    points = tuple((float(x), float(y), float(z)) for x, y, z in corners)
    found = extent(replace(finding, location=Location("x", points)), ran, volume, 2)
    assert found == pytest.approx((10, 20, 30, 50), abs=1e-6)
    box = replace(finding, location=Location("x", box_kji=((1, 2, 3), (4, 8, 9))))
    assert extent(box, ran, volume, 2) == (2, 3, 7, 8)
    assert extent(replace(finding, location=Location("x")), ran, volume, 2) is None


def test_what_a_reader_rejected_is_not_drawn_beside_what_was_accepted(tmp_path: Path) -> None:
    film_folder(tmp_path)
    _, stack, volume = opened(tmp_path / "film")
    ran = film_results(stack, volume)[0]
    values = np.zeros(volume.shape, np.float32)
    values[0, 5:9, 4:8] = values[0, 30:34, 20:24] = 1
    boxes = (((0, 5, 4), (1, 9, 8)), ((0, 30, 20), (1, 34, 24)))
    findings = tuple(
        replace(finding, location=replace(finding.location, box_kji=box))
        for finding, box in zip(ran.findings, boxes, strict=True)
    )
    both = replace(ran, findings=findings, heatmaps=(replace(ran.heatmaps[0], values=values),))
    (heat,) = alone(both, findings[0]).heatmaps
    assert heat.values[0, 5:9, 4:8].all()
    assert np.count_nonzero(heat.values) == 16
