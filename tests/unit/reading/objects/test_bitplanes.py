"""Overlay planes in groups 60xx: read bit for bit, at their place, on their frames; dcmtk agrees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from tests import others, synth
from viewer.core.graphic import BitPlane
from viewer.core.study import Stack
from viewer.core.task import CancelFlag
from viewer.reading import scan
from viewer.reading.objects.bitplanes import _on_picture, read_planes

Bits = npt.NDArray[np.bool_]
ROWS, COLUMNS = 24, 20


def pattern(rows: int, columns: int, seed: int = 3) -> Bits:
    return np.asarray(np.random.default_rng(seed).random((rows, columns)) < 0.3)


def film(folder: Path, edit: Any = None, syntax: str | None = None) -> Stack:
    """A film whose file was edited; its stack."""
    stored = np.full((ROWS, COLUMNS), 500, np.uint16)
    written = synth.write_xray(folder, stored=stored)
    read = dcmread(written.files[0])
    ds = Dataset()
    ds.update(read)
    if edit is not None:
        edit(ds)
    synth.save(ds, written.files[0], syntax or read.file_meta.TransferSyntaxUID)
    return only_stack(folder)


def only_stack(folder: Path) -> Stack:
    (study,) = scan([folder], use_index=False).studies
    (stack,) = study.stacks
    return stack


def planes(stack: Stack) -> tuple[BitPlane, ...]:
    found, problems = read_planes(stack, CancelFlag())
    assert problems == ()
    return found


def test_a_plane_is_read_bit_for_bit_with_its_name(tmp_path: Path) -> None:
    bits = pattern(ROWS, COLUMNS)
    (plane,) = planes(film(tmp_path, lambda ds: others.put_plane(ds, bits, group=0x6004, label="Ruler", kind="R")))
    assert (plane.number, plane.name, plane.region, plane.cut) == (3, "Ruler", True, False)
    np.testing.assert_array_equal(plane.on(0), bits)
    assert plane.on(1) is None


def test_a_big_endian_file_keeps_its_bits(tmp_path: Path) -> None:
    bits = pattern(ROWS, COLUMNS)

    def edit(ds: Dataset) -> None:
        others.put_plane(ds, bits)
        words = np.frombuffer(ds[0x6000, 0x3000].value, np.uint16)
        ds[0x6000, 0x3000].value = words.byteswap().tobytes()

    (plane,) = planes(film(tmp_path, edit, ExplicitVRBigEndian))
    np.testing.assert_array_equal(plane.on(0), bits)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(-14, 14), st.integers(-14, 14), st.integers(0, 1000))
@settings(deadline=None, max_examples=60)
def test_an_origin_moves_the_plane_and_cuts_what_lies_beyond(
    rows: int, columns: int, down: int, right: int, seed: int
) -> None:
    bits = pattern(rows, columns, seed)
    placed, cut = _on_picture(bits, (down, right), (10, 9))
    expected = np.zeros((10, 9), dtype=bool)
    for row, column in np.argwhere(bits):
        if 0 <= row + down < 10 and 0 <= column + right < 9:
            expected[row + down, column + right] = True
    np.testing.assert_array_equal(placed, expected)
    assert cut == (expected.sum() < bits.sum())


def test_a_multi_frame_overlay_lies_on_its_own_frames(tmp_path: Path) -> None:
    frames = np.full((5, ROWS, COLUMNS), 300, np.uint16)
    ds = others.write_run(tmp_path / "run.dcm", frames)
    bits = np.stack([pattern(ROWS, COLUMNS, n) for n in range(2)])
    others.put_plane(ds, bits, first_frame=3)
    others.put_plane(ds, pattern(ROWS, COLUMNS, 9), group=0x6002)
    ds.save_as(tmp_path / "run.dcm")
    some, everywhere = planes(only_stack(tmp_path))
    assert sorted(some.packed) == [2, 3]
    np.testing.assert_array_equal(some.on(2), bits[0])
    np.testing.assert_array_equal(some.on(3), bits[1])
    assert sorted(everywhere.packed) == [0, 1, 2, 3, 4]


def test_bits_in_the_unused_part_of_the_pixels_are_found(tmp_path: Path) -> None:
    bits = pattern(ROWS, COLUMNS)

    def edit(ds: Dataset) -> None:
        values = np.frombuffer(ds.PixelData, np.uint16).reshape(ROWS, COLUMNS) & 0x0FFF
        ds.PixelData = (values | bits.astype(np.uint16) << 13).tobytes()
        ds.BitsStored, ds.HighBit = 12, 11
        others.put_plane(ds, bits)
        del ds[0x6000, 0x3000]
        ds[0x6000, 0x0100].value, ds[0x6000, 0x0102].value = 16, 13

    (plane,) = planes(film(tmp_path, edit))
    np.testing.assert_array_equal(plane.on(0), bits)


def test_bits_inside_compressed_pixels_are_refused_in_words(tmp_path: Path) -> None:
    def edit(ds: Dataset) -> None:
        ds.BitsStored, ds.HighBit = 12, 11
        others.put_plane(ds, pattern(ROWS, COLUMNS))
        del ds[0x6000, 0x3000]
        ds[0x6000, 0x0100].value, ds[0x6000, 0x0102].value = 16, 13

    found, problems = read_planes(film(tmp_path, edit, RLELossless), CancelFlag())
    assert found == ()
    assert "compressed" in problems[0]


def test_a_plane_that_is_cut_short_is_refused_in_words(tmp_path: Path) -> None:
    def edit(ds: Dataset) -> None:
        others.put_plane(ds, pattern(ROWS, COLUMNS))
        ds[0x6000, 0x3000].value = b"\1\2"

    found, problems = read_planes(film(tmp_path, edit), CancelFlag())
    assert found == ()
    assert "cut short" in problems[0]


def test_a_picture_without_overlays_has_none(tmp_path: Path) -> None:
    assert planes(film(tmp_path)) == ()


@pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="dcmtk is not installed")
def test_dcmtk_draws_the_same_overlay(tmp_path: Path) -> None:
    """dcm2pnm, an independent reader, paints the plane white over a grey film at the same pixels."""
    bits = pattern(10, 12)
    stack = film(tmp_path / "film", lambda ds: others.put_plane(ds, bits, origin=(5, 4)))
    (plane,) = planes(stack)
    out = tmp_path / "out.pgm"
    command = ["dcm2pnm", "+Wm", "+O", "0", str(stack.instances[0].path), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    drawn = np.asarray(Image.open(out).convert("L"))
    shown = plane.on(0)
    assert shown is not None
    np.testing.assert_array_equal(drawn == drawn[shown].max(), shown)
