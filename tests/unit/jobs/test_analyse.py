from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests import synth, tiny_packs
from tests.unit.analysis.conftest import film as chest
from viewer.core.analysis import RunOptions
from viewer.core.errors import OutputError, PackError, ReadError, UsageError
from viewer.core.finding import FindingState
from viewer.core.task import CancelFlag, Cancelled
from viewer.jobs import analyse, replay, result_folder, result_json
from viewer.jobs.review import keep_findings
from viewer.reading import open_volume

ROI = ((2, 4, 5), (18, 24, 27))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    tiny_packs.segmenter(folder)
    tiny_packs.classifier(folder)
    return folder


@pytest.fixture
def head(tmp_path: Path) -> synth.Written:
    extra = {"SeriesDescription": "T1 MPRAGE", "BodyPartExamined": "BRAIN"}
    return synth.write_series(tmp_path / "mr", modality="MR", shape=(20, 28, 32), spacing=(1.0, 1.0, 1.0), extra=extra)


@pytest.fixture
def film(tmp_path: Path) -> synth.Written:
    return synth.write_xray(tmp_path / "xr", stored=chest().stored[0])


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {entry["pack"]: entry["outcome"] for entry in document["packs"]}


def test_mr_block_in_a_box(models: Path, head: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    document = analyse.analyse(head.folder, out, roi=ROI, device="cpu")
    assert outcomes(document) == {tiny_packs.SEGMENTER: "ran", tiny_packs.CLASSIFIER: "refused"}
    assert document == json.loads((out / "result.json").read_text())
    assert document["request"]["roi"] == [5, 4, 2, 27, 24, 18]
    assert sorted(document["files"]) == sorted(p.name for p in out.iterdir())
    assert {"seg.dcm", "sr.dcm"} <= set(document["files"])
    mask = nibabel.load(out / f"mask-{tiny_packs.SEGMENTER}.nii.gz")
    assert mask.shape == (32, 28, 20)
    assert head.affine is not None
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ mask.affine
    assert np.allclose(lps[:, [2, 1, 0, 3]], head.affine, atol=1e-3)
    for finding in document["findings"]:
        assert finding["state"] == "proposed"
        assert finding["measurements"][0]["unit"] == "mm3"
        assert (out / f"key-{finding['id']}.png").is_file()
    (entry,) = [e for e in document["packs"] if e["pack"] == tiny_packs.SEGMENTER]
    assert entry["findings"] == len(document["findings"]) > 0
    assert entry["provenance"]["input_uids"] == list(head.sop_uids)


def test_film_gives_score_heatmap_and_place(models: Path, film: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    document = analyse.analyse(film.folder, out, packs=[tiny_packs.CLASSIFIER], device="cpu")
    assert outcomes(document) == {tiny_packs.CLASSIFIER: "ran"}
    heat = nibabel.load(out / f"heatmap-{tiny_packs.CLASSIFIER}.nii.gz")
    assert heat.shape == (100, 120, 1)
    finding = document["findings"][0]
    assert finding["code"] == {"scheme": "99SECONDREAD", "value": "TINY", "meaning": "Test structure"}
    assert finding["operating_point"]["name"] == "default"
    assert finding["location"]["text"]
    assert "sr.dcm" in document["files"]


def test_occlusion_is_asked_for_and_replayed(models: Path, film: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = {"packs": [tiny_packs.CLASSIFIER], "device": "cpu", "options": RunOptions(explain="occlusion")}
    document = analyse.analyse(film.folder, out, **asked)
    assert document["request"]["explain"] == "occlusion"
    (heatmap,) = result_folder.load(out).results[0].heatmaps
    assert "made by occlusion" in heatmap.honesty
    assert replay.replay(out)["same"] is True


def test_results_read_back_as_they_were(models: Path, head: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyse.analyse(head.folder, out, packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")
    loaded = result_folder.load(out)
    (result,) = loaded.results
    assert result.masks[0].geometry.same_grid(open_volume(head.folder).geometry)
    assert loaded.study.patient.id == "SYN-TEST"
    assert len(loaded.stack.instances) == 20
    assert result.findings == loaded.findings
    assert result.provenance is not None
    judged = [f.judged(FindingState.ACCEPTED, "Dr. R", "2026-03-02T10:00:00+00:00") for f in loaded.findings]
    keep_findings(loaded, judged)
    assert all(f.state is FindingState.ACCEPTED for f in result_folder.load(out).findings)
    with pytest.raises(OutputError, match="verdicts"):
        analyse.analyse(head.folder, out, packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")


def test_an_unjudged_result_folder_is_replaced(models: Path, film: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = analyse.analyse(film.folder, out, packs=[tiny_packs.CLASSIFIER], device="cpu")
    second = analyse.analyse(film.folder, out, packs=[tiny_packs.CLASSIFIER], device="cpu")
    assert first["packs"][0]["request_id"] != second["packs"][0]["request_id"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")] == []


def test_nifti_needs_the_pack_named_and_leaves_dicom_out(models: Path, tmp_path: Path) -> None:
    block = synth.phantom((20, 28, 32)).transpose(2, 1, 0)
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])  # radiological storage: our reader turns its slices round
    path = tmp_path / "block.nii.gz"
    nibabel.save(nibabel.Nifti1Image(block, affine), path)
    unnamed = analyse.analyse(path, tmp_path / "a", roi=ROI, device="cpu")
    assert set(outcomes(unnamed).values()) == {"refused"}
    named = analyse.analyse(path, tmp_path / "b", packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")
    assert outcomes(named) == {tiny_packs.SEGMENTER: "ran"}
    assert {r["rule"] for r in named["packs"][0]["reasons"]} == {"modality", "sequence"}
    assert {left["file"] for left in named["left_out"]} == {"seg.dcm", "sr.dcm"}
    mask = nibabel.load(tmp_path / "b" / f"mask-{tiny_packs.SEGMENTER}.nii.gz")
    assert mask.shape == block.shape
    assert np.allclose(mask.affine, affine)
    result_folder.load(tmp_path / "b")


def test_no_packs_no_picture_no_such_pack_no_such_series(
    models: Path, film: synth.Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReadError, match="opened"):
        analyse.analyse(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(UsageError, match="no pack 'nothing'"):
        analyse.analyse(film.folder, tmp_path / "out", packs=["nothing"])
    with pytest.raises(UsageError, match="no series"):
        analyse.analyse(film.folder, tmp_path / "out", series="1.2.3")
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "none"))
    with pytest.raises(PackError, match="No model pack"):
        analyse.analyse(film.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.logs("failed: The weights")
def test_a_wrong_hash_is_a_failed_outcome_beside_the_others(models: Path, film: synth.Written, tmp_path: Path) -> None:
    weights = models / tiny_packs.CLASSIFIER / "models/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    document = analyse.analyse(film.folder, tmp_path / "out", device="cpu")
    assert outcomes(document) == {tiny_packs.SEGMENTER: "refused", tiny_packs.CLASSIFIER: "failed"}
    (entry,) = [e for e in document["packs"] if e["outcome"] == "failed"]
    assert "SHA-256" in entry["message"]
    assert document["findings"] == []


def test_full_disk_and_taken_place_leave_nothing(
    models: Path, film: synth.Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="no result folder"):
        analyse.analyse(film.folder, taken)

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nibabel, "save", full)
    with pytest.raises(OutputError, match="disk is full"):
        analyse.analyse(film.folder, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.iterdir() if ".part" in p.name] == []
    assert (taken / "letter.txt").read_text() == "mine"


def test_cancel_writes_nothing(models: Path, film: synth.Written, tmp_path: Path) -> None:
    flag = CancelFlag()

    def stop(progress: Any) -> None:
        if progress.stage == "Network":
            flag.cancel()

    with pytest.raises(Cancelled):
        analyse.analyse(film.folder, tmp_path / "out", on_progress=stop, cancel=flag, device="cpu")
    assert not (tmp_path / "out").exists()


HOSTILE: dict[str, Any] = {
    "no packs": lambda d: d.pop("packs"),
    "packs as text": lambda d: d.update(packs="x"),
    "newer schema": lambda d: d.update(schema=99),
    "file outside": lambda d: d["packs"][0]["heatmaps"][0].update(file="../../etc/passwd"),
    "huge grid": lambda d: d["packs"][0]["heatmaps"][0]["geometry"].update(shape=[1 << 20, 1 << 20, 1]),
    "other grid": lambda d: d["packs"][0]["heatmaps"][0]["geometry"].update(shape=[1, 2, 2]),
    "bad affine": lambda d: d["packs"][0]["heatmaps"][0]["geometry"].update(affine_lps=[[1]]),
    "unknown state": lambda d: d["findings"][0].update(state="certain"),
    "outcome": lambda d: d["packs"][0].update(outcome="healthy"),
    "no stack": lambda d: d.update(stack=None),
    "score as list": lambda d: d["packs"][0].update(scores=[1]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_json_ends_in_words(models: Path, film: synth.Written, tmp_path: Path, case: str) -> None:
    out = tmp_path / "out"
    document = analyse.analyse(film.folder, out, packs=[tiny_packs.CLASSIFIER], device="cpu")
    HOSTILE[case](document)
    (out / "result.json").write_text(json.dumps(document))
    with pytest.raises(ReadError):
        result_folder.load(out)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"schema": 1, "packs": NaN}', "[" * 100_000])
def test_broken_json_ends_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(ReadError):
        result_folder.load(tmp_path)


@pytest.mark.parametrize("broken", ['"seconds": 1e999', '"report": "signed"'])
def test_json_that_no_later_step_could_use_ends_in_words(tmp_path: Path, broken: str) -> None:
    (tmp_path / "result.json").write_text(f'{{"schema": 1, "packs": [], {broken}}}')
    with pytest.raises(ReadError, match="damaged"):
        result_json.load(tmp_path)


def test_a_missing_array_ends_in_words(models: Path, film: synth.Written, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyse.analyse(film.folder, out, packs=[tiny_packs.CLASSIFIER], device="cpu")
    (out / f"heatmap-{tiny_packs.CLASSIFIER}.nii.gz").unlink()
    with pytest.raises(ReadError, match="missing or damaged"):
        result_folder.load(out)
    assert result_folder.load(out, arrays=False).results[0].outcome == "ran"
    shutil.rmtree(out)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_the_result_folder_is_the_user_s_alone(models: Path, film: synth.Written, tmp_path: Path) -> None:
    analyse.analyse(film.folder, tmp_path / "out", packs=[tiny_packs.CLASSIFIER], device="cpu")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
