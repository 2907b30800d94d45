"""How an image lies on a canvas: quarter turns and mirrors first, then scale and place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.core.volume import Array
from viewer.display.framing import Fit


@dataclass(frozen=True, slots=True)
class Laid:
    """An image on a canvas.

    Attributes:
        fit: where it lies once it is turned.
        swap: rows and columns change places; then `flip_down`, `flip_right` mirror it.
    """

    fit: Fit
    swap: bool
    flip_down: bool
    flip_right: bool

    def turned(self, array: Array) -> Array:
        """An array of the image [rows, columns, ...] the way up it is seen."""
        flat = np.swapaxes(array, 0, 1) if self.swap else array
        return flat[:: -1 if self.flip_down else 1, :: -1 if self.flip_right else 1]


def laid(matrix: npt.NDArray[np.float64], shape: tuple[int, int], size: tuple[int, int]) -> Laid:
    """Where an image of (rows, columns) lies on a canvas of (width, height).

    Args:
        matrix: 2x3, image coordinates (x = column, y = row, 1) -> canvas px; quarter turns and mirrors only.
    """
    turn = matrix[:, :2]
    swap = abs(turn[0, 0]) < abs(turn[0, 1])
    right, down = (turn[0, 1], turn[1, 0]) if swap else (turn[0, 0], turn[1, 1])
    rows, columns = shape
    edges = np.array([[x, y] for x in (-0.5, columns - 0.5) for y in (-0.5, rows - 0.5)]) @ turn.T + matrix[:, 2]
    left, top = edges.min(axis=0).tolist()
    fit = Fit(left, top, abs(float(right)), abs(float(down)), size)
    return Laid(fit, bool(swap), bool(down < 0), bool(right < 0))
