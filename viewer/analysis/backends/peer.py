"""The usual way to run a 3-D network, as a peer for the benchmark: MONAI, eager, torch.

MONAI's sliding_window_inference pads to its window, runs the torch network window by window
and blends with Gaussian weights. Nothing in the program uses it; the benchmark does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from msgspec import structs
from torch import nn

from viewer.analysis import inference, networks
from viewer.analysis.backends.chain import BackendChain, Loaded
from viewer.core.analysis import PackInfo
from viewer.core.errors import AnalysisError
from viewer.core.inference import Pad, TestTime

FloatArray = npt.NDArray[np.float32]
Forward = Callable[[FloatArray], FloatArray]


def monai_eager(network: nn.Module, window: Sequence[int], overlap: float) -> Forward:
    """[K, J, I] -> logits [L, K, J, I] by MONAI's sliding_window_inference.

    Raises:
        AnalysisError: MONAI is not installed.
    """
    try:
        from monai.inferers.utils import sliding_window_inference
    except ImportError as error:
        todo = "Install it: pip install monai."
        raise AnalysisError("MONAI is not installed, so there is nothing to compare with.", todo) from error

    def forward(array: FloatArray) -> FloatArray:
        with torch.inference_mode():
            x = torch.from_numpy(array)[None, None]
            out = sliding_window_inference(
                x, tuple(window), 1, lambda patch: network(patch)[0], overlap=overlap, mode="gaussian"
            )
        return np.asarray(out[0].numpy())

    return forward


def pair(pack: PackInfo, cache: Path, threads: int) -> tuple[Forward, Forward]:
    """(MONAI's way, this program's way) for one 3-D segmentation pack on the CPU, without flips.

    Weights are random: only time is compared, and the same in both.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = networks.build(pack.inference.network).eval().requires_grad_(False)
    window = pack.inference.window
    steps = BackendChain(Loaded(network, "bench", cache, threads), "cpu", "auto")
    multiple = next((s.multiple for s in pack.inference.preprocess if isinstance(s, Pad)), (1, 1, 1))
    runner = inference.Runner(structs.replace(pack.inference, tta=TestTime()), steps)

    def ours(array: FloatArray) -> FloatArray:
        widths = [(0, -n % m) for n, m in zip(array.shape, multiple, strict=True)]
        k, j, i = array.shape
        return runner.run(np.pad(array, widths, mode="edge"))[0][0][:, :k, :j, :i]

    return monai_eager(network, window.size or (), window.overlap), ours
