"""What is measured of a segment: volume, diameters, share of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Code, Measurement
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Mask

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]

VOLUME = Code("118565006", "SCT", "Volume")
LONG_AXIS = Code("103339001", "SCT", "Long axis")
SHORT_AXIS = Code("103340004", "SCT", "Short axis")
MEAN_AXIS = Code("MEANAXIS", "99SECONDREAD", "Mean of long and short axis")
AREA_SHARE = Code("AREASHARE", "99SECONDREAD", "Share of the picture's area")

#: Probabilities between which the true edge of a segment lies (boundary band).
_BAND = (0.3, 0.7)


def of_segment(names: Sequence[str], mask: Mask, number: int, probability: Array | None) -> tuple[Measurement, ...]:
    """The measurements a pack asks for, as far as the grid has millimetres.

    Args:
        names: "volume_mm3", "diameters_mm", "area_share".
        mask: labels on the input's grid.
        number: the segment.
        probability: float32 [K, J, I] of the segment, for the +/- of the volume.
    """
    out: list[Measurement] = []
    for name in names:
        if name == "volume_mm3":
            out += volume(mask, number, probability)
        elif name == "diameters_mm":
            out += diameters(mask, number)
        elif name == "area_share":
            out += area_share(mask, number)
    return tuple(out)


def volume(mask: Mask, number: int, probability: Array | None = None) -> tuple[Measurement, ...]:
    """Volume in mm3; +/- is half the spread between counting p > 0.7 and p > 0.3."""
    grid = mask.geometry
    if grid.spacing_kind is not SpacingKind.PATIENT or not grid.is_even:
        return ()
    half_range = None
    if probability is not None:
        spread = np.count_nonzero(probability > _BAND[0]) - np.count_nonzero(probability > _BAND[1])
        half_range = float(spread) / 2 * grid.voxel_mm3
    return (Measurement("Volume", mask.volume_mm3(number), "mm3", VOLUME, half_range),)


def diameters(mask: Mask, number: int) -> tuple[Measurement, ...]:
    """Long axis, short axis and their mean in mm, edge to edge, on the slice with most of it.

    The long axis is the greatest distance within the outline; the short one the greatest
    extent at right angles to it.
    """
    if mask.geometry.spacing_kind is not SpacingKind.PATIENT:
        return ()
    inside = mask.labels == number
    k = int(np.argmax(inside.sum(axis=(1, 2))))
    if not inside[k].any():
        return ()
    long, short = _axes(_outer_corners(inside[k], k, mask.geometry))
    return (
        Measurement("Long axis", round(long, 1), "mm", LONG_AXIS),
        Measurement("Short axis", round(short, 1), "mm", SHORT_AXIS),
        Measurement("Mean of long and short axis", round((long + short) / 2, 1), "mm", MEAN_AXIS),
    )


def area_share(mask: Mask, number: int) -> tuple[Measurement, ...]:
    """Share of the picture's pixels in percent (films: no true areas are known)."""
    share = 100.0 * np.count_nonzero(mask.labels == number) / mask.labels.size
    return (Measurement("Share of the picture's area", round(share, 1), "%", AREA_SHARE),)


def _outer_corners(plane: npt.NDArray[np.bool_], k: int, grid: Geometry) -> FloatArray:
    """LPS mm [n, 3] of the corners of every pixel of [J, I]."""
    index = np.argwhere(plane).astype(np.float64)
    shifts = np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)])
    corners = np.unique((index[:, None, :] + shifts).reshape(-1, 2), axis=0)
    return grid.index_to_world(np.column_stack([np.full(len(corners), float(k)), corners]))


def _axes(points: FloatArray) -> tuple[float, float]:
    """Greatest distance between two points of one plane, and greatest extent across it."""
    flat = _in_plane(points)
    hull = flat[_hull(flat)]
    apart = hull[:, None, :] - hull[None, :, :]
    lengths = np.linalg.norm(apart, axis=2)
    a, b = np.unravel_index(int(np.argmax(lengths)), lengths.shape)
    along = apart[a, b] / lengths[a, b]
    across = hull @ np.array([-along[1], along[0]])
    return float(lengths[a, b]), float(np.ptp(across))


def _in_plane(points: FloatArray) -> FloatArray:
    """Coplanar LPS points as [n, 2] mm in their own plane."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(centred @ axes[:2].T)


def _hull(flat: FloatArray) -> Array:
    from scipy.spatial import ConvexHull

    return np.asarray(ConvexHull(flat).vertices)


def wanted(viewer: Mapping[str, Any]) -> tuple[str, ...]:
    """The measurements in a pack's `viewer.finding.measure`; the volume without such a list."""
    rule = viewer.get("finding", {})
    return tuple(str(name) for name in rule.get("measure", ("volume_mm3",)))
