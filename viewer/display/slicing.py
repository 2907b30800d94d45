"""Planes through a volume, and where their pixels lie in the patient.

A `SliceView` has pixels [rows, columns]; its 2-D coordinates are (row, column) with pixel
centres on whole numbers. Reading-room convention: axial as seen from the feet (patient's right
on the left of the screen, front up), coronal from the front, sagittal from the left (front on
the left of the screen), head up. The nearest array axis is taken: nothing is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from viewer.core.errors import GeometryError
from viewer.core.geometry import FloatArray, Geometry, SpacingKind, orientation_letters
from viewer.core.volume import Array, Volume

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


class Plane(Enum):
    """How a volume is cut."""

    NATIVE = "native"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


#: Slices that lean more than this against the patient's axes are shown as they are stored.
UPRIGHT_DEGREES = 30.0
#: Plane -> (patient axis to the right of the screen, its sign, patient axis down the screen, its
#: sign); axes 0, 1, 2 = L, P, H.
_SCREEN: dict[Plane, tuple[int, int, int, int]] = {
    Plane.AXIAL: (0, 1, 1, 1),
    Plane.CORONAL: (0, 1, 2, -1),
    Plane.SAGITTAL: (1, 1, 2, -1),
}


@dataclass(frozen=True, slots=True)
class Cut:
    """How one plane lies in the array: which axes run along it, which way, and across.

    Attributes:
        across: array axis (0, 1, 2 = k, j, i) that counts the slices.
        down, right: array axes along the rows and columns of the screen.
        flip_down, flip_right: True where the array runs against the screen.
    """

    across: int
    down: int
    right: int
    flip_down: bool
    flip_right: bool

    def to_index(self, shape: tuple[int, int, int], index: int) -> FloatArray:
        """3x3 matrix (row, column, 1) -> (k, j, i)."""
        matrix = np.zeros((3, 3))
        for axis, column, flip in ((self.down, 0, self.flip_down), (self.right, 1, self.flip_right)):
            matrix[axis, column] = -1.0 if flip else 1.0
            matrix[axis, 2] = shape[axis] - 1 if flip else 0.0
        matrix[self.across, 2] = index
        return matrix


@dataclass(frozen=True, slots=True)
class Letters:
    """Patient sides at the four edges; all empty where orientation is unknown."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SliceView:
    """One slice of one plane.

    Attributes:
        pixels: [rows, columns] (colour [rows, columns, 3]) stored values, or real values where
            `is_real`; a view into the volume where possible, never written to.
        to_index: 3x3, (row, column, 1) -> (k, j, i) of `geometry`.
        mm: millimetres per pixel (between rows, between columns).
        across: array axis (0, 1, 2 = k, j, i) that counts the slices of this plane.
        native: True where the slice is one acquired slice (measuring within it is safe).
        is_real: True where slices rescale differently and the cut runs across them.
    """

    plane: Plane
    index: int
    count: int
    pixels: Array
    geometry: Geometry
    to_index: FloatArray
    mm: tuple[float, float]
    letters: Letters
    across: int
    native: bool
    is_real: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def rescale_slice(self) -> int:
        """Slice k whose rescale holds for the pixels (0 where all are alike)."""
        return self.index if self.native else 0

    def pixel_to_index(self, pixel: npt.ArrayLike) -> FloatArray:
        """Map (..., 2) pixels (row, column) to (..., 3) voxel indices (k, j, i)."""
        rc = np.asarray(pixel, dtype=np.float64)
        return np.asarray(rc @ self.to_index[:, :2].T + self.to_index[:, 2])

    def pixel_to_world(self, pixel: npt.ArrayLike) -> FloatArray:
        """Map (..., 2) pixels (row, column) to (..., 3) LPS mm."""
        return self.geometry.index_to_world(self.pixel_to_index(pixel))

    def index_to_pixel(self, index: npt.ArrayLike) -> FloatArray:
        """Map (..., 3) voxel indices to (..., 2) pixels, dropping what lies across the plane."""
        kji = np.asarray(index, dtype=np.float64)
        return np.asarray((kji - self.to_index[:, 2]) @ self.to_index[:, :2])

    def world_to_pixel(self, world: npt.ArrayLike) -> FloatArray:
        """Map (..., 3) LPS mm to (..., 2) pixels, dropping what lies across the plane."""
        return self.index_to_pixel(self.geometry.world_to_index(world))

    def slice_of(self, world: npt.ArrayLike) -> FloatArray:
        """Fractional slice number of this plane at (..., 3) LPS mm."""
        return np.asarray(self.geometry.world_to_index(world)[..., self.across])

    def inside(self, pixel: npt.ArrayLike) -> bool:
        """True where the point (row, column) lies on a pixel."""
        row, column = np.asarray(pixel, dtype=np.float64)
        rows, columns = self.shape
        return bool(-0.5 <= row < rows - 0.5 and -0.5 <= column < columns - 0.5)


