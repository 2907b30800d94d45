"""The gate's recipe: a tiny one from tables to a pack, its shifts and what it says of films it did not know."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from viewer.analysis import packs
from viewer.core.errors import UsageError
from viewer.core.inference import Normalise
from viewer.jobs.evaluate import evaluate
from viewer.jobs.train import train
from viewer.training import augment, disturb
from viewer.training.tasks import gate

RNG = np.random.default_rng(4)
STEP = {"step": "normalise", "low": 5, "centre": 50, "high": 95, "clip": 2.0, "per": "slice"}


def picture(kind):
    """A child: two dark fields; an adult: two narrow ones; anything else: stripes."""
    plane = RNG.normal(150, 6, (40, 40))
    if kind == "other":
        plane[:, ::4] -= 90
    else:
        top, wide = (10, 12) if kind == "child" else (2, 6)
        plane[top:34, 4 : 4 + wide] -= 90
        plane[top:34, 36 - wide : 36] -= 90
    return np.clip(plane, 0, 255).astype(np.uint8)


def table(folder, kind, count, sites=("",)):
    folder.mkdir(parents=True)
    rows = ["image,mask,label,patient,split,site"]
    for n in range(count):
        Image.fromarray(picture(kind)).save(folder / f"{n}.png")
        rows.append(f"{n}.png,,,p{n},{'val' if n % 4 == 3 else 'train'},{sites[n % len(sites)]}")
    (folder / "cases.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "cases.csv"


@pytest.fixture
def models(tmp_path, monkeypatch):
    folder = tmp_path / "models" / "tiny-gate"
    (folder / "configs").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "docs/data_license.txt").write_text("none")
    scores = dict.fromkeys(gate.QUESTIONS, 0.5)
    viewer = {
        "task": "gate", "network_family": "tiny", "intended_use": "Tests.", "match": {}, "weights_sha256": "0" * 64,
        "data": {"name": "d", "citation": "c", "licence": "l"}, "gate": {"for": {}, "scores": scores},
    }  # fmt: skip
    network = {"_target_": "RadiographGate", "args": {"outliers": 3, "widths": [8, 8, 16], "width": 8}}
    steps = [{"step": "window_radiograph"}, {"step": "resize", "size": [32, 32]}, STEP]
    output = {"kind": "scores", "labels": list(gate.QUESTIONS)}
    recipe = {
        "task": "gate", "batch": 16, "share_adult": 0.35, "share_other": 0.3, "adult": ["adults"], "other": ["others"],
        "leave_out": ["north"], "swap_looks": 0.2, "augment": {"spatial": {"shift": 0.03}, "intensity": {}},
        "loop": {"steps": 40, "learning_rate": 0.02, "ema": 0.8, "precision": "full"},
    }  # fmt: skip
    inference = {"network": network, "preprocess": steps, "output": output}
    metadata = {"id": "tiny-gate", "name": "Tiny gate", "version": "1", "viewer": viewer}
    for name, block in (("metadata", metadata), ("inference", inference), ("train", recipe)):
        (folder / f"configs/{name}.json").write_text(json.dumps(block))
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_gate_from_its_recipe(tmp_path, models):
    own = table(tmp_path / "data/children", "child", 60)
    table(tmp_path / "data/adults", "adult", 48, ("north", "south"))
    table(tmp_path / "data/others", "other", 40)
    folder = train("tiny-gate", own, models)
    viewer = packs.load("tiny-gate").viewer
    assert set(viewer.gate.scores) == set(gate.QUESTIONS)
    told = viewer.cross_validation
    assert told["adults"]["stopped"] > 0.8 and told["others"]["stopped"] > 0.8
    unseen = told["adults of north, trained without that site"]
    assert unseen["n"] == 24 and unseen["stopped"] > 0.8  # every second film is of the north, all of them in train
    assert set(told["own films disturbed"]) == set(disturb.DISTURBANCES)
    said = evaluate("tiny-gate", own, "val")["stopped"]
    assert set(said) == {*gate.QUESTIONS, "any"}
    assert said["any"]["stopped"] == len(said["any"]["cases"]) / 15 and said["any"]["stopped"] <= 0.4
    card = (folder / "docs/README.md").read_text()
    assert "trained without that site: n 24" in card and "| adult film |" in card


def test_a_missing_sister_set_is_named(tmp_path, models):
    with pytest.raises(UsageError, match="adults"):
        train("tiny-gate", table(tmp_path / "data/children", "child", 8), models)


@pytest.mark.parametrize("name", disturb.DISTURBANCES)
def test_a_disturbance_changes_the_look_and_keeps_the_scale(name):
    films = np.stack([picture("child") for _ in range(3)])[:, None].astype(np.float16)[:, 0] / 100
    made = disturb.disturbed(films, name, Normalise(clip=2.0, per="slice"))
    again = disturb.disturbed(films, name, Normalise(clip=2.0, per="slice"))
    assert made.shape == films.shape and made.dtype == np.float16 and np.array_equal(made, again)
    assert np.isfinite(made).all() and np.abs(made).max() <= 2 and not np.array_equal(made, films)


def test_swapped_looks_keep_the_order_of_greys_and_take_the_givers():
    generator = torch.Generator().manual_seed(3)
    images = torch.randn(16, 1, 12, 12, generator=generator)
    images[8:] = images[8:] * 5 + 40
    may = torch.arange(16) >= 8
    out = augment.swap_looks(images, may, 1.0, generator)
    for before, after in zip(images.flatten(1), out.flatten(1), strict=True):
        assert torch.equal(before.argsort(), after.argsort())
    assert float(out[:8].mean()) > float(images[:8].mean()) + 5
    assert torch.equal(augment.swap_looks(images, may, 0.0, generator), images)
    assert torch.equal(augment.swap_looks(images, torch.zeros(16, dtype=torch.bool), 1.0, generator), images)


def test_thresholds_stop_the_stated_share():
    own = np.random.default_rng(0).random((4000, 4))
    marks = gate.thresholds(own)
    for column, name in enumerate(gate.QUESTIONS):
        assert 0 < (own[:, column] > marks[name]).mean() < 0.02
