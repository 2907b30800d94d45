"""Series become stacks: order, affine, spacing kinds and every caution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.synth import AXIAL, CORONAL, PRONE, SAGITTAL, Cosines, affine_of, oblique, write_series, write_xray
from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind, Stack
from viewer.core.verdict import Safety
from viewer.reading import load_volume, scan
from viewer.reading.stacking.placing import gap_cautions


def stacks_of(folder: Path) -> tuple[Stack, ...]:
    return tuple(stack for study in scan([folder]).studies for stack in study.stacks)


def only(folder: Path) -> Stack:
    (stack,) = stacks_of(folder)
    return stack


def codes(stack: Stack) -> set[str]:
    return {caution.code for caution in stack.warnings}


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, PRONE, oblique(20)])
def test_slices_ascend_along_the_normal(tmp_path: Path, orientation: Cosines) -> None:
    written = write_series(tmp_path, orientation=orientation, modality="MR")
    stack = only(tmp_path)
    assert stack.geometry is not None and written.affine is not None
    np.testing.assert_allclose(stack.geometry.affine, written.affine, atol=1e-4)
    assert [one.path for one in stack.instances] == list(written.files)
    assert (stack.kind, stack.verdict.safety, codes(stack)) == (Kind.VOLUME, Safety.OK, set())
    np.testing.assert_array_equal(load_volume(stack).values(), written.values)


@given(
    degrees=st.floats(-60, 60),
    gap=st.floats(0.3, 12),
    rows=st.floats(0.1, 4),
    columns=st.floats(0.1, 4),
    origin=st.tuples(*[st.floats(-900, 900)] * 3),
)
@settings(max_examples=15, deadline=None)
def test_any_grid_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    degrees: float,
    gap: float,
    rows: float,
    columns: float,
    origin: tuple[float, float, float],
) -> None:
    folder = tmp_path_factory.mktemp("grid")
    gap, rows, columns = (float(f"{x:.4g}") for x in (gap, rows, columns))
    written = write_series(
        folder, shape=(3, 8, 8), spacing=(gap, rows, columns), orientation=oblique(degrees), origin=origin
    )
    stack = only(folder)
    assert stack.geometry is not None and written.affine is not None
    np.testing.assert_allclose(stack.geometry.affine, written.affine, atol=2e-4)
    np.testing.assert_allclose(stack.geometry.spacing, (gap, rows, columns), rtol=1e-3)


@pytest.mark.parametrize("degrees", [-20.0, 1.0, 15.0])
def test_tilt_is_told_and_kept(tmp_path: Path, degrees: float) -> None:
    written = write_series(tmp_path, tilt_degrees=degrees)
    stack = only(tmp_path)
    assert stack.geometry is not None and written.affine is not None
    assert codes(stack) == {"tilt"}
    assert stack.geometry.tilt_degrees == pytest.approx(abs(degrees), abs=0.05)
    np.testing.assert_allclose(stack.geometry.affine, written.affine, atol=1e-4)
    assert stack.verdict.within_slice and not stack.verdict.across_slices


def test_uneven_gaps(tmp_path: Path) -> None:
    write_series(tmp_path, shape=(5, 8, 8), positions=[0, 5, 9, 16, 21])
    stack = only(tmp_path)
    assert codes(stack) == {"uneven_gaps"}
    assert stack.geometry is not None
    assert np.diff(stack.geometry.slice_positions or ()) == pytest.approx([5, 4, 7, 5])
    assert not stack.verdict.across_slices


def test_missing_slices(tmp_path: Path) -> None:
    write_series(tmp_path, shape=(5, 8, 8), positions=[0, 5, 10, 20, 25])
    stack = only(tmp_path)
    assert codes(stack) == {"missing_slices"}
    assert "One slice is missing" in stack.warnings[0].text


@pytest.mark.parametrize(
    ("along", "expected"),
    [
        ([0, 1, 2, 3], None),
        ([0, 1, 2.005, 3], None),
        ([0, 1, 2, 4], "missing_slices"),
        ([0, 1, 2.5, 3.5], "uneven_gaps"),
        ([0, 2], None),
    ],
)
def test_gaps(along: list[float], expected: str | None) -> None:
    found = gap_cautions(np.array(along, float))
    assert [one.code for one in found] == ([expected] if expected else [])


def test_time_points_are_stacks_in_order(tmp_path: Path) -> None:
    block = np.arange(4 * 8 * 8, dtype=np.int16).reshape(4, 8, 8)
    first = write_series(tmp_path / "a", modality="MR", stored=block)

    def later(k: int, ds: Dataset) -> None:
        ds.InstanceNumber = 5 + k

    write_series(
        tmp_path / "b",
        modality="MR",
        stored=block + 1000,
        series_uid=first.series_uid,
        study_uid=first.study_uid,
        edit=later,
    )
    one, two = stacks_of(tmp_path)
    assert (one.number, two.number) == (1, 2)
    assert codes(one) == codes(two) == {"time_points"}
    np.testing.assert_array_equal(load_volume(one).stored, block)
    np.testing.assert_array_equal(load_volume(two).stored, block + 1000)


def test_echoes_come_by_echo_time(tmp_path: Path) -> None:
    late = write_series(tmp_path / "a", modality="MR", extra={"EchoTime": 90.0})
    write_series(
        tmp_path / "b",
        modality="MR",
        series_uid=late.series_uid,
        study_uid=late.study_uid,
        extra={"EchoTime": 20.0},
        stored=np.full((6, 24, 20), 7, np.int16),
    )
    first, second = stacks_of(tmp_path)
    assert (first.header["EchoTime"], second.header["EchoTime"]) == ("20.0", "90.0")
    assert load_volume(first).stored.max() == 7


def test_duplicates_are_told(tmp_path: Path) -> None:
    written = write_series(tmp_path, modality="MR")

    def only_third(k: int, ds: Dataset) -> None:
        ds.InstanceNumber = 100 + k

    again = write_series(
        tmp_path / "again", modality="MR", series_uid=written.series_uid, study_uid=written.study_uid, edit=only_third
    )
    for k, path in enumerate(again.files):
        if k != 2:
            path.unlink()
    whole, rest = stacks_of(tmp_path)
    assert whole.geometry is not None and whole.geometry.shape[0] == 6
    assert len(rest.instances) == 1
    assert "duplicate_positions" in codes(whole) & codes(rest)


def test_mixed_orientations_are_stacks_of_their_own(tmp_path: Path) -> None:
    first = write_series(tmp_path / "a", modality="MR")
    write_series(
        tmp_path / "b", modality="MR", orientation=CORONAL, series_uid=first.series_uid, study_uid=first.study_uid
    )
    found = stacks_of(tmp_path)
    assert len(found) == 2
    assert all("mixed_orientation" in codes(stack) for stack in found)
    assert all(not stack.verdict.across_slices for stack in found)


def test_a_localizer_is_no_volume(tmp_path: Path) -> None:
    write_series(tmp_path, extra={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    stack = only(tmp_path)
    assert stack.kind is Kind.STACK
    assert "localizer" in codes(stack)
    assert not stack.verdict.across_slices


def test_pictures_at_one_position_are_no_volume(tmp_path: Path) -> None:
    def same_place(_k: int, ds: Dataset) -> None:
        ds.ImagePositionPatient = [0, 0, 0]

    write_series(tmp_path, modality="MR", edit=same_place)
    stack = only(tmp_path)
    assert stack.kind is Kind.STACK
    assert not stack.verdict.across_slices
    assert [one.number for one in stack.instances] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("options", "kind", "spacing"),
    [
        ({"imager_spacing": (0.2, 0.25)}, SpacingKind.DETECTOR, (0.2, 0.25)),
        ({"imager_spacing": None}, SpacingKind.UNKNOWN, (1, 1)),
        ({"imager_spacing": None, "pixel_spacing": (0.3, 0.3)}, SpacingKind.PATIENT, (0.3, 0.3)),
        ({"imager_spacing": (0.2, 0.2), "pixel_spacing": (0.18, 0.18)}, SpacingKind.PATIENT, (0.18, 0.18)),
        ({"imager_spacing": (0.2, 0.2), "pixel_spacing": (0.2, 0.2)}, SpacingKind.DETECTOR, (0.2, 0.2)),
    ],
)
def test_xray_scale(tmp_path: Path, options: dict[str, Any], kind: SpacingKind, spacing: tuple[float, float]) -> None:
    write_xray(tmp_path, **options)
    stack = only(tmp_path)
    assert stack.geometry is not None
    assert stack.geometry.spacing_kind is kind
    assert stack.geometry.spacing[1:] == spacing
    assert not stack.geometry.oriented
    assert stack.verdict.safety is {"detector": Safety.WARN, "unknown": Safety.UNSAFE, "patient": Safety.OK}[kind.value]


def test_magnification_is_told_not_applied(tmp_path: Path) -> None:
    write_xray(tmp_path, extra={"EstimatedRadiographicMagnificationFactor": 1.1})
    stack = only(tmp_path)
    assert stack.geometry is not None and stack.geometry.spacing[1] == 0.2
    assert "1.1" in stack.warnings[0].text


def test_mixed_studies_in_one_series(tmp_path: Path) -> None:
    first = write_series(tmp_path / "a", shape=(2, 8, 8))
    write_series(tmp_path / "b", shape=(2, 8, 8), series_uid=first.series_uid, origin=(0, 0, 300))
    result = scan([tmp_path])
    assert len(result.studies) == 1
    assert "mixed_studies" in codes(result.studies[0].stacks[0])


def test_affine_of_matches_contract() -> None:
    """The test kit's own affine: column k is the step, j the rows, i the columns."""
    affine = affine_of(AXIAL, (5, 0.8, 0.7), (1, 2, 3))
    np.testing.assert_allclose(affine @ [1, 1, 1, 1], [1.7, 2.8, 8, 1])


