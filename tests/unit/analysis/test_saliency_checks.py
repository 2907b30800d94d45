from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viewer.analysis import saliency, saliency_checks
from viewer.core.errors import PackError
from viewer.core.task import CancelFlag, Cancelled


class Spot(nn.Module):
    """Scores the brightness of one place; its activation map shows that place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.read = nn.Conv2d(4, 1, 1)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[0, 0] = 1 / 9
            self.conv.bias.fill_(0.0)
            self.read.weight.zero_()
            self.read.weight[0, 0] = 1.0
            self.read.bias.fill_(0.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        said = self.read(self.conv(x)) / 40
        return said.sum((2, 3)) - 2.0, said


def picture() -> np.ndarray:
    j, i = np.mgrid[:48, :48]
    bright = 4 * np.exp(-(((j - 12) / 4) ** 2 + ((i - 33) / 4) ** 2))
    return (bright + 0.01 * np.sin(j * 0.7 + i * 1.3)).astype(np.float32)


def infer(batch: np.ndarray) -> tuple[np.ndarray, ...]:
    with torch.inference_mode():
        return tuple(y.numpy() for y in Spot()(torch.from_numpy(batch)))


def true_map() -> np.ndarray:
    return saliency.peak_one(np.maximum(infer(picture()[None, None])[1][0, 0], 0))


def test_deletion_believes_a_true_map_and_not_a_false_one() -> None:
    fall, elsewhere, rank = saliency_checks.deletion_test(infer, picture(), true_map(), 0)
    assert fall > 0.1
    assert elsewhere < fall / 2
    assert rank == 1.0
    false = true_map()[:, ::-1].copy()
    fall, _, rank = saliency_checks.deletion_test(infer, picture(), false, 0)
    assert rank < saliency_checks.MIN_RANK
    assert fall < 0.1
    assert saliency_checks.deletion_test(infer, picture(), np.zeros((48, 48), np.float32), 0) == (0.0, 0.0, 0.0)


def test_a_map_that_ignores_the_weights_fails_the_randomisation_test() -> None:
    def edges(_network: nn.Module) -> np.ndarray:
        return picture()

    assert saliency_checks.randomisation_test(edges, saliency_checks.shuffles(Spot())) == pytest.approx(1.0)


def test_shuffling_keeps_the_numbers_and_the_original() -> None:
    network = Spot()
    before = network.conv.weight.clone()
    other = saliency_checks.shuffled(network, 1)
    assert torch.equal(network.conv.weight, before)
    assert torch.equal(other.conv.weight.flatten().sort()[0], before.flatten().sort()[0])
    assert not torch.equal(other.conv.weight, before)
    assert torch.equal(saliency_checks.shuffled(network, 1).conv.weight, other.conv.weight)


def test_the_verdict_follows_the_figures() -> None:
    assert saliency_checks.Checked(0.4, 0.1, 1.0, 0.1).passed
    assert not saliency_checks.Checked(0.4, 0.1, 0.85, 0.1).passed
    assert not saliency_checks.Checked(0.4, 0.1, 1.0, 0.6).passed
    assert not saliency_checks.Checked(-0.1, -0.2, 1.0, 0.1).passed
    occluded = saliency_checks.Checked(0.41, 0.1, 1.0, None)
    assert occluded.passed and occluded.words == "deletion 0.41 (elsewhere 0.10), made by occlusion"
    assert not saliency_checks.Checked(0.41, 0.5, 0.2, None).passed
    assert saliency_checks.Checked(0.41, 0.1, 1.0, 0.09).words == "deletion 0.41 (elsewhere 0.10), random weights 0.09"


def test_grad_cam_and_occlusion_find_the_place() -> None:
    cam = saliency.grad_cam(Spot(), "conv", picture(), 0)
    seen = saliency.occlusion(infer, picture(), 0)
    for heat in (cam, seen):
        assert heat.shape == (48, 48)
        assert heat.max() == pytest.approx(1.0)
        assert heat.min() >= 0
        j, i = np.unravel_index(int(np.argmax(heat)), heat.shape)
        assert abs(j - 12) <= 6
        assert abs(i - 33) <= 6
    with pytest.raises(PackError, match="no layer"):
        saliency.grad_cam(Spot(), "nothing", picture(), 0)


def test_occlusion_can_be_stopped() -> None:
    flag = CancelFlag()
    flag.cancel()
    with pytest.raises(Cancelled):
        saliency.occlusion(infer, picture(), 0, cancel=flag)
