"""A whole recipe, tiny: table in, pack out; then measured through the program's path."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests import tiny_packs
from viewer import cli
from viewer.analysis import packs
from viewer.core.errors import UsageError
from viewer.core.task import CancelFlag, Cancelled
from viewer.jobs.evaluate import evaluate
from viewer.jobs.train import train

RNG = np.random.default_rng(2)
LOOP = {"steps": 30, "learning_rate": 0.01, "ema": 0.8, "judge_every": 15, "better": "auc", "precision": "full"}


RECIPE = {"positive": {"Ill": "ILL"}, "folds": 2, "batch": 8, "sides": [[0.5, 24], [1, 32]], "loop": LOOP,
          "balance": {"even": ["site"]}}  # fmt: skip


def film(ill):
    plane = RNG.normal(100, 8, (48, 40))
    if ill:
        plane[14:34, 8:32] += 60
    return np.clip(plane, 0, 255).astype(np.uint8)


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rows = ["image,mask,label,patient,split,site"]
    for n in range(44):
        ill = n % 2 == 0
        plane = film(ill)
        Image.fromarray(plane).save(folder / f"i{n}.png")
        Image.fromarray(((plane > 130) * 255).astype(np.uint8)).save(folder / f"m{n}.png")
        split = "val" if n >= 32 else "train"
        rows.append(f"i{n}.png,m{n}.png,{'ILL' if ill else 'WELL'},p{n // 2 * 2 + ill},{split},s{n % 3}")
    (folder / "cases.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "cases.csv"


def pack(models, task, network, output, recipe, truth):
    folder = models / "tiny-pack"
    (folder / "configs").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "docs/data_license.txt").write_text("none")
    viewer = {
        "task": "segmentation" if output["kind"] == "labels" else "classification",
        "network_family": "tiny", "intended_use": "Tests.", "match": {}, "weights_sha256": "0" * 64, "truth": truth,
        "data": {"name": "d", "citation": "c", "licence": "l"},
        "operating_points": [{"name": "default", "threshold": 0.5, "origin": "none"}],
    }  # fmt: skip
    steps = [{"step": "window_radiograph"}, {"step": "resize", "size": [32, 32]}, {"step": "normalise", "per": "slice"}]
    inference = {"network": network, "preprocess": steps, "output": output}
    metadata = {"id": "tiny-pack", "name": "Tiny", "version": "1", "viewer": viewer}
    for name, block in (("metadata", metadata), ("inference", inference), ("train", {"task": task, **recipe})):
        (folder / f"configs/{name}.json").write_text(json.dumps(block))


def test_a_classifier_from_its_recipe(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    network = {
        "_target_": "RadiographClassifier",
        "args": {"labels": 1, "widths": [4, 8, 8], "blocks": 1, "members": 2},
    }
    truth = {"labels": {"Ill": {"positive": ["ILL"], "negative": ["WELL"]}}}
    pack(models, "classification", network, {"kind": "scores", "labels": ["Ill"]}, RECIPE, truth)
    seen = []
    folder = train("tiny-pack", table, models, on_progress=seen.append)
    made = packs.load("tiny-pack")
    packs.verify(made)
    assert folder == made.folder and seen and seen[-1].fraction == 1
    assert {p.name for p in made.operating_points} == {"default", "high_sensitivity", "high_specificity"}
    assert "Measured" in (folder / "docs/README.md").read_text() and (models / "work/fold-0/curve.png").is_file()
    out = evaluate("tiny-pack", table, "val", gallery=tmp_path / "gallery")
    assert out["n"] == 12 and out["failed"] == [] and out["auc"] > 0.9
    keys = "auc_ci accuracy balanced_accuracy sensitivity specificity precision f1 threshold confusion calibration by"
    assert {*keys.split(), "heatmap_energy_in_mask", "mask_area_share", "gate", "seconds_per_case"} <= set(out)
    assert set(out["by"]["site"]) == {"s0", "s1", "s2"} and sum(out["gate"].values()) == 12
    assert len(list((tmp_path / "gallery").rglob("*.png"))) == 12
    # the card's figures are the evaluation's
    assert made.viewer.results["auc"] == pytest.approx(out["auc"])


def test_a_segmenter_from_its_recipe(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    loop = {**LOOP, "better": "dice", "judge_every": 30}
    recipe = {"patch": [32, 32], "batch": 8, "binary_mask": True, "check_folds": [0], "folds": 2, "fold_steps": 20,
              "first": {"loop": {**loop, "steps": 35}}, "loop": {**loop, "steps": 30}}  # fmt: skip
    args = {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [8, 8]}
    network = {"_target_": "UNet", "args": args}
    truth = {"binary_mask": True, "mask_at_least": 1}
    pack(models, "segmentation", network, {"kind": "labels", "labels": ["thing"]}, recipe, truth)
    train("tiny-pack", table, models)
    curves = [json.loads((models / f"work/{n}/curve.json").read_text())["losses"] for n in ("fold-0", "first", "all")]
    assert [len(c) for c in curves] == [20, 35, 30]
    assert curves[2][0][1] < 0.5 * curves[1][0][1], "the main stage goes on from the first one's network"
    out = evaluate("tiny-pack", table, "val")
    thing = out["structures"]["thing"]
    assert thing["n"] == 12 and thing["dice_mean"] > 0.5 and thing["dice_ci"][0] <= thing["dice_mean"]
    assert "fold 0" in packs.load("tiny-pack").viewer.cross_validation


def test_a_stopped_training_goes_on_when_asked_and_ends_as_a_whole_one(tmp_path, table, monkeypatch, capsys):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    network = {"_target_": "RadiographClassifier", "args": {"labels": 1, "widths": [4, 8], "members": 2}}
    truth = {"labels": {"Ill": {"positive": ["ILL"], "negative": ["WELL"]}}}
    pack(models, "classification", network, {"kind": "scores", "labels": ["Ill"]}, RECIPE, truth)
    whole = train("tiny-pack", table, tmp_path / "whole")
    flag, cut = CancelFlag(), tmp_path / "cut"

    def stop(progress):
        if progress.stage == "Training fold-1" and progress.fraction > 0.4:
            flag.cancel()

    with pytest.raises(Cancelled):
        train("tiny-pack", table, cut, on_progress=stop, cancel=flag)
    command = ["train", "tiny-pack", str(table), "--out", str(cut)]
    assert cli.main(command, lambda _paths: 0) == 2
    assert "Add --resume to go on from them" in capsys.readouterr().err
    assert cli.main([*command, "--resume"], lambda _paths: 0) == 0
    steps = [step for step, _ in json.loads((cut / "work/fold-1/curve.json").read_text())["losses"]]
    assert steps == list(range(1, 31))
    assert packs.sha256(cut / "tiny-pack" / packs.WEIGHTS) == packs.sha256(whole / packs.WEIGHTS)
    other = models / "tiny-pack/configs/train.json"
    other.write_text(json.dumps({**json.loads(other.read_text()), "smoothing": 0.5}))
    with pytest.raises(UsageError, match="another recipe"):
        train("tiny-pack", table, cut, resume=True)


def test_unknown_labels_leave_the_metrics_out_and_broken_files_are_named(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    network = {"_target_": "RadiographClassifier", "args": {"labels": 1, "widths": [4, 8], "members": 1}}
    pack(models, "classification", network, {"kind": "scores", "labels": ["Ill"]}, RECIPE, {"labels": {}})
    from viewer.analysis import networks

    folder = models / "tiny-pack"
    networks.save(networks.build(tiny_packs.network(network)), folder / packs.WEIGHTS)
    (folder / "docs/README.md").write_text("card")
    metadata = json.loads((folder / "configs/metadata.json").read_text())
    metadata["viewer"]["weights_sha256"] = packs.sha256(folder / packs.WEIGHTS)
    (folder / "configs/metadata.json").write_text(json.dumps(metadata))
    (table.parent / "i33.png").write_bytes(b"no picture")
    (table.parent / "i34.png").unlink()
    out = evaluate("tiny-pack", table, "val")
    assert "auc" not in out and out["n"] == 10 and sum(out["gate"].values()) == 10
    assert {f["case"] for f in out["failed"]} == {"i33.png", "i34.png"} and all(f["text"] for f in out["failed"])
    with pytest.raises(UsageError, match="no cases"):
        evaluate("tiny-pack", table, "test")
