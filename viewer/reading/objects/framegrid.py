"""Where the frames of a multi-frame object lie, and the grids they make.

Frames are placed by Plane Position and Plane Orientation in patient space (PS3.3 C.7.6.16.2.3,
C.7.6.16.2.4), never by their order in the file. Slices that an object leaves out because they
are empty become empty slices of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from viewer.core.errors import GeometryError
from viewer.core.geometry import GAP_TOLERANCE, FloatArray, Geometry, SpacingKind
from viewer.reading.objects.dataset import first, items, number, numbers, text, whole

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Frames closer than this along the normal lie in one plane (mm).
SAME_PLANE_MM = 0.02
#: Plane origins may leave the straight line by this share of a pixel.
SHIFT_SHARE = 0.1
#: Gaps are whole steps when they are within this share of a step.
STEP_SHARE = 0.02
#: A grid with its empty slices filled in holds at most this many voxels.
MAX_VOXELS = 1 << 28
#: Gaps above this many slice thicknesses hold nothing of the object.
OPEN_GAP = 1.5
#: Thickness where an object names none (mm).
UNKNOWN_THICKNESS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Where one frame lies.

    Attributes:
        index: 0-based frame.
        position: LPS mm of its first pixel, or None where the object names no position.
        orientation: row cosines, then column cosines, or None.
        spacing: (between rows, between columns) in mm, or None.
        thickness: mm along the normal, 0 where unknown.
        source: SOP Instance UID of the picture the frame was made of; may be empty.
    """

    index: int
    position: FloatArray | None
    orientation: FloatArray | None
    spacing: tuple[float, float] | None
    thickness: float
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid and the slice k of each frame on it."""

    geometry: Geometry
    slices: dict[int, int]


def planes_of(dataset: Dataset, frames: int) -> list[Plane]:
    """The plane of every frame, from its own and the shared functional groups."""
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    return [_plane(n, own[n] if n < len(own) else None, shared) for n in range(frames)]


def _plane(index: int, own: Dataset | None, shared: Dataset | None) -> Plane:
    position = _triple(group(own, shared, "PlanePositionSequence"), "ImagePositionPatient", 3)
    orientation = _triple(group(own, shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    measures = group(own, shared, "PixelMeasuresSequence")
    spacing = _triple(measures, "PixelSpacing", 2)
    thickness = 0.0
    if measures is not None:
        thickness = number(measures, "SpacingBetweenSlices") or number(measures, "SliceThickness") or 0.0
    pair = (float(spacing[0]), float(spacing[1])) if spacing is not None and spacing.min() > 0 else None
    return Plane(index, position, _unit_axes(orientation), pair, abs(thickness), _source(own, shared))


def group(own: Dataset | None, shared: Dataset | None, keyword: str) -> Dataset | None:
    """A functional group's item of one frame: its own, else the shared one."""
    for holder in (own, shared):
        item = first(holder, keyword) if holder is not None else None
        if item is not None:
            return item
    return None


def _triple(item: Dataset | None, keyword: str, count: int) -> FloatArray | None:
    if item is None:
        return None
    values = numbers(item, keyword)
    return values if len(values) == count and np.isfinite(values).all() else None


def _unit_axes(orientation: FloatArray | None) -> FloatArray | None:
    """Cosines as unit vectors at right angles; None where they are not near that."""
    if orientation is None:
        return None
    row, column = orientation[:3], orientation[3:]
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if lengths.min() < 0.9 or lengths.max() > 1.1 or abs(float(row @ column)) > 0.05:
        return None
    return np.concatenate([row / lengths[0], column / lengths[1]])


def _source(own: Dataset | None, shared: Dataset | None) -> str:
    derivation = group(own, shared, "DerivationImageSequence")
    source = first(derivation, "SourceImageSequence") if derivation is not None else None
    return text(source, "ReferencedSOPInstanceUID") if source is not None else ""


def grids(
    planes: list[Plane], size: tuple[int, int], frame_of_reference_uid: str | None, *, fill: bool = True
) -> list[Grid]:
    """Group planes into grids: one for each orientation and pixel spacing.

    Args:
        planes: of all frames.
        size: (rows, columns) of every frame.
        frame_of_reference_uid: of the object.
        fill: slices that were left out become empty slices (masks); else only stored slices count.

    Returns:
        Grids whose slices ascend along the normal; uneven ones keep their true places in
        `slice_positions`.

    Raises:
        GeometryError: some frames are placed and others are not.
    """
    placed = [plane for plane in planes if plane.position is not None and plane.orientation is not None]
    if not placed:
        return [_unplaced(planes, size)]
    if len(placed) < len(planes):
        raise GeometryError(
            "Some frames of the object name no position in the patient.", "It cannot be shown in place."
        )
    found: list[Grid] = []
    for members in _parallel(placed):
        found += _stacked(members, size, frame_of_reference_uid or None, fill)
    return found


def _unplaced(planes: list[Plane], size: tuple[int, int]) -> Grid:
    """Frames without a place in the patient: one slice for each source picture."""
    order: dict[str, int] = {}
    slices = {p.index: order.setdefault(p.source or f"frame {p.index}", len(order)) for p in planes}
    if not any(p.source for p in planes):
        slices = {p.index: 0 for p in planes}
    rows_mm, columns_mm = planes[0].spacing or (1.0, 1.0)
    shape = (max(slices.values()) + 1, *size)
    affine = np.diag([1.0, rows_mm, columns_mm, 1.0])
    return Grid(Geometry(shape, affine, spacing_kind=SpacingKind.UNKNOWN, oriented=False), slices)


