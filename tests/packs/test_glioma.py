"""The glioma pack: when it may run, what it says of a stack, and that it is not given away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.conftest import shared_folder
from viewer.analysis import networks, packs, slices, suitability
from viewer.analysis.tasks import predict
from viewer.core.analysis import Suitability
from viewer.core.errors import ViewerError
from viewer.core.geometry import Geometry
from viewer.core.resources import models_dirs
from viewer.core.volume import Volume
from viewer.training import cases, metrics
from viewer.training.masks import infer_of

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE
TAGS = {
    "Modality": "MR", "SeriesDescription": "AX T2 FLAIR", "BodyPartExamined": "BRAIN", "PatientAge": "045Y",
}  # fmt: skip


@pytest.fixture(scope="module")
def pack():
    try:
        return packs.load("mr-brain-glioma")
    except ViewerError:
        pytest.skip("this checkout is without the glioma pack")


def brain(tags=None, modality="MR", turn=(0, 1, 2), slices=9):
    """An axial head of 240 mm, 5 mm apart; `turn` orders the patient's axes on k, j, i (0 = head)."""
    grid = np.meshgrid(np.linspace(-1, 1, slices), *[np.linspace(-1, 1, 128)] * 2, indexing="ij")
    head = (grid[0] ** 2 + 1.4 * grid[1] ** 2 + 1.8 * grid[2] ** 2 < 1) * 600
    axes = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])[list(turn)]
    affine = np.eye(4)
    for column, step in enumerate((5.0, 0.94, 0.94)):
        affine[:3, column] = axes[column] * step
    geometry = Geometry(head.shape, affine, frame_of_reference_uid="1.2")
    stored = (head + np.random.default_rng(1).integers(0, 60, head.shape)).astype(np.int16)
    return Volume(stored, geometry, modality=modality, series_uid="1.2.3", tags={**TAGS, **(tags or {})})


@pytest.mark.parametrize(
    ("volume", "rule"),
    [
        (brain({"SeriesDescription": "AX T1"}), "sequence"),
        (brain({"PatientAge": "006Y"}), "age"),
        (brain({"BodyPartExamined": "KNEE"}), "body_part"),
        (brain({"Modality": "CT"}, modality="CT"), "modality"),
        (brain(slices=2), "slices"),
        (brain(turn=(2, 1, 0)), "plane"),
    ],
    ids=["t1", "child", "knee", "ct", "two slices", "sagittal"],
)
def test_what_it_was_not_made_for_is_refused(pack, volume, rule):
    verdict = suitability.check(pack, volume, research=True)
    assert verdict.verdict is REFUSE and rule in {r.rule for r in verdict.reasons}


def test_an_adults_axial_flair_runs_behind_the_switch_alone(pack):
    assert suitability.check(pack, brain(), research=True).verdict is RUN
    off = suitability.check(pack, brain())
    assert off.verdict is REFUSE and [r.rule for r in off.reasons] == ["research"]


def test_it_stays_out_of_the_wheel():
    pytest.importorskip("hatchling")
    from hatch_build import WheelContents

    root = models_dirs()[0].parent
    if not (root / "hatch_build.py").is_file():
        pytest.skip("not a checkout")
    build: dict[str, dict[str, str]] = {"force_include": {}}
    hook = WheelContents(str(root), {}, None, None, str(root), "wheel")
    hook.initialize("standard", build)
    inside = set(build["force_include"].values())
    assert "viewer/_models/mr-hippocampus-segmentation" in inside
    assert not any("glioma" in place for place in inside)


def test_a_real_stack_is_outlined_scored_and_its_deciding_images_named(pack):
    table = cases.read_table(shared_folder("data", "mr-brain-glioma") / "cases.csv")
    mine = [c for c in table.of("val") if c.patient == "TCGA_HT_8111"]
    stack = sorted(mine, key=lambda c: float(c.extra["slice"]))
    volume = cases.stacked([cases.load_volume(c.image) for c in stack])
    truth = np.concatenate([cases.load_labels(c.mask) if c.mask else volume.stored[:1] * 0 for c in stack]) > 0
    net = networks.load(pack.inference.network, pack.weights)
    raw = predict(pack, infer_of(net, torch.device("cpu")), volume)
    assert raw.labels is not None and metrics.dice(raw.labels > 0, truth) > 0.7
    (scores,) = raw.slice_scores.values()
    ill = truth.any((1, 2))
    assert scores[ill].min() > scores[~ill].max()
    assert raw.attention is not None and raw.attention.sum(1) == pytest.approx(np.ones(len(stack)), abs=1e-4)
    point = next(p for p in pack.operating_points if p.name == "default")
    reached, heard = slices.deciding(scores, int(scores.argmax()), raw.attention, point)
    assert reached.startswith("Images at or above the threshold: 2-") and "listened most to images" in heard
