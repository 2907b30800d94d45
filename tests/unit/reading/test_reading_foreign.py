"""NIfTI, NRRD and plain pictures."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.synth import phantom
from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind, Stack
from viewer.core.verdict import Safety
from viewer.reading import load_volume, preview, scan

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def stacks_of(path: Path) -> tuple[Stack, ...]:
    return tuple(stack for study in scan([path]).studies for stack in study.stacks)


def write_nifti(path: Path, data: np.ndarray, affine: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(data, affine), path)


@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    mirror=st.booleans(),
    zooms=st.tuples(*[st.floats(0.2, 5)] * 3),
    kind=st.sampled_from([np.uint8, np.int16, np.uint16, np.float32, np.int32]),
)
@settings(max_examples=25, deadline=None)
def test_nifti_voxels_stay_where_they_are(
    tmp_path_factory: pytest.TempPathFactory,
    angles: tuple[float, float, float],
    mirror: bool,
    zooms: tuple[float, float, float],
    kind: type[np.generic],
) -> None:
    """Whatever the file's axes: the value at a point in the patient is the file's value there."""
    path = tmp_path_factory.mktemp("nifti") / "a.nii.gz"
    rotation = nibabel.eulerangles.euler2mat(*angles)
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.array(zooms) * np.array([-1 if mirror else 1, 1, 1])
    affine[:3, 3] = [3, -20, 50]
    data = phantom((4, 5, 6), 0, 200).astype(kind)
    write_nifti(path, data, affine)
    (stack,) = stacks_of(path)
    volume = load_volume(stack)
    assert volume.stored.dtype == np.dtype(kind)
    for index in ((0, 0, 0), (3, 4, 5), (1, 2, 4)):
        world = LPS @ affine @ [*index, 1]
        kji = volume.geometry.world_to_index(world[:3])
        np.testing.assert_allclose(kji, np.rint(kji), atol=1e-3)
        assert volume.stored[tuple(np.rint(kji).astype(int))] == data[index]
    step = volume.geometry.affine[:3, 0]
    assert step @ volume.geometry.normal > 0


def test_nifti_scale_is_kept_apart(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    nibabel.save(image, tmp_path / "a.nii")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    assert (volume.slope, volume.intercept, volume.stored.dtype) == (0.5, 10, np.int16)
    np.testing.assert_allclose(volume.values(), nibabel.load(tmp_path / "a.nii").get_fdata().transpose(2, 1, 0))


def test_nifti_in_four_dimensions(tmp_path: Path) -> None:
    data = np.arange(2 * 3 * 4 * 3, dtype=np.int16).reshape(2, 3, 4, 3)
    write_nifti(tmp_path / "a.nii.gz", data, np.diag([2.0, 2, 2, 1]))
    found = stacks_of(tmp_path)
    assert [stack.number for stack in found] == [1, 2, 3]
    for t, stack in enumerate(found):
        np.testing.assert_array_equal(load_volume(stack).stored, data[..., t].transpose(2, 1, 0))


def test_a_cut_nifti_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    write_nifti(path, np.zeros((20, 20, 20), np.int16), np.eye(4))
    path.write_bytes(path.read_bytes()[:2000])
    assert [one.code for one in scan([path]).refused] == ["truncated"]


def test_a_gzip_that_claims_much_is_refused(tmp_path: Path) -> None:
    header = nibabel.Nifti1Header()
    header.set_data_shape((30000, 30000, 30000))
    header.set_data_dtype(np.int16)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(400)))
    assert [one.code for one in scan([path]).refused] == ["truncated"]


def test_a_file_of_millions_of_slices_is_refused(tmp_path: Path) -> None:
    header = nibabel.Nifti1Header()
    header.set_data_shape((1, 1, 1000, 2000))
    header.set_data_dtype(np.uint8)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(2_000_004)))
    assert [one.code for one in scan([path]).refused] == ["too_large"]


def test_nrrd(tmp_path: Path) -> None:
    data = phantom((4, 6, 5))
    image = sitk.GetImageFromArray(data)
    image.SetSpacing((0.5, 0.6, 2.0))
    image.SetOrigin((1, 2, 3))
    image.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, -1))
    sitk.WriteImage(image, tmp_path / "a.nrrd")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored, data)
    np.testing.assert_allclose(volume.geometry.index_to_world([1, 1, 1]), [1.5, 1.4, 1.0])


def test_nrrd_with_left_handed_axes_is_turned(tmp_path: Path) -> None:
    data = phantom((4, 6, 5))
    image = sitk.GetImageFromArray(data)
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, -1))
    sitk.WriteImage(image, tmp_path / "a.nrrd")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored, data[::-1])
    np.testing.assert_allclose(volume.geometry.index_to_world([0, 0, 0]), [0, 0, -3])


@pytest.mark.parametrize(("ending", "kind"), [("png", np.uint8), ("png", np.uint16), ("tif", np.uint16)])
def test_grey_pictures_are_exact_and_uncalibrated(tmp_path: Path, ending: str, kind: type[np.generic]) -> None:
    data = phantom((1, 30, 20), 0, 250 if kind is np.uint8 else 60000 // 2)[0].astype(kind)
    Image.fromarray(data).save(tmp_path / f"a.{ending}")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored[0], data)
    assert stack.kind is Kind.IMAGE
    assert stack.verdict.safety is Safety.UNSAFE
    assert [one.code for one in stack.warnings] == ["no_spacing"]
    assert volume.geometry.spacing_kind is SpacingKind.UNKNOWN
    assert not volume.geometry.oriented


def test_a_jpeg_named_otherwise_opens_and_is_lossy(tmp_path: Path) -> None:
    colour = np.zeros((16, 16, 3), np.uint8)
    colour[..., 0] = 200
    Image.fromarray(colour).save(tmp_path / "photo.dcm", format="JPEG", quality=95)
    (stack,) = stacks_of(tmp_path)
    assert stack.lossy
    volume = load_volume(stack)
    assert volume.is_colour
    assert np.abs(volume.stored[0, 8, 8].astype(int) - (200, 0, 0)).max() < 4


def test_equal_channels_become_grey(tmp_path: Path) -> None:
    grey = phantom((1, 16, 16), 0, 250)[0].astype(np.uint8)
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / "a.png")
    (stack,) = stacks_of(tmp_path)
    volume = load_volume(stack)
    assert not volume.is_colour
    np.testing.assert_array_equal(volume.stored[0], grey)


def test_a_cut_picture_is_refused_with_words(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:500])
    (stack,) = stacks_of(path)
    with pytest.raises(Exception, match="cut short"):
        load_volume(stack)


def test_preview_of_a_nifti_is_its_middle_slice(tmp_path: Path) -> None:
    data = phantom((5, 6, 7))
    write_nifti(tmp_path / "a.nii.gz", data, np.diag([1.0, 1, 1, 1]))
    (stack,) = stacks_of(tmp_path)
    whole, small = load_volume(stack), preview(stack)
    np.testing.assert_array_equal(small.stored[0], whole.stored[3])
    np.testing.assert_allclose(small.geometry.slice_origin(0), whole.geometry.slice_origin(3))


def test_values_on_a_surface_are_refused_and_the_folder_still_opens(tmp_path: Path) -> None:
    """CIFTI-2 uses the NIfTI-2 header for tables that are no picture."""
    from nibabel import cifti2  # noqa: PLC0415 - only this test needs it

    axes = (cifti2.ScalarAxis(["a", "b"]), cifti2.BrainModelAxis.from_mask(np.ones((2, 2, 2), bool), affine=np.eye(4)))
    cifti2.Cifti2Image(np.zeros((2, 8), np.float32), axes).to_filename(tmp_path / "scores.dscalar.nii")
    write_nifti(tmp_path / "head.nii", phantom((4, 5, 6)), np.eye(4))
    found = scan([tmp_path])
    assert [stack.description for study in found.studies for stack in study.stacks] == ["head.nii"]
    (refusal,) = found.refused
    assert refusal.code == "unsupported"
    assert "CIFTI" in refusal.text
