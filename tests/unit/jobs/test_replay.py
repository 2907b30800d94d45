from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests import synth, tiny_packs
from tests.unit.analysis.conftest import film as chest
from tests.unit.reporting.folders import restated
from viewer.core.errors import ReadError
from viewer.jobs import analyse, replay

ROI = ((2, 4, 5), (18, 24, 27))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tiny_packs.classifier(tiny_packs.segmenter(tmp_path / "models"))
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    return folder


@pytest.fixture
def done(models: Path, tmp_path: Path) -> Path:
    """A result folder of a film: one pack ran, the other was refused."""
    synth.write_xray(tmp_path / "xr", stored=chest().stored[0])
    analyse.analyse(tmp_path / "xr", tmp_path / "out", device="cpu")
    return tmp_path / "out"


def checks(document: dict, what: str) -> list[bool]:
    return [check["same"] for pack in document["packs"] for check in pack["checks"] if check["what"] == what]


def test_the_same_again(done: Path) -> None:
    document = replay.replay(done)
    assert document["same"], replay.as_text(document)
    assert checks(document, "score") == [True, True]
    assert document["differences"] == []
    assert checks(document, "outcome") == [True, True]
    assert "gives the same result" in replay.as_text(document)


def test_masks_and_box_again(models: Path, tmp_path: Path) -> None:
    extra = {"SeriesDescription": "T1", "BodyPartExamined": "BRAIN"}
    synth.write_series(tmp_path / "mr", modality="MR", shape=(20, 28, 32), spacing=(1.0, 1.0, 1.0), extra=extra)
    analyse.analyse(tmp_path / "mr", tmp_path / "out", packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")
    document = replay.replay(tmp_path / "out")
    assert document["same"]
    assert set(checks(document, "mask")) == {True}
    assert checks(document, "findings") == [True]


def test_other_pixels_are_noticed(done: Path, tmp_path: Path) -> None:
    brighter = chest().stored[0] + np.uint16(300)
    path = tmp_path / "xr" / "XR0001"
    before = path.read_bytes()
    pixels = chest().stored[0].tobytes()
    assert pixels in before
    path.write_bytes(before.replace(pixels, brighter.tobytes()))
    document = replay.replay(done)
    assert not document["same"]
    assert checks(document, "input") == [False, False]
    assert "DIFFERS" in replay.as_text(document)


def test_a_changed_score_and_other_weights_are_noticed(done: Path) -> None:
    kept = json.loads((done / "result.json").read_text())
    (entry,) = [e for e in kept["packs"] if e["outcome"] == "ran"]
    entry["scores"] = {name: score - 0.01 for name, score in entry["scores"].items()}
    entry["provenance"]["weights_sha256"] = "0" * 64
    (done / "result.json").write_text(json.dumps(kept))
    document = replay.replay(done)
    assert checks(document, "score")[0] is False
    assert {one["what"] for one in document["differences"]} >= {"hash", "score", "weights"}
    assert sorted(checks(document, "weights")) == [False, True]


MASKS: dict[str, Callable[[Any], Any]] = {
    "erased": lambda m: m * 0,
    "one voxel less": lambda m: np.where(np.arange(m.size).reshape(m.shape) == np.flatnonzero(m)[0], 0, m),
    "tripled": lambda m: np.maximum(m, np.maximum(np.roll(m, 1, 0), np.roll(m, 1, 1))),
    "moved": lambda m: np.roll(m, 1, 2),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_of_other_hands_is_not_the_same(models: Path, tmp_path: Path, name: str) -> None:
    extra = {"SeriesDescription": "T1", "BodyPartExamined": "BRAIN"}
    synth.write_series(tmp_path / "mr", modality="MR", shape=(20, 28, 32), spacing=(1.0, 1.0, 1.0), extra=extra)
    out = tmp_path / "out"
    analyse.analyse(tmp_path / "mr", out, packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")
    (path,) = out.glob("mask-*.nii.gz")
    image = nibabel.load(path)
    labels = MASKS[name](np.asarray(image.dataobj))
    nibabel.save(nibabel.Nifti1Image(labels.astype(np.uint8), image.affine), path)
    document = replay.replay(out)
    assert not document["same"]
    assert False in checks(document, "mask")


def test_a_volume_changed_with_fitting_hashes_is_not_the_same(models: Path, tmp_path: Path) -> None:
    extra = {"SeriesDescription": "T1", "BodyPartExamined": "BRAIN"}
    synth.write_series(tmp_path / "mr", modality="MR", shape=(20, 28, 32), spacing=(1.0, 1.0, 1.0), extra=extra)
    out = tmp_path / "out"
    analyse.analyse(tmp_path / "mr", out, packs=[tiny_packs.SEGMENTER], roi=ROI, device="cpu")
    restated(out, lambda d: d["findings"][0]["measurements"][0].update(value=1.0))
    document = replay.replay(out)
    assert {one["what"] for one in document["differences"]} >= {"value", "size"}


def test_pictures_that_are_gone_end_in_words(done: Path, tmp_path: Path) -> None:
    (tmp_path / "xr" / "XR0001").unlink()
    with pytest.raises(ReadError, match="are gone"):
        replay.replay(done)
