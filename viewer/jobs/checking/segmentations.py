"""SEG objects against the masks: the same segments, voxel by voxel, at the same place in mm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Finding
from viewer.core.study import Stack
from viewer.core.volume import Mask, Segment
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Labelled, Stated
from viewer.reading.objects.plain import Plain
from viewer.reading.objects.segmentation import read_segmentation

#: Voxel centres of mask and object lie together (mm): decimal strings and float32 stay far below.
PLACE_MM = 0.1
#: Characters of a Segment Label (LO).
LABEL_LETTERS = 64
_NONE: npt.NDArray[np.int64] = np.zeros((0, 3), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A segment that an object must hold; `finding` is the one that speaks of it."""

    mask: Labelled
    segment: Segment
    finding: Finding | None

    @property
    def tracking_uids(self) -> frozenset[str]:
        """Tracking UIDs it may carry; empty where result.json states none."""
        uids = {self.segment.tracking_uid, self.finding.tracking_uid if self.finding else ""}
        return frozenset(uid for uid in uids if uid)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A segment as the object has it: where its voxels lie (index of each mask layer), by layer."""

    file: str
    segment: Segment
    layers: tuple[Mask, ...]


def compare(stated: Stated, objects: Sequence[tuple[str, Stack]]) -> Iterator[Mismatch]:
    """Every segment of every object against its mask.

    Args:
        objects: (file name, stack) of each segmentation in the folder.

    Raises:
        ReadError, GeometryError: an object cannot be read.
    """
    found = [one for name, stack in objects for one in _segments(name, stack)]
    meant = list(_parts(stated))
    file = objects[0][0]
    needed = [part for part in meant if (part.mask.labels == part.segment.number).any()]
    if not len(needed) <= len(found) <= len(meant):
        yield Mismatch(file, What.COUNT, f"{len(found)} segments are in it; the masks hold {len(needed)}.")
    pairs = _paired(meant, found)
    for part, other in pairs:
        yield from _same(part, other)
    for part in needed:
        if all(one is not part for one, _ in pairs):
            yield Mismatch(file, What.MISSING, f"The segment {part.segment.name} is not in it.", part.mask.file)
    for other in found:
        if all(one is not other for _, one in pairs):
            yield Mismatch(other.file, What.COUNT, f"Segment {other.segment.number} is in no mask of the findings.")


def tracking_uids(plain: Plain) -> dict[int, str]:
    """Segment Number -> Tracking UID of every segment that is described, empty ones too."""
    found = [(one.value("SegmentNumber"), one.value("TrackingUID")) for one in plain.items("SegmentSequence")]
    return {int(number): uid for number, uid in found if number.isdigit()}


def _parts(stated: Stated) -> Iterator[_Part]:
    spoken = stated.spoken
    for mask in stated.masks:
        for segment in mask.segments:
            finding = next(
                (f for f in spoken if f.location.segment == segment.number and f.result_id == mask.request_id), None
            )
            if finding is not None or not stated.is_reported:
                yield _Part(mask, segment, finding)


def _segments(name: str, stack: Stack) -> Iterator[_Found]:
    masks = read_segmentation(stack)
    numbers = sorted({segment.number for mask in masks for segment in mask.segments})
    for number in numbers:
        layers = tuple(mask for mask in masks if any(segment.number == number for segment in mask.segments))
        yield _Found(name, next(s for s in layers[0].segments if s.number == number), layers)


def _paired(meant: Sequence[_Part], found: Sequence[_Found]) -> list[tuple[_Part, _Found]]:
    """Segments by tracking UID, then by name, then in their order."""
    ways: tuple[Callable[[_Part, _Found], bool], ...] = (
        lambda part, other: other.segment.tracking_uid in part.tracking_uids,
        lambda part, other: other.segment.name == part.segment.name[:LABEL_LETTERS],
        lambda _part, _other: True,
    )
    parts, others, pairs = list(meant), list(found), []
    for fits in ways:
        for part in tuple(parts):
            other = next((one for one in others if fits(part, one)), None)
            if other is not None:
                pairs.append((part, other))
                parts.remove(part)
                others.remove(other)
    return pairs


def _same(part: _Part, other: _Found) -> Iterator[Mismatch]:
    who, file = f"Segment {other.segment.number}", other.file
    if other.segment.name != part.segment.name[:LABEL_LETTERS]:
        yield Mismatch(file, What.LABEL, f"{who} is called otherwise than in result.json.")
    if part.tracking_uids and other.segment.tracking_uid not in part.tracking_uids:
        yield Mismatch(file, What.REFERENCE, f"{who} carries another tracking UID than its finding.")
    code, theirs = part.segment.code, other.segment.code
    if code is not None and theirs is not None and (code.value, code.scheme) != (theirs.value, theirs.scheme):
        yield Mismatch(file, What.CODE, f"{who} carries another code than result.json.")
    yield from _same_voxels(part, other, who)


def _same_voxels(part: _Part, other: _Found, who: str) -> Iterator[Mismatch]:
    meant = np.argwhere(part.mask.labels == part.segment.number)
    for layer in other.layers:
        if not _parallel(part, layer):
            yield Mismatch(other.file, What.ORIENTATION, f"{who} is turned otherwise than its mask.", part.mask.file)
            return
    found, off = _on_grid(part, other)
    if off > PLACE_MM:
        text = f"{who} lies {off:.2f} mm off the voxels of its mask."
        yield Mismatch(other.file, What.POSITION, text, part.mask.file)
        return
    if _rows(meant) == _rows(found):
        return
    if len(meant) == len(found) and len(meant) and _rows(meant - meant.min(axis=0)) == _rows(found - found.min(axis=0)):
        yield Mismatch(other.file, What.POSITION, f"{who} lies elsewhere than its mask.", part.mask.file)
        return
    text = f"{who} has {len(found)} voxels; its mask has {len(meant)}, and they are not the same."
    yield Mismatch(other.file, What.VOXELS, text, part.mask.file)


def _parallel(part: _Part, layer: Mask) -> bool:
    if not part.mask.grid.oriented or not layer.geometry.oriented:
        return True
    mine, theirs = part.mask.grid, layer.geometry
    rows = float(mine.row_direction @ theirs.row_direction)
    columns = float(mine.column_direction @ theirs.column_direction)
    return min(rows, columns) > 1 - 1e-5


def _on_grid(part: _Part, other: _Found) -> tuple[npt.NDArray[np.int64], float]:
    """The object's voxels as indices of the mask's grid, and how far they lie off its voxel centres (mm)."""
    grid = part.mask.grid
    indices, worst = [_NONE], 0.0
    for layer in other.layers:
        voxels = np.argwhere(layer.labels == other.segment.number)
        if not len(voxels):
            continue
        if not layer.geometry.oriented or not layer.geometry.frame_of_reference_uid:
            indices.append(voxels)
            continue
        place = grid.world_to_index(layer.geometry.index_to_world(voxels))
        whole = np.rint(place).astype(np.int64)
        off = np.abs(grid.index_to_world(whole) - grid.index_to_world(place))
        worst = max(worst, float(off.max()))
        indices.append(whole)
    return np.concatenate(indices), worst


def _rows(voxels: npt.NDArray[Any]) -> bytes:
    """Voxels as one value, whatever their order."""
    ordered = voxels[np.lexsort(voxels.T[::-1])] if len(voxels) else voxels
    return np.ascontiguousarray(ordered, dtype=np.int64).tobytes()
