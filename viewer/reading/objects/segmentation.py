"""Segmentation objects: binary, fractional and label map (PS3.3 A.51, C.8.20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.core.volume import Mask, Segment
from viewer.reading.objects.cielab import cielab_hex
from viewer.reading.objects.dataset import BULK, code, first, items, numbers, opened, text, whole
from viewer.reading.objects.framegrid import Grid, grids, group, planes_of
from viewer.reading.objects.framepixels import Frames, Layout, layout_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Array = npt.NDArray[Any]

#: A voxel of a fractional segment belongs to the mask from this share of the maximum on.
FRACTION = 0.5
#: Voxels between these shares are the boundary band of a probability segment.
BAND = (0.3, 0.7)
#: Labels of all layers and grids of one object together.
MAX_LABELS = 1 << 29


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """A segment as `info` lists it, a label map's background too where the file describes it."""

    number: int
    label: str
    voxels: int


@dataclass(frozen=True, slots=True)
class _Object:
    """What all frames of one segmentation share.

    Attributes:
        of_frame: segment number of each frame; empty for label maps.
        top: stored value that stands for 1.0 in a fractional object, else 1.
    """

    kind: str
    layout: Layout
    segments: tuple[Segment, ...]
    of_frame: tuple[int, ...]
    top: int
    probability: bool


@dataclass(slots=True)
class _Layer:
    """Segments that do not overlap, on one grid."""

    labels: Array
    segments: list[Segment] = field(default_factory=list)


def read_segmentation(stack: Stack) -> tuple[Mask, ...]:
    """Every segment as masks in patient space.

    One mask holds all segments of one grid; segments that overlap others get further masks on
    the same grid, so no voxel of any segment is lost. Fractional segments are cut at half of
    their maximum; probabilities keep a boundary band. Pictures without a patient frame (X-ray)
    give masks on a grid of column, row and picture steps.

    Raises:
        ReadError: broken, truncated, too large, or a compression that is not read.
        GeometryError: frames that contradict each other.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        seen = _object(dataset)
        stored = Frames(dataset, seen.layout)
        if _is_slide(dataset):
            raise ReadError("A segmentation of a microscope slide is counted, but not shown.", "", "unsupported")
        planes = planes_of(dataset, seen.layout.frames)
        size = (seen.layout.rows, seen.layout.columns)
        name = text(dataset, "SeriesDescription") or text(dataset, "ContentLabel")
        found = grids(planes, size, text(dataset, "FrameOfReferenceUID") or None)
        _check_size(found)
        return tuple(mask for grid in found for mask in _masks(dataset, stored, seen, grid, name))


def count_segments(stack: Stack) -> tuple[SegmentCount, ...]:
    """Number, label and voxels of every segment, without building masks.

    A fractional segment counts every value above 0 (contract of `info --json`).

    Raises:
        ReadError: as `read_segmentation`.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        seen = _object(dataset)
        counts: dict[int, int] = {segment.number: 0 for segment in seen.segments}
        for n, frame in enumerate(Frames(dataset, seen.layout)):
            if seen.kind == "LABELMAP":
                values, sizes = np.unique(frame, return_counts=True)
                for value, size in zip(values.tolist(), sizes.tolist(), strict=True):
                    counts[int(value)] = counts.get(int(value), 0) + size
            else:
                counts[seen.of_frame[n]] = counts.get(seen.of_frame[n], 0) + int(np.count_nonzero(frame))
        return tuple(SegmentCount(s.number, s.name, counts[s.number]) for s in seen.segments)


