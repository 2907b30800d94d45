"""The read-back gate sees what a wrong file would show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from tests import synth
from tests.unit.reporting.builders import accepted, finding, mask_of, report, result, stack_of, xray_finding
from viewer.core.errors import OutputError
from viewer.core.finding import Location, Measurement, Side
from viewer.core.study import Stack
from viewer.core.volume import Mask
from viewer.reading import scan
from viewer.reading.objects.segmentation import read_segmentation
from viewer.reading.objects.structured import Item, read_items
from viewer.reporting import readback
from viewer.reporting.paper import paper_of, pixels_of
from viewer.reporting.seg import SegReceipt, write_seg
from viewer.reporting.sr import SrReceipt, write_sr
from viewer.reporting.typeset import Printed, typeset


def scanned(path: Path) -> Stack:
    return scan([path]).studies[0].stacks[0]


@pytest.fixture
def seg(tmp_path: Path) -> tuple[SegReceipt, tuple[Mask, ...]]:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="MR"), "MR")
    assert stack.geometry is not None
    receipt = write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    return receipt, read_segmentation(scanned(tmp_path / "seg.dcm"))


@pytest.fixture
def sr(tmp_path: Path) -> tuple[SrReceipt, Item]:
    stack = stack_of(synth.write_xray(tmp_path / "x"), "DX")
    findings = (xray_finding(1), xray_finding(2, side=Side.LEFT, measurements=(Measurement("Area", 12.345, "mm2"),)))
    receipt = write_sr([result(*findings)], {stack.series_uid: stack}, tmp_path / "sr.dcm")
    return receipt, read_items(scanned(tmp_path / "sr.dcm"))


def test_a_true_segmentation_passes(seg: tuple[SegReceipt, tuple[Mask, ...]]) -> None:
    assert readback.compare_seg(*seg) == []


def test_a_mirrored_segmentation_is_caught_in_mm(seg: tuple[SegReceipt, tuple[Mask, ...]]) -> None:
    receipt, masks = seg
    mirrored = tuple(replace(mask, labels=np.ascontiguousarray(mask.labels[..., ::-1])) for mask in masks)
    said = readback.compare_seg(receipt, mirrored)
    assert any("mm left" in line for line in said)


def test_a_lost_voxel_a_lost_segment_and_a_wrong_name_are_caught(seg: tuple[SegReceipt, tuple[Mask, ...]]) -> None:
    receipt, (mask, *_rest) = seg
    labels = mask.labels.copy()
    labels[tuple(np.argwhere(labels == 1)[0])] = 0
    assert "voxels instead of" in readback.compare_seg(receipt, (replace(mask, labels=labels),))[0]
    assert "segments [1, 2] were written, [1] found" in readback.compare_seg(
        receipt, (replace(mask, segments=mask.segments[:1]),)
    )
    renamed = tuple(replace(segment, name="Liver") for segment in mask.segments)
    assert "segment 1 is called otherwise" in readback.compare_seg(receipt, (replace(mask, segments=renamed),))
    tracked = tuple(replace(segment, tracking_uid="1.2") for segment in mask.segments)
    assert "segment 1 carries another tracking UID" in readback.compare_seg(receipt, (replace(mask, segments=tracked),))


def test_empty_segments_pass(tmp_path: Path) -> None:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="MR"), "MR")
    assert stack.geometry is not None
    mask = mask_of(stack.geometry)
    labels = np.where(mask.labels == 2, 0, mask.labels).astype(np.uint8)
    receipt = write_seg([result(masks=[replace(mask, labels=labels)])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    assert readback.compare_seg(receipt, read_segmentation(scanned(tmp_path / "seg.dcm"))) == []


def test_a_true_report_passes(sr: tuple[SrReceipt, Item]) -> None:
    assert readback.compare_sr(*sr) == []


def edited(path: Path, change: str) -> Item:
    """The report with one thing wrong."""
    report = pydicom.dcmread(path)
    (measurements,) = [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010"]
    group = measurements.ContentSequence[1]
    by_code = {item.ConceptNameCodeSequence[0].CodeValue: item for item in group.ContentSequence}
    if change == "side":
        site = by_code["363698007"].ContentSequence[0].ConceptCodeSequence[0]
        site.CodeValue, site.CodeMeaning = "24028007", "Right"
    elif change == "number":
        by_code["42798000"].MeasuredValueSequence[0].NumericValue = "12.346"
        by_code["42798000"].MeasuredValueSequence[0].pop("FloatingPointValue", None)
    elif change == "unit":
        by_code["42798000"].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "cm2"
    elif change == "finding":
        by_code["121071"].ConceptCodeSequence[0].CodeMeaning = "Mass"
    elif change == "place":
        by_code["111030"].GraphicData = [value + 3 for value in by_code["111030"].GraphicData]
    elif change == "lost":
        del measurements.ContentSequence[1]
    report.save_as(path)
    return read_items(scanned(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("side", "finding 2 is on Right, not Left"),
        ("number", "Area of finding 2 reads 12.346 mm2 instead of 12.345 mm2"),
        ("unit", "Area of finding 2 reads 12.345 cm2 instead of 12.345 mm2"),
        ("finding", "finding 2 is called otherwise"),
        ("place", "finding 2 lies 3.0 pixels off its place"),
        ("lost", "finding 2 is missing"),
    ],
)
def test_one_wrong_thing_is_named(change: str, said: str, sr: tuple[SrReceipt, Item]) -> None:
    receipt, _root = sr
    assert said in readback.compare_sr(receipt, edited(receipt.path, change))


def test_a_side_without_a_site_that_got_lost_is_caught(tmp_path: Path) -> None:
    stack = stack_of(synth.write_xray(tmp_path / "film"), "DX")
    odd = xray_finding(label="Odd thing", code=None, location=Location(), side=Side.LEFT)
    receipt = write_sr([result(odd)], {stack.series_uid: stack}, tmp_path / "sr.dcm")
    assert readback.compare_sr(receipt, read_items(scanned(receipt.path))) == []
    report = pydicom.dcmread(receipt.path)
    (measurements,) = [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010"]
    group = measurements.ContentSequence[0]
    group.ContentSequence = [
        item for item in group.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != "272741003"
    ]
    report.save_as(receipt.path)
    said = readback.compare_sr(receipt, read_items(scanned(receipt.path)))
    assert said == ["finding 1 is on no side, not Left"]


def test_another_patient_is_said_without_naming_anybody() -> None:
    said = readback.compare_patient("1.2", "SECRET", "1.3", "OTHER")
    assert said == ["it belongs to another study", "it names another patient"]


def test_a_mismatch_stops_the_job() -> None:
    readback.stop_on([], "The report")
    with pytest.raises(OutputError, match="segment 1 is mirrored") as caught:
        readback.stop_on(["segment 1 is mirrored"], "The segmentation")
    assert caught.value.code == "readback"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_true_paper_passes(language: str) -> None:
    paper = report(accepted(1), accepted(2, location=Location("Left upper zone"), side=Side.LEFT), language=language)
    assert readback.compare_pdf(paper, typeset(paper_of(paper), pixels_of(paper))) == []


def test_a_paper_of_something_else_is_caught() -> None:
    pdf = typeset(paper_of(report(accepted(1))), {})
    other = replace(report(accepted(1, label="Mass")), patient=replace(report().patient, id="SYN-9999"))
    said = readback.compare_pdf(other, pdf)
    assert "page 1 does not carry the patient's ID" in said
    assert "the name of finding 1 is missing" in said


def test_what_is_no_pdf_is_said() -> None:
    with pytest.raises(OutputError, match="cannot be read back"):
        readback.compare_pdf(report(), Printed(b"not a pdf"))


def test_findings_with_measurements_of_ours_pass(tmp_path: Path) -> None:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="CT"), "CT")
    odd = finding(measurements=(Measurement("Wobble", 1 / 3, "furlong"), Measurement("Volume", 1e7 / 7, "mm3")))
    receipt = write_sr([result(odd)], {stack.series_uid: stack}, tmp_path / "sr.dcm")
    assert readback.compare_sr(receipt, read_items(scanned(tmp_path / "sr.dcm"))) == []


@pytest.mark.parametrize("options", [{}, {"tilt_degrees": 12.0}, {"orientation": synth.oblique(30.0)}])
@pytest.mark.parametrize(
    "location",
    [
        Location("x", box_kji=((1, 2, 3), (4, 8, 9))),
        Location("x", box_kji=((2, 2, 3), (3, 8, 9))),
        Location("x", ((1.0, 2.0, 3.0),)),
        Location("x", ((1.0, 2.0, 3.0), (4.0, 2.0, 3.0), (4.0, 9.0, 3.0))),
        Location("x"),
    ],
)
def test_places_in_a_volume_are_found_again(location: Location, options: dict[str, Any], tmp_path: Path) -> None:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="CT", **options), "CT")
    receipt = write_sr([result(finding(location=location))], {stack.series_uid: stack}, tmp_path / "sr.dcm")
    assert (receipt.groups[0].place is None) == (location == Location("x"))
    assert readback.compare_sr(receipt, read_items(scanned(tmp_path / "sr.dcm"))) == []


def test_a_finding_that_points_to_another_segment_is_caught(tmp_path: Path) -> None:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="MR"), "MR")
    assert stack.geometry is not None
    run = result(finding(1), finding(2), masks=[mask_of(stack.geometry)])
    seg = write_seg([run], stack, tmp_path / "seg.dcm")
    assert seg is not None
    receipt = write_sr([run], {stack.series_uid: stack}, tmp_path / "sr.dcm", segs=[seg])
    root = read_items(scanned(tmp_path / "sr.dcm"))
    assert readback.compare_sr(receipt, root) == []
    first = replace(receipt.groups[0], segment=(seg.sop_instance_uid, 2))
    said = readback.compare_sr(replace(receipt, groups=(first, receipt.groups[1])), root)
    assert said == ["finding 1 does not point to its segment"]
