"""What a model from nnU-Net would need on a picture, told before anything runs."""

from __future__ import annotations

import math

import numpy as np

from viewer.analysis import device
from viewer.analysis.nnunet import grid, sliding
from viewer.core.analysis import PackInfo
from viewer.core.errors import AnalysisError
from viewer.core.nnunet import NnunetInference, Stage
from viewer.core.volume import Volume

#: A model may take this share of the memory that is free.
_SHARE_OF_FREE = 0.9
#: Copies of a picture in single precision that live while it is resampled: splines work in double.
_COPIES = 6
#: Windows of one run: beyond that it would take days.
_MOST_CALLS = 100_000


def check(pack: PackInfo, config: NnunetInference, volume: Volume) -> None:
    """Refuse a run that this machine cannot hold.

    Raises:
        AnalysisError: how much it needs and how much there is.
    """
    free = device.free_memory()
    need = max(bytes_for(stage, volume) for stage in config.stages)
    if free is not None and need > free * _SHARE_OF_FREE:
        raise AnalysisError(
            f"'{pack.name}' needs about {need / 2**30:.1f} GB of memory for this picture; "
            f"{free / 2**30:.1f} GB are free.",
            "Close other programs, or analyse a smaller series.",
            "too_large",
        )


def bytes_for(stage: Stage, volume: Volume) -> float:
    """Memory that a stage takes on a picture.

    Raises:
        AnalysisError: a picture whose grid would need days.
    """
    from viewer.analysis import footprint

    have = tuple(float(np.linalg.norm(volume.geometry.affine[:3, axis])) for axis in stage.transpose)
    want = (have[0], *stage.spacing_mm) if len(stage.spacing_mm) == 2 else stage.spacing_mm
    full = tuple(volume.shape[axis] for axis in stage.transpose)
    small = grid.new_shape(full, have, want)
    if sliding.calls(small, stage) > _MOST_CALLS:
        raise AnalysisError(
            f"The model would run its network {sliding.calls(small, stage)} times on this picture.",
            "Analyse a smaller series.",
            "too_large",
        )
    patch = stage.patch if len(stage.patch) == 3 else (1, *stage.patch)
    held = len(stage.numbers) + 1
    logits = held * 4 * (patch[0] + 9) * max(small[1], patch[1]) * max(small[2], patch[2])
    plane = held * 4 * full[1] * full[2] * 2
    batch = (1, stage.network.takes, *stage.patch)
    network = footprint.call(stage.network, batch)
    pictures = _COPIES * 4 * max(math.prod(full), math.prod(small)) * len(stage.channels)
    return float(pictures + logits + plane + network.memory + 2 * network.said)
