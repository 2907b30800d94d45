"""The files that tests are built on are themselves valid and true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid

from tests import synth


def test_series_carries_its_truth(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path, tilt_degrees=12, orientation=synth.CORONAL)
    assert written.affine is not None
    for k, path in enumerate(written.files):
        ds = pydicom.dcmread(path)
        assert np.allclose(ds.ImagePositionPatient, written.affine[:3, 3] + k * written.affine[:3, 0], atol=1e-4)
        assert np.array_equal(ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept), written.values[k])


@pytest.mark.parametrize(
    "syntax",
    [
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
        uid.RLELossless,
        uid.JPEG2000Lossless,
        uid.JPEGLSLossless,
        uid.JPEGLosslessSV1,
        uid.HTJ2KLossless,
    ],
)
def test_lossless_syntaxes_are_decodable_by_simpleitk_or_pydicom(tmp_path: Path, syntax: str) -> None:
    import imagecodecs

    stored = synth.phantom((2, 32, 32)).astype(np.uint16)
    written = synth.write_series(tmp_path, modality="MR", stored=stored, transfer_syntax=syntax)
    ds = pydicom.dcmread(written.files[0])
    assert ds.file_meta.TransferSyntaxUID == syntax
    if uid.UID(syntax).is_encapsulated and syntax != uid.RLELossless:
        frame = next(pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=1))
        decoder = {
            uid.JPEG2000Lossless: imagecodecs.jpeg2k_decode,
            uid.JPEGLSLossless: imagecodecs.jpegls_decode,
            uid.JPEGLosslessSV1: imagecodecs.ljpeg_decode,
            uid.HTJ2KLossless: imagecodecs.htj2k_decode,
        }[syntax]
        assert np.array_equal(decoder(frame), stored[0])
    else:
        assert np.array_equal(ds.pixel_array, stored[0])


def test_xray_has_detector_spacing_and_no_position(tmp_path: Path) -> None:
    ds = pydicom.dcmread(synth.write_xray(tmp_path).files[0])
    assert "ImagePositionPatient" not in ds
    assert list(ds.ImagerPixelSpacing) == [0.2, 0.2]


def test_uneven_positions_are_written(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path, shape=(3, 8, 8), positions=[0, 5, 20])
    z = [float(pydicom.dcmread(p).ImagePositionPatient[2]) for p in written.files]
    assert z == [100, 105, 120]
    assert written.affine is not None and written.affine[2, 0] == 10
