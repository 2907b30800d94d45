"""Cutting a long layout into pages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewer.reporting.paginate import Unit, page_of, pages_of


def stack(*heights: float, **options: bool) -> list[Unit]:
    units, top = [], 0.0
    for height in heights:
        units.append(Unit(top, top + height, **options))
        top += height
    return units


def bodies(units: list[Unit], height: float) -> list[tuple[float, float]]:
    return [page.strips[-1] for page in pages_of(units, units[-1].bottom, height)]


def test_rows_that_fit_stay_whole() -> None:
    assert bodies(stack(40, 40, 40, 40, 40), 100) == [(0, 80), (80, 160), (160, 200)]


def test_a_heading_goes_with_what_follows() -> None:
    units = stack(70, 20, 40)
    units[1].keeps_next = True
    assert bodies(units, 100) == [(0, 70), (70, 130)]


def test_a_forced_page_begins_a_page() -> None:
    units = stack(10, 10, 10)
    units[2].forced = True
    assert bodies(units, 100) == [(0, 20), (20, 30)]


def test_a_row_taller_than_a_page_is_cut_between_lines() -> None:
    (unit,) = units = stack(250)
    unit.lines = [(y, y + 30.0) for y in range(0, 240, 30)]
    assert bodies(units, 100) == [(0, 90), (90, 180), (180, 250)]


def test_a_cut_goes_through_no_line_of_a_neighbouring_cell() -> None:
    (unit,) = units = stack(200)
    unit.lines = [(0.0, 60.0), (60.0, 120.0), (120.0, 180.0), (0.0, 90.0), (90.0, 180.0)]
    assert bodies(units, 100) == [(0, 100), (100, 200)]


def test_a_table_head_is_drawn_again_and_takes_its_room() -> None:
    units = stack(20, 50, 50, 50)
    units[0].keeps_next = True
    for row in units[1:]:
        row.head = (0.0, 20.0)
    pages = pages_of(units, 170, 100)
    assert pages[0].strips == ((0, 70),)
    assert pages[1].strips == ((0.0, 20.0), (70, 120))
    assert pages[2].strips == ((0.0, 20.0), (120, 170))


def test_page_of_a_height() -> None:
    pages = pages_of(stack(40, 40, 40, 40, 40), 200, 100)
    assert [page_of(pages, y) for y in (0, 79, 80, 199, 999)] == [1, 1, 2, 3, 3]


@given(st.lists(st.floats(1, 400), min_size=1, max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_pages_cover_everything_once_and_none_is_too_tall(heights: list[float], keeps: list[bool]) -> None:
    units = stack(*heights)
    for unit, keep in zip(units, keeps, strict=False):
        unit.keeps_next = keep
    spans = bodies(units, 100)
    assert spans[0][0] == 0
    assert abs(spans[-1][1] - units[-1].bottom) <= 0.5
    assert all(a[1] == b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert all(bottom - top <= 100.5 for top, bottom in spans)