@lru_cache(maxsize=256)
def cut(geometry: Geometry, plane: Plane) -> Cut:
    """How a plane lies in the array of a geometry, by the nearest axes."""
    if plane is Plane.NATIVE:
        return Cut(0, 1, 2, False, False)
    directions = _directions(geometry)
    axis_of = _nearest_axes(directions)
    right, right_sign, down, down_sign = _SCREEN[plane]
    r, d = axis_of.index(right), axis_of.index(down)
    across = 3 - r - d
    return Cut(across, d, r, directions[d, down] * down_sign < 0, directions[r, right] * right_sign < 0)


def _directions(geometry: Geometry) -> FloatArray:
    """Unit LPS directions of the array axes k, j, i as rows; k is the normal, not the lean of a tilt."""
    normal = geometry.normal
    if float(geometry.affine[:3, 0] @ normal) < 0:
        normal = -normal
    return np.stack([normal, geometry.column_direction, geometry.row_direction])


def _nearest_axes(directions: FloatArray) -> tuple[int, ...]:
    """Patient axis (0, 1, 2 = L, P, H) of each array axis; every axis is used once."""
    strength = np.abs(directions)
    return max(permutations(range(3)), key=lambda axes: sum(strength[n, a] for n, a in enumerate(axes)))


def native_plane(geometry: Geometry) -> Plane:
    """The plane the slices were acquired in, by their normal; NATIVE where unknown."""
    if not geometry.oriented:
        return Plane.NATIVE
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        if cut(geometry, plane).across == 0:
            return plane
    return Plane.NATIVE


def upright_plane(geometry: Geometry) -> Plane:
    """The plane that shows the acquired slices the way up that readers expect.

    A plane by name where slices lie along the patient's axes (within `UPRIGHT_DEGREES`), which
    turns files stored in another order upright; as stored for oblique ones and for films.
    """
    placed = geometry.frame_of_reference_uid is not None or geometry.shape[0] > 1
    if not (geometry.oriented and placed and geometry.spacing_kind is SpacingKind.PATIENT):
        return Plane.NATIVE
    best = np.abs(_directions(geometry)).max(axis=1)
    return native_plane(geometry) if bool((best > np.cos(np.radians(UPRIGHT_DEGREES))).all()) else Plane.NATIVE


def slice_count(geometry: Geometry, plane: Plane) -> int:
    """Number of slices in a plane."""
    return geometry.shape[cut(geometry, plane).across]


@lru_cache(maxsize=256)
def needs_resampling(geometry: Geometry, plane: Plane) -> bool:
    """True where the plane crosses slices that are tilted or unevenly spaced."""
    return cut(geometry, plane).across != 0 and (geometry.is_tilted or not geometry.is_even)


def extract(volume: Volume, plane: Plane, index: int) -> SliceView:
    """Cut one slice.

    Args:
        index: 0-based along the array axis across the plane (not mirrored with the screen).

    Raises:
        GeometryError: the plane crosses tilted or uneven slices (`reading.resample_regular`
            first), or has no such slice.
    """
    geometry = volume.geometry
    lie = cut(geometry, plane)
    count = geometry.shape[lie.across]
    if not 0 <= index < count:
        raise GeometryError(
            f"There is no slice {index} in the {plane.value} plane.", f"Choose one of 0 to {count - 1}.", "usage"
        )
    if needs_resampling(geometry, plane):
        raise GeometryError(
            f"The {plane.value} plane crosses slices that are tilted or unevenly spaced.",
            "Show the acquired slices, or resample the stack to a regular grid.",
        )
    pixels, is_real = _pixels(volume, lie, index)
    return SliceView(
        plane,
        index,
        count,
        pixels,
        geometry,
        lie.to_index(geometry.shape, index),
        _mm(geometry, lie),
        _letters(geometry, lie) if geometry.oriented else _stated_letters(volume, plane),
        lie.across,
        native=lie.across == 0,
        is_real=is_real,
    )


