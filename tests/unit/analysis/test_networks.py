"""The allow-list: shapes, weights in and out, and plain words when they do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.tiny_packs import network
from viewer.analysis import networks
from viewer.core.errors import PackError

FLAT = {"_target_": "UNet", "args": {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [4, 8, 8]}}
DEEP = {"_target_": "UNet", "args": {"spatial_dims": 3, "in_channels": 1, "out_channels": 3, "channels": [4, 8]}}
FILM = {"_target_": "RadiographClassifier", "args": {"labels": 2, "widths": [4, 8, 8], "members": 2}}
STACK = {"_target_": "SliceContextUNet", "args": {"in_channels": 1, "out_channels": 1, "channels": [4, 8], "width": 4}}
THIN = {"_target_": "UNet", "args": {**DEEP["args"], "thin": 4}}
THIN_STACK = {"_target_": "SliceContextUNet", "args": {**STACK["args"], "thin": 4}}
READER = {"_target_": "ReportReader", "args": {"vocabulary": 5, "labels": 3, "width": 4, "hidden": 4, "members": 2}}
ECG = {"_target_": "EcgReader", "args": {"labels": 2, "beat": [4, 4, 4], "rhythm": [4, 4, 4], "hidden": 4, "gru": 4}}
GATE = {"_target_": "RadiographGate", "args": {"outliers": 3, "widths": [4, 8], "width": 5}}


@pytest.mark.parametrize(
    ("config", "shape", "shapes"),
    [
        (FLAT, (2, 1, 16, 24), [(2, 1, 16, 24)]),
        (DEEP, (1, 1, 8, 6, 4), [(1, 3, 8, 6, 4)]),
        (FILM, (3, 1, 32, 32), [(3, 2), (3, 2, 4, 4), (3, 1, 4, 4)]),
        (STACK, (5, 1, 8, 8), [(5, 1, 8, 8), (5, 1), (5, 5)]),
        (THIN, (1, 1, 8, 4, 12), [(1, 3, 8, 4, 12)]),
        (THIN_STACK, (5, 1, 8, 8), [(5, 1, 8, 8), (5, 1), (5, 5)]),
        (GATE, (2, 1, 16, 16), [(2, 4)]),
        (ECG, (3, 12, 1090), [(3, 2), (3, 3, 2), (3, 125, 2)]),
    ],
)
def test_shapes(config, shape, shapes):
    net = networks.build(network(config)).eval()
    assert [tuple(t.shape) for t in net(torch.randn(shape))] == shapes


def test_the_activation_map_sums_to_the_logit():
    net = networks.build(network(FILM)).eval()
    logits, maps, _ = net(torch.randn(2, 1, 32, 32))
    assert torch.allclose(maps.sum((2, 3)), logits, atol=1e-5)


def test_attention_rows_sum_to_one_and_context_matters():
    torch.manual_seed(0)
    net = networks.build(network(STACK)).eval()
    stack = torch.randn(4, 1, 8, 8)
    _, scores, weights = net(stack)
    assert torch.allclose(weights.sum(1), torch.ones(4), atol=1e-6)
    other = stack.clone()
    other[3] += 5
    assert not torch.allclose(net(other)[1][2], scores[2])


def test_what_words_and_moments_add_sums_to_the_logits():
    words = torch.zeros(2, 3, 11)
    words[:, :2, 0] = torch.tensor([[2.0, 3.0], [4.0, 1.0]])
    net = networks.build(network(READER)).eval()
    logits, said = net(words)
    assert logits.shape == (1, 3) and said.shape == (4, 3)
    assert torch.allclose(said.sum(0, keepdim=True), logits, atol=1e-5)
    alone, beside = net.read(words[:1], [1]), net.read(torch.cat([words[:1], words]), [1, 2])
    assert torch.allclose(alone[0], beside[0], atol=1e-5), "reports of one batch do not hear each other"
    heart = networks.build(network(ECG)).eval()
    logits, shares, _ = heart(torch.randn(2, 12, 1090))
    assert torch.allclose(shares.sum(1), logits, atol=1e-5)


def test_the_gate_marks_what_is_far_from_its_films():
    torch.manual_seed(0)
    net = networks.build(network(GATE)).eval()
    own = torch.randn(200, 1, 16, 16)
    with torch.no_grad():
        net.fit_distance(net.features(own))
        near = net(own)[0][:, -1]
        far = net(own[:20] * 30)[0][:, -1]
    assert float((near > 0).float().mean()) == pytest.approx(0.01, abs=0.01)
    assert bool((far > near.max()).all())


def test_weights_return_through_the_file(tmp_path):
    net = networks.build(network(FILM)).eval()
    networks.save(net, tmp_path / "w.safetensors")
    again = networks.load(network(FILM), tmp_path / "w.safetensors")
    x = torch.randn(1, 1, 32, 32)
    assert np.allclose(net(x)[0].detach(), again(x)[0], atol=1e-2)
    assert all(not p.requires_grad and p.dtype == torch.float32 for p in again.parameters())


def test_what_does_not_fit_is_said_plainly(tmp_path):
    networks.save(networks.build(network(DEEP)), tmp_path / "w.safetensors")
    with pytest.raises(PackError, match="do not fit"):
        networks.load(network(FLAT), tmp_path / "w.safetensors")
    (tmp_path / "w.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(PackError, match="cannot be read"):
        networks.load(network(FLAT), tmp_path / "w.safetensors")
