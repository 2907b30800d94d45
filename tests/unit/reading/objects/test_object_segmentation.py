"""Segmentations: every voxel of every segment lies where its frame says, whatever the order of frames."""

from __future__ import annotations

import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from tests import synth
from tests.unit.reading.objects.builders import FRAME_OF_REFERENCE, item, plane, segment, shared, stack_of, write_seg
from viewer.core.errors import GeometryError, ReadError
from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind
from viewer.core.volume import Mask
from viewer.reading.objects.object_types import describe
from viewer.reading.objects.segmentation import count_segments, read_segmentation

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
DeflatedImageFrameCompression = "1.2.840.10008.1.2.8.1"
POINT = npt.NDArray[np.float64]


def world_points(masks: tuple[Mask, ...], number: int) -> POINT:
    """Centres of a segment's voxels in LPS mm, sorted."""
    found = [m.geometry.index_to_world(np.argwhere(m.labels == number)) for m in masks if (m.labels == number).any()]
    points = np.concatenate(found) if found else np.empty((0, 3))
    return points[np.lexsort(np.round(points, 3).T)]


def truth_points(frames: npt.NDArray[np.uint8], origins: POINT, axes: POINT, spacing: tuple[float, float]) -> POINT:
    """The same, from each frame's own plane (PS3.3 C.7.6.2.1-1)."""
    points = []
    for frame, origin in zip(frames, origins, strict=True):
        j, i = np.nonzero(frame)
        points.append(origin + j[:, None] * axes[1] * spacing[0] + i[:, None] * axes[0] * spacing[1])
    all_points = np.concatenate(points)
    return np.asarray(all_points[np.lexsort(np.round(all_points, 3).T)])


def turned(a: float, b: float, c: float) -> POINT:
    """Row, column and normal direction of a grid turned about all three axes."""
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray((x @ y @ z).T)


angles = st.floats(-3.1, 3.1)


@settings(max_examples=25, deadline=None)
@given(
    turn=st.tuples(angles, angles, angles),
    spacing=st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)),
    step=st.floats(0.5, 8),
    slots=st.sets(st.integers(0, 12), min_size=1, max_size=5),
    lean=st.floats(-0.3, 0.3),
    seed=st.integers(0, 2**31),
)
def test_voxels_lie_where_their_frames_say(
    tmp_path_factory: pytest.TempPathFactory,
    turn: tuple[float, float, float],
    spacing: tuple[float, float],
    step: float,
    slots: set[int],
    lean: float,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    axes = turned(*turn)
    order = rng.permutation(sorted(slots))
    stack_step = axes[2] * step + axes[1] * step * lean
    origins = np.array([10.0, -20.0, 30.0]) + order[:, None] * stack_step
    frames = rng.integers(0, 2, (len(order), 6, 5)).astype(np.uint8)
    frames[:, 0, 0] = 1
    path = tmp_path_factory.mktemp("seg") / "seg.dcm"
    write_seg(
        path,
        frames,
        [plane(origin, 1) for origin in origins],
        [segment(1, "Liver")],
        shared([*axes[0], *axes[1]], spacing, 1.0, step),
    )
    masks = read_segmentation(stack_of(path))
    found, truth = world_points(masks, 1), truth_points(frames, origins, axes, spacing)
    assert len(found) == len(truth)
    nearest = np.linalg.norm(found[:, None] - truth[None], axis=2)
    assert nearest.min(axis=1).max() < 0.01
    assert nearest.min(axis=0).max() < 0.01
    assert all(m.geometry.frame_of_reference_uid == FRAME_OF_REFERENCE for m in masks)
    assert all(np.linalg.det(m.geometry.affine[:3, [2, 1, 0]]) > 0 for m in masks)


def test_left_out_slices_are_empty_slices(tmp_path: Path) -> None:
    frames = np.ones((2, 4, 4), np.uint8)
    planes = [plane((0, 0, 50), 1), plane((0, 0, 20), 1)]
    write_seg(tmp_path / "a", frames, planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 5.0, 5.0))
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert mask.geometry.shape == (7, 4, 4)
    assert mask.labels.any(axis=(1, 2)).tolist() == [True, False, False, False, False, False, True]
    assert mask.volume_mm3(1) == pytest.approx(2 * 16 * 5.0)


