"""Every pack that ships, one contract: papers, hash, codes, numbers with intervals, golden result."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tests.packs import golden
from viewer.analysis import networks, packs
from viewer.core.resources import models_dirs

MODELS = models_dirs()[0]
PACKS = sorted(one.id for found in packs.list_packs([MODELS]) for one in found)
EIGHT_MB = 8_000_000

pytestmark = pytest.mark.skipif(not PACKS, reason="no packs beside this checkout")
every_pack = pytest.mark.parametrize("name", PACKS)


@every_pack
def test_papers_hash_and_size(name):
    pack = packs.read(MODELS / name)
    packs.verify(pack)
    assert pack.weights.stat().st_size < EIGHT_MB
    assert packs.recipe(pack).batch
    assert pack.intended_use and pack.viewer.limits and pack.viewer.data.licence


@every_pack
def test_the_card_states_numbers_with_n_split_and_interval(name):
    pack = packs.read(MODELS / name)
    card = (pack.folder / packs.CARD).read_text(encoding="utf-8")
    assert pack.weights_sha256 in card and pack.version in card
    if pack.task == "gate":
        assert pack.viewer.cross_validation["own films"]["n"] > 100
        return
    results = pack.viewer.results
    assert results["split"] == "val" and results["n"] > 0 and not results["failed"]
    for figures in results.get("structures", {}).values():
        low, high = figures["dice_ci"]
        assert low <= figures["dice_mean"] <= high and f"{figures['dice_mean']:.3f}" in card
    if "macro_auc" in results:
        for key in ("macro_auc", "macro_f1"):
            low, high = results[f"{key}_ci"]
            assert low <= results[key] <= high and f"{results[key]:.3f}" in card
        assert all("out-of-fold" in point.origin for point in pack.viewer.points.values())
    if "auc" in results:
        low, high = results["auc_ci"]
        assert low <= results["auc"] <= high and f"{results['auc']:.3f}" in card


@every_pack
def test_operating_points_were_fixed_beforehand(name):
    pack = packs.read(MODELS / name)
    for point in pack.viewer.operating_points:
        assert "out-of-fold" in point.origin and point.n > 0
        assert point.sensitivity_ci[0] <= point.sensitivity <= point.sensitivity_ci[1]


@every_pack
def test_it_loads_within_a_second(name):
    pack = packs.read(MODELS / name)
    took = []
    for _ in range(3):
        begun = time.process_time()
        networks.load(pack.inference.network, pack.weights)
        took.append(time.process_time() - begun)
    assert min(took) < 1.0


@every_pack
def test_golden_result(name):
    pack = packs.read(MODELS / name)
    stored = json.loads(golden.FILE.read_text(encoding="utf-8"))[name]
    assert stored.pop("weights") == pack.weights_sha256, "new weights: run python -m tests.packs.golden"
    said = golden.answer(pack)
    assert set(said) == set(stored)
    assert np.allclose([said[k] for k in stored], list(stored.values()), rtol=1e-3, atol=2e-3)


def test_no_code_has_two_meanings():
    meanings: dict[tuple[str, str], set[str]] = {}
    for name in PACKS:
        for label in packs.read(MODELS / name).viewer.labels.values():
            for code in (label.code, label.site or label.code):
                meanings.setdefault((code.scheme, code.value), set()).add(code.meaning)
    assert all(len(words) == 1 for words in meanings.values()), meanings


def test_non_commercial_packs_need_the_switch():
    for name in PACKS:
        pack = packs.read(MODELS / name)
        assert pack.research_only == ("non-commercial" in pack.viewer.data.licence)


def test_no_pack_holds_a_picture_or_a_path_of_a_machine():
    for name in PACKS:
        for path in (MODELS / name).rglob("*"):
            assert path.suffix.lower() not in {".jpg", ".jpeg", ".dcm", ".nii", ".gz", ".npy"}
            if path.suffix in {".json", ".md", ".txt"}:
                text = path.read_text(encoding="utf-8")
                assert not any(str(place) in text for place in (MODELS.parent, Path.home()) if len(place.parts) > 2)
