"""Drawn shapes of known size, rendered with partial volumes, for tests of what is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests import synth

Array = npt.NDArray[Any]
Vector = tuple[float, float, float]

#: Points a side within a voxel at which a shape is asked for.
FINE = 4


@dataclass(frozen=True)
class Ellipsoid:
    """Semi-axes in mm (k, j, i), turned by `turn` radians in the slice, cut off above `top` mm."""

    axes: Vector
    centre: Vector = (0.0, 0.0, 0.0)
    turn: float = 0.0
    top: float = math.inf

    @property
    def volume_mm3(self) -> float:
        """By the formula, the part above the cut left out."""
        a, b, c = self.axes
        h = min(self.top, a) / a
        return math.pi * a * b * c * (2 / 3 + h - h**3 / 3)

    def inside(self, k: Array, j: Array, i: Array) -> Array:
        """True for points in mm."""
        dk, dj, di = k - self.centre[0], j - self.centre[1], i - self.centre[2]
        u = math.cos(self.turn) * dj + math.sin(self.turn) * di
        v = -math.sin(self.turn) * dj + math.cos(self.turn) * di
        a, b, c = self.axes
        return np.asarray(((dk / a) ** 2 + (u / b) ** 2 + (v / c) ** 2 <= 1) & (dk <= self.top))


def coverage(shape: Ellipsoid, grid: tuple[int, int, int], spacing: Vector) -> npt.NDArray[np.float32]:
    """Share of each voxel [K, J, I] that lies in the shape; (0, 0, 0) mm is the middle of the grid."""
    fine = [_fine(n, s) for n, s in zip(grid, spacing, strict=True)]
    out = np.empty(grid, np.float32)
    for k in range(grid[0]):
        rows = fine[0][k * FINE : (k + 1) * FINE]
        hit = shape.inside(rows[:, None, None], fine[1][None, :, None], fine[2][None, None, :])
        out[k] = hit.reshape(FINE, grid[1], FINE, grid[2], FINE).mean(axis=(0, 2, 4))
    return out


def _fine(count: int, spacing: float) -> npt.NDArray[np.float64]:
    return ((np.arange(count * FINE) + 0.5) / FINE - count / 2) * spacing


#: A short-axis stack: 10 slices 9 mm apart, pixels of 1.5 mm.
HEART_GRID, HEART_MM = (10, 40, 40), (9.0, 1.5, 1.5)


def ventricle(size: float) -> Ellipsoid:
    """A blood pool: an ellipsoid cut off at its base, `size` = 1 at its largest."""
    return Ellipsoid((50 * size**0.4, 27 * size, 25 * size), (10.0, 0.0, 0.0), top=28.0)


@dataclass(frozen=True)
class Beat:
    """A drawn cine series and its truth: phases in order of time."""

    folder: Path
    series_uid: str
    volumes_ml: tuple[float, ...]
    times_ms: tuple[float, ...]


def sizes(count: int = 9, largest: int = 1, smallest: int = 4) -> list[float]:
    """How large the ventricle is in each phase: 1 at `largest`, 0.72 at `smallest`."""
    marks = [0, largest, smallest, count]
    return [float(np.interp(n, marks, [0.98, 1.0, 0.72, 0.985])) for n in range(count)]


@cache
def _signal(size: float, grid: tuple[int, int, int]) -> npt.NDArray[np.int16]:
    return np.round(80 + 900 * coverage(ventricle(size), grid, HEART_MM)).astype(np.int16)


def write_beat(
    folder: Path, phases: Sequence[float] | None = None, grid: tuple[int, int, int] = HEART_GRID, **changes: Any
) -> Beat:
    """Short-axis cine MR: every phase at every slice, one series, instance numbers slice by slice.

    Args:
        changes: keyword -> value put on every file; None removes the element.
    """
    wanted = list(phases or sizes())
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    for n, size in enumerate(wanted):
        pixels = _signal(size, grid)

        def edit(k: int, ds: Dataset, n: int = n) -> None:
            ds.FrameOfReferenceUID = frame
            ds.InstanceNumber = k * len(wanted) + n + 1
            ds.TriggerTime = f"{n * 40.0 + k * 1.5:.1f}"
            for keyword, value in changes.items():
                if value is None and keyword in ds:
                    delattr(ds, keyword)
                elif value is not None:
                    setattr(ds, keyword, value)

        extra = {"SeriesDescription": "cine SA", "BodyPartExamined": "HEART"}
        synth.write_series(
            folder / f"{n:02d}",
            modality="MR",
            stored=pixels,
            spacing=HEART_MM,
            series_uid=series,
            study_uid=study,
            extra=extra,
            edit=edit,
        )
    volumes = tuple(ventricle(size).volume_mm3 / 1000 for size in wanted)
    times = tuple(n * 40.0 + (grid[0] // 2) * 1.5 for n in range(len(wanted)))
    return Beat(folder, series, volumes, times)