def test_uneven_planes_keep_their_places_and_do_not_fill_the_gap(tmp_path: Path) -> None:
    places = (0.0, 3.0, 6.0, 47.3, 50.3)
    frames = np.ones((5, 3, 3), np.uint8)
    write_seg(
        tmp_path / "a", frames, [plane((0, 0, z), 1) for z in places], [segment(1, "Liver")], shared(AXIAL, (1, 1), 3.0)
    )
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    for z in places:
        k = round(float(mask.geometry.world_to_index((0, 0, z))[0]))
        assert mask.labels[k, 1, 1] == 1
        assert mask.geometry.index_to_world((k, 0, 0))[2] == pytest.approx(z)
    assert mask.volume_mm3(1) == pytest.approx(5 * 9 * 3.0)
    middle = round(float(mask.geometry.world_to_index((0, 0, 25.0))[0]))
    assert mask.labels[middle, 1, 1] == 0


def test_overlapping_segments_lose_no_voxel(tmp_path: Path) -> None:
    first, second, third = (np.zeros((4, 4), np.uint8) for _ in range(3))
    first[:3], second[2:], third[0, 0] = 1, 1, 1
    planes = [plane((0, 0, 0), n) for n in (1, 2, 3)]
    segments = [segment(n, name) for n, name in ((1, "Liver"), (2, "Tumour"), (3, "Cyst"))]
    write_seg(tmp_path / "a", np.stack([first, second, third]), planes, segments, shared(AXIAL, (1, 1), 2.0))
    masks = read_segmentation(stack_of(tmp_path / "a"))
    counts = {s.number: int((m.labels == s.number).sum()) for m in masks for s in m.segments}
    assert counts == {1: 12, 2: 8, 3: 1}
    assert {s.name for m in masks for s in m.segments} == {"Liver", "Tumour", "Cyst"}


def test_fraction_is_cut_at_half_and_counted_above_zero(tmp_path: Path) -> None:
    frame = np.array([[0, 50, 127, 128], [200, 255, 1, 0]], np.uint8)[None]
    write_seg(
        tmp_path / "a",
        frame,
        [plane((0, 0, 0), 1)],
        [segment(1, "Liver")],
        shared(AXIAL, (1, 1), 2.0),
        kind="FRACTIONAL",
        MaximumFractionalValue=255,
        SegmentationFractionalType="PROBABILITY",
    )
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert mask.labels[0].tolist() == [[0, 0, 0, 1], [1, 1, 0, 0]]
    assert mask.band is not None
    assert mask.band[0].tolist() == [[0, 0, 1, 1], [0, 0, 0, 0]]
    assert [c.voxels for c in count_segments(stack_of(tmp_path / "a"))] == [6]


def test_label_map_keeps_every_number(tmp_path: Path) -> None:
    frames = np.array([[[0, 1], [300, 2]], [[300, 300], [0, 0]]], np.uint16)
    segments = [segment(0, "Background"), segment(1, "Liver"), segment(300, "Spleen")]
    write_seg(
        tmp_path / "a",
        frames,
        [plane((0, 0, 5)), plane((0, 0, 0))],
        segments,
        shared(AXIAL, (1, 1), 5.0),
        kind="LABELMAP",
    )
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert mask.labels[0].tolist() == [[300, 300], [0, 0]]
    assert mask.labels[1].tolist() == [[0, 1], [300, 2]]
    assert [(s.number, s.name) for s in mask.segments] == [(1, "Liver"), (300, "Spleen"), (2, "Segment 2")]
    counts = {c.number: c.voxels for c in count_segments(stack_of(tmp_path / "a"))}
    assert counts == {0: 3, 1: 1, 300: 3}


