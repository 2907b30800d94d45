"""Bad input from a shell: each ends in words (what happened, what to do), nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests import synth, tiny_packs
from tests.journeys.program import document, done, failed_in_words, result, secondread
from viewer.samples import Sample

pytestmark = pytest.mark.slow


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tiny packs: one for T1 MR with a box, one for children's films."""
    folder = tmp_path / "models"
    tiny_packs.segmenter(folder, match={"slices": [12, 1024]})
    tiny_packs.classifier(folder)
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    return folder


def left_in(folder: Path) -> list[str]:
    """Everything below a folder, hidden and temporary names included."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_nothing_there(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    failed_in_words("info", empty)
    failed_in_words("info", tmp_path / "no-such-folder")
    failed_in_words("convert", empty, tmp_path / "out.nii.gz")
    failed_in_words("render", empty, tmp_path / "out.png")
    failed_in_words("analyze", empty, "--out", tmp_path / "result")
    assert [name for name in left_in(tmp_path) if not name.startswith("home")] == ["empty"]


def test_files_that_are_no_images_are_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    (tmp_path / "noise.dcm").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.dcm").write_bytes(b"")
    words = failed_in_words("info", tmp_path)
    for name in ("letter.txt", "noise.dcm", "empty.dcm"):
        assert name in words
    told = json.loads(secondread("info", tmp_path, "--json").stdout)
    assert told["studies"] == []
    assert len(told["refused"]) == 3
    assert all(len(one["text"]) > 15 and one["code"] for one in told["refused"])


def test_a_truncated_file_does_not_take_its_series_along(tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "ct")
    victim = written.files[2]
    victim.write_bytes(victim.read_bytes()[:-400])
    told = document("info", written.folder)
    (series,) = told["studies"][0]["series"]
    codes = {warning["code"] for warning in series["warnings"]} | {one["code"] for one in told["refused"]}
    assert codes & {"truncated", "missing_slices", "corrupt"}
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(victim, alone / "cut.dcm")
    cut = secondread("info", alone, "--json")
    doubts = json.loads(cut.stdout)
    said = [one["code"] for one in doubts["refused"]]
    said += [w["code"] for study in doubts["studies"] for one in study["series"] for w in one["warnings"]]
    assert "truncated" in said


def test_one_slice_is_an_image_and_packs_for_volumes_refuse_it(models: Path, tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "mr", modality="MR", shape=(1, 32, 32))
    assert document("info", written.folder)["studies"][0]["series"][0]["kind"] == "image"
    done("convert", written.folder, tmp_path / "one.nii.gz")
    _refused_in_words(tmp_path, written.folder, "0,0,0,32,32,1")


def test_three_slices_are_refused_by_a_pack_for_volumes(models: Path, tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "mr", modality="MR", shape=(3, 32, 32), spacing=(10.0, 1.0, 1.0))
    _refused_in_words(tmp_path, written.folder, "0,0,0,32,32,3")


def _refused_in_words(tmp_path: Path, folder: Path, roi: str) -> None:
    done("analyze", folder, "--out", tmp_path / "result", "--pack", tiny_packs.SEGMENTER, "--roi", roi)
    (pack,) = result(tmp_path / "result")["packs"]
    assert pack["outcome"] == "refused"
    assert any(len(reason["text"]) > 15 for reason in pack["reasons"])
    assert result(tmp_path / "result")["findings"] == []


def test_two_patients_in_one_folder_stay_two(tmp_path: Path) -> None:
    first = synth.write_series(tmp_path / "both" / "a", patient_id="ONE", patient_name="SYNTHETIC^ONE")
    synth.write_series(tmp_path / "both" / "b", patient_id="TWO", patient_name="SYNTHETIC^TWO")
    told = document("info", tmp_path / "both")
    assert sorted(study["patient"]["id"] for study in told["studies"]) == ["ONE", "TWO"]
    failed_in_words("convert", tmp_path / "both", tmp_path / "out.nii.gz", "--series", "1.2.3", status=2)
    done("convert", tmp_path / "both", tmp_path / "one.nii.gz", "--series", first.series_uid)


def test_missing_spacing_is_said_and_not_guessed(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "xr", imager_spacing=None)
    (series,) = document("info", written.folder)["studies"][0]["series"]
    assert series["spacing_kind"] == "unknown"
    assert "no_spacing" in {warning["code"] for warning in series["warnings"]}


def test_an_xray_given_to_an_mr_pack_is_refused(models: Path, tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "xr")
    out = tmp_path / "result"
    told = done("analyze", written.folder, "--out", out, "--pack", tiny_packs.SEGMENTER, "--roi", "0,0,0,9,9,1")
    (pack,) = result(out)["packs"]
    assert pack["outcome"] == "refused"
    assert "DX" in " ".join(reason["text"] for reason in pack["reasons"])
    assert "refused" in told.stderr


def test_places_that_cannot_be_written(models: Path, a_file: Path, samples: dict[str, Sample]) -> None:
    film = samples["chest-child"].folder
    before = left_in(a_file.parent)
    failed_in_words("convert", film, a_file / "out.nii.gz")
    failed_in_words("render", film, a_file / "out.png")
    failed_in_words("analyze", film, "--out", a_file / "result")
    failed_in_words("analyze", film, "--out", a_file)
    failed_in_words("demo", "--out", a_file)
    assert a_file.read_text() == "this is a file"
    assert [name for name in left_in(a_file.parent) if not name.startswith("home")] == before


def test_a_full_disk_leaves_nothing_half_written(samples: dict[str, Sample], tmp_path: Path) -> None:
    """A limit on file size stands in for a full disk: the write itself fails in the middle."""
    out = tmp_path / "out"
    out.mkdir()
    command = f"ulimit -f 40; exec '{sys.executable}' -m viewer convert '{samples['brain-mr'].folder}' '{out}/h.nii'"
    bare = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")}  # it would write too
    told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120, env=bare)
    assert told.returncode == 1
    assert "Traceback" not in told.stderr and len(told.stderr) > 20
    assert left_in(out) == []


def test_a_pack_with_changed_weights_does_not_run(models: Path, tmp_path: Path) -> None:
    weights = models / tiny_packs.CLASSIFIER / "models" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x55")
    written = synth.write_xray(tmp_path / "xr")
    told = secondread("analyze", written.folder, "--out", tmp_path / "result", "--pack", tiny_packs.CLASSIFIER)
    assert told.returncode == 1
    assert "SHA-256" in told.stderr and "Traceback" not in told.stderr
    if (tmp_path / "result").exists():
        (pack,) = result(tmp_path / "result")["packs"]
        assert pack["outcome"] == "failed" and pack["findings"] == 0


def test_no_packs_at_all(tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "xr")
    out = tmp_path / "result"
    words = failed_in_words("analyze", written.folder, "--out", out, SECONDREAD_MODELS=str(tmp_path / "none"))
    assert "packs install" in words
    assert not out.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--pack", "no-such-pack"], "no-such-pack"),
        (["--series", "1.2.3.4"], "series"),
        (["--pack", tiny_packs.SEGMENTER, "--roi", "0,0,0,999,999,999"], "box"),
        (["--pack", tiny_packs.SEGMENTER, "--roi", "9,9,9,2,2,2"], "box"),
    ],
)
def test_requests_that_make_no_sense(models: Path, tmp_path: Path, more: list[str], says: str) -> None:
    written = synth.write_series(tmp_path / "mr", modality="MR", shape=(24, 24, 24), spacing=(1.0, 1.0, 1.0))
    told = secondread("analyze", written.folder, "--out", tmp_path / "result", *more)
    assert "Traceback" not in told.stderr
    if told.returncode == 0:
        assert result(tmp_path / "result")["packs"][0]["outcome"] == "refused"
    assert says in told.stderr


def test_review_and_report_of_what_is_no_result(tmp_path: Path) -> None:
    failed_in_words("review", tmp_path, "--accept", "all", "--reader", "A. Reader")
    failed_in_words("report", tmp_path, "--out", tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()


def test_review_of_an_unknown_finding_changes_nothing(models: Path, tmp_path: Path) -> None:
    written = synth.write_xray(tmp_path / "xr")
    done("analyze", written.folder, "--out", tmp_path / "result", "--pack", tiny_packs.CLASSIFIER)
    before = (tmp_path / "result" / "result.json").read_bytes()
    words = failed_in_words("review", tmp_path / "result", "--accept", "zzz", "--reader", "A. Reader", status=2)
    assert "zzz" in words
    assert (tmp_path / "result" / "result.json").read_bytes() == before


def test_interrupt_stops_and_leaves_nothing(samples: dict[str, Sample], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "viewer", "demo", "--out", str(tmp_path / "demo")]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    while not (tmp_path / "demo" / "studies").exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    asked = time.monotonic()
    _out, err = running.communicate(timeout=60)
    assert time.monotonic() - asked < 20
    assert running.returncode == 1
    assert "Stopped as asked" in err and "Traceback" not in err
    assert not list((tmp_path / "demo").rglob("*.partial"))
