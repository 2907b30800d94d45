"""The gate pack's scores in words."""

from __future__ import annotations

import json

import pytest

from tests.unit.analysis.test_packs import INFERENCE, METADATA, changed, make
from viewer.analysis import ood, packs
from viewer.analysis.tasks import gate
from viewer.core.analysis import Suitability

SCORES = {"adult film": 0.2, "not a frontal chest film": 0.1, "mirrored film": 0.5, "unlike the training films": 0.6}


@pytest.fixture
def guard(tmp_path):
    metadata = changed(METADATA, ("viewer", "task"), "gate")
    metadata["viewer"]["labels"] = {}
    metadata["viewer"]["gate"] = {"for": {"tiny": list(SCORES), "other": ["mirrored film"]}, "scores": SCORES}
    network = {"_target_": "RadiographGate", "args": {"outliers": 3, "widths": [4, 8]}}
    output = {"kind": "scores", "labels": list(SCORES)}
    inference = json.loads(json.dumps(INFERENCE)) | {"network": network, "output": output}
    (make(tmp_path, "guard", {**metadata, "id": "guard"}, inference) / packs.TRAIN).unlink()
    make(tmp_path, "tiny")
    make(tmp_path, "other", changed(METADATA, ("id",), "other"))
    make(tmp_path, "free", changed(METADATA, ("id",), "free"))
    return tmp_path


def said(guard, **scores):
    names = {"adult": "adult film", "chest": "not a frontal chest film", "mirror": "mirrored film"}
    found = gate.reasons(
        {**dict.fromkeys(SCORES, 0.0), **{names[k]: v for k, v in scores.items()}}, gate.thresholds(guard.viewer)
    )
    return {r.rule: r.verdict for r in found}


def test_a_guard_stands_before_the_packs_it_names(guard):
    load = {name: packs.load(name, [guard]) for name in ("tiny", "other", "free")}
    assert ood.detector_for(load["free"], [guard]) is None
    assert set(ood.detector_for(load["tiny"], [guard]).thresholds) == set(SCORES)
    assert set(ood.detector_for(load["other"], [guard]).thresholds) == {"mirrored film"}


def test_scores_run_warn_or_refuse(guard):
    pack = packs.load("guard", [guard])
    assert set(said(pack).values()) == {Suitability.RUN}
    assert said(pack, adult=0.3)["age"] is Suitability.WARN
    assert said(pack, adult=0.9)["age"] is Suitability.REFUSE
    assert said(pack, chest=0.99)["view"] is Suitability.REFUSE
    assert said(pack, mirror=0.99)["mirrored"] is Suitability.WARN


def test_the_words_name_score_and_threshold(guard):
    (reason,) = gate.reasons({"adult film": 0.91}, gate.thresholds(packs.load("guard", [guard]).viewer))
    assert reason.text == "The film looks like an adult's." and "0.910" in reason.tag and reason.todo
