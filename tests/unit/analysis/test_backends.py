from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests import tiny_packs
from viewer.analysis import networks
from viewer.analysis.backends import peer
from viewer.analysis.backends.chain import BackendChain, Loaded
from viewer.analysis.backends.openvino import OpenVinoBackend, ParityError
from viewer.analysis.backends.torch import TorchBackend
from viewer.core.errors import AnalysisError

KEY = "ab" * 32


def unet() -> nn.Module:
    torch.manual_seed(3)
    args = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, "channels": [4, 8], "norm": "batch"}
    return networks.build(tiny_packs.network({"_target_": "UNet", "args": args})).eval().requires_grad_(False)


def batch(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_the_export_agrees_with_torch_on_every_shape_and_is_used_again(tmp_path: Path) -> None:
    network = unet()
    plain = TorchBackend(network)
    first = OpenVinoBackend(network, KEY, tmp_path, 1)
    for shape in ((1, 1, 8, 8, 8), (2, 1, 12, 8, 16)):
        for a, b in zip(plain(batch(*shape)), first(batch(*shape)), strict=True):
            assert np.abs(a - b).max() < 1e-3
    (folder,) = tmp_path.iterdir()
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith("checked")) == [
        "checked-1x1x8x8x8",
        "checked-2x1x12x8x16",
    ]
    made = (folder / "model.bin").stat().st_mtime_ns
    again = OpenVinoBackend(network, KEY, tmp_path, 1)
    assert np.abs(again(batch(1, 1, 8, 8, 8))[0] - plain(batch(1, 1, 8, 8, 8))[0]).max() < 1e-3
    assert (folder / "model.bin").stat().st_mtime_ns == made
    assert [p.name for p in tmp_path.iterdir()] == [folder.name]


def _zeroed(folder: Path) -> None:
    data = bytearray((folder / "model.bin").read_bytes())
    data[: len(data) // 4] = bytes(len(data) // 4)
    (folder / "model.bin").write_bytes(data)


def _cut(folder: Path) -> None:
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:100])


def _broken(folder: Path) -> None:
    (folder / "model.xml").write_text("<net>")


def _without_hashes(folder: Path) -> None:
    (folder / "hashes.json").unlink()


def _of_other_weights(folder: Path) -> None:
    text = (folder / "hashes.json").read_text()
    (folder / "hashes.json").write_text(text.replace(KEY, "0" * 64))


@pytest.mark.parametrize("spoil", [_zeroed, _cut, _broken, _without_hashes, _of_other_weights])
def test_an_export_that_is_not_the_kept_one_is_made_again(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    network = unet()
    OpenVinoBackend(network, KEY, tmp_path, 1)(batch(1, 1, 8, 8, 8))
    (folder,) = tmp_path.iterdir()
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    spoil(folder)
    out = OpenVinoBackend(network, KEY, tmp_path, 1)(batch(1, 1, 8, 8, 8))
    assert np.abs(out[0] - TorchBackend(network)(batch(1, 1, 8, 8, 8))[0]).max() < 1e-3
    assert {path.name: path.read_bytes() for path in folder.iterdir()}["model.bin"] == whole["model.bin"]


class Sized(nn.Module):
    """A trace of this holds on to the size it saw."""

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (x * float(x.shape[-1]),)


def test_a_trace_that_holds_on_to_a_size_is_found_out(tmp_path: Path) -> None:
    backend = OpenVinoBackend(Sized().eval(), KEY, tmp_path, 1)
    backend(batch(1, 1, 4, 4))
    with pytest.raises(ParityError, match="differs from torch"):
        backend(batch(1, 1, 4, 8))


@pytest.mark.logs("given up")
def test_the_chain_goes_on_with_torch_and_says_why(tmp_path: Path) -> None:
    network = Sized().eval()
    steps = BackendChain(Loaded(network, KEY, tmp_path, 1), "cpu", "auto")
    steps(batch(1, 1, 4, 4))
    assert steps.name.startswith("openvino")
    assert np.allclose(steps(batch(1, 1, 4, 8))[0], batch(1, 1, 4, 8) * 8)
    assert steps.name.startswith("torch")
    assert steps.fallbacks[0].startswith("OpenVINO was not used (differs from torch")


@pytest.mark.logs("could not be kept")
def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    out = OpenVinoBackend(unet(), KEY, blocked / "cache", 1)(batch(1, 1, 8, 8, 8))
    assert out[0].shape == (1, 2, 8, 8, 8)


def test_openvino_reports_to_nobody(tmp_path: Path) -> None:
    OpenVinoBackend(unet(), KEY, tmp_path, 1)
    assert sys.modules["openvino_telemetry"] is None
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__.endswith("telemetry_stub")


def test_half_precision_is_left_to_graphics_cards() -> None:
    assert TorchBackend(unet(), "cpu", half=True).half is False


def test_blocks_side_by_side_say_what_each_says_alone(tmp_path: Path) -> None:
    backend = OpenVinoBackend(unet(), KEY, tmp_path, 2)
    blocks = batch(3, 1, 8, 12, 8)
    together = backend(blocks)[0]
    for number in range(3):
        assert np.allclose(together[number], backend(blocks[number : number + 1])[0][0], atol=1e-4)
    assert (next(tmp_path.iterdir()) / "checked-3x1x8x12x8").is_file()
    assert np.array_equal(backend(blocks[::-1].copy())[0], together[::-1])


def test_a_bench_without_its_peer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "monai.inferers.utils", None)
    with pytest.raises(AnalysisError, match="MONAI is not installed.*pip install monai"):
        peer.monai_eager(unet(), (8, 8, 8), 0.5)
