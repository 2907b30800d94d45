"""Where voxels lie in the patient.

Index (k, j, i) = (slice, row, column), world = LPS millimetres (PS3.3 C.7.6.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: A stack leaning by this or more is called tilted (degrees between stack axis and normal).
TILT_DEGREES = 0.5
#: Slice gaps that differ from the median by more than this share of it (and 0.02 mm) are uneven.
GAP_TOLERANCE = 0.01
#: Two grids are one when no corner differs by more than this (mm).
SAME_GRID_MM = 0.01
#: Cosines below this do not earn an orientation letter (about 20 degrees off the plane).
LETTER_COSINE = 0.342


class SpacingKind(Enum):
    """What a millimetre on this picture means."""

    PATIENT = "patient"
    DETECTOR = "detector"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A grid of voxels in the patient.

    Attributes:
        shape: (K, J, I) slices, rows, columns.
        affine: 4x4 float64, (k, j, i, 1) -> LPS mm; may be sheared (tilted gantry).
        slice_positions: K distances along the normal in mm, ascending, only where
            slices are not evenly spaced; then column 0 of `affine` is the mean step.
        frame_of_reference_uid: None for X-ray and files without one.
        spacing_kind: patient, detector (X-ray, not magnification corrected) or unknown.
        oriented: False where the file says nothing about orientation: no letters are shown.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    slice_positions: tuple[float, ...] | None = None
    frame_of_reference_uid: str | None = None
    spacing_kind: SpacingKind = SpacingKind.PATIENT
    oriented: bool = True

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ValueError("a Geometry needs a finite 4x4 affine")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)

    @property
    def row_direction(self) -> FloatArray:
        """Unit vector along increasing column index i (LPS)."""
        return _unit(self.affine[:3, 2])

    @property
    def column_direction(self) -> FloatArray:
        """Unit vector along increasing row index j (LPS)."""
        return _unit(self.affine[:3, 1])

    @property
    def normal(self) -> FloatArray:
        """Unit normal of the slices = row cosines x column cosines (LPS)."""
        return _unit(np.cross(self.affine[:3, 2], self.affine[:3, 1]))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres (along the normal: median gap, between rows, between columns)."""
        rows = float(np.linalg.norm(self.affine[:3, 1]))
        columns = float(np.linalg.norm(self.affine[:3, 2]))
        if self.slice_positions is not None and len(self.slice_positions) > 1:
            gap = float(np.median(np.diff(self.slice_positions)))
        else:
            gap = abs(float(self.affine[:3, 0] @ self.normal))
        return gap, rows, columns

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel in mm3 (evenly spaced stacks)."""
        return abs(float(np.linalg.det(self.affine[:3, :3])))

    @property
    def slice_volumes(self) -> FloatArray:
        """Volume of one voxel of each slice in mm3 [K]: a slice reaches half way to its neighbours.

        The first and last slice reach as far outwards as inwards.
        """
        if self.slice_positions is None or self.shape[0] < 2:
            return np.full(self.shape[0], self.voxel_mm3)
        gaps = np.diff(np.asarray(self.slice_positions, dtype=np.float64))
        reach = np.concatenate([gaps[:1], gaps, gaps[-1:]])
        area = float(np.linalg.norm(np.cross(self.affine[:3, 1], self.affine[:3, 2])))
        return np.asarray((reach[:-1] + reach[1:]) / 2 * area)

    @property
    def tilt_degrees(self) -> float:
        """Angle between the stack axis and the slice normal; 0 for a right-angled stack."""
        if self.shape[0] < 2:
            return 0.0
        cosine = abs(float(_unit(self.affine[:3, 0]) @ self.normal))
        return float(np.degrees(np.arccos(min(1.0, cosine))))

    @property
    def is_tilted(self) -> bool:
        """True from `TILT_DEGREES` on."""
        return self.tilt_degrees >= TILT_DEGREES

    @property
    def is_even(self) -> bool:
        """True where every slice gap is the same."""
        return self.slice_positions is None

    def slice_origin(self, k: float) -> FloatArray:
        """LPS mm of voxel (k, 0, 0), true also for uneven stacks."""
        if self.slice_positions is None:
            return np.asarray(self.affine[:3, 3] + k * self.affine[:3, 0])
        positions = np.asarray(self.slice_positions)
        distance = float(np.interp(k, np.arange(len(positions)), positions))
        axis = self.affine[:3, 0]
        step = float(axis @ self.normal)
        return np.asarray(self.affine[:3, 3] + axis * ((distance - positions[0]) / step))

    def index_to_world(self, index: npt.ArrayLike) -> FloatArray:
        """Map (..., 3) indices (k, j, i) to (..., 3) LPS mm."""
        idx = np.asarray(index, dtype=np.float64)
        k = idx[..., 0]
        if self.slice_positions is not None:
            k = self._even_k(k)
        kji = np.stack([k, idx[..., 1], idx[..., 2]], axis=-1)
        return np.asarray(kji @ self.affine[:3, :3].T + self.affine[:3, 3])

    def world_to_index(self, world: npt.ArrayLike) -> FloatArray:
        """Map (..., 3) LPS mm to (..., 3) fractional indices (k, j, i)."""
        inverse = np.linalg.inv(self.affine)
        kji = np.asarray(world, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]
        if self.slice_positions is None:
            return np.asarray(kji)
        k = self._uneven_k(kji[..., 0])
        return np.stack([k, kji[..., 1], kji[..., 2]], axis=-1)

    def _even_k(self, k: FloatArray) -> FloatArray:
        """True slice index -> index on the mean step, extrapolating past the ends."""
        return _interpolate(k, np.arange(self.shape[0], dtype=np.float64), self._even_steps())

    def _uneven_k(self, k: FloatArray) -> FloatArray:
        return _interpolate(k, self._even_steps(), np.arange(self.shape[0], dtype=np.float64))

    def _even_steps(self) -> FloatArray:
        positions = np.asarray(self.slice_positions, dtype=np.float64)
        return np.asarray((positions - positions[0]) / abs(float(self.affine[:3, 0] @ self.normal)))

    def same_grid(self, other: Geometry) -> bool:
        """True when both grids have the same shape and corners within `SAME_GRID_MM`."""
        if self.shape != other.shape:
            return False
        corners = np.array(
            [[k, j, i] for k in (0, self.shape[0] - 1) for j in (0, self.shape[1] - 1) for i in (0, self.shape[2] - 1)],
            dtype=np.float64,
        )
        off = np.abs(self.index_to_world(corners) - other.index_to_world(corners))
        return bool(off.max() <= SAME_GRID_MM)

    def contains(self, world: npt.ArrayLike) -> bool:
        """True when the LPS point lies within half a voxel of the grid."""
        index = self.world_to_index(world)
        return bool(np.all(index > -0.5) and np.all(index < np.array(self.shape) - 0.5))

    def cropped(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> Geometry:
        """Geometry of array[start:stop] (half-open, (k, j, i))."""
        affine = self.affine.copy()
        affine[:3, 3] = self.index_to_world(np.array(start, dtype=np.float64))
        shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
        positions = self.slice_positions[start[0] : stop[0]] if self.slice_positions else None
        return replace(self, shape=shape, affine=affine, slice_positions=positions)


def orientation_letters(direction: npt.ArrayLike) -> str:
    """Letters of the patient side an LPS direction points to, strongest first ("L", "PH").

    PS3.3 C.7.6.1.1.1 (Patient Orientation): at most three letters; weak parts are left out.
    """
    vector = _unit(np.asarray(direction, dtype=np.float64))
    pairs = (("L", "R"), ("P", "A"), ("H", "F"))
    order = np.argsort(-np.abs(vector))
    letters = [pairs[a][0] if vector[a] > 0 else pairs[a][1] for a in order if abs(vector[a]) > LETTER_COSINE]
    return "".join(letters)


def _unit(vector: FloatArray) -> FloatArray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


def _interpolate(x: FloatArray, xp: FloatArray, fp: FloatArray) -> FloatArray:
    """`np.interp` that goes on along the first and last step outside the range."""
    if len(xp) < 2:
        return np.asarray(x - xp[0] + fp[0])
    out = np.interp(x, xp, fp)
    low = fp[0] + (x - xp[0]) * (fp[1] - fp[0]) / (xp[1] - xp[0])
    high = fp[-1] + (x - xp[-1]) * (fp[-1] - fp[-2]) / (xp[-1] - xp[-2])
    return np.where(x < xp[0], low, np.where(x > xp[-1], high, out))
