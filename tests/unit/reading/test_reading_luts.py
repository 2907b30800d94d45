"""Tables of values and colours in files that do not say whether a number is signed, or turn its bytes."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

from tests.synth import write_series, write_xray
from viewer.core.volume import Volume
from viewer.reading import load_volume, scan

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


def volume_of(folder: Path) -> Volume:
    (stack,) = (stack for study in scan([folder]).studies for stack in study.stacks)
    return load_volume(stack)


def table(first: int, values: list[int], syntax: str) -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(values), first, 16])
    item.add_new("LUTData", "OW", np.array(values, ">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes())
    item.ModalityLUTType = "US"
    return Sequence([item])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_table_that_begins_below_zero(tmp_path: Path, syntax: str) -> None:
    """Implicit files leave open whether the first value is signed: the pixels decide."""
    stored = np.array([[[-3, -2, -1, 0, 1, 2]] * 4], np.int16)
    write_series(
        tmp_path,
        stored=stored,
        rescale=(1, 0),
        transfer_syntax=syntax,
        extra={
            "ModalityLUTSequence": table(-2, [7, 5, 3, 300], syntax),
            "RescaleSlope": None,
            "RescaleIntercept": None,
        },
    )
    np.testing.assert_array_equal(volume_of(tmp_path).values()[0, 0], [7, 7, 5, 3, 300, 300])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_voi_table_for_values_below_zero(tmp_path: Path, syntax: str) -> None:
    stored = np.arange(24, dtype=np.uint16).reshape(1, 4, 6)
    write_series(
        tmp_path,
        stored=stored,
        rescale=(1, -1024),
        transfer_syntax=syntax,
        extra={"VOILUTSequence": table(-1020, [1, 2, 3], syntax)},
    )
    lut = volume_of(tmp_path).voi_lut
    assert lut is not None
    assert (lut.first, list(lut.table)) == (-1020, [1, 2, 3])


def test_luma_and_chroma_stored_as_they_are_in_jpeg_2000(tmp_path: Path) -> None:
    """YBR_FULL in a stream without colour transform is still YBR; with one it has become RGB."""
    red = np.zeros((16, 16, 3), np.uint8)
    red[...] = (76, 85, 255)
    written = write_xray(tmp_path / "film", stored=red[..., 0])
    ds = dcmread(written.files[0])
    stream = imagecodecs.jpeg2k_encode(red, codecformat="j2k", reversible=True, level=0, mct=False)
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].VR = "OB"
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, "YBR_FULL"
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.save_as(written.files[0])
    np.testing.assert_allclose(volume_of(tmp_path).stored[0, 3, 3], (254, 0, 0), atol=1)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_palette_in_words(tmp_path: Path, syntax: str, bits: int) -> None:
    """Big endian files turn the bytes of a table that is declared as words, of words and of bytes (PS3.5 A.3)."""
    indices = np.arange(24, dtype=np.uint8).reshape(4, 6)
    step = 1 << (bits - 8)
    colours = {"Red": np.arange(24) * step, "Green": np.arange(24) * 2, "Blue": 255 * step - np.arange(24)}
    extra: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, values in colours.items():
        data = values.astype(f"<u{bits // 8}").view(np.uint8)
        if syntax == ExplicitVRBigEndian:
            data = data.view("<u2").byteswap().view(np.uint8)
        extra[f"{name}PaletteColorLookupTableDescriptor"] = [24, 0, bits]
        extra[f"{name}PaletteColorLookupTableData"] = data.tobytes()
    write_xray(tmp_path, stored=indices, transfer_syntax=syntax, extra=extra)
    np.testing.assert_array_equal(volume_of(tmp_path).stored[0].reshape(24, 3), np.stack(list(colours.values()), 1))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_palette_in_segments(tmp_path: Path, syntax: str) -> None:
    """Two values one by one, then a straight line to 7000 in six steps (PS3.3 C.7.9.2)."""
    words = np.array([0, 2, 100, 1000, 1, 6, 7000], ">u2" if syntax == ExplicitVRBigEndian else "<u2")
    extra: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name in ("Red", "Green", "Blue"):
        extra[f"{name}PaletteColorLookupTableDescriptor"] = [8, 0, 16]
        extra[f"Segmented{name}PaletteColorLookupTableData"] = words.tobytes()
    indices = np.arange(8, dtype=np.uint8).reshape(2, 4)
    write_xray(tmp_path, stored=indices, transfer_syntax=syntax, extra=extra)
    assert volume_of(tmp_path).stored[0, ..., 1].ravel().tolist() == [100, *range(1000, 7001, 1000)]
