"""Volumes fill slice by slice, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.synth import phantom, write_series, write_xray
from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, Cancelled
from viewer.reading import load_volume, open_stack, open_volume, preview, scan
from viewer.reading.loader import outward

SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.5",
)


def only(folder: Path) -> Stack:
    (stack,) = (one for study in scan([folder]).studies for one in study.stacks)
    return stack


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_syntax_gives_the_same_voxels(tmp_path: Path, syntax: str) -> None:
    stored = phantom((4, 24, 20)).astype(np.uint16)
    written = write_series(tmp_path, transfer_syntax=syntax, stored=stored)
    volume = load_volume(only(tmp_path))
    np.testing.assert_array_equal(volume.stored, stored)
    assert volume.stored.dtype == np.uint16
    np.testing.assert_array_equal(volume.values(), written.values)
    assert volume.unit == "HU"


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.2"])
def test_signed_voxels_keep_their_sign(tmp_path: Path, syntax: str) -> None:
    stored = phantom((3, 16, 16), -1000, 900)
    write_series(tmp_path, stored=stored, rescale=(1.0, 0.0), transfer_syntax=syntax)
    np.testing.assert_array_equal(load_volume(only(tmp_path)).stored, stored)


def test_first_slice_first_then_outward(tmp_path: Path) -> None:
    write_series(tmp_path)
    loader = open_stack(only(tmp_path))
    seen: list[int] = []
    assert not loader.loaded.any()
    loader.load(seen.append, first=4)
    assert seen == [4, 5, 3, 2, 1, 0]
    assert loader.loaded.all()


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_outward_visits_each_once(count: int) -> None:
    for first in (None, 0, count - 1, 99):
        assert sorted(outward(count, first)) == list(range(count))


def test_cancel_keeps_what_was_read_and_goes_on(tmp_path: Path) -> None:
    written = write_series(tmp_path)
    loader = open_stack(only(tmp_path))
    flag = CancelFlag()

    def stop(_k: int) -> None:
        if loader.loaded.sum() == 2:
            flag.cancel()

    with pytest.raises(Cancelled):
        loader.load(stop, flag)
    assert loader.loaded.sum() == 2
    seen: list[int] = []
    volume = loader.load(seen.append)
    assert len(seen) == 4
    np.testing.assert_array_equal(volume.stored, written.stored)


def test_cancel_with_decoders(tmp_path: Path) -> None:
    write_series(tmp_path, shape=(12, 32, 32), transfer_syntax="1.2.840.10008.1.2.4.90")
    flag = CancelFlag()
    flag.cancel()
    with pytest.raises(Cancelled):
        load_volume(only(tmp_path), cancel=flag)


def test_rescale_of_each_slice(tmp_path: Path) -> None:
    lines = [(0.5 + k, float(k)) for k in range(6)]
    written = write_series(tmp_path, modality="PT", rescale=lines, extra={"Units": "BQML"})
    volume = load_volume(only(tmp_path))
    assert isinstance(volume.slope, np.ndarray)
    np.testing.assert_allclose(volume.values(), written.values, rtol=1e-6)
    assert volume.unit == "Bq/mL"


@pytest.mark.logs("could not be read")
def test_a_damaged_slice_is_named_and_the_rest_is_there(tmp_path: Path) -> None:
    written = write_series(tmp_path, transfer_syntax="1.2.840.10008.1.2.4.90")
    data = bytearray(written.files[2].read_bytes())
    start = data.rindex(b"\xff\x4f\xff\x51")
    data[start + 60 :] = bytes(len(data) - start - 60)
    written.files[2].write_bytes(bytes(data))
    stack = only(tmp_path)
    loader = open_stack(stack)
    held = loader.volume
    tags = dict(held.tags)
    loader.load()
    assert list(loader.failed) == [2]
    assert loader.volume is held
    assert held.unread == (2,)
    assert held.tags == tags, "the reading thread changes nothing that others walk over"
    np.testing.assert_array_equal(loader.volume.stored[3], written.stored[3])
    with pytest.raises(ReadError, match="Slice 3 of 6"):
        load_volume(stack)


def test_truncated_picture_warns_and_fills(tmp_path: Path) -> None:
    written = write_xray(tmp_path, stored=np.arange(40 * 40, dtype=np.uint16).reshape(40, 40) + 5)
    data = written.files[0].read_bytes()
    written.files[0].write_bytes(data[:-800])
    stack = only(tmp_path)
    assert "truncated" in {caution.code for caution in stack.warnings}
    stored = load_volume(stack).stored
    np.testing.assert_array_equal(stored[0, :30], written.stored[0, :30])
    assert (stored[0, 30:] == 5).all()


def test_header_that_claims_more_rows_than_there_are(tmp_path: Path) -> None:
    write_xray(tmp_path, extra={"Rows": 60})
    assert "truncated" in {caution.code for caution in only(tmp_path).warnings}


def test_unused_high_bits_are_cleared(tmp_path: Path) -> None:
    stored = phantom((1, 16, 16), 0, 4095)[0].astype(np.uint16)
    dirty = stored | 0xA000
    write_xray(tmp_path, stored=dirty, extra={"BitsStored": 12, "HighBit": 11})
    np.testing.assert_array_equal(load_volume(only(tmp_path)).stored[0], stored)


def test_sign_is_extended_from_the_highest_stored_bit(tmp_path: Path) -> None:
    stored = phantom((1, 16, 16), -2048, 2047)[0]
    cut = (stored & 0x0FFF).astype(np.int16)
    write_xray(tmp_path, stored=cut, extra={"BitsStored": 12, "HighBit": 11})
    np.testing.assert_array_equal(load_volume(only(tmp_path)).stored[0], stored)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_planes(tmp_path: Path, planar: int) -> None:
    colour = np.random.default_rng(1).integers(0, 255, (9, 7, 3), np.uint8)
    wire = np.ascontiguousarray(colour.transpose(2, 0, 1)).reshape(9, 7, 3) if planar else colour
    write_xray(tmp_path, stored=wire, extra={"PlanarConfiguration": planar})
    volume = load_volume(only(tmp_path))
    assert volume.is_colour
    np.testing.assert_array_equal(volume.stored[0], colour)


def test_ybr_becomes_rgb(tmp_path: Path) -> None:
    ybr = np.full((4, 4, 3), (76, 85, 255), np.uint8)
    write_xray(tmp_path, stored=ybr, extra={"PhotometricInterpretation": "YBR_FULL"})
    assert np.abs(load_volume(only(tmp_path)).stored[0, 0, 0].astype(int) - (254, 0, 0)).max() <= 1


def test_monochrome1_is_a_flag_not_other_values(tmp_path: Path) -> None:
    written = write_xray(tmp_path, photometric="MONOCHROME1")
    volume = load_volume(only(tmp_path))
    assert volume.inverted
    np.testing.assert_array_equal(volume.values(), written.values)


def test_modality_and_voi_luts(tmp_path: Path) -> None:
    def lut(first: int, values: list[int]) -> Dataset:
        item = Dataset()
        item.add_new(0x00283002, "US", [len(values), first, 16])
        item.add_new(0x00283006, "OW", np.array(values, "<u2").tobytes())
        return item

    modality = lut(10, [100, 200, 300])
    modality.ModalityLUTType = "US"
    stored = np.array([[0, 10, 11], [12, 13, 4000], [10, 10, 10]], np.uint16)
    write_xray(
        tmp_path,
        stored=stored,
        extra={"ModalityLUTSequence": Sequence([modality]), "VOILUTSequence": Sequence([lut(0, [0, 9, 65535])])},
    )
    volume = load_volume(only(tmp_path))
    assert volume.values()[0].tolist() == [[100, 100, 200], [300, 300, 300], [100, 100, 100]]
    assert volume.voi_lut is not None
    assert (volume.voi_lut.first, volume.voi_lut.top, volume.voi_lut.table.tolist()) == (0, 65535, [0, 9, 65535])


def test_windows_of_the_file(tmp_path: Path) -> None:
    write_series(
        tmp_path,
        shape=(1, 8, 8),
        extra={
            "WindowCenter": [40, -600],
            "WindowWidth": [400, 1500],
            "WindowCenterWidthExplanation": ["SOFT", "LUNG"],
            "VOILUTFunction": "LINEAR_EXACT",
        },
    )
    windows = load_volume(only(tmp_path)).windows
    assert [(w.center, w.width, w.explanation) for w in windows] == [(40, 400, "SOFT"), (-600, 1500, "LUNG")]
    assert {w.function for w in windows} == {"LINEAR_EXACT"}


def test_padding_range(tmp_path: Path) -> None:
    def pad(_k: int, ds: Dataset) -> None:
        ds.add_new(0x00280120, "SS", -2000)
        ds.add_new(0x00280121, "SS", -1990)

    write_series(tmp_path, shape=(2, 8, 8), edit=pad)
    assert load_volume(only(tmp_path)).padding == (-2000, -1990)


def test_suv_factor_and_its_source(tmp_path: Path) -> None:
    def pet(_k: int, ds: Dataset) -> None:
        tracer = Dataset()
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 3.7e8, 6586.2
        tracer.RadiopharmaceuticalStartTime = "090000"
        ds.RadiopharmaceuticalInformationSequence = Sequence([tracer])
        ds.PatientWeight, ds.Units, ds.DecayCorrection = 70, "BQML", "START"
        ds.CorrectedImage = ["DECY", "ATTN"]
        ds.SeriesTime = ds.AcquisitionTime = "100000"

    write_series(tmp_path, modality="PT", edit=pet)
    tags = load_volume(only(tmp_path)).tags
    assert float(tags["SUVFactor"]) == pytest.approx(70000 / (3.7e8 * 2 ** (-3600 / 6586.2)))
    assert "70 kg" in tags["SUVFactorFrom"]


def test_no_suv_without_weight(tmp_path: Path) -> None:
    write_series(tmp_path, modality="PT", extra={"Units": "BQML"})
    assert "SUVFactor" not in load_volume(only(tmp_path)).tags


def test_preview_is_the_middle_slice_in_place(tmp_path: Path) -> None:
    written = write_series(tmp_path, shape=(7, 8, 8))
    stack = only(tmp_path)
    small = preview(stack)
    np.testing.assert_array_equal(small.stored[0], written.stored[3])
    assert written.affine is not None
    np.testing.assert_allclose(small.geometry.slice_origin(0), (written.affine @ [3, 0, 0, 1])[:3], atol=1e-4)


def test_open_volume_of_a_file_and_of_nothing(tmp_path: Path) -> None:
    written = write_series(tmp_path / "a", shape=(2, 8, 8))
    assert open_volume(written.files[0]).shape == (1, 8, 8)
    (tmp_path / "b").mkdir()
    with pytest.raises(ReadError):
        open_volume(tmp_path / "b")


def test_raw_series_need_no_library() -> None:
    """Neither pydicom nor SimpleITK stands between a raw series and its first picture."""
    code = (
        "import sys; from viewer.reading import scan, load_volume\n"
        "result = scan([sys.argv[1]]); load_volume(result.studies[0].stacks[0])\n"
        "print([m for m in ('pydicom', 'SimpleITK', 'scipy', 'nibabel', 'imagecodecs', 'torch') if m in sys.modules])"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_series(Path(folder))
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"])
def test_a_palette_is_the_same_in_a_decoder_process(tmp_path: Path, syntax: str) -> None:
    """Colours of every stored value, also below the first one of the table and beyond its last."""
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    table = np.random.default_rng(5).integers(0, 255, (3, 40), np.uint8)
    extra: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, channel in zip(("Red", "Green", "Blue"), table, strict=True):
        extra[f"{name}PaletteColorLookupTableDescriptor"] = [40, 30, 8]
        extra[f"{name}PaletteColorLookupTableData"] = channel.tobytes()
    write_xray(tmp_path, modality="US", stored=indices, extra=extra, transfer_syntax=syntax)
    wanted = table.T[np.clip(indices.astype(int) - 30, 0, 39)]
    np.testing.assert_array_equal(load_volume(only(tmp_path)).stored[0], wanted)
