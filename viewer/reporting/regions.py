"""Where a finding lies, as a structured report says it: SCOORD on films, SCOORD3D in a patient frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from highdicom.sr import (
    GraphicTypeValues,
    GraphicTypeValues3D,
    ImageRegion,
    ImageRegion3D,
    SourceImageForRegion,
    SourceSeriesForSegmentation,
    VolumeSurface,
)
from pydicom.dataset import Dataset

from viewer.core.analysis import Box
from viewer.core.errors import OutputError
from viewer.core.finding import Location
from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.reporting.planes import SourcePlane, header_of, source_planes

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One of two: a shape on one plane, or a surface made of several planes."""

    planar: ImageRegion | ImageRegion3D | None = None
    surface: VolumeSurface | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A stack with its headers; `planes` is None where there is no patient frame."""

    stack: Stack
    headers: list[Dataset]
    planes: list[SourcePlane] | None

    @classmethod
    def of(cls, stack: Stack, headers: list[Dataset]) -> Source:
        """The stack with the planes its files state."""
        return cls(stack, headers, source_planes(headers, stack.instances))

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of reference of the files."""
        return str(self.headers[0].FrameOfReferenceUID)


def region_of(location: Location, source: Source) -> Region | None:
    """The finding's outline, box or point as an SR region; None where it has no place.

    An outline of three points or more goes before the box, the box before a single point.
    """
    outline = len(location.points_lps) >= 3
    if source.planes is None:
        points = _pixel_points(location, source) if outline or location.box_kji is None else None
        film = _film_region(points, location.box_kji, location.slice_index, source)
        return Region(film) if film is not None else None
    if location.box_kji is not None and not outline:
        return _box_in_space(location.box_kji, source.planes, source)
    if location.points_lps:
        return Region(_points_in_space(np.array(location.points_lps, dtype=np.float64), source))
    return None


def middle_of(location: Location, geometry: Geometry | None, *, placed: bool) -> tuple[float, ...] | None:
    """Where the middle of the region must be found again, worked out from the grid alone.

    Returns:
        LPS mm (x, y, z) where `placed`, else pixels (column, row); None for a finding without place.
    """
    if geometry is None:
        return None
    outline = len(location.points_lps) >= 3
    if location.points_lps and (outline or location.box_kji is None):
        index = geometry.world_to_index(np.array(location.points_lps, dtype=np.float64))
        middle = np.mean(location.points_lps, axis=0) if placed else index.mean(axis=0)[[2, 1]] + 0.5
    elif location.box_kji is not None:
        (k0, j0, i0), (k1, j1, i1) = location.box_kji
        centres = [[k, (j0 + j1 - 1) / 2, (i0 + i1 - 1) / 2] for k in range(k0, k1)]
        middle = geometry.index_to_world(centres).mean(axis=0) if placed else np.array([i0 + i1, j0 + j1]) / 2
    else:
        return None
    return tuple(float(value) for value in middle)


def _pixel_points(location: Location, source: Source) -> FloatArray | None:
    """Points as (column, row), the centre of the first pixel at 0.5, 0.5 (PS3.3 C.18.6.1.2)."""
    if not location.points_lps or source.stack.geometry is None:
        return None
    return pixels_of(np.array(location.points_lps, dtype=np.float64), source)


def pixels_of(points: FloatArray, source: Source) -> FloatArray:
    """Points [n, 3] of a picture without a patient frame as (column, row) [n, 2], first pixel's centre 0.5, 0.5.

    Raises:
        OutputError: the stack has no grid.
    """
    if source.stack.geometry is None:
        raise OutputError("A picture without a grid cannot be referred to.", "", "not_representable")
    return np.asarray(source.stack.geometry.world_to_index(points)[:, [2, 1]] + 0.5)


def _film_region(
    points: FloatArray | None, box: Box | None, slice_index: int | None, source: Source
) -> ImageRegion | None:
    k = box[0][0] if box is not None and points is None else (slice_index or 0)
    if points is None:
        if box is None:
            return None
        (_, j0, i0), (_, j1, i1) = box
        points = np.array([[i0, j0], [i1, j0], [i1, j1], [i0, j1], [i0, j0]], dtype=np.float64)
        kind = GraphicTypeValues.POLYLINE
    elif len(points) == 1:
        kind = GraphicTypeValues.POINT
    else:
        points = closed(points)
        kind = GraphicTypeValues.POLYLINE
    return ImageRegion(kind, points, source_image(k, source))


def source_image(k: int, source: Source) -> SourceImageForRegion:
    """The stored picture, or frame of one, at a place of the stack."""
    frame = source.stack.instances[k].frame
    header = header_of(source.headers, source.stack.instances, k)
    frames = [frame + 1] if frame is not None and int(header.get("NumberOfFrames", 1) or 1) > 1 else None
    return SourceImageForRegion(str(header.SOPClassUID), str(header.SOPInstanceUID), frames)


def _box_in_space(box: Box, planes: Sequence[SourcePlane], source: Source) -> Region:
    """One rectangle per native plane, along the outer edges of the voxels."""
    (k0, j0, i0), (k1, j1, i1) = box
    corners = [(j0 - 0.5, i0 - 0.5), (j0 - 0.5, i1 - 0.5), (j1 - 0.5, i1 - 0.5), (j1 - 0.5, i0 - 0.5)]
    polygons = [closed(np.array([plane.point(j, i) for j, i in corners], dtype=np.float64)) for plane in planes[k0:k1]]
    frame = source.frame_of_reference_uid
    if len(polygons) == 1:
        return Region(ImageRegion3D(GraphicTypeValues3D.POLYGON, polygons[0], frame))
    series = SourceSeriesForSegmentation(str(source.headers[0].SeriesInstanceUID))
    return Region(surface=VolumeSurface(GraphicTypeValues3D.POLYGON, polygons, frame, source_series=series))


def _points_in_space(points: FloatArray, source: Source) -> ImageRegion3D:
    frame = source.frame_of_reference_uid
    if len(points) == 1:
        return ImageRegion3D(GraphicTypeValues3D.POINT, points, frame)
    if len(points) == 2 or not coplanar(points):
        return ImageRegion3D(GraphicTypeValues3D.POLYLINE, points, frame)
    return ImageRegion3D(GraphicTypeValues3D.POLYGON, closed(points), frame)


def closed(points: FloatArray) -> FloatArray:
    """The same points, the first one repeated at the end."""
    return points if np.allclose(points[0], points[-1]) else np.vstack([points, points[:1]])


def coplanar(points: Sequence[FloatArray] | FloatArray) -> bool:
    """Within a hundredth of a millimetre of one plane, as POLYGON asks (PS3.3 C.18.9.1.2)."""
    centred = np.asarray(points) - np.mean(points, axis=0)
    return bool(np.linalg.svd(centred, compute_uv=False)[-1] < 0.01)
