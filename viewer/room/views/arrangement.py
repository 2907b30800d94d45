"""Where views stand in each layout, and when there is room for one only."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.errors import UsageError
from viewer.display.hanging import Layout
from viewer.display.protocols import MOST_CELLS_A_SIDE as MOST

#: A view is never smaller than this (width, height in px).
LEAST_SIZE = (320, 280)
#: Place of a view: row, column, rows, columns.
Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A layout of views.

    Attributes:
        name: of the layout, or "ROWSxCOLUMNS".
        shape: rows and columns of cells; places: of the views, the main one first.
        large: the first column is wider than the others.
    """

    name: str
    shape: tuple[int, int]
    places: tuple[Place, ...]
    large: bool = False

    def is_small(self, size: tuple[int, int]) -> bool:
        """True where it leaves a view less than the least size: then the active one stands alone."""
        rows, columns = self.shape
        return size[0] < columns * LEAST_SIZE[0] or size[1] < rows * LEAST_SIZE[1]


def _grid(name: str, rows: int, columns: int) -> Arrangement:
    return Arrangement(name, (rows, columns), tuple((r, c, 1, 1) for r in range(rows) for c in range(columns)))


#: The layouts that hanging rules name.
ARRANGEMENTS: dict[Layout, Arrangement] = {
    Layout.ONE: _grid(Layout.ONE.value, 1, 1),
    Layout.THREE: Arrangement(Layout.THREE.value, (2, 2), ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)), large=True),
    Layout.FOUR: _grid(Layout.FOUR.value, 2, 2),
}
ONE, THREE, FOUR = (ARRANGEMENTS[layout] for layout in (Layout.ONE, Layout.THREE, Layout.FOUR))


def grid(rows: int, columns: int) -> Arrangement:
    """A grid of equal views.

    Raises:
        UsageError: there is no such grid.
    """
    if not (1 <= rows <= MOST and 1 <= columns <= MOST):
        raise UsageError(f"There is no layout of {rows} by {columns} views.", f"Choose 1 to {MOST} rows and columns.")
    named = {(1, 1): ONE, (2, 2): FOUR}
    return named.get((rows, columns)) or _grid(f"{rows}x{columns}", rows, columns)


def named(name: str) -> Arrangement:
    """A layout by its name, or "ROWSxCOLUMNS".

    Raises:
        UsageError: there is no such layout.
    """
    for layout, arrangement in ARRANGEMENTS.items():
        if name == layout.value:
            return arrangement
    rows, _, columns = name.partition("x")
    if not (rows.isdecimal() and columns.isdecimal()):
        known = ", ".join(layout.value for layout in ARRANGEMENTS)
        raise UsageError(f"There is no layout {name!r}.", f"Choose one of {known}.")
    return grid(int(rows), int(columns))
