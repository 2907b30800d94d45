"""A 3-D network on the CPU: this program against MONAI's eager sliding_window_inference."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from viewer.analysis import device, packs
from viewer.core.analysis import PackInfo
from viewer.core.errors import PackError
from viewer.core.task import CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way

#: A reader's box around one hippocampus, and a block of several windows (k, j, i).
BOX = (35, 51, 35)
BLOCK = (96, 112, 96)
#: Our way may take at most this share of MONAI's.
SHARE = 1 / 3


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Both ways over a box and over a block, same network, windows, overlap and threads.

    Raises:
        PackError: no 3-D pack is installed.
    """
    from viewer.analysis.backends import peer

    threads = device.worker_threads()
    pack = volumetric()
    monai, ours = peer.pair(pack, folder, threads)
    cancel.check()
    box, block = (np.random.default_rng(0).normal(size=shape).astype(np.float32) for shape in (BOX, BLOCK))
    off = float(np.abs(monai(block) - ours(block)).max())
    ways = (
        Way("MONAI eager, a reader's box", lambda: monai(box)),
        Way("SecondRead, a reader's box", lambda: ours(box)),
        Way("MONAI eager, block of 8 windows", lambda: monai(block)),
        Way("SecondRead, block of 8 windows", lambda: ours(block)),
    )
    return Plan(
        f"network of {pack.id}, box {_by(BOX)} and block {_by(BLOCK)}, {threads} thread(s), no flips",
        ways,
        rounds=3,
        targets=(Target(ways[1].name, ways[0].name, SHARE), Target(ways[3].name, ways[2].name, SHARE)),
        facts={"largest difference of the block's logits": f"{off:.1e}"},
    )


def volumetric() -> PackInfo:
    """The first installed pack with a 3-D network.

    Raises:
        PackError: there is none.
    """
    for pack in packs.list_packs()[0]:
        if pack.inference.network.spatial_dims == 3:
            return pack
    raise PackError("No pack with a 3-D network is installed.", "Install one with `secondread packs install FILE`.")


def _by(shape: tuple[int, int, int]) -> str:
    return " x ".join(str(n) for n in shape)
