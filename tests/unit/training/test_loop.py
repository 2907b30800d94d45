"""The loop learns, goes on after a kill exactly where it was, and stops when asked."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from viewer.analysis.recipe import Augment, Intensity, Loop, Spatial
from viewer.core.task import CancelFlag, Cancelled
from viewer.training import augment, curves, losses
from viewer.training.loop import Trainer, rate


def batch(step):
    rng = torch.Generator().manual_seed(step)
    x = torch.randn(16, 3, generator=rng)
    return x, x @ torch.tensor([[1.0], [-2.0], [0.5]])


def loss(net, step):
    x, y = batch(step)
    return (net(x).float() - y).square().mean()


def trainer(folder, steps=60, **more):
    torch.manual_seed(0)
    config = Loop(steps=60, learning_rate=0.1, ema=0.9, precision="full", **more)
    made = Trainer(nn.Linear(3, 1), loss, config, folder, lambda net: {"auc": 0.5})
    made.stop_at = steps
    return made


def test_it_learns_and_averages(tmp_path):
    run = trainer(tmp_path)
    net = run.run()
    assert float(loss(net, 999)) < 0.05
    assert not net.training and (tmp_path / "checkpoint.pt").is_file()


def test_a_resumed_run_equals_a_whole_one(tmp_path):
    whole = trainer(tmp_path / "whole").run()
    flag = CancelFlag()
    first = trainer(tmp_path / "cut")

    def stop(_progress):
        if first.step == 25:
            first._save()
            flag.cancel()

    with pytest.raises(Cancelled):
        first.run(stop, flag)
    second = trainer(tmp_path / "cut")
    assert second.step == 25
    again = second.run()
    assert torch.equal(whole.weight, again.weight) and torch.equal(whole.bias, again.bias)


def test_patience_keeps_the_best(tmp_path):
    torch.manual_seed(0)
    scores = iter([0.1, 0.9, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
    config = Loop(steps=400, judge_every=10, patience=30, better="auc", precision="full")
    run = Trainer(nn.Linear(3, 1), loss, config, tmp_path, lambda net: {"auc": next(scores)})
    run.run()
    assert run.best == (0.9, 20) and run.step < 80


def test_the_rate_rises_then_falls_to_zero():
    assert rate(0, 100) < rate(4, 100) <= 1.0 and rate(50, 100) < 1 and rate(99, 100) < 0.01


def test_the_curve_is_drawn(tmp_path):
    run = trainer(tmp_path, judge_every=20)
    run.run()
    curves.draw(run.curve, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(3, 1, 24, 24), (2, 1, 12, 16, 12)])
def test_augmentation_moves_labels_with_the_picture(shape):
    image = torch.zeros(shape)
    image[..., 4:9, 5:11] = 1
    spatial = Spatial(rotate_deg=20, scale=0.2, shift=0.1, flip=(0, 1), bend=0.05)
    moved, labels = augment.spatial(image, image.clone(), spatial, generator())
    assert not torch.equal(moved, image)
    both = ((moved > 0.5) & (labels > 0.5)).sum() * 2 / ((moved > 0.5).sum() + (labels > 0.5).sum())
    assert both > 0.9
    again, _ = augment.spatial(image, None, spatial, generator())
    assert torch.equal(moved, again)


def test_intensity_changes_stay_finite_and_repeat():
    image = torch.randn(4, 1, 32, 32)
    config = Intensity(gamma=0.7, contrast=0.3, shade=0.2, noise=0.1, blur=1.0, coarse=2.0, odds=1.0)
    out = augment.intensity(image, config, generator())
    assert torch.isfinite(out).all() and not torch.allclose(out, image)
    assert torch.equal(out, augment.intensity(image, config, generator()))
    erased = augment.erase(image, Augment(frame=0.2, boxes=2, box=0.3, erase_odds=1.0), generator())
    assert (erased != image).float().mean() > 0.05


@pytest.mark.parametrize("classes", [1, 3])
def test_dice_loss_is_lowest_for_the_truth(classes):
    labels = torch.randint(0, max(2, classes), (2, 8, 8))
    right = torch.nn.functional.one_hot(labels, classes).movedim(-1, 1) * 20.0 - 10 if classes > 1 else None
    right = (labels[:, None] * 20.0 - 10) if right is None else right
    assert losses.dice_cross_entropy(right, labels) < 0.01 < losses.dice_cross_entropy(-right, labels)