def grids_of(stack: Stack) -> tuple[Geometry, ...]:
    """The grids that the masks of a segmentation lie on, without decoding a frame.

    A segmentation of a microscope slide has none: its tiles lie on the slide, not in the patient.

    Raises:
        ReadError, GeometryError: as `read_segmentation`.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        if _is_slide(dataset):
            return ()
        layout = layout_of(dataset)
        planes = planes_of(dataset, layout.frames)
        found = grids(planes, (layout.rows, layout.columns), text(dataset, "FrameOfReferenceUID") or None)
        return tuple(grid.geometry for grid in found)


def _is_slide(dataset: Dataset) -> bool:
    """True for tiles of a total pixel matrix (C.7.6.17)."""
    return whole(dataset, "TotalPixelMatrixRows") > 0


def _object(dataset: Dataset) -> _Object:
    kind = text(dataset, "SegmentationType") or "BINARY"
    if kind not in {"BINARY", "FRACTIONAL", "LABELMAP"}:
        raise ReadError(f"The segmentation is of a kind that is not read ({kind}).", "Ask the sender.", "unsupported")
    layout = layout_of(dataset)
    if kind == "LABELMAP" and (layout.bits not in {8, 16} or layout.dtype.kind != "u"):
        raise ReadError(f"The label map stores {layout.bits} bits a voxel.", "Ask the sender.", "unsupported")
    segments = tuple(_segment(item) for item in items(dataset, "SegmentSequence"))
    top = max(1, whole(dataset, "MaximumFractionalValue", 255)) if kind == "FRACTIONAL" else 1
    of_frame = () if kind == "LABELMAP" else tuple(_frame_segments(dataset, layout.frames, segments))
    known = {segment.number for segment in segments}
    unnamed = tuple(Segment(n, f"Segment {n}") for n in sorted(set(of_frame) - known))
    probability = text(dataset, "SegmentationFractionalType") == "PROBABILITY"
    return _Object(kind, layout, segments + unnamed, of_frame, top, probability)


def _segment(item: Dataset) -> Segment:
    number = whole(item, "SegmentNumber", -1)
    lab = numbers(item, "RecommendedDisplayCIELabValue")
    rgb = numbers(item, "RecommendedDisplayRGBValue")
    colour = cielab_hex(lab) if len(lab) == 3 else None
    if len(rgb) == 3:
        colour = "#" + "".join(f"{int(min(255, max(0, channel))):02X}" for channel in rgb)
    return Segment(
        number,
        text(item, "SegmentLabel") or f"Segment {number}",
        code(item, "SegmentedPropertyTypeCodeSequence"),
        colour,
        text(item, "TrackingUID") or None,
        text(item, "SegmentAlgorithmType") == "AUTOMATIC",
    )


def _frame_segments(dataset: Dataset, frames: int, segments: tuple[Segment, ...]) -> Iterator[int]:
    """Segment number of each frame; a lone segment need not be named frame by frame."""
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    lone = segments[0].number if len(segments) == 1 else None
    if not own and text(dataset, "DimensionOrganizationType") == "TILED_FULL" and segments:
        # Tiles of one segment after the other (C.7.6.17.3); their count divides the frames.
        yield from (segments[n * len(segments) // frames].number for n in range(frames))
        return
    for n in range(frames):
        item = group(own[n] if n < len(own) else None, shared, "SegmentIdentificationSequence")
        number = whole(item, "ReferencedSegmentNumber", -1) if item is not None else -1
        if number < 1 and lone is None:
            raise ReadError("A frame does not say which segment it belongs to.", "Ask the sender.", "corrupt")
        yield number if number >= 1 else int(lone or 1)


def _check_size(found: list[Grid]) -> None:
    if sum(_voxels(grid) for grid in found) > MAX_LABELS:
        raise ReadError(
            "The segmentation's grid is larger than can be held.", "Check where it comes from.", "too_large"
        )


def _voxels(grid: Grid) -> int:
    slices, rows, columns = grid.geometry.shape
    return slices * rows * columns


def _masks(dataset: Dataset, stored: Frames, seen: _Object, grid: Grid, name: str) -> list[Mask]:
    if seen.kind == "LABELMAP":
        return [_label_map(dataset, stored, seen, grid, name)]
    layers: list[_Layer] = []
    for segment in seen.segments:
        frames = [n for n, number in enumerate(seen.of_frame) if number == segment.number and n in grid.slices]
        if frames:
            _put(_Planes(stored, frames, grid, seen), segment, layers)
    band = _band(stored, seen, grid) if seen.probability else None
    return [Mask(layer.labels, tuple(layer.segments), grid.geometry, name, band) for layer in layers]


def _band(stored: Frames, seen: _Object, grid: Grid) -> npt.NDArray[np.uint8]:
    band = np.zeros(grid.geometry.shape, np.uint8)
    for n, k in grid.slices.items():
        share = stored[n] / seen.top
        band[k][(share > BAND[0]) & (share < BAND[1])] = 1
    return band


@dataclass(frozen=True, slots=True)
class _Planes:
    """The frames of one segment on a grid, decoded one at a time."""

    stored: Frames
    frames: list[int]
    grid: Grid
    seen: _Object

    def __iter__(self) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
        """(slice, voxels inside [rows, columns])."""
        for n in self.frames:
            yield self.grid.slices[n], _inside(self.stored[n], self.seen)


def _inside(frame: Array, seen: _Object) -> npt.NDArray[np.bool_]:
    if seen.kind == "FRACTIONAL":
        return np.asarray(frame >= FRACTION * seen.top)
    return np.asarray(frame != 0)


def _label_type(seen: _Object) -> type[np.uint8] | type[np.uint16]:
    return np.uint8 if max((s.number for s in seen.segments), default=1) <= 255 else np.uint16


def _put(planes: _Planes, segment: Segment, layers: list[_Layer]) -> None:
    """Write a segment into the first layer where it covers no other."""
    layer = next((one for one in layers if not any(one.labels[k][inside].any() for k, inside in planes)), None)
    if layer is None:
        grid = planes.grid
        if (len(layers) + 1) * _voxels(grid) > MAX_LABELS:
            raise ReadError("Too many segments overlap each other.", "Open fewer of them.", "too_large")
        layer = _Layer(np.zeros(grid.geometry.shape, _label_type(planes.seen)))
        layers.append(layer)
    for k, inside in planes:
        layer.labels[k][inside] = segment.number
    layer.segments.append(segment)


def _label_map(dataset: Dataset, stored: Frames, seen: _Object, grid: Grid, name: str) -> Mask:
    kind = np.uint8 if seen.layout.bits == 8 else np.uint16
    labels = np.zeros(grid.geometry.shape, kind)
    padding = dataset.get("PixelPaddingValue")
    for n, k in grid.slices.items():
        frame = stored[n]
        inside = (frame != 0) if not isinstance(padding, int) else (frame != 0) & (frame != padding)
        labels[k][inside] = frame[inside]
    present = set(np.unique(labels).tolist()) - {0}
    known = [segment for segment in seen.segments if segment.number > 0]
    unnamed = [Segment(n, f"Segment {n}") for n in sorted(present - {s.number for s in known})]
    return Mask(labels, (*known, *unnamed), grid.geometry, name)
