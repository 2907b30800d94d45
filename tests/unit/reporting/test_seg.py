"""Segmentations lie where the mask lay: by position, in every orientation, read by other libraries."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK

from tests import synth
from tests.unit.reporting.builders import finding, mask_of, result, stack_of
from viewer.core.errors import OutputError
from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.core.volume import Mask, Segment
from viewer.reporting.seg import write_seg

UNEVEN = [0.0, 5.0, 10.0, 21.0, 26.0, 31.0]
CASES: dict[str, dict[str, Any]] = {
    "axial": {},
    "oblique": {"orientation": synth.oblique(23.0)},
    "prone": {"orientation": synth.PRONE},
    "coronal": {"orientation": synth.CORONAL},
    "sagittal": {"orientation": synth.SAGITTAL},
    "tilted": {"tilt_degrees": 14.0, "modality": "CT"},
    "uneven": {"positions": UNEVEN},
}


def series(folder: Path, **options: Any) -> Stack:
    written = synth.write_series(folder, **{"modality": "MR", **options})
    return stack_of(written, "MR", options.get("positions"))


def points_by_highdicom(path: Path) -> dict[int, set[tuple[float, float, float]]]:
    """Segment number -> LPS mm of its voxels, from each frame's own plane position."""
    seg = highdicom.seg.segread(path)
    points: dict[int, set[tuple[float, float, float]]] = {}
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    rows, columns = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    for frame, group in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        corner = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        for j, i in np.argwhere(frame):
            place = corner + cosines[:3] * i * columns + cosines[3:] * j * rows
            points.setdefault(number, set()).add(tuple(np.round(place, 2)))
    return points


def points_of(mask: Mask) -> dict[int, set[tuple[float, float, float]]]:
    return {
        s.number: {tuple(np.round(p, 2)) for p in mask.geometry.index_to_world(np.argwhere(mask.labels == s.number))}
        for s in mask.segments
    }


