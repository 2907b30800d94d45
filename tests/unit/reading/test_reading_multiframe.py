"""Multi-frame files: functional groups, dose grids, tomography, cine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.synth import phantom, save, write_xray
from viewer.core.study import Kind, Stack
from viewer.reading import load_volume, preview, scan
from viewer.reading.stacking.stacks import number_stacks


def stacks_of(folder: Path) -> tuple[Stack, ...]:
    return tuple(stack for study in scan([folder]).studies for stack in study.stacks)


def item(**values: Any) -> Sequence:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return Sequence([ds])


def multiframe(frames: np.ndarray, **values: Any) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "1.2.3", "1.2.3.1", "MF"
    ds.Modality, ds.InstanceNumber = "MR", 1
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, int(frames.dtype.kind == "i")
    ds.PixelData = frames.astype(f"<{frames.dtype.kind}2").tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def enhanced(folder: Path, places: list[float], times: list[int], slopes: list[float] | None = None) -> np.ndarray:
    """An enhanced file with a frame at each height and time point; frame n holds the value n."""
    frames = np.repeat(np.arange(len(places), dtype=np.int16), 48).reshape(-1, 6, 8) + phantom((1, 6, 8), 0, 50)
    groups = []
    for n, (z, time) in enumerate(zip(places, times, strict=True)):
        group = Dataset()
        group.PlanePositionSequence = item(ImagePositionPatient=[-3.0, -4.0, z])
        group.FrameContentSequence = item(TemporalPositionIndex=time)
        slope = 1.0 if slopes is None else slopes[n]
        group.PixelValueTransformationSequence = item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")
        groups.append(group)
    shared = Dataset()
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = item(PixelSpacing=[0.5, 0.25], SliceThickness=2)
    ds = multiframe(frames)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    folder.mkdir(exist_ok=True)
    save(ds, folder / "mf")
    return frames


def test_frames_go_where_their_positions_say(tmp_path: Path) -> None:
    frames = enhanced(tmp_path, [4, 0, 2, 6], [1, 1, 1, 1])
    (stack,) = stacks_of(tmp_path)
    assert (stack.kind, stack.files, stack.frames) == (Kind.VOLUME, 1, 4)
    assert [one.frame for one in stack.instances] == [1, 2, 0, 3]
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored, frames[[1, 2, 0, 3]])
    assert volume.geometry.spacing == (2, 0.5, 0.25)
    np.testing.assert_allclose(volume.geometry.index_to_world([1, 2, 3]), [-3 + 0.75, -4 + 1, 2])
    np.testing.assert_array_equal(preview(stack).stored[0], frames[0])


def test_moments_that_hold_a_part_of_the_slices_are_no_time_points(tmp_path: Path) -> None:
    """Two runs over three slices, every moment numbered on its own: two stacks of three, in order of time."""
    frames = enhanced(tmp_path, [0, 2, 4, 0, 2, 4], [1, 2, 2, 3, 4, 4])
    stacks = stacks_of(tmp_path)
    assert [stack.frames for stack in stacks] == [3, 3]
    for stack, truth in zip(stacks, (frames[:3], frames[3:]), strict=True):
        np.testing.assert_array_equal(load_volume(stack).stored, truth)


@pytest.mark.parametrize("moved", [0.0, 0.3, 1.0, 2.0])
def test_each_file_of_a_time_series_is_a_volume(tmp_path: Path, moved: float) -> None:
    """The slices of the second file need not lie where those of the first lie (motion that was followed)."""
    first = enhanced(tmp_path / "a", [0, 2, 4], [1, 1, 1])
    second = enhanced(tmp_path / "b", [moved, 2 + moved, 4 + moved], [1, 1, 1]) + 100
    for name, number in (("a", 1), ("b", 2)):
        ds = dcmread(tmp_path / name / "mf")
        ds.InstanceNumber, ds.SOPInstanceUID = number, f"1.2.3.4.{number}"
        if name == "b":
            ds.PixelData = second.tobytes()
        ds.save_as(tmp_path / name / "mf")
    stacks = stacks_of(tmp_path)
    assert [stack.frames for stack in stacks] == [3, 3]
    assert {warning.code for warning in stacks[0].warnings} >= {"time_points"}
    for stack, truth, low in zip(stacks, (first, second), (0.0, moved), strict=True):
        np.testing.assert_array_equal(load_volume(stack).stored, truth)
        assert stack.geometry is not None
        assert stack.geometry.is_even
        assert stack.geometry.affine[2, 3] == low


def test_a_volume_in_two_files_is_one(tmp_path: Path) -> None:
    enhanced(tmp_path / "a", [0, 2, 4], [1, 1, 1])
    enhanced(tmp_path / "b", [6, 8, 10], [1, 1, 1])
    ds = dcmread(tmp_path / "b" / "mf")
    ds.InstanceNumber, ds.SOPInstanceUID = 2, "1.2.3.4.2"
    ds.save_as(tmp_path / "b" / "mf")
    (stack,) = stacks_of(tmp_path)
    assert (stack.frames, stack.files, stack.geometry and stack.geometry.spacing[0]) == (6, 2, 2.0)


def test_windows_and_thickness_of_the_frames(tmp_path: Path) -> None:
    """Enhanced files keep both in their functional groups."""
    enhanced(tmp_path, [0], [1])
    ds = dcmread(tmp_path / "mf")
    shared = ds.SharedFunctionalGroupsSequence[0]
    shared.FrameVOILUTSequence = item(WindowCenter=["40", "-600"], WindowWidth=["400", "1500"])
    shared.FrameVOILUTSequence[0].WindowCenterWidthExplanation = ["SOFT", "LUNG"]
    ds.save_as(tmp_path / "mf")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    assert [(w.center, w.width, w.explanation) for w in volume.windows] == [(40, 400, "SOFT"), (-600, 1500, "LUNG")]
    assert volume.geometry.spacing == (2, 0.5, 0.25)


def test_pictures_that_the_header_leaves_out_are_told_of(tmp_path: Path) -> None:
    frames = phantom((3, 6, 8))
    save(multiframe(frames, NumberOfFrames=2), tmp_path / "mf")
    (stack,) = stacks_of(tmp_path)
    assert (stack.frames, "more_pixels" in {warning.code for warning in stack.warnings}) == (2, True)


def test_time_points_of_one_file(tmp_path: Path) -> None:
    frames = enhanced(tmp_path, [0, 0, 2, 2, 4, 4], [2, 1, 2, 1, 2, 1])
    first, second = stacks_of(tmp_path)
    assert (first.number, second.number) == (1, 2)
    np.testing.assert_array_equal(load_volume(first).stored, frames[[1, 3, 5]])
    np.testing.assert_array_equal(load_volume(second).stored, frames[[0, 2, 4]])


def test_rescale_of_each_frame(tmp_path: Path) -> None:
    frames = enhanced(tmp_path, [0, 2, 4], [1, 1, 1], [1.0, 0.5, 0.25])
    (stack,) = stacks_of(tmp_path)
    np.testing.assert_allclose(load_volume(stack).values(), frames * np.array([1, 0.5, 0.25])[:, None, None])


def test_dose_grid(tmp_path: Path) -> None:
    frames = phantom((4, 6, 8), 0, 900).astype(np.uint16)
    ds = multiframe(
        frames,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2",
        Modality="RTDOSE",
        ImagePositionPatient=[1, 2, 3],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[2, 2],
        GridFrameOffsetVector=[0, -3, -6, -9],
        DoseGridScaling=0.001,
        DoseUnits="GY",
    )
    save(ds, tmp_path / "dose")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored, frames[::-1])
    np.testing.assert_allclose(volume.geometry.index_to_world([0, 0, 0]), [1, 2, -6])
    assert "0.001 Gy" in next(one.text for one in stack.warnings if one.code == "dose_scaling")


def test_reconstructed_nuclear_tomography(tmp_path: Path) -> None:
    frames = phantom((4, 6, 8), 0, 900).astype(np.uint16)
    ds = multiframe(frames, SOPClassUID="1.2.840.10008.5.1.4.1.1.20", Modality="NM", PixelSpacing=[4, 4])
    ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.SpacingBetweenSlices = 4
    ds.DetectorInformationSequence = item(ImagePositionPatient=[0, 0, 10], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    save(ds, tmp_path / "nm")
    (stack,) = stacks_of(tmp_path)
    assert stack.kind is Kind.VOLUME and stack.geometry is not None
    np.testing.assert_allclose(stack.geometry.index_to_world([3, 0, 0]), [0, 0, 22])


def test_cine_is_in_order_of_time(tmp_path: Path) -> None:
    frames = phantom((5, 6, 8), 0, 900).astype(np.uint16)
    save(multiframe(frames, SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1", Modality="XA", FrameTime=66.6), tmp_path / "xa")
    (stack,) = stacks_of(tmp_path)
    assert (stack.kind, stack.frame_time_ms) == (Kind.CINE, 66.6)
    assert not stack.verdict.across_slices
    np.testing.assert_array_equal(load_volume(stack).stored, frames)


@pytest.mark.parametrize(
    ("tags", "steps", "rate"),
    [
        ({"FrameTime": 40}, (), None),
        ({"FrameTimeVector": [0, 40, 60, 40, 60]}, (50.0, 40.0, 60.0, 40.0, 60.0), None),
        ({"FrameTimeVector": [0, 40, 40, 40, 40]}, (), None),
        ({"FrameTimeVector": [0, 40, 60]}, (), None),
        ({"FrameTime": 40, "RecommendedDisplayFrameRate": 15}, (), 15.0),
    ],
)
def test_times_of_frames(tmp_path: Path, tags: dict[str, Any], steps: tuple[float, ...], rate: float | None) -> None:
    frames = phantom((5, 6, 8), 0, 900).astype(np.uint16)
    save(multiframe(frames, SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1", Modality="XA", **tags), tmp_path / "xa")
    (stack,) = stacks_of(tmp_path)
    assert (stack.kind, stack.frame_time_ms) == (Kind.CINE, 40.0)
    assert (stack.frame_steps_ms, stack.display_rate) == (steps, rate)


def test_single_bits_of_frames_that_share_a_byte(tmp_path: Path) -> None:
    bits = np.random.default_rng(3).integers(0, 2, (3, 5, 3), np.uint8)
    ds = multiframe(bits.astype(np.uint16), SOPClassUID="1.2.840.10008.5.1.4.1.1.7.1", Modality="OT")
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = 0
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    save(ds, tmp_path / "bits")
    (stack,) = stacks_of(tmp_path)
    np.testing.assert_array_equal(load_volume(stack).stored, bits)


def test_ultrasound_regions_calibrate(tmp_path: Path) -> None:
    region = item(
        RegionSpatialFormat=1,
        RegionDataType=1,
        PhysicalUnitsXDirection=3,
        PhysicalUnitsYDirection=3,
        PhysicalDeltaX=0.02,
        PhysicalDeltaY=0.03,
    )
    write_xray(tmp_path, modality="US", imager_spacing=None, extra={"SequenceOfUltrasoundRegions": region})
    (stack,) = stacks_of(tmp_path)
    assert stack.geometry is not None
    assert stack.geometry.spacing[1:] == pytest.approx((0.3, 0.2))


def test_a_lone_stack_has_no_number(tmp_path: Path) -> None:
    write_xray(tmp_path)
    (stack,) = stacks_of(tmp_path)
    assert number_stacks([stack]) == (stack,)
    assert [one.number for one in number_stacks([stack, stack])] == [1, 2]
