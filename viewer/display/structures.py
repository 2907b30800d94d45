"""Radiotherapy contours as masks on any grid.

A contour lies where its points lie in the patient, never on "its" image. Sources: PS3.3
C.8.8.6.3 (contours of one ROI on one plane combine by exclusive or: holes, islands, keyholes).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.core.document import Contour, Roi, Structures
from viewer.core.errors import GeometryError
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.volume import Mask, Segment

#: A contour is parallel to the slices when its points leave a plane by at most this (mm).
PLANE_MM = 0.1
#: Voxels of a grid made for contours that are parallel to no picture.
MAX_VOXELS = 1 << 27
_CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"})


def _index(contour: Contour, geometry: Geometry) -> FloatArray:
    """Fractional (k, j, i) of a contour's points [n, 3]."""
    points = np.array(contour.points_lps, dtype=np.float64).reshape(-1, 3)
    return geometry.world_to_index(points) if len(points) else points


def structure_masks(structures: Structures, geometry: Geometry | None = None) -> tuple[Mask, ...]:
    """Closed contours filled: one mask for all ROIs that do not overlap, more where they do.

    Each slice takes the contours of the nearest plane within half the plane distance, so
    contours drawn on every second slice leave no gaps. Without a grid, or with one that the
    contours are not parallel to, the masks lie on a grid made for the contours.

    Raises:
        GeometryError: the contours lie in several orientations and no single grid fits.
    """
    closed = [roi for roi in structures.rois if any(_fills(contour) for contour in roi.contours)]
    if not closed:
        return ()
    if geometry is None or not _parallel(closed, geometry):
        geometry = contour_grid(closed, structures.frame_of_reference_uid)
    layers: list[tuple[npt.NDArray[np.uint16], list[Segment]]] = []
    for roi in closed:
        _put(roi, _filled(roi, geometry), layers)
    return tuple(Mask(labels, tuple(segments), geometry, "Structures") for labels, segments in layers)


def _fills(contour: Contour) -> bool:
    return contour.kind.upper() in _CLOSED and len(contour.points_lps) > 2


def _parallel(rois: list[Roi], geometry: Geometry) -> bool:
    for roi in rois:
        for contour in roi.contours:
            index = _index(contour, geometry) if _fills(contour) else np.empty((0, 3))
            if len(index) and np.ptp(index[:, 0]) * geometry.spacing[0] > PLANE_MM:
                return False
    return True


def _put(roi: Roi, inside: npt.NDArray[np.bool_], layers: list[tuple[npt.NDArray[np.uint16], list[Segment]]]) -> None:
    segment = Segment(roi.number, roi.name or f"ROI {roi.number}", None, roi.colour)
    for labels, segments in layers:
        if not labels[inside].any():
            labels[inside] = roi.number
            segments.append(segment)
            return
    labels = np.zeros(inside.shape, np.uint16)
    labels[inside] = roi.number
    layers.append((labels, [segment]))


def _filled(roi: Roi, geometry: Geometry) -> npt.NDArray[np.bool_]:
    """Voxels inside one ROI [K, J, I]."""
    inside = np.zeros(geometry.shape, np.bool_)
    planes = _planes(roi, geometry)
    if not planes:
        return inside
    places = np.array(sorted(planes))
    reach = max(0.5, float(np.median(np.diff(places))) / 2 if len(places) > 1 else 0.5) + 1e-6
    for k in range(geometry.shape[0]):
        nearest = float(places[np.argmin(np.abs(places - k))])
        if abs(nearest - k) <= reach:
            for polygon in planes[nearest]:
                inside[k] ^= fill_polygon(polygon, geometry.shape[1:])
    return inside


def _planes(roi: Roi, geometry: Geometry) -> dict[float, list[FloatArray]]:
    """Polygons (row, column) by the fractional slice they lie on; planes within 0.1 mm are one."""
    planes: dict[float, list[FloatArray]] = {}
    for contour in roi.contours:
        if not _fills(contour):
            continue
        index = _index(contour, geometry)
        place = float(index[:, 0].mean())
        same = next((known for known in planes if abs(known - place) * geometry.spacing[0] <= PLANE_MM), place)
        planes.setdefault(same, []).append(index[:, 1:])
    return planes


def fill_polygon(points: npt.NDArray[np.float64], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Pixels whose centres lie inside a polygon, by the even-odd rule.

    Args:
        points: float64 [n, 2] (row, column), fractional; the polygon closes by itself.
        size: (rows, columns).
    """
    rows, columns = size
    y0, x0 = points[:, 0], points[:, 1]
    y1, x1 = np.roll(y0, -1), np.roll(x0, -1)
    low = np.clip(np.ceil(np.minimum(y0, y1)), 0, rows).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(y0, y1)), 0, rows).astype(np.int64)
    counts = high - low
    edge = np.repeat(np.arange(len(points)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + low[edge]
    # The share of the edge lies in 0..1 however flat it is; its slope may be too large for a number.
    share = (row - y0[edge]) / np.where(y1 == y0, 1, y1 - y0)[edge]
    crossing = x0[edge] + share * (x1 - x0)[edge]
    start = np.clip(np.ceil(crossing), 0, columns).astype(np.int64)
    toggles = np.zeros((rows, columns + 1), np.uint8)
    np.bitwise_xor.at(toggles, (row, start), 1)
    return np.bitwise_xor.accumulate(toggles, axis=1)[:, :columns].astype(bool)


def contour_grid(rois: list[Roi], frame_of_reference_uid: str | None) -> Geometry:
    """A grid along the contours' own planes, 1 mm in plane or coarser where they are large.

    Raises:
        GeometryError: the contours lie in several orientations.
    """
    contours = [np.array(c.points_lps) for roi in rois for c in roi.contours if _fills(c)]
    normal = _common_normal(contours)
    row = np.cross([0.0, 1.0, 0.0] if abs(normal[1]) < 0.9 else [0.0, 0.0, 1.0], normal)
    row /= np.linalg.norm(row)
    axes = np.stack([normal, np.cross(normal, row), row])
    points = np.concatenate(contours) @ axes.T
    places = np.unique(np.round([float((c @ normal).mean()) for c in contours], 2))
    step = float(np.diff(places).min()) if len(places) > 1 else 1.0
    low, high = points.min(axis=0), points.max(axis=0)
    slices = int(np.rint((places[-1] - places[0]) / step)) + 1
    area = float(np.prod(high[1:] - low[1:] + 2))
    pixel = max(1.0, (slices * area / MAX_VOXELS) ** 0.5)
    size = np.ceil((high[1:] - low[1:]) / pixel).astype(int) + 3
    affine = np.eye(4)
    affine[:3, :3] = (axes * np.array([step, pixel, pixel])[:, None]).T
    affine[:3, 3] = np.array([places[0], low[1] - pixel, low[2] - pixel]) @ axes
    return Geometry((slices, int(size[0]), int(size[1])), affine, frame_of_reference_uid=frame_of_reference_uid)


def _common_normal(contours: list[FloatArray]) -> FloatArray:
    first = _normal(contours[0])
    for points in contours:
        if np.ptp(points @ first) > PLANE_MM:
            raise GeometryError("The contours lie in several orientations.", "They cannot be shown as one mask.")
    return first


def _normal(points: FloatArray) -> FloatArray:
    """Unit normal of a planar contour, pointing up its largest axis."""
    _, _, axes = np.linalg.svd(points - points.mean(axis=0))
    normal = np.asarray(axes[2])
    return normal if normal[np.argmax(np.abs(normal))] > 0 else -normal
