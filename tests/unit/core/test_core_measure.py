"""Numbers that are true, and refusals where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import phantoms
from viewer.core import measure
from viewer.core.geometry import SpacingKind
from viewer.core.measure import MeasureError
from viewer.core.verdict import Caution, judge

EVEN = phantoms.geometry()
UNEVEN = phantoms.geometry(slice_positions=tuple(float(p) for p in (0, 3, 6, 9, 21.5, 24.5, 27.5, 30.5, 33.5)))


def tilted() -> phantoms.Geometry:
    matrix = phantoms.affine(((2, 1), (1, 1), (0, 1)))
    matrix[1, 0] = 0.6376  # 12 degrees
    return phantoms.geometry(affine=matrix)


def test_length_in_a_slice_is_in_mm() -> None:
    a, b = EVEN.index_to_world([[2, 0, 0], [2, 2, 4]])
    reading = measure.length(a, b, EVEN)
    assert reading.value == pytest.approx(5.0)  # 2 x 1.5 mm down, 4 x 1 mm across
    assert reading.unit == "mm"
    assert measure.note_of(EVEN) == ""


def test_length_across_even_slices_is_in_mm() -> None:
    a, b = EVEN.index_to_world([[0, 0, 0], [4, 0, 0]])
    assert measure.length(a, b, EVEN).value == pytest.approx(12.0)


@settings(max_examples=50, deadline=None)
@given(
    axes=st.sampled_from(phantoms.ORIENTATIONS),
    first=st.tuples(st.integers(0, 8), st.integers(0, 9), st.integers(0, 10)),
    second=st.tuples(st.integers(0, 8), st.integers(0, 9), st.integers(0, 10)),
)
def test_length_does_not_depend_on_the_order_of_acquisition(
    axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    first: tuple[int, int, int],
    second: tuple[int, int, int],
) -> None:
    assume(first != second)
    grid = phantoms.geometry(affine=phantoms.affine(axes))
    a, b = grid.index_to_world([first, second])
    expected = np.linalg.norm((np.array(first) - np.array(second)) * np.array([3.0, 1.5, 1.0]))
    assert measure.length(a, b, grid).value == pytest.approx(expected, abs=1e-9)


def test_length_across_a_gap_names_slices_and_gap() -> None:
    a, b = UNEVEN.index_to_world([[3, 0, 0], [4, 0, 0]])
    with pytest.raises(MeasureError) as refused:
        measure.length(a, b, UNEVEN)
    assert refused.value.what == "Length is not available between slices 4 and 5."
    assert refused.value.todo == (
        "The gap there is 12.5 mm and nothing was scanned in it. Measure within one slice, or open the thin series."
    )


def test_the_widest_gap_on_the_way_is_named() -> None:
    a, b = UNEVEN.index_to_world([[1, 0, 0], [8, 0, 0]])
    with pytest.raises(MeasureError, match="between slices 4 and 5"):
        measure.length(a, b, UNEVEN)


def test_within_a_slice_of_an_uneven_stack_is_allowed() -> None:
    a, b = UNEVEN.index_to_world([[4, 0, 0], [4, 0, 7]])
    assert measure.length(a, b, UNEVEN).value == pytest.approx(7.0)


def test_length_across_a_tilted_stack_is_refused_and_within_it_allowed() -> None:
    grid = tilted()
    a, b, c = grid.index_to_world([[2, 1, 1], [2, 1, 6], [5, 1, 1]])
    assert measure.length(a, b, grid).value == pytest.approx(5.0)
    with pytest.raises(MeasureError, match="12°"):
        measure.length(a, c, grid)


def test_missing_slices_forbid_lengths_across() -> None:
    verdict = judge(EVEN, (Caution("missing_slices", "x"),))
    a, b = EVEN.index_to_world([[0, 0, 0], [1, 0, 0]])
    with pytest.raises(MeasureError, match="across these slices"):
        measure.length(a, b, EVEN, verdict)


def test_without_calibration_lengths_are_pixels() -> None:
    grid = phantoms.geometry((1, 10, 10), affine=np.eye(4), spacing_kind=SpacingKind.UNKNOWN)
    reading = measure.length((0, 0, 0), (3, 4, 0), grid)
    assert (reading.value, reading.unit, measure.note_of(grid)) == (5.0, "px", "no calibration")


def test_on_a_film_the_detector_is_named() -> None:
    grid = phantoms.geometry((1, 10, 10), spacing_kind=SpacingKind.DETECTOR)
    a, b = grid.index_to_world([[0, 0, 0], [0, 0, 8]])
    reading = measure.length(a, b, grid)
    assert (reading.value, reading.unit, measure.note_of(grid)) == (pytest.approx(8.0), "mm", "at detector")


def test_angle() -> None:
    points = EVEN.index_to_world([[2, 0, 3], [2, 0, 0], [2, 2, 0]])
    assert measure.angle(*points, EVEN).value == pytest.approx(90.0, abs=1e-9)
    acute = EVEN.index_to_world([[2, 2, 3], [2, 0, 0], [2, 0, 5]])  # 3 mm down, 3 mm across
    assert measure.angle(*acute, EVEN).value == pytest.approx(45.0)


def test_angle_needs_three_points() -> None:
    points = EVEN.index_to_world([[2, 0, 3], [2, 0, 3], [2, 2, 0]])
    with pytest.raises(MeasureError, match="three different points"):
        measure.angle(*points, EVEN)


def test_error_of_a_length_is_that_of_two_ends_somewhere_in_their_pixels() -> None:
    a, b, down = EVEN.index_to_world([[2, 0, 0], [2, 0, 9], [2, 6, 0]])
    rng = np.random.default_rng(1)
    ends = rng.uniform(-0.5, 0.5, (2, 100_000))
    assert measure.length(a, b, EVEN).plus_minus == pytest.approx(2 * np.std(ends[1] - ends[0]), rel=0.02)
    assert measure.length(a, down, EVEN).plus_minus == pytest.approx(3 * np.std(ends[1] - ends[0]), rel=0.02)


def test_error_of_an_angle_falls_with_its_legs() -> None:
    short = EVEN.index_to_world([[2, 0, 2], [2, 0, 0], [2, 2, 0]])
    long = EVEN.index_to_world([[2, 0, 9], [2, 0, 0], [2, 9, 0]])
    assert 0 < measure.angle(*long, EVEN).plus_minus < measure.angle(*short, EVEN).plus_minus


@pytest.mark.parametrize("second", [(2, 3), (3, 2)])
@pytest.mark.parametrize("degrees", [12.5, 60.0, 100.0])
def test_the_angle_between_two_lines_does_not_ask_which_end_came_first(second: tuple[int, int], degrees: float) -> None:
    half = np.radians(degrees / 2)
    leg = 10 * np.array([np.cos(half), np.sin(half), 0])
    points = np.array([-leg, leg, [0, 40, 0] - leg * [1, -1, 1], [0, 40, 0] + leg * [1, -1, 1]])
    assert measure.angle_between(points[[0, 1, *second]], EVEN).value == pytest.approx(degrees, abs=1e-9)


def test_a_line_without_length_gives_no_angle_and_no_ratio() -> None:
    points = EVEN.index_to_world([[2, 0, 0], [2, 0, 5], [2, 3, 3], [2, 3, 3]])
    with pytest.raises(MeasureError, match="two lines"):
        measure.angle_between(points, EVEN)
    with pytest.raises(MeasureError, match="two lines"):
        measure.ratio(points, EVEN)


def test_ratio_is_the_first_line_over_the_second() -> None:
    points = EVEN.index_to_world([[2, 0, 0], [2, 0, 5], [2, 0, 0], [2, 4, 8]])
    value = measure.ratio(points, EVEN)
    assert (value.value, value.unit) == (pytest.approx(0.5), "")
    assert value.plus_minus > 0


def test_region_statistics() -> None:
    found = measure.statistics(np.array([10.0, 20.0, 30.0, np.nan]))
    assert (found.mean, found.deviation, found.low, found.high, found.pixels) == (20.0, 10.0, 10.0, 30.0, 3)


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(MeasureError, match="no pixel"):
        measure.statistics(np.array([]))


def test_areas_have_units_and_an_error_of_half_a_pixel_all_round() -> None:
    value = measure.area(measure.ellipse_outline(4.0, 4.0), (1.0, 1.0), EVEN)
    assert (value.value, value.unit) == (pytest.approx(np.pi * 4), "mm2")
    assert value.plus_minus == pytest.approx(2 * np.pi * 4 / np.sqrt(12), rel=1e-3)
    grid = phantoms.geometry((1, 10, 10), spacing_kind=SpacingKind.UNKNOWN)
    assert measure.area(measure.ellipse_outline(4.0, 4.0), (1.0, 1.0), grid).unit == "px2"


def test_polygons_by_their_outline() -> None:
    square = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 3.0], [3.0, 0.0]])
    assert measure.polygon_outline(square) == measure.Outline(9.0, 12.0)
    assert not measure.crosses_itself(square)
    assert measure.crosses_itself(square[[0, 1, 3, 2]])


def test_ellipse_area_approaches_pi_r_r() -> None:
    inside = measure.ellipse_inside((101, 101), (10, 20), (90, 80))
    assert inside.sum() == pytest.approx(np.pi * 40 * 30, rel=0.01)
    assert inside[50, 50]
    assert not inside[11, 21]
