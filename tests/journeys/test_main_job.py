"""The main job on the sample studies, from a shell: open, read, analyse, judge, report."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - its own customary name
from PIL import Image

from tests.journeys.program import document, done, failed_in_words, result, tool
from viewer.samples import Sample

Samples = dict[str, Sample]
pytestmark = pytest.mark.slow


def box_text(sample: Sample, side: str) -> str:
    """--roi of the sample's box: i0,j0,k0,i1,j1,k1."""
    (k0, j0, i0), (k1, j1, i1) = sample.boxes[side]
    return f"{i0},{j0},{k0},{i1},{j1},{k1}"


def test_info_tells_what_the_contract_promises(samples: Samples) -> None:
    told = document("info", samples["chest-child"].folder.parent)
    assert told["refused"] == []
    series = {study["patient"]["id"]: study["series"][0] for study in told["studies"]}
    assert set(series) == {"SYN-0001", "SYN-0002", "SYN-0003"}
    film, ct, head = series["SYN-0001"], series["SYN-0002"], series["SYN-0003"]
    assert (film["kind"], film["spacing_kind"], film["shape"]) == ("image", "detector", [1, 1280, 1280])
    assert (ct["kind"], ct["unit"], ct["files"]) == ("volume", "HU", 150)
    assert ct["spacing_mm"] == pytest.approx([1.5, 1.15, 1.15])
    assert ct["value_min"] == pytest.approx(-1024) and ct["value_max"] > 300
    assert np.allclose(np.array(head["affine_lps"])[:3, 3], [-79.5, -99.5, -55.5])
    assert {study["patient"]["name"] for study in told["studies"]} >= {"SYNTHETIC^CHILD A"}


def test_convert_agrees_with_simpleitk_voxel_by_voxel(samples: Samples, tmp_path: Path) -> None:
    sample = samples["chest-ct"]
    done("convert", sample.folder, tmp_path / "ct.nii.gz")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(sample.folder)))
    peer = reader.Execute()
    ours = sitk.ReadImage(str(tmp_path / "ct.nii.gz"))
    assert np.array_equal(sitk.GetArrayViewFromImage(peer), sitk.GetArrayViewFromImage(ours))
    assert np.allclose(peer.GetOrigin(), ours.GetOrigin(), atol=1e-3)
    assert np.allclose(peer.GetDirection(), ours.GetDirection(), atol=1e-5)
    assert np.allclose(peer.GetSpacing(), ours.GetSpacing(), atol=1e-4)


def test_render_shows_three_different_planes(samples: Samples, tmp_path: Path) -> None:
    pictures = []
    for plane in ("axial", "coronal", "sagittal"):
        out = tmp_path / f"{plane}.png"
        done("render", samples["chest-ct"].folder, out, "--plane", plane, "--window", "-600,1500")
        pixels = np.asarray(Image.open(out).convert("RGB"))
        assert pixels.std() > 20, "not blank"
        pictures.append(pixels)
    assert all(not np.array_equal(pictures[0], other) for other in pictures[1:])


def test_hippocampus_from_box_to_signed_report(samples: Samples, hippocampus: str, tmp_path: Path) -> None:
    sample, folder = samples["brain-mr"], tmp_path / "result"
    told = document("analyze", sample.folder, "--out", folder, "--pack", hippocampus, "--roi", box_text(sample, "left"))
    assert told == result(folder)
    (pack,) = told["packs"]
    assert pack["outcome"] == "ran" and pack["findings"] == len(told["findings"]) == 2
    assert {finding["side"] for finding in told["findings"]} == {"left"}
    assert {finding["state"] for finding in told["findings"]} == {"proposed"}
    assert pack["provenance"]["weights_sha256"]

    _mask_lies_on_the_drawn_shape(folder, samples)
    assert "SegmentSequence" in tool("dcmdump", "+L", folder / "seg.dcm")
    _seg_covers_what_the_mask_covers(folder)

    done("review", folder, "--accept", "all", "--reader", "A. Reader")
    assert {finding["state"] for finding in result(folder)["findings"]} == {"accepted"}
    assert "Measurement" in tool("dsrdump", folder / "sr.dcm")
    done("report", folder, "--out", tmp_path / "draft.pdf")
    draft = tool("pdftotext", "-layout", tmp_path / "draft.pdf", "-")
    assert "ai draft" in draft.lower() and "SYN-0003" in draft and "Not a medical device" in draft
    assert pack["provenance"]["weights_sha256"][:12] in re.sub("[\\n\u200b]", "", draft)  # long words may break
    assert re.search(r"synthetic|drawn by|computer-made", draft, re.IGNORECASE)
    signed = ["--sign", "A. Reader", "--organization", "Test Hospital"]
    done("report", folder, "--out", tmp_path / "signed.pdf", *signed)
    assert "Test Hospital" in tool("pdftotext", "-layout", tmp_path / "signed.pdf", "-")


