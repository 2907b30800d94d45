"""Real values of a volume at single points of the patient, and of planes that lie anyhow in it."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from viewer.core.errors import GeometryError
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.oblique import ObliquePlane, Projection
from viewer.core.volume import Volume

#: Points may lie this much (voxels) beyond the edge of the outermost voxels and still count as on it.
_EDGE = 1e-6
#: A plane is drawn with at most so many pixels a side.
_MOST_PIXELS = 2048
#: Points of a plane that are sampled at once.
_AT_ONCE = 1 << 18


def oblique_plane(
    origin: npt.ArrayLike, normal: npt.ArrayLike, up: npt.ArrayLike, slab_mm: float, mode: Projection
) -> ObliquePlane:
    """A plane with its vectors made unit vectors at right angles.

    Raises:
        GeometryError: a vector has no length, `up` lies along the normal, or the slab is negative.
    """
    across, towards = np.asarray(normal, dtype=np.float64), np.asarray(up, dtype=np.float64)
    if np.linalg.norm(across) < _EDGE or np.linalg.norm(towards) < _EDGE:
        raise GeometryError("The normal or the up direction of this plane has no length.", "Give two directions.")
    across = across / np.linalg.norm(across)
    towards = towards / np.linalg.norm(towards)
    towards = towards - (towards @ across) * across
    if np.linalg.norm(towards) < 1e-3:
        raise GeometryError("The up direction of this plane lies along its normal.", "Give one within the plane.")
    if slab_mm < 0:
        raise GeometryError("A slab cannot be thinner than nothing.", "Give a thickness of 0 mm or more.")
    towards = towards / np.linalg.norm(towards)
    x, y, z = np.asarray(origin, dtype=np.float64).tolist()
    return ObliquePlane((x, y, z), _plain(across), _plain(towards), float(slab_mm), mode)


def _plain(vector: FloatArray) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return (x, y, z)


def nearest_values(volume: Volume, lps: npt.ArrayLike) -> FloatArray:
    """Values of the voxels that hold these points.

    Args:
        lps: LPS mm [n, 3].

    Returns:
        Real values float64 [n], colour [n, 3]; NaN outside the volume and on slices that could not be read.
    """
    kji = volume.geometry.world_to_index(np.asarray(lps, dtype=np.float64).reshape(-1, 3))
    return _blank(volume, kji, _at(volume, _held(volume, np.rint(kji)).astype(np.int64)))


def linear_values(volume: Volume, lps: npt.ArrayLike) -> FloatArray:
    """Values between the eight voxels round each point, in proportion to the distance.

    Within half a voxel of the border the border's own voxels hold.

    Args, returns: as `nearest_values`.
    """
    kji = volume.geometry.world_to_index(np.asarray(lps, dtype=np.float64).reshape(-1, 3))
    held = _held(volume, kji)
    low = np.minimum(np.floor(held), np.maximum(np.array(volume.shape) - 2, 0)).astype(np.int64)
    part = held - low
    total: FloatArray = np.zeros((len(kji), 3) if volume.is_colour else len(kji))
    for corner in product((0, 1), repeat=3):
        weight = np.prod(np.where(np.array(corner), part, 1 - part), axis=1)
        at = np.minimum(low + corner, np.array(volume.shape) - 1)
        values = _at(volume, at)
        share = weight[:, None] if volume.is_colour else weight
        total += np.where(share > 0, values * share, 0)
    return _blank(volume, kji, total)


def _held(volume: Volume, kji: FloatArray) -> FloatArray:
    return np.clip(kji, 0, np.array(volume.shape) - 1)


def _at(volume: Volume, kji: npt.NDArray[np.int64]) -> FloatArray:
    """Real values at voxels that exist; NaN on slices that could not be read."""
    k, j, i = kji.T
    stored = volume.stored[k, j, i]
    if volume.lut is not None:
        values = np.asarray(volume.real(stored), dtype=np.float64)
    else:
        slope, intercept = (np.broadcast_to(np.asarray(v, np.float64), volume.shape[0])[k] for v in
                            (volume.slope, volume.intercept))  # fmt: skip
        if volume.is_colour:
            slope, intercept = slope[:, None], intercept[:, None]
        values = stored.astype(np.float64) * slope + intercept
    if volume.unread:
        values[np.isin(k, volume.unread)] = np.nan
    return values


def _blank(volume: Volume, kji: FloatArray, values: FloatArray) -> FloatArray:
    """The values with NaN where the point lies outside the volume."""
    inside = ((kji >= -0.5 - _EDGE) & (kji <= np.array(volume.shape) - 0.5 + _EDGE)).all(axis=1)
    values[~inside] = np.nan
    return values


def slab_offsets(plane: ObliquePlane, geometry: Geometry) -> FloatArray:
    """Distances (mm) from the plane at which a slab is sampled: centred, steps at most the smallest spacing."""
    steps = int(np.ceil(plane.slab_mm / _finest(geometry) - _EDGE))
    return np.linspace(-plane.slab_mm / 2, plane.slab_mm / 2, steps + 1) if steps > 0 else np.zeros(1)


def plane_values(volume: Volume, plane: ObliquePlane, lps: npt.ArrayLike) -> FloatArray:
    """Values of a slab over points on its plane.

    Args:
        lps: LPS mm [n, 3]; what lies off the plane along its normal is dropped.

    Returns:
        float64 [n], colour [n, 3]; NaN where the point on the plane lies outside. What of the slab
        lies outside does not count.
    """
    points = np.asarray(lps, dtype=np.float64).reshape(-1, 3)
    normal = np.array(plane.normal)
    on = points - ((points - np.array(plane.origin)) @ normal)[:, None] * normal
    middle = linear_values(volume, on)
    offsets = slab_offsets(plane, volume.geometry)
    if len(offsets) == 1:
        return middle
    samples = np.stack([linear_values(volume, on + offset * normal) for offset in offsets])
    made = _project(samples, plane.mode)
    made[np.isnan(middle)] = np.nan
    return made


def _project(samples: FloatArray, mode: Projection) -> FloatArray:
    """Samples [steps, ...] as one value each, those that are NaN left out."""
    known = ~np.isnan(samples)
    if mode is Projection.MIP:
        return np.asarray(np.where(known, samples, -np.inf).max(axis=0))
    if mode is Projection.MINIP:
        return np.asarray(np.where(known, samples, np.inf).min(axis=0))
    return np.asarray(np.where(known, samples, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _finest(geometry: Geometry) -> float:
    """The smallest distance between neighbouring slices, rows or columns (mm)."""
    positions = geometry.slice_positions
    gap = float(np.diff(np.asarray(positions)).min()) if positions is not None and len(positions) > 1 else None
    return min(geometry.spacing if gap is None else (gap, *geometry.spacing[1:]))


def plane_volume(volume: Volume, plane: ObliquePlane) -> Volume:
    """The picture of a plane as a volume of one slice that covers what it cuts of the stack.

    Returns:
        float32 values [1, rows, columns] in the same unit, pixels as wide as the finest spacing.

    Raises:
        GeometryError: the plane does not meet the volume.
    """
    middle = np.array(plane.origin)
    shape = np.array(volume.shape)
    corners = np.array(list(product(*((-0.5, n - 0.5) for n in shape.tolist()))))
    off = volume.geometry.index_to_world(corners) - middle
    depth = off @ np.array(plane.normal)
    if depth.min() > 0 or depth.max() < 0:
        raise GeometryError("This plane does not meet the pictures.", "Move its origin into them.")
    across, down = off @ plane.right, off @ plane.down
    mm = max(_finest(volume.geometry), float(np.ptp(across)) / _MOST_PIXELS, float(np.ptp(down)) / _MOST_PIXELS)
    columns, rows = (np.arange(int(np.ceil(np.ptp(line) / mm)) + 1) * mm + line.min() for line in (across, down))
    grid = middle + rows[:, None, None] * plane.down + columns[None, :, None] * plane.right
    flat = grid.reshape(-1, 3)
    parts = [plane_values(volume, plane, flat[n : n + _AT_ONCE]) for n in range(0, len(flat), _AT_ONCE)]
    values = np.concatenate(parts)
    if np.isnan(values).all():
        raise GeometryError("This plane does not meet the pictures.", "Move its origin into them.")
    lowest = float(np.nanmin(values))
    colour = values.shape[1:]
    filled = np.nan_to_num(values, nan=lowest)
    made = np.rint(filled).astype(volume.stored.dtype) if volume.is_colour else filled.astype(np.float32)
    pixels = made.reshape(1, len(rows), len(columns), *colour)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = np.array(plane.normal) * mm, plane.down * mm, plane.right * mm
    affine[:3, 3] = grid[0, 0]
    lie = Geometry(
        (1, len(rows), len(columns)),
        affine,
        frame_of_reference_uid=volume.geometry.frame_of_reference_uid,
        spacing_kind=volume.geometry.spacing_kind,
        oriented=volume.geometry.oriented,
    )
    return Volume(
        pixels, lie, unit=volume.unit, modality=volume.modality, series_uid=volume.series_uid,
        inverted=volume.inverted, windows=volume.windows, tags=volume.tags,
    )  # fmt: skip
