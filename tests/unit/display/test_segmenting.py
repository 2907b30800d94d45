"""What a reader does to a segment, against shapes whose size is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests import phantoms
from viewer.core.geometry import Geometry
from viewer.core.segment import ReaderSegment, packed
from viewer.display import segmenting

GRID = phantoms.geometry((20, 30, 40))  # 3 x 1.5 x 1 mm
UNEVEN = phantoms.geometry((5, 30, 40), slice_positions=(0.0, 3.0, 6.0, 12.0, 15.0))


@pytest.mark.parametrize("grid", [GRID, UNEVEN], ids=["even", "uneven"])
def test_a_ball_holds_the_voxels_whose_centres_lie_in_it(grid: Geometry) -> None:
    centre = grid.index_to_world([3, 14, 20])
    made = segmenting.ball(grid.shape, grid, [centre], 6.0)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    away = np.linalg.norm(grid.index_to_world(index) - centre, axis=-1)
    assert (made == (away <= 6.0 + 1e-6)).all()


def test_a_ball_beside_the_pictures_holds_nothing() -> None:
    assert not segmenting.ball(GRID.shape, GRID, [[900.0, 0, 0]], 5.0).any()


def box() -> np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]:
    mask = np.zeros(GRID.shape, bool)
    mask[8:12, 10:20, 10:30] = True
    return mask


def test_a_margin_grows_by_mm_in_every_direction() -> None:
    grown = segmenting.margin(box(), GRID, 3.0)
    assert [np.flatnonzero(grown.any(axis=a))[[0, -1]].tolist() for a in ((1, 2), (0, 2), (0, 1))] == [
        [7, 12],
        [8, 21],
        [7, 32],
    ]
    shrunk = segmenting.margin(box(), GRID, -3.0)
    assert [np.flatnonzero(shrunk.any(axis=a))[[0, -1]].tolist() for a in ((1, 2), (0, 2), (0, 1))] == [
        [9, 10],
        [12, 17],
        [13, 26],
    ]


def test_grown_is_what_hangs_together_in_the_range() -> None:
    allowed = np.zeros(GRID.shape, bool)
    allowed[2:4, 2:4, 2:4] = allowed[10:12, 10:12, 10:12] = True
    seed = np.zeros_like(allowed)
    seed[2, 2, 2] = True
    assert np.count_nonzero(segmenting.grown(allowed, seed)) == 8
    assert not segmenting.grown(allowed, ~allowed).any()


def test_the_largest_islands_stay() -> None:
    mask = np.zeros(GRID.shape, bool)
    mask[1, 1, 1:6] = mask[5, 5, 1:4] = mask[9, 9, 1:3] = True
    assert np.count_nonzero(segmenting.islands(mask, 1)) == 5
    assert np.count_nonzero(segmenting.islands(mask, 2)) == 8
    assert np.count_nonzero(segmenting.islands(mask, 9)) == 10


def test_between_two_equal_shapes_there_is_the_same_shape() -> None:
    mask = np.zeros(GRID.shape, bool)
    mask[4, 10:20, 10:20] = mask[9, 10:20, 10:20] = True
    filled = segmenting.filled_between(mask, GRID)
    assert filled.any(axis=(1, 2)).nonzero()[0].tolist() == [4, 5, 6, 7, 8, 9]
    assert (filled[6] == mask[4]).all()


def test_between_a_small_and_a_large_shape_they_grow() -> None:
    mask = np.zeros(GRID.shape, bool)
    mask[4, 14:16, 14:16] = mask[8, 5:25, 5:25] = True
    sizes = segmenting.filled_between(mask, GRID).sum(axis=(1, 2))
    assert sizes[4] < sizes[5] < sizes[6] < sizes[7] < sizes[8]


def test_smoothing_takes_a_spike_and_keeps_the_body() -> None:
    mask = box()
    mask[10, 20:26, 20] = True
    smooth = segmenting.smoothed(mask, GRID, 1.5)
    assert not smooth[10, 23, 20]
    assert np.count_nonzero(smooth) == pytest.approx(np.count_nonzero(box()), rel=0.15)


def test_volume_counts_each_slice_with_its_own_thickness() -> None:
    mask = np.zeros(UNEVEN.shape, bool)
    mask[:, 0, 0] = True
    assert segmenting.volume_mm3(mask, UNEVEN) == pytest.approx((3 + 3 + 4.5 + 4.5 + 3) * 1.5)


def test_a_segment_is_kept_and_comes_back_voxel_for_voxel() -> None:
    mask = np.random.default_rng(3).random(GRID.shape) > 0.7
    place, bits = packed(mask)
    assert (ReaderSegment("1", "a", "s", GRID.shape, place, bits).mask == mask).all()
    empty, nothing = packed(np.zeros(GRID.shape, bool))
    assert not ReaderSegment("1", "a", "s", GRID.shape, empty, nothing).mask.any()
