"""Where views stand in each layout, what one shall show, and when there is room for one only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize

from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.ui.viewport.view import LEAST_SIZE

#: Places (row, column, rows, columns) of the views of each layout.
PLACES: dict[Layout, tuple[tuple[int, int, int, int], ...]] = {
    Layout.ONE: ((0, 0, 2, 2),),
    Layout.THREE: ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)),
    Layout.FOUR: ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
}


@dataclass(frozen=True, slots=True, eq=False)
class ViewSpec:
    """What one view shall show; fields as `Viewport.set_stack`."""

    stack: Stack
    volume: Volume
    plane: Plane = Plane.NATIVE
    patient_lines: tuple[str, ...] = ()
    when: str = ""
    loaded: npt.NDArray[np.bool_] | None = None


def is_small(arrangement: Layout, size: QSize) -> bool:
    """True where an arrangement leaves a view less than the least size: then the active one stands alone."""
    columns = rows = 1 if arrangement is Layout.ONE else 2
    return size.width() < columns * LEAST_SIZE.width() or size.height() < rows * LEAST_SIZE.height()