@pytest.mark.parametrize("name", CASES)
def test_every_voxel_lies_where_the_mask_had_it(name: str, tmp_path: Path) -> None:
    stack = series(tmp_path / "s", **CASES[name])
    assert stack.geometry is not None
    mask = mask_of(stack.geometry)
    receipt = write_seg([result(masks=[mask])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    assert points_by_highdicom(tmp_path / "seg.dcm") == points_of(mask)
    assert [r.voxels for r in receipt.segments] == [int((mask.labels == n).sum()) for n in (1, 2)]


def test_left_stays_left(tmp_path: Path) -> None:
    stack = series(tmp_path / "s", origin=(-7.0, -40.0, 100.0))
    assert stack.geometry is not None
    labels = np.zeros(stack.geometry.shape, np.uint8)
    left, right = stack.geometry.world_to_index([[5.6, -30, 110], [-5.6, -30, 110]]).round().astype(int)
    labels[tuple(left)], labels[tuple(right)] = 1, 2
    mask = Mask(labels, (Segment(1, "Left side"), Segment(2, "Right side")), stack.geometry)
    write_seg([result(masks=[mask])], stack, tmp_path / "seg.dcm")
    points = points_by_highdicom(tmp_path / "seg.dcm")
    assert min(x for x, _y, _z in points[1]) > 0 > max(x for x, _y, _z in points[2])


def test_simpleitk_reads_it_in_the_same_place(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    mask = mask_of(stack.geometry, ("Anterior hippocampus",))
    write_seg([result(masks=[mask])], stack, tmp_path / "seg.dcm")
    image = SimpleITK.ReadImage(str(tmp_path / "seg.dcm"))
    assert int(SimpleITK.GetArrayFromImage(image).astype(bool).sum()) == int(mask.labels.astype(bool).sum())


def test_a_crop_keeps_its_place(tmp_path: Path) -> None:
    stack = series(tmp_path / "s", orientation=synth.oblique(11.0))
    assert stack.geometry is not None
    whole = mask_of(stack.geometry)
    start, stop = (1, 2, 1), (5, 20, 16)
    cut = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    crop = Mask(whole.labels[cut], whole.segments, stack.geometry.cropped(start, stop))
    write_seg([result(masks=[crop])], stack, tmp_path / "seg.dcm")
    assert points_by_highdicom(tmp_path / "seg.dcm") == points_of(whole)


def test_enhanced_frames_are_placed_one_by_one(tmp_path: Path) -> None:
    """Frames stored last slice first: the mask follows the frames' positions, not their order."""
    stack = series(tmp_path / "s")
    enhanced = enhance(stack, tmp_path / "enhanced.dcm")
    assert enhanced.geometry is not None
    mask = mask_of(enhanced.geometry)
    write_seg([result(masks=[mask])], enhanced, tmp_path / "seg.dcm")
    assert points_by_highdicom(tmp_path / "seg.dcm") == points_of(mask)


def enhance(stack: Stack, path: Path) -> Stack:
    """The same slices as one legacy converted multi-frame file, frames reversed."""
    files = [pydicom.dcmread(instance.path) for instance in stack.instances]
    uid = pydicom.uid.generate_uid()
    made = highdicom.legacy.LegacyConvertedEnhancedMRImage(files[::-1], uid, 7, pydicom.uid.generate_uid(), 1)
    made.save_as(path)
    positions = [
        tuple(float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient)
        for group in made.PerFrameFunctionalGroupsSequence
    ]
    wanted = [tuple(float(v) for v in file.ImagePositionPatient) for file in files]
    instances = tuple(
        replace(stack.instances[0], path=path, sop_instance_uid=made.SOPInstanceUID, frame=positions.index(place))
        for place in wanted
    )
    return replace(stack, series_uid=uid, instances=instances)


def test_study_and_frame_of_reference_are_kept_and_uids_are_new(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    source, seg = pydicom.dcmread(stack.instances[0].path), pydicom.dcmread(tmp_path / "seg.dcm")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"):
        assert seg[keyword].value == source[keyword].value
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    assert seg.SOPInstanceUID not in {i.sop_instance_uid for i in stack.instances}
    assert seg.SegmentationType == "BINARY"
    assert seg.ContentLabel == "AI_DRAFT"


def test_segments_carry_codes_algorithm_and_the_finding_s_tracking_uid(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    own = finding(1, tracking_uid="1.2.3.4")
    receipt = write_seg([result(own, masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm", reviewed=True)
    assert receipt is not None
    item = pydicom.dcmread(tmp_path / "seg.dcm").SegmentSequence[0]
    assert item.TrackingUID == "1.2.3.4" == receipt.segments[0].tracking_uid
    assert item.SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator == "99SECONDREAD"
    assert item.AnatomicRegionSequence[0].CodeValue == "5366008"
    algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("mr-hippocampus-segmentation", "1.0.0")


def test_a_rewrite_keeps_tracking_uids(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    run = result(masks=[mask_of(stack.geometry)])
    first, second = (write_seg([run], stack, tmp_path / name) for name in ("a.dcm", "b.dcm"))
    assert first is not None
    assert second is not None
    assert [r.tracking_uid for r in first.segments] == [r.tracking_uid for r in second.segments]
    assert first.sop_instance_uid != second.sop_instance_uid


def test_segments_of_two_packs_may_overlap(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    mask = mask_of(stack.geometry, ("Hippocampus",))
    receipt = write_seg([result(masks=[mask]), result(masks=[mask], request_id="r2")], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    points = points_by_highdicom(tmp_path / "seg.dcm")
    assert points[1] == points[2] == points_of(mask)[1]
    record = receipt.segment_of("r2", 1)
    assert record is not None
    assert record.number == 2


def test_only_listed_segments_are_written_and_an_empty_one_is_described(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    mask = mask_of(stack.geometry)
    kept = replace(mask, segments=(mask.segments[1], Segment(9, "Nothing there")))
    receipt = write_seg([result(masks=[kept])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    assert [(r.mask_number, r.number, r.voxels) for r in receipt.segments] == [
        (2, 1, receipt.segments[0].voxels),
        (9, 2, 0),
    ]
    assert points_by_highdicom(tmp_path / "seg.dcm") == {1: points_of(mask)[2]}


def test_a_mask_without_any_voxel_still_makes_a_valid_object(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    empty = replace(mask_of(stack.geometry), labels=np.zeros(stack.geometry.shape, np.uint8))
    receipt = write_seg([result(masks=[empty])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    assert all(record.voxels == 0 for record in receipt.segments)
    assert not pydicom.dcmread(tmp_path / "seg.dcm").pixel_array.any()


def test_no_segments_no_file(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert write_seg([result()], stack, tmp_path / "seg.dcm") is None
    assert not (tmp_path / "seg.dcm").exists()


def test_a_film_without_a_frame_gets_a_segmentation_of_its_one_picture(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "x")
    stack = stack_of(written, "DX")
    assert stack.geometry is not None
    mask = mask_of(stack.geometry, ("Lung",))
    receipt = write_seg([result(masks=[mask])], stack, tmp_path / "seg.dcm")
    assert receipt is not None
    assert receipt.segments[0].centroid_lps is None
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    assert "FrameOfReferenceUID" not in seg
    assert np.array_equal(np.squeeze(seg.pixel_array), mask.labels[0])
    assert list(seg.PatientOrientation) == ["L", "F"]


def test_many_slices_without_positions_are_refused_in_words(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "s", modality="MR", extra={"ImagePositionPatient": None})
    stack = stack_of(written, "MR")
    assert stack.geometry is not None
    with pytest.raises(OutputError, match="no patient positions") as caught:
        write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    assert caught.value.code == "no_frame_of_reference"
    assert not (tmp_path / "seg.dcm").exists()


def test_a_mask_turned_off_its_planes_is_refused(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    affine = stack.geometry.affine.copy()
    affine[:3, 1], affine[:3, 2] = affine[:3, 2].copy(), affine[:3, 1].copy()
    turned = Geometry(stack.geometry.shape, affine, None, "1.2.3")
    with pytest.raises(OutputError) as caught:
        write_seg([result(masks=[mask_of(turned)])], stack, tmp_path / "seg.dcm")
    assert caught.value.code == "off_grid"


def test_sources_that_have_gone_are_said(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    stack.instances[2].path.unlink()
    with pytest.raises(OutputError) as caught:
        write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    assert caught.value.code == "source_gone"


def test_a_folder_that_is_not_there_leaves_words_and_no_file(tmp_path: Path) -> None:
    stack = series(tmp_path / "s")
    assert stack.geometry is not None
    with pytest.raises(OutputError, match=r"seg\.dcm could not be written"):
        write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "none" / "seg.dcm")


@pytest.mark.parametrize("name", ["axial", "tilted"])
def test_dciodvfy_finds_no_error(name: str, tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    stack = series(tmp_path / "s", **CASES[name])
    assert stack.geometry is not None
    write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    done = subprocess.run(["dciodvfy", "-new", tmp_path / "seg.dcm"], capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr


def test_names_in_any_character_set_survive(tmp_path: Path) -> None:
    stack = series(tmp_path / "s", patient_name="Wang^XiaoDong=王^小东", extra={"SpecificCharacterSet": "GB18030"})
    assert stack.geometry is not None
    write_seg([result(masks=[mask_of(stack.geometry)])], stack, tmp_path / "seg.dcm")
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    assert seg.SpecificCharacterSet == "ISO_IR 192"
    assert str(seg.PatientName) == "Wang^XiaoDong=王^小东"
