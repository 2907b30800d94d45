"""Rigid registration against a move that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from tests import phantoms
from viewer.analysis.registration import register
from viewer.core.errors import AnalysisError
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.volume import Volume

#: 4 mm voxels, the middle of the grid at 0, 0, 0.
SHAPE, MM = (24, 30, 28), 4.0


def grid() -> Geometry:
    affine = phantoms.affine(((2, 1), (1, 1), (0, 1)), (MM, MM, MM), origin=(-54.0, -58.0, -46.0))
    return Geometry(SHAPE, affine, frame_of_reference_uid="1.2")


def head(move: FloatArray) -> Volume:
    """A lopsided body of soft blobs, moved by a 4x4 LPS matrix."""
    lie = grid()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    back = np.linalg.inv(move)
    world = lie.index_to_world(index) @ back[:3, :3].T + back[:3, 3]
    values = np.full(SHAPE, -1000.0)
    for centre, size, value in (
        ((0, 0, 0), 38, 1040),
        ((14, -8, 6), 12, 500),
        ((-12, 10, -14), 9, -300),
        ((5, 16, 14), 7, 700),
    ):
        away = np.linalg.norm((world - np.array(centre)) / [1.0, 1.2, 0.9], axis=-1)
        values += value / (1 + np.exp((away - size) / 2))
    return phantoms.volume(ndimage.gaussian_filter(values, 0.3).astype(np.float32), geometry=lie)


def moved(degrees: tuple[float, float, float], shift: tuple[float, float, float]) -> FloatArray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


@pytest.mark.parametrize(
    ("degrees", "shift"), [((0, 0, 0), (0, 0, 0)), ((0, 0, 0), (9.0, -6.0, 4.0)), ((4, -5, 7), (6.0, 8.0, -5.0))]
)
def test_a_known_move_is_found(degrees: tuple[float, float, float], shift: tuple[float, float, float]) -> None:
    truth = moved(degrees, shift)
    found = register(head(truth), head(np.eye(4)))
    corners = np.array([[x, y, z] for x in (-30, 30) for y in (-30, 30) for z in (-30, 30)], dtype=np.float64)
    off = (corners @ found.matrix[:3, :3].T + found.matrix[:3, 3]) - (corners @ truth[:3, :3].T + truth[:3, 3])
    assert np.linalg.norm(off, axis=1).max() < 1.0
    assert found.matrix[:3, :3] @ found.matrix[:3, :3].T == pytest.approx(np.eye(3), abs=1e-6)
    assert found.correlation > 0.95


def test_what_shows_something_else_is_not_laid_on() -> None:
    noise = np.random.default_rng(5).normal(0, 100, SHAPE).astype(np.float32)
    with pytest.raises(AnalysisError):
        register(head(np.eye(4)), phantoms.volume(noise, geometry=grid()))


def test_pictures_without_a_place_are_refused() -> None:
    flat = phantoms.volume(np.zeros((1, 30, 30), np.int16), geometry=phantoms.geometry((1, 30, 30)))
    with pytest.raises(AnalysisError, match="Only volumes"):
        register(head(np.eye(4)), flat)
