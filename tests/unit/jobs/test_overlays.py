"""Objects of other systems lie over the series they speak of, at their place in the patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests import synth
from tests.conftest import shared_folder
from tests.unit.reading.objects.builders import item, plane, segment, shared, write_seg
from viewer.core.study import Kind, ScanResult, Stack
from viewer.display.overlay import MaskLayer, OverlaySet
from viewer.display.placing import place
from viewer.display.slicing import Plane, extract
from viewer.jobs.overlays import is_overlay, overlays_on
from viewer.reading import load_volume, scan

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def pictures(found: ScanResult) -> Stack:
    return next(s for study in found.studies for s in study.stacks if s.kind in {Kind.VOLUME, Kind.IMAGE})


def written(folder: Path, **seg: object) -> synth.Written:
    """A CT of six slices and, beside it, a segmentation on a coarser grid of its own."""
    series = synth.write_series(folder / "ct", shape=(6, 24, 20), spacing=(5.0, 0.8, 0.7))
    head = dcmread(series.files[0])
    frames = np.zeros((1, 6, 5), np.uint8)
    frames[0, 2, 1] = 1
    write_seg(
        folder / "seg.dcm",
        frames,
        [plane((-30.0 + 1.4, -40.0 + 1.6, 115.0), 1)],
        [segment(1, "Lesion")],
        shared(AXIAL, (3.2, 2.8), 5.0),
        PatientID=series.patient_id,
        StudyInstanceUID=series.study_uid,
        **{"FrameOfReferenceUID": head.FrameOfReferenceUID, **seg},
    )
    return series


def test_a_coarser_mask_lies_at_its_place(tmp_path: Path) -> None:
    written(tmp_path)
    found = scan([tmp_path])
    stack = pictures(found)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    assert foreign.problem == ""
    (mask,) = foreign.masks
    (voxel,) = mask.geometry.index_to_world(np.argwhere(mask.labels))
    assert voxel == pytest.approx((-30 + 1.4 + 2.8, -40 + 1.6 + 2 * 3.2, 115.0))
    overlays = OverlaySet((MaskLayer(mask, ai=False),))
    shown = [place(overlays, extract(volume, Plane.NATIVE, k)).labels for k in range(6)]
    assert [labels is not None and labels.any() for labels in shown] == [False, False, False, True, False, False]
    labels = shown[3]
    assert labels is not None
    inside = np.argwhere(labels)
    k, j, i = volume.geometry.world_to_index(voxel)
    assert k == pytest.approx(3)
    assert inside.mean(axis=0) == pytest.approx((j, i), abs=0.6)


def test_another_frame_of_reference_is_not_shown(tmp_path: Path) -> None:
    written(tmp_path, FrameOfReferenceUID="1.2.3.4.5")
    found = scan([tmp_path])
    stack = pictures(found)
    assert stack.geometry is not None
    assert overlays_on(stack, stack.geometry, found.studies) == ()


def test_a_broken_overlay_says_why(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / "seg.dcm"
    ds = dcmread(path)
    ds.NumberOfFrames = 50
    ds.save_as(path)
    found = scan([tmp_path])
    stack = pictures(found)
    assert stack.geometry is not None
    (foreign,) = overlays_on(stack, stack.geometry, found.studies)
    assert foreign.masks == ()
    assert "missing" in foreign.problem


def test_an_xray_mask_lies_on_its_picture(tmp_path: Path) -> None:
    xray = synth.write_xray(tmp_path / "xr")
    rows, columns = xray.stored.shape[1:]
    frames = np.zeros((1, rows, columns), np.uint8)
    frames[0, 4, 7] = 1
    source = item(ReferencedSOPInstanceUID=xray.sop_uids[0], ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.1.1")
    groups = item(
        SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)],
        DerivationImageSequence=[item(SourceImageSequence=[source])],
    )
    write_seg(
        tmp_path / "seg.dcm",
        frames,
        [groups],
        [segment(1, "Opacity")],
        PatientID=xray.patient_id,
        StudyInstanceUID=xray.study_uid,
    )
    ds = dcmread(tmp_path / "seg.dcm")
    del ds.FrameOfReferenceUID
    ds.save_as(tmp_path / "seg.dcm")
    found = scan([tmp_path])
    stack = pictures(found)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    (mask,) = foreign.masks
    assert mask.geometry.same_grid(volume.geometry)
    assert np.argwhere(mask.labels).tolist() == [[0, 4, 7]]


def test_a_real_structure_set_lies_on_its_series() -> None:
    folder = shared_folder("corpus", "rtstruct")
    found = scan([folder / "rt.dcm", folder / "rtutils-ct"])
    stack = pictures(found)
    volume = load_volume(stack)
    (foreign,) = overlays_on(stack, volume.geometry, found.studies)
    (mask,) = foreign.masks
    assert mask.geometry.same_grid(volume.geometry)
    assert foreign.whole
    # Both contours lie at z = 60 mm, the first slice.
    assert mask.labels.any(axis=(1, 2)).tolist() == [True, False]


def test_contours_beyond_the_pictures_give_no_volume() -> None:
    folder = shared_folder("corpus", "rtstruct")
    found = scan([folder / "dummy_rt.dcm", folder / "rtutils-ct"])
    stack = pictures(found)
    assert stack.geometry is not None
    (foreign,) = overlays_on(stack, stack.geometry, found.studies)
    # The structures reach to z = 70 mm, the pictures end at 65 mm.
    assert not foreign.whole
    assert {s.name for mask in foreign.masks for s in mask.segments} == {"ROI-1", "ROI-2", "ROI-3", "ROI-4"}


def test_only_objects_that_lie_over_pictures_are_overlays(tmp_path: Path) -> None:
    written(tmp_path)
    kinds = {s.kind: is_overlay(s) for study in scan([tmp_path]).studies for s in study.stacks}
    assert kinds == {Kind.VOLUME: False, Kind.SEGMENTATION: True}
