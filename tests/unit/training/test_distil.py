"""One network learns what the fold members say together, and is shipped in their place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests import tiny_packs
from viewer.analysis import networks, packs, packschema
from viewer.analysis.tasks.classification import ClassificationRecipe, Distil
from viewer.core.errors import PackError
from viewer.jobs.train import train
from viewer.training import distil, radiographs
from viewer.training.loop import Trainer

LOOP = {"steps": 40, "learning_rate": 0.01, "ema": 0.8, "precision": "full"}
NETWORK = {"_target_": "RadiographClassifier", "args": {"labels": 1, "widths": [4, 8], "blocks": 1, "members": 1}}
RECIPE = {"batch": 16, "sides": [[1, 16]], "loop": LOOP, "positive": {"Ill": "ILL"}, "folds": 2}
CPU = torch.device("cpu")


def films(seed, count=64):
    """Squares of every brightness; the label is drawn, the likelier ill the brighter, so hard labels are noisy."""
    rng = np.random.default_rng(seed)
    bright = rng.uniform(-1, 1, count)
    images = rng.normal(0, 0.3, (count, 16, 16))
    images[:, 4:12, 4:12] += 2 * bright[:, None, None]
    truth = (rng.uniform(size=count) < 1 / (1 + np.exp(-3 * bright))).astype(np.float32)[:, None]
    field = np.zeros((count, 16, 16), dtype=np.uint8)
    field[:, 4:12, 4:12] = 1
    return radiographs.Radiographs(images.astype(np.float16), field, np.ones(count, dtype=bool), truth,
                                np.full(count, 1 / count), [f"p{n}" for n in range(count)], ())  # fmt: skip


def recipe(**loop):
    block = {"task": "classification", **RECIPE, "loop": {**LOOP, **loop}}
    return packschema.decode(block, ClassificationRecipe)


def fresh(seed):
    torch.manual_seed(seed)
    return networks.build(tiny_packs.network(NETWORK))


def taught(folder, data, seed, teacher=None):
    loss = radiographs.make_loss(data, recipe(seed=seed), CPU, teacher)
    trainer = Trainer(fresh(seed), loss, recipe().loop, folder)
    return trainer.run()


def share(net, data):
    return 1 / (1 + np.exp(-radiographs.score(net, data.images, CPU)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="the nets of this test are compared on the CPU")
def test_the_student_repeats_the_members_better_than_a_pupil_of_the_labels(tmp_path):
    members = [taught(tmp_path / f"m{n}", films(n, 256), seed=n) for n in (1, 2)]
    few, unseen = films(9, 24), films(10, 200)
    lesson = Distil(weight=0.9, temperature=2.0)
    student = taught(tmp_path / "soft", few, 5, distil.Teacher(members, lesson))
    pupil = taught(tmp_path / "hard", few, 5)
    said = np.mean([share(m, unseen) for m in members], axis=0)
    far = [float(np.abs(share(net, unseen) - said).mean()) for net in (student, pupil)]
    assert far[0] < 0.6 * far[1], far


def test_weight_0_is_the_hard_loss_and_weight_1_the_formula_of_the_paper():
    members = [fresh(1), fresh(2)]
    data = films(3)
    losses = []
    for teacher in (None, distil.Teacher(members, Distil(weight=0.0))):
        losses.append(radiographs.make_loss(data, recipe(), CPU, teacher)(fresh(4), 11))
    assert torch.equal(losses[0], losses[1])
    images, logits, hard = torch.randn(5, 1, 16, 16), torch.randn(5, 1, requires_grad=True), torch.tensor(3.0)
    teacher = distil.Teacher(members, Distil(weight=0.25, temperature=2.0))
    assert not any(m.training for m in members)
    with torch.no_grad():
        target = sum(torch.sigmoid(m(images)[0] / 2) for m in members) / 2
        mine = torch.sigmoid(logits / 2)
        soft = -(target * mine.log() + (1 - target) * (1 - mine).log()).mean()
    loss = teacher(images, logits, hard)
    assert float(loss.detach()) == pytest.approx(0.75 * 3 + 0.25 * 4 * float(soft), rel=1e-5)
    loss.backward()
    assert logits.grad is not None and all(p.grad is None for m in members for p in m.parameters())


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"weight": 0.5, "heat": 2}, "'distil.heat' is not known"),
        ({"loop": {"stepz": 3}}, "'distil.loop.stepz' is not known; the nearest name is 'steps'"),
        ({"weight": 1.5}, "'distil.weight' must be a number <= 1"),
        ({"weight": True}, "'distil.weight' must be a number and is true or false"),
        ({"temperature": 0}, "'distil.temperature' must be a number > 0"),
        ({"loop": 3}, "'distil.loop' must be an object"),
        (True, "'distil' must be an object or null and is true or false"),
    ],
)
def test_a_wrong_block_is_refused_in_words(block, words):
    with pytest.raises(packschema.SchemaError) as caught:
        packschema.decode({"task": "classification", **RECIPE, "distil": block}, ClassificationRecipe)
    assert words in str(caught.value)


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rng, rows = np.random.default_rng(2), ["image,label,patient,split"]
    for n in range(16):
        plane = rng.normal(100, 8, (24, 24))
        plane[8:16, 8:16] += 60 * (n % 2)
        Image.fromarray(np.clip(plane, 0, 255).astype(np.uint8)).save(folder / f"i{n}.png")
        rows.append(f"i{n}.png,{('WELL', 'ILL')[n % 2]},p{n},train")
    (folder / "cases.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "cases.csv"


def pack(models, task, distilled):
    folder = models / "tiny-pack"
    (folder / "configs").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "docs/data_license.txt").write_text("none")
    (folder / "docs/README.md").write_text("card")
    viewer = {
        "task": "classification", "network_family": "tiny", "intended_use": "Tests.", "match": {},
        "weights_sha256": "0" * 64, "truth": {"labels": {"Ill": {"positive": ["ILL"], "negative": ["WELL"]}}},
        "data": {"name": "d", "citation": "c", "licence": "l"},
        "operating_points": [{"name": "default", "threshold": 0.5, "origin": "none"}],
    }  # fmt: skip
    steps = [{"step": "film"}, {"step": "squash", "size": [16, 16]}, {"step": "normalise", "per": "slice"}]
    network = {**NETWORK, "args": {**NETWORK["args"], "members": 2}}
    output = {"kind": "scores", "labels": ["Ill"]}
    blocks = {
        "metadata": {"id": "tiny-pack", "name": "Tiny", "version": "1", "viewer": viewer},
        "inference": {"network": network, "preprocess": steps, "output": output},
        "train": {"task": task, **RECIPE,
                  "loop": {**LOOP, "steps": 8}, "distil": distilled},
    }  # fmt: skip
    for name, block in blocks.items():
        (folder / f"configs/{name}.json").write_text(json.dumps(block))


def test_the_pack_ships_the_one_network_the_members_taught(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    pack(models, "classification", {"weight": 0.7, "temperature": 2.0, "loop": {"steps": 12}})
    train("tiny-pack", table, models)
    curves = [json.loads((models / f"work/{n}/curve.json").read_text())["losses"] for n in ("fold-0", "fold-1", "all")]
    assert [len(c) for c in curves] == [8, 8, 12]
    made = packs.load("tiny-pack")
    packs.verify(made)
    assert made.inference.network.args.members == 1
    net = networks.load(made.inference.network, made.weights)
    kept = torch.load(models / "work/all/checkpoint.pt", weights_only=True)["average"]
    assert all(torch.allclose(v.float(), kept[k].cpu().float(), atol=1e-2) for k, v in net.state_dict().items())
    origins = [p.origin for p in made.viewer.operating_points]
    assert origins and all(o.endswith("of the members that taught this network") for o in origins)


def test_other_recipes_refuse_to_distil(tmp_path, table, monkeypatch):
    models = tmp_path / "models"
    monkeypatch.setenv("SECONDREAD_MODELS", str(models))
    pack(models, "segmentation", {"weight": 0.7})
    with pytest.raises(PackError, match="is not known"):
        train("tiny-pack", table, models)