def test_raw_detector_pictures_are_told(tmp_path: Path) -> None:
    write_xray(tmp_path, extra={"PresentationIntentType": "FOR PROCESSING"})
    assert "for_processing" in codes(only(tmp_path))


def test_slices_shifted_sideways_are_not_measured_across(tmp_path: Path) -> None:
    def shift(k: int, ds: Dataset) -> None:
        ds.ImagePositionPatient = [-30 + (4 if k == 3 else 0), -40, 100 + 5 * k]

    write_series(tmp_path, edit=shift)
    stack = only(tmp_path)
    assert codes(stack) == {"shifted_slices"}
    assert not stack.verdict.across_slices


def test_slices_of_another_scale_are_another_stack(tmp_path: Path) -> None:
    """One series, two fields of view: a length must be measured with the spacing of its own slice."""
    first = write_series(tmp_path / "a", spacing=(5, 0.8, 0.7))
    # a rounded number is no other scale
    for name, row_mm, column_mm, z in (("b", 0.9, 0.9, 130.0), ("c", 0.80002, 0.7, 160.0)):
        write_series(
            tmp_path / name,
            spacing=(5, row_mm, column_mm),
            origin=(-30, -40, z),
            series_uid=first.series_uid,
            study_uid=first.study_uid,
        )
    stacks = stacks_of(tmp_path)
    assert [(stack.frames, stack.geometry and stack.geometry.spacing[1]) for stack in stacks] == [(12, 0.8), (6, 0.9)]


