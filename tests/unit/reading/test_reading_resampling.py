"""Tilted and uneven stacks on a right-angled, even grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.synth import oblique, write_series
from viewer.core.volume import Volume
from viewer.reading import load_volume, open_volume, resample_regular, scan


def ramp(volume_affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Values linear in the patient: 2x + 3y + 5z, which linear interpolation keeps."""
    k, j, i = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    world = np.stack([k, j, i, np.ones_like(k)], axis=-1) @ volume_affine.T
    return world[..., 0] * 2 + world[..., 1] * 3 + world[..., 2] * 5


def linear_volume(folder: Path, **options: object) -> Volume:
    shape = (6, 24, 20)
    first = write_series(folder / "grid", shape=shape, modality="MR", **options)  # type: ignore[arg-type]
    (stack,) = scan([first.folder]).studies[0].stacks
    volume = load_volume(stack)
    geometry = volume.geometry
    k, j, i = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    world = geometry.index_to_world(np.stack([k, j, i], axis=-1))
    values = world @ np.array([2.0, 3.0, 5.0])
    return Volume(values.astype(np.float32), geometry, modality="MR")


@pytest.mark.parametrize(
    "options",
    [
        {"tilt_degrees": 15.0},
        {"tilt_degrees": -12.0, "orientation": oblique(25)},
        {"positions": [0, 5, 9, 16, 21, 30]},
        {"positions": [0, 5, 10, 20, 25, 30]},
    ],
)
def test_values_stay_where_they_are(tmp_path: Path, options: dict[str, object]) -> None:
    volume = linear_volume(tmp_path, **options)
    regular = resample_regular(volume)
    new = regular.geometry
    assert not new.is_tilted and new.is_even
    columns = new.affine[:3, :3] / np.linalg.norm(new.affine[:3, :3], axis=0)
    np.testing.assert_allclose(columns.T @ columns, np.eye(3), atol=1e-9)
    inside = 0
    for index in np.ndindex(new.shape):
        world = new.index_to_world(index)
        old = volume.geometry.world_to_index(world)
        if np.all(old > 1) and np.all(old < np.array(volume.shape) - 2):
            inside += 1
            assert regular.stored[index] == pytest.approx(float(world @ [2.0, 3.0, 5.0]), abs=0.02)
    assert inside > 500


@pytest.mark.parametrize("options", [{"tilt_degrees": 20.0}, {"positions": [0, 5, 9, 16, 21, 30]}])
def test_the_new_grid_covers_every_slice(tmp_path: Path, options: dict[str, object]) -> None:
    volume = linear_volume(tmp_path, **options)
    new = resample_regular(volume).geometry
    last = np.array(volume.shape) - 1
    for k in (0, last[0]):
        for j in (0, last[1]):
            for i in (0, last[2]):
                index = new.world_to_index(volume.geometry.index_to_world([k, j, i]))
                assert np.all(index > -0.5) and np.all(index < np.array(new.shape) - 0.5)


def test_a_regular_volume_is_left_alone(tmp_path: Path) -> None:
    write_series(tmp_path)
    volume = open_volume(tmp_path)
    assert resample_regular(volume) is volume
