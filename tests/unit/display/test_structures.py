"""Contours become lines and masks at their place in the patient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.document import Contour, Roi, Structures
from viewer.core.errors import GeometryError
from viewer.core.geometry import Geometry
from viewer.display.structures import contour_grid, fill_polygon, structure_masks

AFFINE = np.array([[0, 0, 0.5, -50.0], [0, 0.5, 0, -40.0], [2.0, 0, 0, 10.0], [0, 0, 0, 1.0]])
GRID = Geometry((10, 160, 200), AFFINE)


def circle(radius: float, z: float, centre: tuple[float, float] = (0.0, 0.0), kind: str = "CLOSED_PLANAR") -> Contour:
    angles = np.linspace(0, 2 * math.pi, 120, endpoint=False)
    points = [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a), z) for a in angles]
    return Contour(kind, tuple(points))


def test_a_cylinder_has_its_volume_and_place() -> None:
    roi = Roi(3, "Cylinder", tuple(circle(10, z) for z in (14.0, 16.0, 18.0)))
    (mask,) = structure_masks(Structures((roi,)), GRID)
    assert mask.volume_mm3(3) == pytest.approx(math.pi * 100 * 6, rel=0.01)
    points = GRID.index_to_world(np.argwhere(mask.labels == 3))
    assert points.mean(axis=0) == pytest.approx((0, 0, 16), abs=0.05)
    assert np.unique(points[:, 2]).tolist() == [14.0, 16.0, 18.0]


def test_an_inner_contour_is_a_hole() -> None:
    roi = Roi(1, "Ring", (circle(10, 14.0), circle(5, 14.0)))
    (mask,) = structure_masks(Structures((roi,)), GRID)
    assert mask.volume_mm3(1) == pytest.approx(math.pi * 75 * 2, rel=0.01)
    j, i = np.rint(GRID.world_to_index((0, 0, 14.0))[1:]).astype(int)
    assert mask.labels[2, j, i] == 0


def test_contours_on_every_second_slice_leave_no_gap() -> None:
    roi = Roi(1, "Sparse", tuple(circle(8, z) for z in (14.0, 18.0, 22.0)))
    (mask,) = structure_masks(Structures((roi,)), GRID)
    assert mask.labels.any(axis=(1, 2)).tolist() == [False] + [True] * 7 + [False] * 2


def test_overlapping_structures_lose_nothing() -> None:
    rois = (Roi(1, "Body", (circle(15, 14.0),)), Roi(2, "Organ", (circle(5, 14.0),)))
    masks = structure_masks(Structures(rois), GRID)
    volumes = {s.number: m.volume_mm3(s.number) for m in masks for s in m.segments}
    assert volumes[1] == pytest.approx(math.pi * 225 * 2, rel=0.01)
    assert volumes[2] == pytest.approx(math.pi * 25 * 2, rel=0.05)


def test_points_and_open_contours_fill_nothing() -> None:
    point = Contour("POINT", ((1.0, 2.0, 14.0),))
    path = Contour("OPEN_PLANAR", ((0.0, 0.0, 14.0), (5.0, 0.0, 14.0), (5.0, 5.0, 14.0)))
    assert structure_masks(Structures((Roi(1, "Marks", (point, path)),)), GRID) == ()


def test_contours_outside_the_grid_show_nowhere() -> None:
    structures = Structures((Roi(1, "Far", (circle(5, 300.0),)),))
    assert all(not mask.labels.any() for mask in structure_masks(structures, GRID))


def test_sagittal_contours_get_a_grid_of_their_own() -> None:
    contours = []
    for x in (5.0, 8.0):
        ring = circle(10, 0.0)
        contours.append(Contour("CLOSED_PLANAR", tuple((x, a, b + 20) for a, b, _ in ring.points_lps)))
    structures = Structures((Roi(1, "Sagittal", tuple(contours)),))
    (mask,) = structure_masks(structures, GRID)
    assert mask.volume_mm3(1) == pytest.approx(math.pi * 100 * 6, rel=0.03)
    points = mask.geometry.index_to_world(np.argwhere(mask.labels == 1))
    assert points.mean(axis=0) == pytest.approx((6.5, 0, 20), abs=0.3)
    assert np.linalg.det(mask.geometry.affine[:3, [2, 1, 0]]) > 0


def test_several_orientations_are_refused() -> None:
    upright = Contour("CLOSED_PLANAR", ((5.0, 0.0, 0.0), (5.0, 9.0, 0.0), (5.0, 0.0, 9.0)))
    with pytest.raises(GeometryError):
        contour_grid([Roi(1, "Mixed", (circle(5, 0.0), upright))], None)


@given(
    st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 35)), min_size=3, max_size=9),
)
def test_filling_equals_the_even_odd_rule_at_every_pixel(points: list[tuple[float, float]]) -> None:
    polygon = np.array(points)
    filled = fill_polygon(polygon, (20, 30))
    y0, x0 = polygon.T
    y1, x1 = np.roll(y0, -1), np.roll(x0, -1)
    for row in range(0, 20, 3):
        spans = (np.minimum(y0, y1) <= row) & (row < np.maximum(y0, y1))
        crossings = x0[spans] + (row - y0[spans]) / (y1 - y0)[spans] * (x1 - x0)[spans]
        for column in range(0, 30, 3):
            if len(crossings) and np.abs(crossings - column).min() < 1e-9:
                continue
            assert filled[row, column] == (np.count_nonzero(crossings < column) % 2 == 1)


def test_an_edge_that_is_almost_flat_is_filled_without_a_fault() -> None:
    points = np.array([[0.0, 0.0], [2.3e-308, 9.0], [5.0, 9.0], [5.0, 0.0]])
    filled = fill_polygon(points, (8, 12))
    assert filled[1:5, 1:9].all() and not filled[6:].any()
