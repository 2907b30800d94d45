"""Slab by slab comes to the labels of the straightforward way: all windows, all logits, then the largest."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from tests import nnunet_models
from tests.nnunet_models import Wanted
from viewer.analysis.nnunet import sliding
from viewer.analysis.nnunet.labels import labelled
from viewer.core.errors import ViewerError
from viewer.core.nnunet import Stage
from viewer.core.task import CancelFlag, Cancelled

FloatArray = npt.NDArray[np.float32]
SMALL = (19, 23, 21)


def _stage(**changes: object) -> Stage:
    wanted = Wanted(patch=(8, 12, 10), **changes)  # type: ignore[arg-type]
    return nnunet_models.stage_of(wanted, nnunet_models.plans_of(wanted), nnunet_models.dataset_of(wanted))


def _network(batch: FloatArray) -> tuple[FloatArray, ...]:
    """Four outputs that depend on place within the window, so that a wrong weight or seam shows."""
    ramp = np.linspace(-1, 1, batch.shape[-1], dtype=np.float32)
    x = batch[:, 0]
    return (np.stack([0.2 * x, x * ramp, -x, x**2 - 0.7], axis=1).astype(np.float32),)


def _straight(channels: FloatArray, stage: Stage) -> FloatArray:
    """Logits [L, K, J, I] with everything held at once."""
    patch = stage.patch
    bump = sliding.weights(patch)
    total = np.zeros((4, *channels.shape[1:]), np.float64)
    share = np.zeros(channels.shape[1:], np.float64)
    shape = channels.shape[1:]
    walks = [sliding.starts(n, p, stage.overlap_step) for n, p in zip(shape, patch, strict=True)]
    for place in product(*walks):
        cut = tuple(slice(a, a + p) for a, p in zip(place, patch, strict=True))
        total[(slice(None), *cut)] += _network(channels[(slice(None), *cut)][None])[0][0] * bump
        share[cut] += bump
    return (total / share).astype(np.float32)


def _picture() -> FloatArray:
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SMALL), 2)
    return (noise / noise.std())[None].astype(np.float32)


@pytest.mark.parametrize("full", [SMALL, (31, 40, 37), (12, 30, 17)])
def test_labels_are_those_of_all_logits_at_once(full: tuple[int, int, int]) -> None:
    """On the same grid, a finer one and one that skips slices."""
    stage, channels = _stage(), _picture()
    slabs = sliding.slabs(channels, stage, [_network], lambda: None, lambda: None)
    ours = labelled(slabs, SMALL, full, stage, ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)))
    zoom = [b / a for a, b in zip(SMALL, full, strict=True)]
    resized = [ndimage.zoom(one, zoom, order=1, mode="nearest", grid_mode=True) for one in _straight(channels, stage)]
    wanted = np.argmax(resized, axis=0)
    assert len(np.unique(wanted)) == 4
    assert (ours != wanted).mean() < 1e-3


def test_no_more_slices_are_held_than_a_patch_is_deep() -> None:
    """What is finished leaves before the next windows run."""
    stage = _stage()
    told: list[int] = []
    asked: list[int] = []
    for slab in sliding.slabs(_picture(), stage, [_network], lambda: asked.append(sum(told)), lambda: None):
        told.append(slab.shape[1])
    assert sum(told) == SMALL[0]
    rows = sliding.starts(SMALL[0], stage.patch[0], stage.overlap_step)
    assert sorted(set(asked)) == rows, "each row of windows begins when the slices before it have left"


def test_a_reader_who_stops_is_heard_before_the_next_window() -> None:
    """Nothing more is asked of the network."""
    flag, calls = CancelFlag(), 0

    def network(batch: FloatArray) -> tuple[FloatArray, ...]:
        nonlocal calls
        calls += 1
        flag.cancel()
        return _network(batch)

    with pytest.raises((Cancelled, ViewerError)):
        list(sliding.slabs(_picture(), _stage(), [network], flag.check, lambda: None))
    assert calls == 1


def test_starts_are_evenly_spread_and_reach_the_end() -> None:
    """As the library walks: at most half a patch apart."""
    assert sliding.starts(110, 64, 0.5) == [0, 23, 46]
    assert sliding.starts(64, 64, 0.5) == [0]
    assert sliding.starts(65, 64, 0.5) == [0, 1]