def test_run_length_bits_equal_plain_bits(tmp_path: Path) -> None:
    frames = (np.arange(2 * 16 * 16).reshape(2, 16, 16) % 3 == 0).astype(np.uint8)
    planes = [plane((0, 0, z), 1) for z in (0, 1)]
    for name, rle in (("plain", False), ("rle", True)):
        write_seg(tmp_path / name, frames, planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 1.0), rle=rle)
    (plain,), (packed,) = (read_segmentation(stack_of(tmp_path / name)) for name in ("plain", "rle"))
    assert np.array_equal(plain.labels, packed.labels)
    assert np.array_equal(plain.labels, frames)


def test_frames_share_bytes_when_their_pixels_do_not_fill_them(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 2, (3, 3, 5)).astype(np.uint8)
    planes = [plane((0, 0, z), 1) for z in range(3)]
    write_seg(tmp_path / "a", frames, planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 1.0))
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert np.array_equal(mask.labels, frames)


def test_xray_mask_has_a_grid_but_no_place_in_the_patient(tmp_path: Path) -> None:
    groups = item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)])
    write_seg(tmp_path / "a", np.ones((1, 4, 6), np.uint8), [groups], [segment(1, "Lung")])
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert mask.geometry.shape == (1, 4, 6)
    assert not mask.geometry.oriented
    assert mask.geometry.spacing_kind is SpacingKind.UNKNOWN


def test_planes_in_two_orientations_give_two_masks(tmp_path: Path) -> None:
    coronal = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    planes = [plane((0, 0, 0), 1, AXIAL), plane((0, 10, 0), 1, coronal)]
    common = item(PixelMeasuresSequence=[item(PixelSpacing=[1, 1], SliceThickness=2)])
    write_seg(tmp_path / "a", np.ones((2, 3, 3), np.uint8), planes, [segment(1, "Liver")], common)
    masks = read_segmentation(stack_of(tmp_path / "a"))
    assert len(masks) == 2
    assert {tuple(np.round(np.abs(m.geometry.normal), 3)) for m in masks} == {(0, 0, 1), (0, 1, 0)}


def test_code_colour_and_tracking_are_kept(tmp_path: Path) -> None:
    described = segment(1, "Liver", TrackingUID="1.2.3.4", TrackingID="L1", RecommendedDisplayCIELabValue=[0, 0, 0])
    described.RecommendedDisplayCIELabValue = [65535, 32896, 32896]
    write_seg(
        tmp_path / "a", np.ones((1, 2, 2), np.uint8), [plane((0, 0, 0), 1)], [described], shared(AXIAL, (1, 1), 1)
    )
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    (found,) = mask.segments
    assert found.code is not None
    assert (found.code.scheme, found.code.value) == ("SCT", "10200004")
    assert found.tracking_uid == "1.2.3.4"
    assert found.colour == "#FFFFFF"


def test_some_frames_without_a_place_are_refused(tmp_path: Path) -> None:
    no_place = item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)])
    planes = [plane((0, 0, 0), 1), no_place]
    write_seg(tmp_path / "a", np.ones((2, 2, 2), np.uint8), planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 1))
    with pytest.raises(GeometryError):
        read_segmentation(stack_of(tmp_path / "a"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"NumberOfFrames": 900}, "truncated"),
        ({"Rows": 65535, "Columns": 65535, "NumberOfFrames": 65535}, "too_large"),
        ({"Rows": 0}, "corrupt"),
        ({"SegmentationType": "SPLINE"}, "unsupported"),
    ],
)
def test_false_claims_are_refused_in_words(tmp_path: Path, change: dict[str, object], why: str) -> None:
    frames = np.ones((1, 4, 4), np.uint8)
    write_seg(tmp_path / "a", frames, [plane((0, 0, 0), 1)], [segment(1, "Liver")], shared(AXIAL, (1, 1), 1), **change)
    with pytest.raises(ReadError) as caught:
        read_segmentation(stack_of(tmp_path / "a"))
    assert caught.value.code == why
    assert len(caught.value.what.split()) > 4


