"""Soft-edged shapes on a grid of patient millimetres, from which the sample studies are built.

World is LPS: x to the left, y to the back, z to the head. Every function returns occupancy
0..1, float32, shaped (z, y, x) by broadcasting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Sample positions in mm: x [1, 1, I], y [1, J, 1], z [K, 1, 1], ready to broadcast."""

    x: Field
    y: Field
    z: Field

    @classmethod
    def of(cls, x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike) -> Grid:
        """A grid from three ascending lists of positions."""
        as32 = [np.asarray(axis, dtype=np.float32) for axis in (x, y, z)]
        return cls(as32[0][None, None, :], as32[1][None, :, None], as32[2][:, None, None])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I)."""
        return self.z.shape[0], self.y.shape[1], self.x.shape[2]

    def rows(self, start: int, stop: int) -> Grid:
        """The same grid, slices start..stop of z only."""
        return Grid(self.x, self.y, self.z[start:stop])

    def window(self, low: Point, high: Point) -> tuple[slice, slice, slice]:
        """Index slices (k, j, i) of the part between two corners in mm; may be empty."""
        axes = (self.z.ravel(), self.y.ravel(), self.x.ravel())
        bounds = zip(axes, low[::-1], high[::-1], strict=True)
        k, j, i = (slice(int(np.searchsorted(a, lo)), int(np.searchsorted(a, hi))) for a, lo, hi in bounds)
        return k, j, i


@dataclass(frozen=True, slots=True)
class Capsule:
    """A round rod from `start` to `end` (mm) whose radius runs from `r0` to `r1`."""

    start: Point
    end: Point
    r0: float
    r1: float


def soft(distance: npt.ArrayLike, edge: float) -> Field:
    """Occupancy from a signed distance in mm (negative inside), blurred over `edge` mm."""
    return np.asarray(np.clip(0.5 - np.asarray(distance, np.float32) / np.float32(edge), 0, 1), np.float32)


def ellipsoid(grid: Grid, centre: Point, radii: Point, edge: float = 1.5, turn: float = 0.0) -> Field:
    """An ellipsoid, turned by `turn` radians in the x-z plane (about the y axis)."""
    dx, dy, dz = grid.x - centre[0], grid.y - centre[1], grid.z - centre[2]
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, w = c * dx + s * dz, -s * dx + c * dz
    q = np.sqrt((u / radii[0]) ** 2 + (dy / radii[1]) ** 2 + (w / radii[2]) ** 2)
    return soft((q - 1) * min(radii), edge)


def paint_rods(volume: Field, grid: Grid, rods: Iterable[Capsule], *, value: float, edge: float, only_up: bool) -> None:
    """Blend `value` into `volume` along every rod; `only_up` leaves brighter voxels alone."""
    for rod in rods:
        reach = max(rod.r0, rod.r1) + edge
        ends = np.array([rod.start, rod.end])
        low, high = ends.min(0) - reach, ends.max(0) + reach
        part = grid.window(tuple(low), tuple(high))
        if all(s.stop > s.start for s in part):
            box = volume[part]
            gain = _rod(grid, part, rod, edge) * (np.float32(value) - box)
            box += np.maximum(gain, 0) if only_up else gain


def _rod(grid: Grid, part: tuple[slice, slice, slice], rod: Capsule, edge: float) -> Field:
    k, j, i = part
    a, b = np.array(rod.start, np.float32), np.array(rod.end, np.float32)
    axis = b - a
    length2 = float(axis @ axis) or 1.0
    px, py, pz = grid.x[:, :, i] - a[0], grid.y[:, j] - a[1], grid.z[k] - a[2]
    t = np.clip((px * axis[0] + py * axis[1] + pz * axis[2]) / np.float32(length2), 0, 1)
    off = np.sqrt((px - t * axis[0]) ** 2 + (py - t * axis[1]) ** 2 + (pz - t * axis[2]) ** 2)
    return soft(off - (rod.r0 + t * (rod.r1 - rod.r0)), edge)


def chain(points: npt.NDArray[np.float64], radii: npt.ArrayLike) -> list[Capsule]:
    """Rods along a line of points [N, 3]."""
    r = np.broadcast_to(np.asarray(radii, float), len(points))
    pairs = zip(points[:-1], points[1:], r[:-1], r[1:], strict=True)
    return [Capsule(tuple(p), tuple(q), float(u), float(v)) for p, q, u, v in pairs]


def smooth_noise(shape: tuple[int, int, int], scale: Point, rng: np.random.Generator) -> Field:
    """Gaussian noise of mean 0 and deviation 1, smooth over `scale` voxels (k, j, i)."""
    spectrum = np.fft.rfftn(rng.standard_normal(shape))
    frequencies = [np.fft.fftfreq(shape[0]), np.fft.fftfreq(shape[1]), np.fft.rfftfreq(shape[2])]
    for axis, (frequency, width) in enumerate(zip(frequencies, scale, strict=True)):
        fade = np.exp(-2 * (np.pi * frequency * width) ** 2)
        spectrum *= fade.reshape([-1 if n == axis else 1 for n in range(3)])
    field = np.fft.irfftn(spectrum, shape, axes=(0, 1, 2)).astype(np.float32)
    field -= field.mean()
    return np.asarray(field / field.std(), np.float32)