def test_films_and_ultrasound_pictures_keep_their_own_scale(tmp_path: Path) -> None:
    for name, mm in (("XR0001", 0.2), ("XR0002", 0.1)):
        write_xray(tmp_path / "xr", imager_spacing=(mm, mm), name=name, series_uid="1.2.3.1", study_uid="1.2.3")
    for n, delta in enumerate([0.02, 0.03, 0.03]):
        region = Dataset()
        region.RegionSpatialFormat = 1
        region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
        region.PhysicalDeltaX = region.PhysicalDeltaY = delta
        extra = {"SequenceOfUltrasoundRegions": Sequence([region]), "InstanceNumber": n + 1}
        write_xray(
            tmp_path / "us",
            modality="US",
            imager_spacing=None,
            series_uid="1.2.3.2",
            study_uid="1.2.3",
            extra=extra,
            name=f"US{n}",
        )
    found = [(s.modality, s.frames, s.geometry and round(s.geometry.spacing[1], 6)) for s in stacks_of(tmp_path)]
    assert sorted(found) == [("DX", 1, 0.1), ("DX", 1, 0.2), ("US", 1, 0.2), ("US", 2, 0.3)]


def test_each_film_of_a_series_is_a_stack_of_its_own(tmp_path: Path) -> None:
    for number, view in enumerate(("PA", "LL"), start=1):
        extra = {"ViewPosition": view, "InstanceNumber": number}
        write_xray(tmp_path, modality="CR", name=f"f{number}", series_uid="1.2.3.1", study_uid="1.2.3", extra=extra)
    (series,) = scan([tmp_path], use_index=False).studies[0].series
    assert [(stack.number, stack.kind, stack.header["ViewPosition"]) for stack in series.stacks] == [
        (1, Kind.IMAGE, "PA"),
        (2, Kind.IMAGE, "LL"),
    ]
    assert [load_volume(stack).tags["ViewPosition"] for stack in series.stacks] == ["PA", "LL"]