def test_far_apart_planes_do_not_fill_memory(tmp_path: Path) -> None:
    planes = [plane((0, 0, 0), 1), plane((0, 0, 1e9), 1)]
    write_seg(
        tmp_path / "a", np.ones((2, 64, 64), np.uint8), planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 0.001)
    )
    (mask,) = read_segmentation(stack_of(tmp_path / "a"))
    assert mask.geometry.shape[0] < 10
    assert int(mask.labels.sum()) == 2 * 64 * 64


def test_shared_sequence_of_segments_without_frames_is_read(tmp_path: Path) -> None:
    ds_segments = [segment(1, "Liver"), segment(2, "Nothing there")]
    write_seg(
        tmp_path / "a", np.ones((1, 2, 2), np.uint8), [plane((0, 0, 0), 1)], ds_segments, shared(AXIAL, (1, 1), 1)
    )
    assert [(c.number, c.voxels) for c in count_segments(stack_of(tmp_path / "a"))] == [(1, 4), (2, 0)]


@pytest.mark.parametrize(
    "syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless, "1.2.840.10008.1.2.4.201", DeflatedImageFrameCompression]
)
def test_compressed_label_maps_equal_plain_ones(tmp_path: Path, syntax: str) -> None:
    frames = (np.arange(2 * 8 * 12).reshape(2, 8, 12) % 5).astype(np.uint8)
    planes = [plane((0, 0, z)) for z in (0, 1)]
    path = write_seg(tmp_path / "a", frames, planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 1.0), kind="LABELMAP")
    ds = dcmread(path)
    encoders = {
        JPEG2000Lossless: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0),
        JPEGLSLossless: imagecodecs.jpegls_encode,
        "1.2.840.10008.1.2.4.201": lambda a: imagecodecs.htj2k_encode(a, reversible=True),
        DeflatedImageFrameCompression: lambda a: zlib.compress(a.tobytes(), wbits=-zlib.MAX_WBITS),
    }
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    else:
        ds.PixelData = encapsulate([encoders[syntax](frame) for frame in frames])
        ds["PixelData"].VR = "OB"
        ds.file_meta.TransferSyntaxUID = UID(syntax if syntax != DeflatedImageFrameCompression else JPEG2000Lossless)
    ds.save_as(path)
    if syntax == DeflatedImageFrameCompression:
        # pydicom does not write a syntax that it does not know: the name is put in afterwards.
        named = path.read_bytes().replace(JPEG2000Lossless.encode(), syntax.encode() + b"\0", 1)
        path.write_bytes(named)
    (mask,) = read_segmentation(stack_of(path))
    assert np.array_equal(mask.labels, frames)


def test_tiles_of_a_slide_are_counted_but_not_shown(tmp_path: Path) -> None:
    frames = np.zeros((4, 4, 4), np.uint8)
    frames[0, 0, 0] = frames[1, 1] = frames[2] = 1
    write_seg(
        tmp_path / "a",
        frames,
        [],
        [segment(1, "Nuclei"), segment(2, "Stroma")],
        TotalPixelMatrixRows=4,
        TotalPixelMatrixColumns=8,
        DimensionOrganizationType="TILED_FULL",
    )
    stack = stack_of(tmp_path / "a", Kind.SEGMENTATION)
    told = describe(stack)
    assert told == {
        "segments": [
            {"number": 1, "label": "Nuclei", "voxels": 5},
            {"number": 2, "label": "Stroma", "voxels": 16},
        ]
    }
    with pytest.raises(ReadError, match="slide"):
        read_segmentation(stack)


@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_big_endian_bits(tmp_path: Path, vr: str) -> None:
    frames = np.random.default_rng(5).integers(0, 2, (2, 8, 6)).astype(np.uint8)
    planes = [plane((0, 0, z), 1) for z in (0, 1)]
    path = write_seg(tmp_path / "a", frames, planes, [segment(1, "Liver")], shared(AXIAL, (1, 1), 1.0))
    ds = Dataset()
    ds.update({element.tag: element for element in dcmread(path)})
    ds.PixelData = ds.PixelData if vr == "OB" else np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
    ds["PixelData"].VR = vr
    synth.save(ds, path, ExplicitVRBigEndian)
    (mask,) = read_segmentation(stack_of(path))
    assert np.array_equal(mask.labels, frames)
