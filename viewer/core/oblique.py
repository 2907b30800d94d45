"""A plane that lies anyhow in the patient, and how a slab of it becomes one picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viewer.core.geometry import FloatArray


class Projection(StrEnum):
    """How the samples across a slab become one value."""

    MEAN = "mean"
    MIP = "mip"
    MINIP = "minip"


@dataclass(frozen=True, slots=True)
class ObliquePlane:
    """A plane anyhow in the patient, LPS mm.

    Attributes:
        origin: a point on it, the middle of the picture.
        normal, up: unit vectors at right angles; `up` points to the top of the picture, which is
            seen with rows x columns = `normal`, as `Geometry.normal`.
        slab_mm: thickness of the slab round it, half on each side; 0 for the plane alone.
    """

    origin: tuple[float, float, float]
    normal: tuple[float, float, float]
    up: tuple[float, float, float]
    slab_mm: float = 0.0
    mode: Projection = Projection.MEAN

    @property
    def right(self) -> FloatArray:
        """Unit vector to the right of the picture."""
        return np.cross(self.down, np.array(self.normal))

    @property
    def down(self) -> FloatArray:
        """Unit vector down the picture."""
        return -np.array(self.up)
