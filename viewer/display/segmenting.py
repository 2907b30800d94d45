"""What a reader does to a segment: masks in, masks out, every distance in mm of the patient.

A mask is bool [K, J, I] on the voxels of a stack (slice, row, column); the functions never change theirs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from viewer.core.geometry import FloatArray, Geometry
from viewer.core.volume import Array

MaskArray = npt.NDArray[np.bool_]
#: Distances of voxel centres that are equal in exact numbers may differ by this (mm).
_EXACT = 1e-6


def ball(shape: tuple[int, int, int], geometry: Geometry, centres: npt.ArrayLike, radius_mm: float) -> MaskArray:
    """Voxels whose centres lie within `radius_mm` of one of the centres (LPS mm [n, 3])."""
    out = np.zeros(shape, dtype=bool)
    for centre in np.asarray(centres, dtype=np.float64).reshape(-1, 3):
        box = _box_round(geometry, centre, radius_mm, shape)
        if box is None:
            continue
        lines = [np.arange(part.start, part.stop) for part in box]
        index = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
        away = np.linalg.norm(geometry.index_to_world(index) - centre, axis=-1)
        out[box] |= away <= radius_mm + _EXACT
    return out


def _box_round(
    geometry: Geometry, centre: FloatArray, radius_mm: float, shape: tuple[int, int, int]
) -> tuple[slice, slice, slice] | None:
    """Slices of the array that hold a ball; None where it lies outside."""
    ends = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64) * radius_mm
    index = geometry.world_to_index(centre + ends)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, None)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, np.array(shape))
    if (low >= high).any():
        return None
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def in_range(values: Callable[[int], Array], shape: tuple[int, int, int], low: float, high: float) -> MaskArray:
    """Voxels with low <= value <= high; `values(k)` gives a slice [J, I]."""
    out = np.zeros(shape, dtype=bool)
    for k in range(shape[0]):
        here = values(k)
        out[k] = (here >= low) & (here <= high)
    return out


def grown(allowed: MaskArray, seeds: MaskArray) -> MaskArray:
    """Voxels of `allowed` that hang together, face to face, with a seed that is allowed itself."""
    labels, _ = ndimage.label(allowed)
    kept = np.unique(labels[seeds & allowed])
    return np.asarray(np.isin(labels, kept[kept > 0]))


def margin(mask: MaskArray, geometry: Geometry, mm: float) -> MaskArray:
    """Grown (mm > 0) or shrunk (mm < 0) by a distance between voxel centres; the border of the pictures is no edge."""
    if mm == 0 or not mask.any():
        return mask.copy()
    if mm > 0:
        return np.asarray(_distance_to(mask, geometry) <= mm + _EXACT)
    if mask.all():
        return mask.copy()
    return np.asarray(mask & (_distance_to(~mask, geometry) > -mm + _EXACT))


def _distance_to(mask: MaskArray, geometry: Geometry) -> FloatArray:
    """mm from each voxel centre to the nearest voxel centre of the mask; uneven and tilted stacks by their own places.

    Within a slice exact; across slices the nearest place is looked for slice by slice.
    """
    if geometry.is_even and not geometry.is_tilted:
        return np.asarray(ndimage.distance_transform_edt(~mask, sampling=geometry.spacing))
    _, down, across = geometry.spacing
    out = np.full(mask.shape, np.inf)
    origins = np.array([geometry.slice_origin(k) for k in range(mask.shape[0])])
    for k in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        flat = ndimage.distance_transform_edt(~mask[k], sampling=(down, across))
        for n in range(mask.shape[0]):
            off = origins[n] - origins[k]
            shift = (off @ geometry.column_direction / down, off @ geometry.row_direction / across)
            here = flat if n == k else ndimage.shift(flat, (-shift[0], -shift[1]), order=1, mode="nearest")
            out[n] = np.minimum(out[n], np.hypot(here, abs(float(off @ geometry.normal))))
    return out


def smoothed(mask: MaskArray, geometry: Geometry, mm: float) -> MaskArray:
    """The half height of the mask blurred by a Gaussian of standard deviation `mm`."""
    sigma = [mm / side for side in geometry.spacing]
    box = _padded_box(mask, [int(np.ceil(4 * s)) + 1 for s in sigma])
    if box is None:
        return mask.copy()
    out = np.zeros_like(mask)
    out[box] = ndimage.gaussian_filter(mask[box].astype(np.float32), sigma, mode="nearest") >= 0.5
    return out


def _padded_box(mask: MaskArray, pad: list[int]) -> tuple[slice, ...] | None:
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found or found[0] is None:
        return None
    return tuple(
        slice(max(part.start - more, 0), min(part.stop + more, size))
        for part, more, size in zip(found[0], pad, mask.shape, strict=True)
    )


def islands(mask: MaskArray, keep: int) -> MaskArray:
    """The `keep` largest parts that hang together face to face; of equal ones the first."""
    labels, count = ndimage.label(mask)
    if count <= keep:
        return mask.copy()
    sizes = np.bincount(labels.ravel())[1:]
    largest = np.argsort(-sizes, kind="stable")[:keep] + 1
    return np.asarray(np.isin(labels, largest))


def filled_between(mask: MaskArray, geometry: Geometry) -> MaskArray:
    """Slices without a voxel between two that have some get a shape between the two, by their distance in mm.

    Shape-based interpolation of signed distances (Raya and Udupa, IEEE TMI 1990).
    """
    out = mask.copy()
    drawn = np.flatnonzero(mask.any(axis=(1, 2))).tolist()
    _, down, across = geometry.spacing
    place = [float(geometry.slice_origin(k) @ geometry.normal) for k in range(mask.shape[0])]
    for first, last in zip(drawn[:-1], drawn[1:], strict=True):
        if last - first < 2:
            continue
        below, above = (_signed(mask[k], (down, across)) for k in (first, last))
        for k in range(first + 1, last):
            share = (place[k] - place[first]) / (place[last] - place[first])
            out[k] = (1 - share) * below + share * above >= 0
    return out


def _signed(mask: npt.NDArray[np.bool_], sampling: tuple[float, float]) -> FloatArray:
    """mm to the edge of a slice's shape, positive inside."""
    inside = ndimage.distance_transform_edt(mask, sampling=sampling)
    outside = ndimage.distance_transform_edt(~mask, sampling=sampling)
    return np.asarray(inside - outside)


def volume_mm3(mask: MaskArray, geometry: Geometry) -> float:
    """Volume in mm3; uneven slices count with their own thickness."""
    return float(np.count_nonzero(mask, axis=(1, 2)) @ geometry.slice_volumes)
