"""PyTorch: the reference on any device, half precision on a graphics card after a parity check."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

FloatArray = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)

#: Half precision is kept only while no output leaves full precision by more than this
#: share of the output's own range.
HALF_TOLERANCE = 0.02


class TorchBackend:
    """A network on one torch device.

    Args:
        network: in eval mode, float32; maps [N, C, ...] to a tuple of tensors.
        device: "cpu" or "cuda".
        half: allow float16 on a graphics card; the first batch is run in both and compared.
    """

    def __init__(self, network: nn.Module, device: str = "cpu", half: bool = False) -> None:
        self.name = f"torch {torch.__version__}"
        self.device = device
        self.fallbacks: tuple[str, ...] = ()
        self.half = half and device == "cuda"
        self._checked = not self.half
        self._network = network.to(device)

    def __call__(self, batch: FloatArray) -> tuple[FloatArray, ...]:
        """Run one batch; float32 out."""
        with torch.inference_mode():
            x = torch.from_numpy(batch).to(self.device)
            if not self._checked:
                self._check_half(x)
            return tuple(_numpy(y) for y in self._forward(x, self.half))

    def _forward(self, x: Tensor, half: bool) -> tuple[Tensor, ...]:
        with torch.autocast(self.device, dtype=torch.float16, enabled=half):
            out: tuple[Tensor, ...] = self._network(x)
        return out

    def _check_half(self, x: Tensor) -> None:
        full = [_numpy(y) for y in self._forward(x, False)]
        short = [_numpy(y) for y in self._forward(x, True)]
        self._checked = True
        off = max(_share_off(a, b) for a, b in zip(full, short, strict=True))
        if not off <= HALF_TOLERANCE:
            self.half = False
            self.fallbacks += (f"Half precision differed by {off:.1%}: ran in full precision.",)
            _log.info("half precision off by %.3g, full precision is used", off)


def set_threads(count: int) -> None:
    """Threads of torch's CPU kernels in this process."""
    torch.set_num_threads(count)


def empty_cache() -> None:
    """Give a graphics card's unused memory back."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _numpy(tensor: Tensor) -> FloatArray:
    return np.asarray(tensor.float().cpu().numpy())


def _share_off(a: FloatArray, b: FloatArray) -> float:
    scale = max(1.0, float(np.ptp(a)))
    return float(np.abs(a - b).max()) / scale if np.isfinite(b).all() else float("inf")