def _mask_lies_on_the_drawn_shape(folder: Path, samples: Samples) -> None:
    """The answer is on the right side, the right way round: it overlaps the truth and not its mirror image."""
    (path,) = folder.glob("mask-*.nii.gz")
    mask = nibabel.load(path)
    truth = nibabel.load(samples["brain-mr"].folder.parents[1] / "truth" / "brain-mr-labels.nii.gz")
    assert mask.shape == truth.shape
    assert np.allclose(mask.affine, truth.affine, atol=1e-3)
    ours, drawn = np.asarray(mask.dataobj) > 0, np.isin(np.asarray(truth.dataobj), (1, 2))
    assert 2 * np.count_nonzero(ours & drawn) / (ours.sum() + drawn.sum()) > 0.6
    assert not (ours & np.isin(np.asarray(truth.dataobj), (3, 4))).any()


def _seg_covers_what_the_mask_covers(folder: Path) -> None:
    ds = pydicom.dcmread(folder / "seg.dcm")
    (path,) = folder.glob("mask-*.nii.gz")
    mask = np.asarray(nibabel.load(path).dataobj)
    assert ds.pixel_array.sum() == np.count_nonzero(mask)


def test_film_is_analysed_or_refused_but_never_in_silence(samples: Samples, pneumonia: str, tmp_path: Path) -> None:
    folder = tmp_path / "result"
    told = document("analyze", samples["chest-child"].folder, "--out", folder, "--pack", pneumonia)
    (pack,) = told["packs"]
    assert pack["outcome"] in {"ran", "refused"}
    if pack["outcome"] == "refused":
        assert all(reason["text"] for reason in pack["reasons"])
        return
    heatmap = nibabel.load(next(folder.glob("heatmap-*.nii.gz")))
    assert heatmap.shape[:2] == (1280, 1280), "on the film's own grid"
    values = np.asarray(heatmap.dataobj)
    assert values.min() >= 0 and values.max() <= 1
    done("report", folder, "--out", tmp_path / "report.pdf")


def test_rejected_findings_are_not_on_paper(samples: Samples, hippocampus: str, tmp_path: Path) -> None:
    sample, folder = samples["brain-mr"], tmp_path / "result"
    done("analyze", sample.folder, "--out", folder, "--pack", hippocampus, "--roi", box_text(sample, "right"))
    first, second = result(folder)["findings"]
    done("review", folder, "--accept", first["id"], "--reject", second["id"], "--reader", "A. Reader")
    done("report", folder, "--out", tmp_path / "report.pdf")
    text = tool("pdftotext", "-layout", tmp_path / "report.pdf", "-").lower()
    assert first["label"].lower() in text
    assert second["label"].lower() not in text


def test_replay_comes_to_the_same(samples: Samples, hippocampus: str, tmp_path: Path) -> None:
    sample, folder = samples["brain-mr"], tmp_path / "result"
    done("analyze", sample.folder, "--out", folder, "--pack", hippocampus, "--roi", box_text(sample, "left"))
    assert document("replay", folder)["same"] is True


def test_demo_off_screen_leaves_report_pictures_seg_and_sr(hippocampus: str, pneumonia: str, tmp_path: Path) -> None:
    told = done("demo", "--out", tmp_path)
    assert "nothing about accuracy" in told.stdout
    for name in ("report.pdf", "sr.dcm"):
        assert len(list(tmp_path.glob(f"results/*/{name}"))) == 2
    assert list(tmp_path.glob("results/brain-mr/seg.dcm"))
    for picture in ("chest-child.png", "brain-mr.png", "chest-ct.png"):
        assert np.asarray(Image.open(tmp_path / "results" / picture)).std() > 20
    for pdf in tmp_path.glob("results/*/report.pdf"):
        assert str(pdf) in told.stdout
    again = done("demo", "--out", tmp_path)
    assert "results-2" in again.stdout, "nothing that was judged is replaced"


def test_judged_results_are_not_overwritten(samples: Samples, hippocampus: str, tmp_path: Path) -> None:
    sample, folder = samples["brain-mr"], tmp_path / "result"
    arguments = ("analyze", sample.folder, "--out", folder, "--pack", hippocampus, "--roi", box_text(sample, "left"))
    done(*arguments)
    done("review", folder, "--unsure", "all", "--reader", "A. Reader")
    before = (folder / "result.json").read_bytes()
    assert "verdicts" in failed_in_words(*arguments)
    assert (folder / "result.json").read_bytes() == before
