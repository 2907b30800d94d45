"""Ordered slices: drawn as runs, cut alike, judged by patient; a whole recipe on made-up patients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests import tiny_packs
from viewer.analysis import networks, packs
from viewer.jobs.train import train
from viewer.training import stacks
from viewer.training.cases import Case
from viewer.training.masks import Example

ARGS = {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [8, 8, 8], "width": 8}
LOOP = {"steps": 25, "learning_rate": 0.01, "ema": 0.8, "judge_every": 25, "better": "dice", "precision": "full"}


def example(patient, number):
    case = Case(f"{patient}-{number}", Path("x.png"), None, "", patient, "train", {"slice": str(number)})
    plane = np.full((1, 6, 8), number, np.float16)
    return Example(case, plane, (plane > 3).astype(np.uint8))


def test_a_run_keeps_the_order_and_cuts_every_slice_alike():
    (stack,) = stacks.gather([example("p", n) for n in (5, 2, 10, 1)], "slice")
    assert [e.case.extra["slice"] for e in stack] == ["1", "2", "5", "10"]
    images, labels = stacks._run(stack, [3, 4, 5], np.random.default_rng(1))
    assert images.shape == labels.shape == (3, 4, 5)
    numbers = images[:, 0, 0]
    assert (np.diff(numbers) > 0).all() and ((images > 3) == (labels > 0)).all()
    short, _ = stacks._run(stack, [7, 4, 5], np.random.default_rng(1))
    assert (np.diff(short[:, 0, 0]) >= 0).all() and set(short[:, 0, 0]) == {1, 2, 5, 10}


def test_the_score_does_not_depend_on_how_much_empty_ground_lies_around():
    torch.manual_seed(3)
    net = networks.build(tiny_packs.network({"_target_": "SliceContextUNet", "args": ARGS})).eval()
    with torch.no_grad():
        net.look.bias.zero_()
        net.look.weight.fill_(40)
        for name in ("conv1", "conv2"):
            getattr(net.unet.down[0], name).weight.abs_()
        small = torch.zeros(3, 1, 32, 32)
        small[1, 0, 8:24, 8:24] = 3
        wide = torch.nn.functional.pad(small, (16, 16, 16, 16))
        assert torch.allclose(net(small)[1], net(wide)[1], atol=0.05)
        assert net(small)[2].sum(1) == pytest.approx(torch.ones(3).numpy(), abs=1e-5)


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(5)
    folder = tmp_path / "data"
    folder.mkdir()
    rows = ["image,mask,label,patient,split,slice,site"]
    for patient in range(9):
        for number in (3, 4, 12):
            plane, mask = rng.normal(90, 8, (32, 32)), np.zeros((32, 32), np.uint8)
            ill = number != 12
            if ill:
                plane[10:22, 6:20] += 90
                mask[10:22, 6:20] = 255
                Image.fromarray(mask).save(folder / f"m{patient}_{number}.png")
            name = f"i{patient}_{number}.png"
            Image.fromarray(np.clip(plane, 0, 255).astype(np.uint8)).save(folder / name)
            mark = f"m{patient}_{number}.png" if ill else ""
            word, split = ("TUMOUR" if ill else "NO_TUMOUR"), ("val" if patient > 5 else "train")
            rows.append(f"{name},{mark},{word},p{patient},{split},{number},s{patient % 2}")
    (folder / "cases.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "cases.csv"


def test_a_stack_recipe_from_table_to_pack(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    folder = models / "tiny-stack"
    (folder / "configs").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "docs/data_license.txt").write_text("none")
    words = {"Tumour in slice": {"positive": ["TUMOUR"], "negative": ["NO_TUMOUR"]}}
    viewer = {
        "task": "segmentation", "network_family": "tiny", "intended_use": "Tests.", "match": {},
        "weights_sha256": "0" * 64, "data": {"name": "d", "citation": "c", "licence": "l"},
        "truth": {"binary_mask": True, "empty_is_zero": True, "stack_by": "slice", "labels": words,
                  "groups": ["label"]},
        "operating_points": [{"name": "default", "threshold": 0.5, "origin": "none"}],
    }  # fmt: skip
    output = {"kind": "labels", "labels": ["mass"], "slice_score": {"label": "Tumour in slice", "temperature": 1.0}}
    inference = {
        "network": {"_target_": "SliceContextUNet", "args": ARGS}, "window": {"slices": 32}, "output": output,
        "preprocess": [{"step": "normalise", "per": "slice"}, {"step": "pad", "multiple": [1, 4, 4]}],
    }  # fmt: skip
    recipe = {"task": "stacks", "fold_by": "patient", "order": "slice", "folds": 3, "check_folds": [0],
              "binary_mask": True, "patch": [32, 32], "batch": 2, "run": 3, "loop": LOOP,
              "fold_steps": 20, "continue_fold": True}  # fmt: skip
    metadata = {"id": "tiny-stack", "name": "Tiny", "version": "1", "viewer": viewer}
    for name, block in (("metadata", metadata), ("inference", inference), ("train", recipe)):
        (folder / f"configs/{name}.json").write_text(json.dumps(block))
    train("tiny-stack", table, models)
    losses = {n: json.loads((models / f"work/{n}/curve.json").read_text())["losses"] for n in ("fold-0", "all")}
    assert [len(v) for v in losses.values()] == [20, 25]
    # it went on from the fold's network, not from nothing
    assert np.mean([v for _, v in losses["all"][:3]]) < np.mean([v for _, v in losses["fold-0"][:3]])
    made = packs.load("tiny-stack")
    assert {p.name for p in made.operating_points} == {"default", "high_sensitivity", "high_specificity"}
    assert set(made.viewer.cross_validation) == {"fold 0", "slices"}
    out = made.viewer.results
    assert out["n"] == 9 and out["structures"]["mass"]["n"] == 3 and out["structures"]["mass"]["dice_mean"] > 0.5
    assert out["auc"] == 1.0 and out["structures"]["mass"]["hd95_px"] < 9
    assert out["structures"]["mass"]["hd95_mm"] is None
    assert set(out["by"]) == {"site", "label"} and {"mass", "auc"} <= set(out["by"]["site"]["s0"])
