"""Planes: sides on the screen against phantoms with a bright side, for every order of acquisition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import phantoms
from viewer.core.errors import GeometryError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.display import slicing
from viewer.display.slicing import Plane, extract

#: Plane -> screen edge -> (patient axis, sign) that must be there.
CONVENTION: dict[Plane, dict[str, tuple[int, int]]] = {
    Plane.AXIAL: {"left": (0, -1), "right": (0, 1), "top": (1, -1), "bottom": (1, 1)},
    Plane.CORONAL: {"left": (0, -1), "right": (0, 1), "top": (2, 1), "bottom": (2, -1)},
    Plane.SAGITTAL: {"left": (1, -1), "right": (1, 1), "top": (2, 1), "bottom": (2, -1)},
}
LETTERS = {(0, 1): "L", (0, -1): "R", (1, 1): "P", (1, -1): "A", (2, 1): "H", (2, -1): "F"}
MPR = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


def edge(pixels: npt.NDArray[np.int16], name: str) -> float:
    """Mean brightness of the outermost line at an edge of the screen."""
    line = {"left": pixels[:, 0], "right": pixels[:, -1], "top": pixels[0], "bottom": pixels[-1]}[name]
    return float(line.mean())


def rotation(degrees: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    a, b, c = np.radians(degrees)
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(rx @ ry @ rz)


@pytest.mark.parametrize("plane", MPR)
@pytest.mark.parametrize("axes", phantoms.ORIENTATIONS)
def test_every_side_is_where_readers_expect_it(plane: Plane, axes: tuple[tuple[int, int], ...]) -> None:
    grid = phantoms.geometry(affine=phantoms.affine(axes))  # type: ignore[arg-type]
    for name, (axis, sign) in CONVENTION[plane].items():
        volume = phantoms.with_marker(grid, axis, sign)
        view = extract(volume, plane, slicing.slice_count(grid, plane) // 2)
        opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[name]
        assert edge(view.pixels, name) == 1000, f"{plane} {name} is not bright"
        assert edge(view.pixels, opposite) < 1000
        assert getattr(view.letters, name) == LETTERS[(axis, sign)]


@settings(max_examples=60, deadline=None)
@given(
    axes=st.sampled_from(phantoms.ORIENTATIONS),
    tips=st.tuples(*(st.floats(-18, 18) for _ in range(3))),
    plane=st.sampled_from(MPR),
)
def test_oblique_acquisitions_keep_their_sides(
    axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    tips: tuple[float, float, float],
    plane: Plane,
) -> None:
    grid = phantoms.geometry(affine=phantoms.affine(axes, (1.0, 1.0, 1.0), rotation(tips)))
    view = extract(phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid), plane, 0)
    rows, columns = view.shape
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    for name, step in {"right": (0, 1), "bottom": (1, 0), "left": (0, -1), "top": (-1, 0)}.items():
        axis, sign = CONVENTION[plane][name]
        walk = view.pixel_to_world(middle + np.array(step)) - view.pixel_to_world(middle)
        assert walk[axis] * sign > 0.8 * np.linalg.norm(walk)
        assert getattr(view.letters, name)[0] == LETTERS[(axis, sign)]


@settings(max_examples=60, deadline=None)
@given(
    axes=st.sampled_from(phantoms.ORIENTATIONS),
    tips=st.tuples(*(st.floats(-25, 25) for _ in range(3))),
    plane=st.sampled_from((Plane.NATIVE, *MPR)),
    data=st.data(),
)
def test_pixels_and_positions_go_there_and_back(
    axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    tips: tuple[float, float, float],
    plane: Plane,
    data: st.DataObject,
) -> None:
    grid = phantoms.geometry(affine=phantoms.affine(axes, (2.5, 0.7, 0.9), rotation(tips)))
    stored = np.arange(np.prod(grid.shape), dtype=np.int16).reshape(grid.shape)
    index = data.draw(st.integers(0, slicing.slice_count(grid, plane) - 1))
    view = extract(phantoms.volume(stored, geometry=grid), plane, index)
    row = data.draw(st.integers(0, view.shape[0] - 1))
    column = data.draw(st.integers(0, view.shape[1] - 1))
    world = view.pixel_to_world(np.array([row, column]))
    k, j, i = np.rint(grid.world_to_index(world)).astype(int)
    assert view.pixels[row, column] == stored[k, j, i]
    np.testing.assert_allclose(view.world_to_pixel(world), [row, column], atol=1e-6)
    assert float(view.slice_of(world)) == pytest.approx(index, abs=1e-6)


def test_millimetres_of_a_pixel_follow_the_axes() -> None:
    grid = phantoms.geometry()
    volume = phantoms.volume(np.zeros(grid.shape, np.int16))
    assert extract(volume, Plane.AXIAL, 0).mm == (1.5, 1.0)
    assert extract(volume, Plane.CORONAL, 0).mm == (3.0, 1.0)
    assert extract(volume, Plane.SAGITTAL, 0).mm == (3.0, 1.5)


def test_native_slices_are_as_stored_and_not_copied() -> None:
    grid = phantoms.geometry(affine=phantoms.affine(((2, -1), (1, -1), (0, -1))))
    stored = np.arange(np.prod(grid.shape), dtype=np.int16).reshape(grid.shape)
    view = extract(phantoms.volume(stored, geometry=grid), Plane.NATIVE, 4)
    assert np.shares_memory(view.pixels, stored)
    np.testing.assert_array_equal(view.pixels, stored[4])


def test_no_letters_without_orientation() -> None:
    grid = phantoms.geometry(oriented=False)
    letters = extract(phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid), Plane.NATIVE, 0).letters
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("", "", "", "")


@pytest.mark.parametrize(
    ("stated", "letters"),
    [
        ("L\\F", ("R", "L", "H", "F")),
        ("P\\F", ("A", "P", "H", "F")),
        ("R\\FP", ("L", "R", "HA", "FP")),
        ("", ("", "", "", "")),
        ("L", ("", "", "", "")),
        ("LE\\CR", ("", "", "", "")),
    ],
)
def test_films_take_their_letters_from_patient_orientation(stated: str, letters: tuple[str, ...]) -> None:
    film = phantoms.geometry((1, 10, 11), oriented=False, spacing_kind=SpacingKind.DETECTOR)
    stored = np.zeros(film.shape, np.int16)
    volume = phantoms.volume(stored, geometry=film, tags={"PatientOrientation": stated})
    shown = extract(volume, Plane.NATIVE, 0).letters
    assert (shown.left, shown.right, shown.top, shown.bottom) == letters


@pytest.mark.parametrize("index", [-1, 9, 1000])
def test_a_slice_that_is_not_there_is_refused(index: int) -> None:
    volume = phantoms.volume(np.zeros((9, 10, 11), np.int16))
    with pytest.raises(GeometryError, match="There is no slice"):
        extract(volume, Plane.AXIAL, index)


def tilted() -> Geometry:
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)))
    matrix[1, 0] = 0.6
    return phantoms.geometry(affine=matrix)


def uneven() -> Geometry:
    return phantoms.geometry(slice_positions=tuple(float(p) for p in (0, 3, 6, 9, 21, 24, 27, 30, 33)))


@pytest.mark.parametrize("make", [tilted, uneven])
def test_planes_across_tilted_or_uneven_slices_need_resampling(make: object) -> None:
    grid = make()  # type: ignore[operator]
    volume = phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid)
    assert extract(volume, Plane.AXIAL, 2).native
    for plane in (Plane.CORONAL, Plane.SAGITTAL):
        assert slicing.needs_resampling(grid, plane)
        with pytest.raises(GeometryError, match="resample"):
            extract(volume, plane, 2)


def test_uneven_slices_know_their_true_position() -> None:
    grid = uneven()
    view = extract(phantoms.volume(np.zeros(grid.shape, np.int16), geometry=grid), Plane.NATIVE, 4)
    assert view.pixel_to_world(np.array([0, 0]))[2] == pytest.approx(55 + 21)


def test_cuts_across_slices_that_rescale_differently_give_real_values() -> None:
    stored = np.full((3, 4, 5), 10, np.int16)
    volume = phantoms.volume(stored, slope=np.array([1.0, 2.0, 3.0]), intercept=np.array([0.0, 0.0, 5.0]))
    view = extract(volume, Plane.CORONAL, 1)
    assert view.is_real
    assert view.pixels[:, 0].tolist() == [35.0, 20.0, 10.0]  # head up: the last slice first


def test_colour_keeps_its_channels() -> None:
    stored = np.zeros((2, 4, 5, 3), np.uint8)
    stored[..., 2] = 9
    view = extract(phantoms.volume(stored, geometry=phantoms.geometry((2, 4, 5))), Plane.NATIVE, 1)
    assert view.pixels.shape == (4, 5, 3)
    assert view.pixels[0, 0].tolist() == [0, 0, 9]


def test_acquired_slices_are_turned_upright_but_oblique_ones_and_films_stay() -> None:
    assert slicing.upright_plane(phantoms.geometry()) is Plane.AXIAL
    sideways = phantoms.geometry(affine=phantoms.affine(((0, 1), (1, 1), (2, -1))))
    assert slicing.upright_plane(sideways) is Plane.SAGITTAL
    askew = phantoms.affine(((2, 1), (1, 1), (0, 1)), (1, 1, 1), rotation((40, 0, 40)))
    assert slicing.upright_plane(phantoms.geometry(affine=askew)) is Plane.NATIVE
    film = phantoms.geometry((1, 10, 11), frame_of_reference_uid=None, spacing_kind=SpacingKind.DETECTOR)
    assert slicing.upright_plane(film) is Plane.NATIVE