def _parallel(planes: list[Plane]) -> list[list[Plane]]:
    groups: dict[tuple[float, ...], list[Plane]] = {}
    for plane in planes:
        axes = np.round(plane.orientation, 3) + 0.0 if plane.orientation is not None else ()
        groups.setdefault((*axes, *np.round(plane.spacing or (0, 0), 4)), []).append(plane)
    return list(groups.values())


def _stacked(planes: list[Plane], size: tuple[int, int], frame: str | None, fill: bool) -> list[Grid]:
    """Grids of parallel planes: one, or one a plane where their origins do not lie on a line."""
    axes = planes[0].orientation
    assert axes is not None
    normal = np.cross(axes[:3], axes[3:])
    origins = np.array([plane.position for plane in planes])
    along = origins @ normal
    place_of, places = _distinct(along)
    firsts = np.array([origins[place_of == n][0] for n in range(len(places))])
    spread = max(float(np.ptp(origins[place_of == n], axis=0).max()) for n in range(len(places)))
    spacing = planes[0].spacing or (1.0, 1.0)
    kind = SpacingKind.PATIENT if planes[0].spacing else SpacingKind.UNKNOWN
    limit = SHIFT_SHARE * min(spacing) + SAME_PLANE_MM
    if spread > limit or not _on_a_line(firsts, places, limit):
        if len(planes) == 1:
            raise GeometryError("The object's planes contradict each other.", "It cannot be shown in place.")
        return [grid for plane in planes for grid in _stacked([plane], size, frame, fill)]
    lattice = _filled(places, planes[0].thickness, size) if fill else _as_stored(places)
    affine = np.eye(4)
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = axes[3:] * spacing[0], axes[:3] * spacing[1], firsts[0]
    if len(places) > 1:
        affine[:3, 0] = (firsts[-1] - firsts[0]) / (places[-1] - places[0]) * lattice.step
    else:
        affine[:3, 0] = normal * (planes[0].thickness or UNKNOWN_THICKNESS)
    geometry = Geometry((lattice.count, *size), affine, lattice.positions, frame, kind)
    return [Grid(geometry, {p.index: lattice.slices[n] for p, n in zip(planes, place_of.tolist(), strict=True)})]


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Slices along the normal: how many, their mean step, the slice of each place, uneven positions."""

    count: int
    step: float
    slices: list[int]
    positions: tuple[float, ...] | None = None


def _as_stored(places: FloatArray) -> _Lattice:
    numbers_of = list(range(len(places)))
    if len(places) < 2:
        return _Lattice(1, 1.0, numbers_of)
    gaps = np.diff(places)
    mean = float(gaps.mean())
    even = np.abs(gaps - mean).max() <= max(SAME_PLANE_MM, GAP_TOLERANCE * mean)
    return _Lattice(len(places), mean, numbers_of, None if even else tuple(places.tolist()))


def _filled(places: FloatArray, thickness: float, size: tuple[int, int]) -> _Lattice:
    if len(places) < 2:
        return _as_stored(places)
    steps = _whole_steps(places, thickness)
    if steps is not None and (steps[-1] + 1) * size[0] * size[1] <= MAX_VOXELS:
        return _Lattice(steps[-1] + 1, float(places[-1] - places[0]) / steps[-1], steps)
    padded, numbers_of = _padded(places, thickness)
    return _Lattice(len(padded), float(np.diff(padded).mean()), numbers_of, tuple(padded.tolist()))


def _distinct(along: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Place number of each distance, and the ascending distinct distances."""
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order], prepend=along[order][0]) > SAME_PLANE_MM
    ranks = np.cumsum(steps)
    place_of = np.empty(len(along), dtype=np.int64)
    place_of[order] = ranks
    return place_of, np.array([along[place_of == n].mean() for n in range(int(ranks[-1]) + 1)])


def _on_a_line(origins: FloatArray, places: FloatArray, limit: float) -> bool:
    if len(places) < 3:
        return True
    share = ((places - places[0]) / (places[-1] - places[0]))[:, None]
    straight = origins[0] + share * (origins[-1] - origins[0])
    return bool(np.abs(origins - straight).max() <= limit)


def _whole_steps(places: FloatArray, thickness: float) -> list[int] | None:
    """Places as whole numbers of one step; None where there is no such step.

    The object's own thickness comes first: planes that lie far apart must not grow thick.
    """
    for step in (thickness, float(np.diff(places).min())):
        if step <= SAME_PLANE_MM:
            continue
        counts = np.rint((places - places[0]) / step)
        if counts[-1] > MAX_VOXELS or counts[-1] < 1:
            continue
        even = (places[-1] - places[0]) / counts[-1]
        off = np.abs((places - places[0]) / even - counts)
        if off.max() <= STEP_SHARE and (np.diff(counts) >= 1).all():
            return [int(count) for count in counts]
    return None


def _padded(places: FloatArray, thickness: float) -> tuple[FloatArray, list[int]]:
    """Uneven places with an empty slice at both sides of every open gap."""
    width = thickness or float(np.median(np.diff(places)))
    out: list[float] = []
    numbers_of: list[int] = []
    for n, place in enumerate(places.tolist()):
        if n and place - places[n - 1] > OPEN_GAP * width:
            out += [float(places[n - 1]) + width]
            if place - width - out[-1] > SAME_PLANE_MM:
                out += [place - width]
        numbers_of.append(len(out))
        out.append(place)
    return np.array(out), numbers_of


def frame_count(dataset: Dataset) -> int:
    """Number of Frames, at least 1."""
    return max(1, whole(dataset, "NumberOfFrames", 1))