def _pixels(volume: Volume, lie: Cut, index: int) -> tuple[Array, bool]:
    """Pixels of the cut, and whether they had to be turned into real values."""
    is_real = lie.across != 0 and _rescales_differ(volume)
    if is_real:
        return _on_screen(_across_rescaled(volume, lie, index), lie), True
    return cut_array(volume.stored, lie, index), False


def cut_array(array: Array, lie: Cut, index: int) -> Array:
    """One slice of any array on the grid, the way up it is shown; a view, not a copy."""
    return _on_screen(_take(array, lie.across, index), lie)


def _on_screen(flat: Array, lie: Cut) -> Array:
    turned = np.swapaxes(flat, 0, 1) if lie.down > lie.right else flat
    return turned[:: -1 if lie.flip_down else 1, :: -1 if lie.flip_right else 1]


def _take(stored: Array, axis: int, index: int) -> Array:
    """One slice across an axis, without a copy."""
    return stored[(slice(None),) * axis + (index,)]


def _rescales_differ(volume: Volume) -> bool:
    slope, intercept = np.asarray(volume.slope), np.asarray(volume.intercept)
    return bool(np.ptp(slope) > 0 or np.ptp(intercept) > 0)


def _across_rescaled(volume: Volume, lie: Cut, index: int) -> Array:
    """Real values [k, other axis] of a cut that runs across the slices."""
    stored = _take(volume.stored, lie.across, index).astype(np.float32)
    slope = np.broadcast_to(np.asarray(volume.slope, np.float32), volume.shape[0])
    intercept = np.broadcast_to(np.asarray(volume.intercept, np.float32), volume.shape[0])
    return np.asarray(stored * slope[:, None] + intercept[:, None])


@lru_cache(maxsize=256)
def _mm(geometry: Geometry, lie: Cut) -> tuple[float, float]:
    if geometry.spacing_kind is SpacingKind.UNKNOWN:
        # Proportions may still be known (Pixel Aspect Ratio); they only shape the picture.
        rows, columns = geometry.spacing[1:]
        return (rows, columns) if lie.across == 0 else (1.0, 1.0)
    spacing = geometry.spacing
    return spacing[lie.down], spacing[lie.right]


@lru_cache(maxsize=256)
def _letters(geometry: Geometry, lie: Cut) -> Letters:
    directions = _directions(geometry)
    right = directions[lie.right] * (-1 if lie.flip_right else 1)
    down = directions[lie.down] * (-1 if lie.flip_down else 1)
    return Letters(
        orientation_letters(-right), orientation_letters(right), orientation_letters(-down), orientation_letters(down)
    )


def _stated_letters(volume: Volume, plane: Plane) -> Letters:
    """Letters of pictures without a patient frame, as Patient Orientation (0020,0020) states them.

    PS3.3 C.7.6.1.1.1: side that the rows run towards, then side that the columns run towards.
    """
    parts = volume.tags.get("PatientOrientation", "").upper().split("\\")
    if plane is not Plane.NATIVE or len(parts) != 2 or not all(p and set(p) <= set(_OPPOSITE) for p in parts):
        return Letters()
    right, bottom = parts
    left, top = ("".join(_OPPOSITE[letter] for letter in part) for part in parts)
    return Letters(left, right, top, bottom)


def counts_down(geometry: Geometry, plane: Plane) -> bool:
    """True where slices of the array come in the order against the plane's patient axis (+z, +y, +x)."""
    if plane is Plane.NATIVE:
        return False
    right, _, down, _ = _SCREEN[plane]
    directions = _directions(geometry)
    return bool(directions[cut(geometry, plane).across, 3 - right - down] < 0)
