"""Values at points of the patient and on planes that lie anyhow, against volumes with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from tests import phantoms
from viewer.core.errors import GeometryError
from viewer.core.geometry import Geometry
from viewer.core.oblique import Projection
from viewer.core.volume import Volume
from viewer.display.points import (
    linear_values,
    nearest_values,
    oblique_plane,
    plane_values,
    plane_volume,
    slab_offsets,
)


def ramp(grid: Geometry) -> Volume:
    """value = 100 + 2x - 3y + 5z of the patient, exactly."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    world = grid.index_to_world(index)
    return phantoms.volume((100 + world @ [2.0, -3.0, 5.0]).astype(np.float64), geometry=grid)


GRIDS = {
    "even": phantoms.geometry(),
    "uneven": phantoms.geometry(slice_positions=(0.0, 2.0, 4.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0)),
    "turned": phantoms.geometry(affine=phantoms.affine(((0, -1), (2, 1), (1, 1)))),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_linear_ramp_is_read_exactly_between_voxels(grid: Geometry) -> None:
    inside = np.random.default_rng(1).uniform(0, np.array(grid.shape) - 1, (50, 3))
    points = grid.index_to_world(inside)
    assert linear_values(ramp(grid), points) == pytest.approx(100 + points @ [2.0, -3.0, 5.0])


def test_outside_is_nan_and_the_outer_half_voxel_holds_the_border() -> None:
    grid = phantoms.geometry()
    volume = ramp(grid)
    border, beyond = grid.index_to_world([[-0.4, 3, 3], [-0.6, 3, 3]])
    values = linear_values(volume, [border, beyond])
    assert values[0] == pytest.approx(volume.value_at((0, 3, 3)))
    assert np.isnan(values[1])


def test_the_nearest_voxel_is_that_voxel() -> None:
    grid = phantoms.geometry()
    volume = ramp(grid)
    assert nearest_values(volume, grid.index_to_world([[2.4, 3.4, 5.6]]))[0] == volume.value_at((2, 3, 6))


def test_slices_that_could_not_be_read_have_no_values() -> None:
    grid = phantoms.geometry()
    missing = np.arange(grid.shape[0]) == 2
    volume = phantoms.volume(ramp(grid).stored, geometry=grid, missing=missing)
    values = linear_values(volume, grid.index_to_world([[2, 3, 3], [1.5, 3, 3], [1, 3, 3]]))
    assert np.isnan(values).tolist() == [True, True, False]


def test_slices_with_their_own_slope_are_mixed_as_real_values() -> None:
    stored = np.full((2, 4, 4), 10, np.int16)
    volume = phantoms.volume(stored, slope=np.array([1.0, 3.0]), intercept=np.array([0.0, 1.0]))
    point = volume.geometry.index_to_world([[0.5, 1, 1]])
    assert linear_values(volume, point)[0] == pytest.approx((10 + 31) / 2)


def test_a_slab_is_centred_and_its_steps_are_at_most_the_smallest_spacing() -> None:
    grid = phantoms.geometry()
    plane = oblique_plane([0, 0, 0], [1, 1, 0], [0, 0, 1], 7.3, Projection.MEAN)
    offsets = slab_offsets(plane, grid)
    assert offsets[0] == -offsets[-1] == -3.65
    assert np.diff(offsets).max() <= min(grid.spacing) + 1e-9


def test_a_bright_voxel_is_seen_by_a_mip_slab_that_reaches_it_and_by_no_thinner_one() -> None:
    grid = Geometry((21, 21, 21), np.diag([1.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]], frame_of_reference_uid="1.2")
    stored = np.zeros(grid.shape, np.int16)
    stored[14, 10, 10] = 1000
    volume = phantoms.volume(stored, geometry=grid)
    for thickness, seen in ((6.0, 0.0), (8.0, 1000.0), (10.0, 1000.0)):
        plane = oblique_plane([10, 10, 10], [0, 0, 1], [0, -1, 0], thickness, Projection.MIP)
        assert plane_values(volume, plane, [[10, 10, 10]])[0] == pytest.approx(seen), thickness


@pytest.mark.parametrize("mode", Projection)
def test_a_slab_of_a_ramp_has_the_value_its_mode_says(mode: Projection) -> None:
    grid = phantoms.geometry()
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    normal = np.array([1.0, 2.0, 2.0]) / 3
    plane = oblique_plane(middle, normal, [0, 1, -1], 4.0, mode)
    slope = abs(float(normal @ [2.0, -3.0, 5.0]))
    wanted = {Projection.MEAN: 0.0, Projection.MIP: 2 * slope, Projection.MINIP: -2 * slope}[mode]
    found = plane_values(ramp(grid), plane, [middle])[0]
    assert found == pytest.approx(100 + middle @ [2.0, -3.0, 5.0] + wanted)


def test_the_picture_of_a_plane_lies_where_it_says() -> None:
    grid = phantoms.geometry()
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    plane = oblique_plane(middle, [1, 0.4, 0.3], [0, 0, 1], 0.0, Projection.MEAN)
    made = plane_volume(ramp(grid), plane)
    rows, columns = made.shape[1:]
    place = made.geometry.index_to_world([0, rows // 2, columns // 2])
    assert made.value_at((0, rows // 2, columns // 2)) == pytest.approx(100 + place @ [2.0, -3.0, 5.0], rel=1e-5)
    assert made.geometry.normal == pytest.approx(np.array([1, 0.4, 0.3]) / np.linalg.norm([1, 0.4, 0.3]))
    assert -made.geometry.column_direction @ [0, 0, 1] > 0.9


@pytest.mark.parametrize(
    ("normal", "up", "slab"), [((0, 0, 0), (0, 0, 1), 0), ((0, 0, 1), (0, 0, 2), 0), ((0, 0, 1), (0, 1, 0), -1)]
)
def test_planes_that_are_none_are_refused(normal: tuple[int, ...], up: tuple[int, ...], slab: float) -> None:
    with pytest.raises(GeometryError):
        oblique_plane([0, 0, 0], normal, up, slab, Projection.MEAN)


def test_a_plane_beside_the_pictures_is_refused() -> None:
    with pytest.raises(GeometryError, match="does not meet"):
        plane_volume(ramp(phantoms.geometry()), oblique_plane([0, 0, 9000], [0, 0, 1], [0, 1, 0], 0, Projection.MEAN))
