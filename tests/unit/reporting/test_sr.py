"""Structured reports: TID 1500, places, sides, units, verdicts, and what other tools make of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from tests import synth
from tests.unit.reporting.builders import finding, mask_of, result, stack_of, xray_finding
from tests.unit.reporting.folders import opened
from viewer.core.analysis import AnalysisResult, GateReason, GateVerdict, Suitability
from viewer.core.errors import OutputError
from viewer.core.finding import FindingState, Location, Measurement, Side
from viewer.core.report import Signature
from viewer.core.study import Stack
from viewer.reporting.saying import Saying
from viewer.reporting.seg import SegReceipt, write_seg
from viewer.reporting.sr import write_sr

SIGNED = Signature("Dr. A. Reader", "Sample Hospital", "2026-03-02T10:41:00+01:00")


@pytest.fixture
def film(tmp_path: Path) -> Stack:
    return stack_of(synth.write_xray(tmp_path / "film"), "DX")


@pytest.fixture
def scan(tmp_path: Path) -> Stack:
    return stack_of(synth.write_series(tmp_path / "scan", modality="MR"), "MR")


def write(stack: Stack, path: Path, *results: AnalysisResult, **options: Any) -> Dataset:
    segs = options.pop("segs", ())
    write_sr(results, {stack.series_uid: stack}, path, Saying(**options), segs=segs)
    return pydicom.dcmread(path)


def items(root: Dataset) -> Iterator[Dataset]:
    for item in root.get("ContentSequence", []):
        yield item
        yield from items(item)


def named(root: Dataset, value: str) -> list[Dataset]:
    """Items whose concept name has this code value."""
    return [
        item
        for item in items(root)
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == value
    ]


def chosen(root: Dataset, value: str) -> list[str]:
    return [item.ConceptCodeSequence[0].CodeValue for item in named(root, value)]


def test_it_is_a_measurement_report_of_the_same_study(scan: Stack, tmp_path: Path) -> None:
    report = write(scan, tmp_path / "sr.dcm", result(finding(location=Location("Left hippocampus"))))
    source = pydicom.dcmread(scan.instances[0].path)
    assert report.SOPClassUID == pydicom.uid.Comprehensive3DSRStorage
    assert report.ConceptNameCodeSequence[0].CodeValue == "126000"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert (report.StudyInstanceUID, report.PatientID) == (source.StudyInstanceUID, source.PatientID)
    assert report.SeriesInstanceUID != source.SeriesInstanceUID
    referenced = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert [series.SeriesInstanceUID for series in referenced] == [scan.series_uid]


def test_a_group_says_what_where_which_side_and_how_much(scan: Stack, tmp_path: Path) -> None:
    report = write(
        scan, tmp_path / "sr.dcm", result(finding(location=Location("Left hippocampus"), tracking_uid="1.9"))
    )
    (group,) = named(report, "125007")
    assert named(group, "112040")[0].UID == "1.9"
    assert chosen(group, "121071") == ["HIPPOCAMPUS_ANT"]
    assert chosen(group, "363698007") == ["5366008"]
    assert chosen(group, "272741003") == ["7771000"]
    volume = named(group, "118565006")[0].MeasuredValueSequence[0]
    assert (float(volume.NumericValue), volume.MeasurementUnitsCodeSequence[0].CodeValue) == (1814.25, "mm3")
    assert named(group, "111001")[0].TextValue == "mr-hippocampus-segmentation"
    assert named(group, "111003")[0].TextValue == "1.0.0"


def test_the_score_is_a_number_of_ours_and_its_threshold_goes_with_the_algorithm(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", result(xray_finding()))
    score = named(report, "AI_SCORE")[0]
    assert score.ConceptNameCodeSequence[0].CodeMeaning == "AI score (not a probability)"
    assert float(score.MeasuredValueSequence[0].NumericValue) == 0.84
    assert "threshold 0.62 (balanced)" in {item.TextValue for item in named(report, "111002")}
    assert not named(report, "111012")
    assert not named(report, "111047")


def test_a_film_s_box_is_an_image_region_along_the_pixel_edges(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", result(xray_finding()))
    (region,) = named(report, "111030")
    assert (region.ValueType, region.GraphicType) == ("SCOORD", "POLYLINE")
    corners = np.array(region.GraphicData).reshape(-1, 2)
    assert corners.min(axis=0).tolist() == [4, 10]
    assert corners.max(axis=0).tolist() == [16, 30]
    source = region.ContentSequence[0].ReferencedSOPSequence[0]
    assert source.ReferencedSOPInstanceUID == film.instances[0].sop_instance_uid
    assert not [item for item in items(report) if item.ValueType == "SCOORD3D"]


def test_points_on_a_film_are_pixel_centres(film: Stack, tmp_path: Path) -> None:
    outline = ((2.0, 4.0, 0.0), (4.0, 4.0, 0.0), (4.0, 6.0, 0.0))
    report = write(film, tmp_path / "sr.dcm", result(xray_finding(location=Location("x", outline))))
    points = np.array(named(report, "111030")[0].GraphicData).reshape(-1, 2)
    assert points.tolist() == [[10.5, 20.5], [20.5, 20.5], [20.5, 30.5], [10.5, 20.5]]


def test_points_on_a_film_that_states_its_orientation_are_pixels_too(tmp_path: Path) -> None:
    """The reader turns such a film into the patient's axes; the report speaks of columns and rows."""
    _study, stack, volume = opened(synth.write_xray(tmp_path / "x").folder)
    corners = volume.geometry.index_to_world([[0, 10, 4], [0, 10, 16], [0, 30, 16], [0, 30, 4]])
    outline = tuple((float(x), float(y), float(z)) for x, y, z in corners)
    report = write(stack, tmp_path / "sr.dcm", result(xray_finding(location=Location("x", outline))))
    points = np.array(named(report, "111030")[0].GraphicData).reshape(-1, 2)
    assert np.allclose(points, [[4.5, 10.5], [16.5, 10.5], [16.5, 30.5], [4.5, 30.5], [4.5, 10.5]], atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"tilt_degrees": 12.0}, {"orientation": synth.oblique(30.0)}])
