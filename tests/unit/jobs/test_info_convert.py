"""`info` and `convert`: the contract's document and exact NIfTI files."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.synth import CORONAL, oblique, phantom, write_series, write_xray
from viewer.core.errors import GeometryError, OutputError, UsageError
from viewer.jobs.convert import convert
from viewer.jobs.info import as_text, describe

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def test_the_document(tmp_path: Path) -> None:
    written = write_series(tmp_path / "ct", patient_name="Yamada^Tarou=山田^太郎")
    (tmp_path / "note.txt").write_text("not an image, only words")
    document = json.loads(json.dumps(describe([tmp_path])))
    (study,) = document["studies"]
    assert study["patient"] == {"id": "SYN-TEST", "name": "Yamada^Tarou=山田^太郎"}
    (series,) = study["series"]
    assert series["series_uid"] == written.series_uid
    assert (series["kind"], series["files"], series["frames"]) == ("volume", 6, 6)
    assert series["shape"] == [6, 24, 20]
    assert series["spacing_mm"] == pytest.approx([5.0, 0.8, 0.7])
    assert series["spacing_kind"] == "patient"
    assert (series["unit"], series["modality"], series["samples"]) == ("HU", "CT", 1)
    assert (series["value_min"], series["value_max"]) == (written.values.min(), written.values.max())
    np.testing.assert_allclose(series["affine_lps"], written.affine, atol=1e-4)
    assert "stack" not in series and "rgb_mean" not in series
    (refused,) = document["refused"]
    assert refused["code"] == "not_dicom" and len(refused["text"]) > 15
    assert "SYN-TEST" in as_text(document)


def test_colour_has_a_mean_and_no_range(tmp_path: Path) -> None:
    colour = np.zeros((8, 8, 3), np.uint8)
    colour[..., 1] = 90
    write_xray(tmp_path, stored=colour)
    (series,) = describe([tmp_path])["studies"][0]["series"]
    assert series["rgb_mean"] == [0.0, 90.0, 0.0]
    assert "value_min" not in series and "affine_lps" not in series


def test_pet_tells_its_suv_factor_and_what_it_was_made_from(tmp_path: Path) -> None:
    tracer = Dataset()
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 3.7e8, 6586.2
    tracer.RadiopharmaceuticalStartTime = "090000"
    facts = {
        "PatientWeight": 70,
        "Units": "BQML",
        "DecayCorrection": "ADMIN",
        "CorrectedImage": ["DECY", "ATTN"],
        "RadiopharmaceuticalInformationSequence": Sequence([tracer]),
    }
    write_series(tmp_path, modality="PT", extra=facts)
    document = describe([tmp_path])
    (series,) = document["studies"][0]["series"]
    assert series["suv_factor"] == pytest.approx(70_000 / 3.7e8)
    assert "370 MBq" in series["suv_from"]
    assert "SUVbw = value x 0.0001892" in as_text(document)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    written = write_xray(tmp_path, transfer_syntax="1.2.840.10008.1.2.4.90")
    path = written.files[0]
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.10"))
    document = describe([tmp_path])
    assert document["studies"] == []
    ((refused),) = document["refused"]
    assert refused["path"] == str(path)
    assert refused["code"] == "unsupported_syntax"


@pytest.mark.parametrize("orientation", [CORONAL, oblique(30)])
def test_convert_is_exact(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    written = write_series(tmp_path / "in", orientation=orientation)  # type: ignore[arg-type]
    out = convert(tmp_path / "in", tmp_path / "o.nii.gz")
    image = nibabel.load(out)
    data = np.asarray(image.dataobj)
    assert data.dtype == np.int16
    np.testing.assert_array_equal(data.transpose(2, 1, 0), written.values)
    assert written.affine is not None
    np.testing.assert_allclose(LPS @ image.affine @ [1, 2, 3, 1], written.affine @ [3, 2, 1, 1], atol=1e-3)
    assert image.header.get_xyzt_units()[0] == "mm"


def test_convert_without_patient_geometry(tmp_path: Path) -> None:
    written = write_xray(tmp_path / "in", imager_spacing=(0.2, 0.25))
    image = nibabel.load(convert(tmp_path / "in", tmp_path / "o.nii"))
    np.testing.assert_array_equal(np.asarray(image.dataobj)[..., 0].T, written.values[0])
    np.testing.assert_allclose(LPS @ image.affine, np.diag([0.25, 0.2, 1, 1]), atol=1e-6)


def test_a_fraction_in_the_rescale_is_kept(tmp_path: Path) -> None:
    written = write_series(tmp_path / "in", modality="PT", rescale=[(0.1 * (k + 1), 0.5) for k in range(6)])
    data = np.asarray(nibabel.load(convert(tmp_path / "in", tmp_path / "o.nii.gz")).dataobj)
    np.testing.assert_allclose(data.transpose(2, 1, 0), written.values, rtol=1e-6)


def test_tilted_is_refused_unless_resampled(tmp_path: Path) -> None:
    write_series(tmp_path / "in", tilt_degrees=15, stored=phantom((6, 24, 20), 0, 1000))
    out = tmp_path / "o.nii.gz"
    with pytest.raises(GeometryError, match="--resample"):
        convert(tmp_path / "in", out)
    assert not out.exists()
    image = nibabel.load(convert(tmp_path / "in", out, resample=True))
    sides = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    np.testing.assert_allclose(sides.T @ sides, np.eye(3), atol=1e-6)


def test_series_and_stack_are_chosen(tmp_path: Path) -> None:
    one = write_series(tmp_path / "in" / "a", modality="MR", stored=phantom((3, 8, 8), 0, 10))
    two = write_series(tmp_path / "in" / "b", modality="MR", stored=phantom((3, 8, 8), 0, 500))
    for written in (one, two):
        out = convert(tmp_path / "in", tmp_path / "o.nii.gz", series=written.series_uid, force=True)
        assert np.asarray(nibabel.load(out).dataobj).max() == written.values.max()
    with pytest.raises(UsageError, match="Choose one of"):
        convert(tmp_path / "in", tmp_path / "p.nii.gz", series="1.2.3")
    with pytest.raises(UsageError, match=r"\.nii"):
        convert(tmp_path / "in", tmp_path / "o.png")


def test_nothing_half_written_where_it_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(tmp_path / "in", shape=(2, 8, 8))
    with pytest.raises(OutputError, match="exists"):
        convert(tmp_path / "in", tmp_path / "missing" / "o.nii.gz")

    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nibabel, "save", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="disk is full"):
        convert(tmp_path / "in", tmp_path / "out" / "o.nii.gz")
    assert not list((tmp_path / "out").iterdir())
