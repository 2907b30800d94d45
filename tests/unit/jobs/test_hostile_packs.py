"""Hostile packs beside a good one: theirs is the failure, the good one's result stands, memory and time stay small."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests import hostile_packs, synth, tiny_packs
from tests.unit.analysis.conftest import film as chest
from viewer.analysis import footprint, packs
from viewer.core.errors import AnalysisError, PackError
from viewer.jobs import analyse

#: Every so many of the hostile packs; all of them with SECONDREAD_FAULTS=1.
EVERY = 1 if os.environ.get("SECONDREAD_FAULTS") else 307
#: What a refusal may take over what the program has loaded already (bytes).
MOST = 2**28
HOSTILE = "zz-hostile"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    tiny_packs.classifier(folder)
    return folder


def good_pack(tmp_path: Path, kind: str) -> Path:
    """A pack to spoil, that runs on a film."""
    if kind == "classifier":
        return tiny_packs.classifier(tmp_path / "good") / tiny_packs.CLASSIFIER
    folder = tiny_packs.segmenter(tmp_path / "good") / tiny_packs.SEGMENTER
    for file, change in (("metadata", _any_match), ("inference", _no_box)):
        path = folder / "configs" / f"{file}.json"
        path.write_text(json.dumps(change(json.loads(path.read_text()))))
    return folder


def _any_match(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "viewer": {**raw["viewer"], "match": {"modality": ["DX"]}}}


def _no_box(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "preprocess": raw["preprocess"][1:]}


def peak() -> int:
    """Most memory of this process since it was last asked to forget (bytes)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.logs("is broken", "failed")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("kind", ["classifier", "segmenter"])
def test_no_hostile_pack_stops_the_others_or_fills_the_memory(models: Path, tmp_path: Path, kind: str) -> None:
    film = synth.write_xray(tmp_path / "xr", stored=chest().stored[0])
    base, out = good_pack(tmp_path, kind), tmp_path / "out"
    wanted = analyse.analyse(film.folder, out, device="cpu")["packs"][0]["scores"]
    seen: Counter[str] = Counter()
    for spoilt in islice(hostile_packs.all_of(base), 0, None, EVERY):
        shutil.rmtree(models / HOSTILE, ignore_errors=True)
        hostile_packs.make(base, models / HOSTILE, spoilt)
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        document = analyse.analyse(film.folder, out, device="cpu")
        told = {entry["pack"]: entry for entry in document["packs"]}
        assert told[tiny_packs.CLASSIFIER]["scores"] == wanted, spoilt.name
        assert not document["left_out"], spoilt.name
        assert peak() - before < MOST, spoilt.name
        seen[told[HOSTILE]["outcome"] if HOSTILE in told else "none"] += 1
    assert seen["failed"] >= seen.total() / 2


@pytest.mark.logs("failed", "is broken")
def test_a_named_pack_that_cannot_be_read_is_an_outcome_beside_the_others(models: Path, tmp_path: Path) -> None:
    film = synth.write_xray(tmp_path / "xr", stored=chest().stored[0])
    shutil.copytree(models / tiny_packs.CLASSIFIER, models / HOSTILE)
    (models / HOSTILE / "configs/inference.json").write_text("[" * 100_000)
    document = analyse.analyse(film.folder, tmp_path / "out", packs=[HOSTILE, tiny_packs.CLASSIFIER], device="cpu")
    assert {entry["pack"]: entry["outcome"] for entry in document["packs"]} == {
        tiny_packs.CLASSIFIER: "ran",
        HOSTILE: "failed",
    }
    assert HOSTILE in next(entry["message"] for entry in document["packs"] if entry["pack"] == HOSTILE)
    with pytest.raises(PackError, match=HOSTILE):
        analyse.analyse(film.folder, tmp_path / "other", packs=[HOSTILE], device="cpu")


def resized(models: Path, side: int) -> packs.PackInfo:
    path = models / tiny_packs.CLASSIFIER / "configs/inference.json"
    raw = json.loads(path.read_text())
    raw["preprocess"][1]["size"] = [side, side]
    path.write_text(json.dumps(raw))
    return packs.load(tiny_packs.CLASSIFIER)


def test_what_a_run_would_need_is_told_before_it(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    footprint.check(resized(models, 64), chest(), None)
    monkeypatch.setattr(footprint, "MOST_MEMORY", 2**30)
    with pytest.raises(AnalysisError, match=r"needs about [\d.]+ GB of memory"):
        footprint.check(resized(models, 16_000), chest(), None)
    monkeypatch.setattr("viewer.analysis.device.free_memory", lambda: 2**20)
    with pytest.raises(AnalysisError, match="GB may be used"):
        footprint.check(resized(models, 512), chest(), None)
    monkeypatch.setattr(footprint, "MOST_WORK", 1e5)
    with pytest.raises(AnalysisError, match="for hours"):
        footprint.check(resized(models, 64), chest(), None, on_card=True)