def test_a_box_in_a_volume_is_one_polygon_per_native_plane_in_patient_mm(
    options: dict[str, Any], tmp_path: Path
) -> None:
    stack = stack_of(synth.write_series(tmp_path / "s", modality="CT", **options), "CT")
    assert stack.geometry is not None
    box = ((1, 2, 3), (4, 8, 9))
    report = write(stack, tmp_path / "sr.dcm", result(finding(location=Location("x", box_kji=box))))
    surfaces = named(report, "121231")
    assert {item.ReferencedFrameOfReferenceUID for item in surfaces} == {
        pydicom.dcmread(stack.instances[0].path).FrameOfReferenceUID
    }
    found = [np.array(item.GraphicData).reshape(-1, 3) for item in surfaces]
    for k, polygon in zip(range(1, 4), found, strict=True):
        wanted = stack.geometry.index_to_world([[k, 1.5, 2.5], [k, 1.5, 8.5], [k, 7.5, 8.5], [k, 7.5, 2.5]])
        assert np.allclose(polygon[:4], wanted, atol=1e-3)
        assert np.allclose(polygon[4], polygon[0])


def test_a_box_on_one_slice_is_a_planar_region(scan: Stack, tmp_path: Path) -> None:
    location = Location("x", box_kji=((2, 2, 3), (3, 8, 9)))
    report = write(scan, tmp_path / "sr.dcm", result(finding(location=location)))
    (region,) = named(report, "111030")
    assert (region.ValueType, region.GraphicType) == ("SCOORD3D", "POLYGON")


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        (((1.0, 2.0, 3.0),), "POINT"),
        (((1.0, 2.0, 3.0), (4.0, 2.0, 3.0)), "POLYLINE"),
        (((1.0, 2.0, 3.0), (4.0, 2.0, 3.0), (4.0, 9.0, 3.0)), "POLYGON"),
        (((0.0, 0.0, 0.0), (4.0, 0.0, 0.0), (4.0, 9.0, 5.0), (1.0, 2.0, 9.0)), "POLYLINE"),
    ],
)
def test_points_in_a_volume_keep_their_mm(points: Any, kind: str, scan: Stack, tmp_path: Path) -> None:
    report = write(scan, tmp_path / "sr.dcm", result(finding(location=Location("x", points))))
    (region,) = named(report, "111030")
    assert region.GraphicType == kind
    assert np.array(region.GraphicData).reshape(-1, 3)[: len(points)].tolist() == [list(p) for p in points]


