"""What reports draw: marks with their words, on the pictures they name; our own reports read back too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests import others, synth
from tests.conftest import shared_folder
from tests.unit.reading.objects.builders import item
from viewer.core.graphic import Graphic, PictureRef, Shape, Space
from viewer.core.study import Kind, ScanResult, Stack
from viewer.display.overlay import OverlaySet
from viewer.display.placing import place
from viewer.display.slicing import Plane, extract
from viewer.jobs.overlays import overlays_on
from viewer.reading import load_volume, scan
from viewer.reading.objects.marks import read_marks
from viewer.reading.objects.structured import read_report


def stacks(found: ScanResult, kind: Kind) -> list[Stack]:
    return [s for study in found.studies for s in study.stacks if s.kind is kind]


def series_with_report(folder: Path) -> tuple[synth.Written, np.ndarray]:
    """A CT, a length on slice 2 and a rectangle in the patient on slice 4."""
    series = synth.write_series(folder, shape=(6, 24, 20), spacing=(5.0, 0.8, 0.7))
    header = dcmread(series.files[2])
    assert series.affine is not None
    corners = np.array([[4, j, i, 1] for j, i in ((5, 5), (5, 12), (10, 12), (10, 5))]) @ series.affine.T
    groups = [
        others.measured_line(header, [3.5, 4.5, 13.5, 9.5], 8.1),
        others.region_in_space(corners[:, :3], header.FrameOfReferenceUID),
    ]
    others.write_report(folder / "sr.dcm", header, groups)
    return series, corners[:, :3]


def test_marks_lie_on_the_slices_they_name(tmp_path: Path) -> None:
    series_with_report(tmp_path)
    found = scan([tmp_path], use_index=False)
    (stack,) = stacks(found, Kind.VOLUME)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    views = [extract(volume, Plane.AXIAL, k) for k in range(6)]
    placed = [place(OverlaySet(graphics=foreign.layers), view).graphics for view in views]
    assert [len(marks) for marks in placed] == [0, 0, 1, 0, 1, 0]
    (line,), (region,) = placed[2], placed[4]
    assert line.text == "Length 8.1 mm"
    assert line.lines[0].tolist() == [[4.0, 3.0], [9.0, 13.0]]
    assert region.text == "Lesion 2"
    np.testing.assert_allclose(region.lines[0], [[5, 5], [5, 12], [10, 12], [10, 5], [5, 5]], atol=1e-6)


def test_a_polygon_shows_in_other_planes_where_they_cut_it(tmp_path: Path) -> None:
    series_with_report(tmp_path)
    found = scan([tmp_path], use_index=False)
    (stack,) = stacks(found, Kind.VOLUME)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    cuts = [place(OverlaySet(graphics=foreign.layers), extract(volume, Plane.CORONAL, j)).graphics for j in range(24)]
    assert [j for j, marks in enumerate(cuts) if marks] == [5, 6, 7, 8, 9, 10]
    columns = sorted({round(float(point[1])) for line in cuts[7][0].lines for point in line})
    assert columns == [5, 12]
    assert {round(float(point[0])) for line in cuts[7][0].lines for point in line} == {1}  # slice 4 of 6, head up


def test_a_mark_in_another_frame_of_reference_is_not_drawn(tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "ct")
    header = dcmread(series.files[0])
    region = others.region_in_space(np.array([[0.0, 0, 100], [5, 0, 100], [5, 5, 100]]), others.new_uid())
    others.write_report(tmp_path / "ct" / "sr.dcm", header, [region])
    found = scan([tmp_path], use_index=False)
    (stack,) = stacks(found, Kind.VOLUME)
    assert stack.geometry is not None
    assert overlays_on(stack, stack.geometry, found.studies) == ()


def test_lines_of_the_tree_know_their_place(tmp_path: Path) -> None:
    series_with_report(tmp_path)
    (report,) = stacks(scan([tmp_path], use_index=False), Kind.REPORT)
    tree = read_report(report).tree
    lengths, regions = [node for node in tree if node.text == "Measurement Group"]
    line = lengths.children[1].children[0]
    assert isinstance(line.place, Graphic) and line.place.shape is Shape.POLYLINE
    assert line.place.points == ((4.0, 3.0), (9.0, 13.0))
    assert isinstance(line.children[0].place, PictureRef)
    region = regions.children[1].place
    assert isinstance(region, Graphic) and region.space is Space.PATIENT
    assert region.points[0] == region.points[-1]


def test_a_picture_named_by_the_number_of_its_item_is_found(tmp_path: Path) -> None:
    series = synth.write_xray(tmp_path / "film")
    header = dcmread(series.files[0])
    image = others.content("IMAGE", "CONTAINS", ReferencedSOPSequence=[others.picture_reference(header)])
    link = item(RelationshipType="SELECTED FROM", ReferencedContentItemIdentifier=[1, 1])
    circle = others.content(
        "SCOORD", "CONTAINS", GraphicType="CIRCLE", GraphicData=[10.5, 8.5, 13.5, 8.5], ContentSequence=[link]
    )
    others.write_report(tmp_path / "film" / "sr.dcm", header, [image, circle])
    (report,) = stacks(scan([tmp_path], use_index=False), Kind.REPORT)
    ((mark,),) = (layer.graphics for layer in read_marks(report))
    assert mark.pictures == (PictureRef(series.sop_uids[0]),)
    assert mark.points == ((8.0, 10.0), (8.0, 13.0))


@pytest.mark.parametrize(("verified", "draft"), [("UNVERIFIED", True), ("VERIFIED", False)])
def test_a_programs_marks_are_a_draft_until_verified(tmp_path: Path, verified: str, draft: bool) -> None:
    series = synth.write_xray(tmp_path / "film")
    header = dcmread(series.files[0])
    group = others.measured_line(header, [1, 2, 3, 4], 2.0)
    name = others.content("TEXT", "HAS CONCEPT MOD", ("111001", "DCM", "Algorithm Name"), TextValue="Finder")
    group.ContentSequence.append(name)
    others.write_report(tmp_path / "film" / "sr.dcm", header, [group], VerificationFlag=verified)
    found = scan([tmp_path], use_index=False)
    (stack,) = stacks(found, Kind.IMAGE)
    assert stack.geometry is not None
    (foreign,) = overlays_on(stack, stack.geometry, found.studies)
    assert OverlaySet(graphics=foreign.layers).shows_ai is draft


@pytest.mark.parametrize(
    ("name", "words", "points"),
    [
        ("tid1500-sr-ruler.dcm", "Length 4.02532 mm", 4),
        ("tid1500-sr-circle.dcm", "Area 0.125664 cm²", 4),
        ("sr_document.dcm", "Area of defined region 1.7 cm²", 1),
    ],
)
def test_real_reports_give_their_marks(name: str, words: str, points: int) -> None:
    path = shared_folder("corpus", "sr") / name
    (report,) = stacks(scan([path], use_index=False), Kind.REPORT)
    (layer,) = read_marks(report)
    assert len(layer.graphics) == points
    assert words in layer.graphics[0].text


def test_a_real_report_marks_its_real_picture() -> None:
    """The spinal cord circled on a CT slice: centre (58, 52), radius 11 px, "1.7 cm²" at 0.66 mm a pixel."""
    corpus = shared_folder("corpus", "sr").parent
    found = scan([corpus / "sr" / "sr_document.dcm", corpus / "malformed" / "CTImageStorage_bad_meta.dcm"])
    stack = next(s for study in found.studies for s in study.stacks if s.modality == "CT")
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    ((mark,),) = (place(OverlaySet(graphics=foreign.layers), extract(volume, Plane.NATIVE, 0)).graphics,)
    away = np.linalg.norm(mark.lines[0] - [51.5, 57.5], axis=1)
    assert away == pytest.approx(11.0)
    area = np.pi * 11**2 * volume.geometry.spacing[1] * volume.geometry.spacing[2] / 100
    assert area == pytest.approx(1.7, abs=0.05)
    assert mark.ai


@pytest.mark.parametrize("far", [1e30, float("nan"), float("inf"), -2e6])
def test_points_that_are_nowhere_are_not_drawn(tmp_path: Path, far: float) -> None:
    series = synth.write_xray(tmp_path / "film")
    header = dcmread(series.files[0])
    others.write_report(tmp_path / "film" / "sr.dcm", header, [others.measured_line(header, [1.0, 2.0, far, 4.0], 2.0)])
    found = scan([tmp_path], use_index=False)
    (stack,) = stacks(found, Kind.IMAGE)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    assert place(OverlaySet(graphics=foreign.layers), extract(volume, Plane.NATIVE, 0)).graphics == ()
