"""Real images go the whole way. Skips where the data does not lie beside the checkout."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own customary name
from PIL import Image

from tests import synth
from tests.journeys.program import document, done, result, tool

pytestmark = pytest.mark.slow


def _case(folder: Path, label: str) -> Path:
    """The first validation case of a label."""
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as stream:
        return folder / next(
            row["image"] for row in csv.DictReader(stream) if row["split"] == "val" and row["label"] == label
        )


def test_ct_series_opens_converts_and_renders(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "volumes-multi-organ" / "ct_dicom"
    (series,) = document("info", folder)["studies"][0]["series"]
    assert (series["modality"], series["unit"], series["shape"]) == ("CT", "HU", [20, 512, 512])
    done("convert", folder, tmp_path / "ct.nii.gz")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    peer, ours = reader.Execute(), sitk.ReadImage(str(tmp_path / "ct.nii.gz"))
    assert np.array_equal(sitk.GetArrayViewFromImage(peer), sitk.GetArrayViewFromImage(ours))
    assert np.allclose(peer.GetOrigin(), ours.GetOrigin(), atol=1e-3)
    for plane in ("axial", "coronal", "sagittal"):
        done("render", folder, tmp_path / f"{plane}.png", "--plane", plane, "--window", "40,400")
        assert np.asarray(Image.open(tmp_path / f"{plane}.png")).std() > 15


@pytest.mark.parametrize("label", ["NORMAL", "PNEUMONIA"])
def test_real_chest_film_wrapped_as_dicom(shared_data: Path, pneumonia: str, tmp_path: Path, label: str) -> None:
    grey = np.asarray(Image.open(_case(shared_data / "cxr-pneumonia", label)).convert("L"))
    written = synth.write_xray(
        tmp_path / "film", stored=grey, imager_spacing=(1.0, 1.0), extra={"ViewPosition": "AP", "PatientAge": "003Y"}
    )
    folder = tmp_path / "result"
    (pack,) = document("analyze", written.folder, "--out", folder, "--pack", pneumonia)["packs"]
    assert pack["outcome"] == "ran", pack["reasons"]
    (score,) = pack["scores"].values()
    assert 0 <= score <= 1
    assert pack["findings"] == len(result(folder)["findings"])
    assert nibabel.load(next(folder.glob("heatmap-*.nii.gz"))).shape[:2] == (224, 224)
    if pack["findings"]:
        done("review", folder, "--accept", "all", "--reader", "A. Reader")
    done("report", folder, "--out", tmp_path / "report.pdf")
    assert "SYN-XR" in tool("pdftotext", tmp_path / "report.pdf", "-")


def test_real_hippocampus_goes_through_analyze_review_and_report(
    shared_data: Path, hippocampus: str, tmp_path: Path
) -> None:
    data = shared_data / "mr-hippocampus"
    with (data / "cases.csv").open(newline="", encoding="utf-8") as stream:
        row = next(row for row in csv.DictReader(stream) if row["split"] == "val")
    truth = np.asarray(nibabel.load(data / row["mask"]).dataobj)
    i, j, k = truth.shape
    folder = tmp_path / "result"
    roi = f"0,0,0,{i},{j},{k}"
    (pack,) = document("analyze", data / row["image"], "--out", folder, "--pack", hippocampus, "--roi", roi)["packs"]
    assert pack["outcome"] == "ran", pack["reasons"]
    mask = np.asarray(nibabel.load(next(folder.glob("mask-*.nii.gz"))).dataobj)
    for number in (1, 2):
        both = np.count_nonzero((mask == number) & (truth == number))
        assert 2 * both / ((mask == number).sum() + (truth == number).sum()) > 0.7
    assert not list(folder.glob("*.dcm")), "outside DICOM there are no DICOM objects"
    assert result(folder)["left_out"], "and result.json says why"
    done("review", folder, "--accept", "all", "--reader", "A. Reader")
    done("report", folder, "--out", tmp_path / "report.pdf")
    assert "hippocampus" in tool("pdftotext", tmp_path / "report.pdf", "-").lower()