def with_mask(stack: Stack, tmp_path: Path) -> tuple[AnalysisResult, SegReceipt]:
    assert stack.geometry is not None
    run = result(finding(1), finding(2, label="Posterior hippocampus"), masks=[mask_of(stack.geometry)])
    receipt = write_seg([run], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    return run, receipt


def test_a_segment_is_referred_to_and_shares_its_tracking_uid(scan: Stack, tmp_path: Path) -> None:
    run, receipt = with_mask(scan, tmp_path)
    report = write(scan, tmp_path / "sr.dcm", run, segs=[receipt])
    references = [item.ReferencedSOPSequence[0] for item in named(report, "121191")]
    assert [r.ReferencedSOPInstanceUID for r in references] == [receipt.sop_instance_uid] * 2
    assert [r.ReferencedSegmentNumber for r in references] == [1, 2]
    assert [item.UID for item in named(report, "112040")] == [s.tracking_uid for s in receipt.segments]


@pytest.mark.parametrize("state", list(FindingState))
def test_the_reader_s_verdict_stands_in_the_group(state: FindingState, film: Stack, tmp_path: Path) -> None:
    judged = xray_finding(comment="Look again").judged(state, "Dr. A. Reader", "2026-03-02T10:21:00+01:00", "because")
    report = write(film, tmp_path / "sr.dcm", result(judged))
    assert chosen(report, "VERDICT") == [state.name]
    assert named(report, "VERDICT_BY")[0].TextValue == "Dr. A. Reader 2026-03-02T10:21:00+01:00"
    assert named(report, "VERDICT_REASON")[0].TextValue == "because"
    assert named(report, "121106")[0].TextValue == "Look again"


def ran(*findings: Any, **changes: Any) -> AnalysisResult:
    return result(*findings, **changes)


def refused() -> AnalysisResult:
    gate = GateVerdict(Suitability.REFUSE, (GateReason("modality", Suitability.REFUSE, "Tested on MR only."),))
    return replace(result(outcome="refused", request_id="r2", pack_id="other"), gate=gate, provenance=None)


@pytest.mark.parametrize(
    ("results", "summary", "statuses"),
    [
        ([ran(xray_finding())], "111242", ["111222"]),
        ([ran()], "111241", ["111222"]),
        ([ran(xray_finding()), refused()], "111244", ["111222", "111225"]),
        ([ran(), refused()], "111243", ["111222", "111225"]),
        ([refused()], "111245", ["111225"]),
        ([ran(outcome="failed")], "111245", ["111224"]),
    ],
)
def test_what_the_algorithms_did_is_said_also_when_nothing_was_found(
    results: list[AnalysisResult], summary: str, statuses: list[str], film: Stack, tmp_path: Path
) -> None:
    report = write(film, tmp_path / "sr.dcm", *results)
    assert chosen(report, "111017") == [summary]
    assert chosen(report, "111065") == statuses


def test_a_refusal_carries_its_reason(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", refused())
    assert [item.TextValue for item in named(report, "121106")] == ["Tested on MR only."]


def test_unsigned_is_partial_and_unverified(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", result(xray_finding()), reader="Dr. A. Reader")
    assert (report.CompletionFlag, report.PreliminaryFlag, report.VerificationFlag) == (
        "PARTIAL",
        "PRELIMINARY",
        "UNVERIFIED",
    )
    assert "VerifyingObserverSequence" not in report


def test_signed_names_who_for_whom_and_when(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", result(xray_finding()), signature=SIGNED)
    assert (report.CompletionFlag, report.PreliminaryFlag, report.VerificationFlag) == ("COMPLETE", "FINAL", "VERIFIED")
    (observer,) = report.VerifyingObserverSequence
    assert str(observer.VerifyingObserverName).rstrip("^") == "Dr. A. Reader"
    assert observer.VerifyingOrganization == "Sample Hospital"
    assert str(observer.VerificationDateTime) == "20260302104100+0100"


@pytest.mark.parametrize("signature", [Signature("", "Org", "x"), Signature("Name", " ", "x")])
def test_a_half_signature_is_refused(signature: Signature, film: Stack, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="name and organisation"):
        write(film, tmp_path / "sr.dcm", result(xray_finding()), signature=signature)


def test_a_new_version_names_its_predecessor(film: Stack, tmp_path: Path) -> None:
    first = write(film, tmp_path / "a.dcm", result(xray_finding()))
    second = write(film, tmp_path / "b.dcm", result(xray_finding()), predecessor=tmp_path / "a.dcm")
    named_before = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named_before.ReferencedSOPInstanceUID == first.SOPInstanceUID != second.SOPInstanceUID


def test_sections_and_chinese_words_survive(film: Stack, tmp_path: Path) -> None:
    sections = {"impression": "右下肺野斑片影 <b> & ß", "recommendation": "复查", "critical": "not in the object"}
    report = write(film, tmp_path / "sr.dcm", result(xray_finding()), sections=sections, language="zh")
    assert named(report, "121073")[0].TextValue == sections["impression"]
    assert named(report, "121075")[0].TextValue == "复查"
    assert chosen(report, "121049") == ["zh"]
    assert sections["critical"] not in {item.get("TextValue") for item in items(report)}


def test_a_side_without_a_known_organ_is_said_in_words(film: Stack, tmp_path: Path) -> None:
    odd = xray_finding(label="Odd thing", code=None, location=Location(), side=Side.RIGHT)
    report = write(film, tmp_path / "sr.dcm", result(odd))
    assert not named(report, "363698007")
    assert chosen(report, "272741003") == ["24028007"]
    assert named(report, "PLACE")[0].TextValue == "right"


def test_a_side_the_reader_changed_is_not_contradicted_by_the_place(film: Stack, tmp_path: Path) -> None:
    edited = xray_finding().edited_to(label="Pneumonia pattern", side=Side.LEFT, comment="")
    report = write(film, tmp_path / "sr.dcm", result(edited))
    assert chosen(report, "272741003") == ["7771000"]
    place = named(report, "PLACE")[0].TextValue
    assert place == "left, by the reader; the AI had said: Right lower zone"


@pytest.mark.parametrize(("side", "site"), [(Side.RIGHT, "72481006"), (Side.LEFT, "39607008"), (Side.BOTH, "39607008")])
def test_the_middle_lobe_is_said_on_the_right_only(side: Side, site: str, film: Stack, tmp_path: Path) -> None:
    lobe = xray_finding(location=Location("Right middle lobe")).edited_to(label="Mass", side=side, comment="")
    report = write(film, tmp_path / "sr.dcm", result(lobe))
    assert chosen(report, "363698007") == [site]
    assert len(named(report, "272741003")) == 1


def test_a_summary_counts_proposals_that_were_left_out(film: Stack, tmp_path: Path) -> None:
    report = write(film, tmp_path / "sr.dcm", result(), proposals=2)
    assert chosen(report, "111017") == ["111242"]


def test_a_number_that_is_none_stops_it(film: Stack, tmp_path: Path) -> None:
    broken = xray_finding(measurements=(Measurement("Volume", float("nan"), "mm3"),))
    with pytest.raises(OutputError) as caught:
        write(film, tmp_path / "sr.dcm", result(broken))
    assert caught.value.code == "not_a_number"
    assert not (tmp_path / "sr.dcm").exists()


def test_two_studies_do_not_fit_one_report(film: Stack, scan: Stack, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="more than one study"):
        write_sr([result()], {film.series_uid: film, scan.series_uid: scan}, tmp_path / "sr.dcm")


def test_a_finding_of_an_unknown_series_is_refused_where_there_are_several(tmp_path: Path) -> None:
    study = pydicom.uid.generate_uid()
    stacks = [stack_of(synth.write_series(tmp_path / n, modality="MR", study_uid=study), "MR") for n in "ab"]
    with pytest.raises(OutputError) as caught:
        write_sr([result(finding())], {s.series_uid: s for s in stacks}, tmp_path / "sr.dcm")
    assert caught.value.code == "no_series"


@pytest.mark.parametrize("tool", ["dsrdump", "dciodvfy"])
def test_other_tools_read_it(tool: str, scan: Stack, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    run, receipt = with_mask(scan, tmp_path)
    boxed = finding(3, location=Location("Brain", box_kji=((1, 2, 3), (4, 8, 9))))
    run = replace(run, findings=(*run.findings, boxed))
    write(scan, tmp_path / "sr.dcm", run, segs=[receipt], signature=SIGNED, sections={"impression": "x"})
    arguments = ["-new"] if tool == "dciodvfy" else []
    done = subprocess.run([tool, *arguments, tmp_path / "sr.dcm"], capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr
    if tool == "dsrdump":
        assert done.returncode == 0
        assert "Imaging Measurement Report" in done.stdout
        assert "Dr. A. Reader" in done.stdout


def test_our_own_regions_are_drawn_where_they_were_found(film: Stack, scan: Stack, tmp_path: Path) -> None:
    """The marks of a report of ours lie, read back, on the pixels and slices of its findings."""
    from viewer.display.overlay import OverlaySet
    from viewer.display.placing import place
    from viewer.display.slicing import Plane, extract
    from viewer.jobs.overlays import overlays_on
    from viewer.reading import load_volume
    from viewer.reading import scan as find

    box = ((2, 5, 3), (3, 11, 9))
    for stack, one in ((film, xray_finding), (scan, finding)):
        k = 0 if stack is film else 2
        here = ((k, 5, 3), (k + 1, 11, 9)) if stack is film else box
        found_at = Location("Somewhere", box_kji=here, slice_index=k)
        write_sr([result(one(location=found_at))], {stack.series_uid: stack}, stack.instances[0].path.parent / "sr.dcm")
        found = find([stack.instances[0].path.parent], use_index=False)
        pictures = next(s for study in found.studies for s in study.stacks if s.series_uid == stack.series_uid)
        volume = load_volume(pictures)
        (foreign,) = overlays_on(pictures, volume.geometry, found.studies)
        views = [extract(volume, Plane.NATIVE, n) for n in range(volume.shape[0])]
        placed = [place(OverlaySet(graphics=foreign.layers), view).graphics for view in views]
        assert [n for n, marks in enumerate(placed) if marks] == [k]
        ((mark,),) = (marks for marks in placed if marks)
        assert mark.ai, "a machine's proposal in an unverified report stays a draft"
        line = mark.lines[0]
        assert line.min(axis=0) == pytest.approx((4.5, 2.5)) and line.max(axis=0) == pytest.approx((10.5, 8.5))
