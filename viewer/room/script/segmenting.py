"""The step `segment`: what a reader does to segments, on the acquired voxels of a stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import uuid4

import numpy as np

from viewer.core import measure
from viewer.core.errors import UsageError
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.segment import ReaderSegment, packed
from viewer.core.study import Stack
from viewer.core.volume import Array, Volume
from viewer.display import segmenting as shapes
from viewer.display.segmenting import MaskArray
from viewer.display.slicing import Plane
from viewer.display.structures import fill_polygon
from viewer.room.script import params
from viewer.room.script.params import LARGEST, check_size, nearest, one_of
from viewer.room.script.showing import points_of, unit_of
from viewer.room.script.sitting import Sitting
from viewer.room.views.picture import Picture, source_of

Result = Mapping[str, Any]
#: Balls, margins and blurs are at most so large (mm).
_LARGEST_MM = 500.0
_MOST_NAME = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """A segment that is being changed, and what it lies on."""

    sitting: Sitting
    p: params.SegmentStep
    segment: ReaderSegment
    stack: Stack
    volume: Volume
    mask: MaskArray

    @property
    def geometry(self) -> Geometry:
        return self.volume.geometry

    def values(self, k: int) -> Array:
        """Values of a slice as they are told [J, I]."""
        factor, _ = unit_of(self.volume)
        here = self.volume.values(k)
        here = here.mean(axis=-1) if self.volume.is_colour else here
        return here if factor == 1.0 else here * factor


def segment(sitting: Sitting, p: params.SegmentStep) -> Result:
    """`segment`: one operation; one step of undo."""
    one_of(p.op, (*_OPERATIONS, "new", "delete"), "operation of 'segment'")
    _check_keys(p)
    if p.op == "new":
        return _new(sitting, p)
    if p.op == "delete":
        gone = _one(sitting, p.id)
        sitting.session.segments.remove(gone.id)
        return _told(gone)
    work = _work(sitting, p)
    made = _packed(work, _OPERATIONS[p.op].run(work))
    if (made.box, made.bits) != (work.segment.box, work.segment.bits):
        sitting.session.segments.put(made, f"{_OPERATIONS[p.op].words} in {made.name}")
    return _told(made)


def _told(one: ReaderSegment) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "voxels": one.voxels, "volume_mm3": one.volume_mm3}


def _check_keys(p: params.SegmentStep) -> None:
    """Refuse keys that mean nothing to the operation, and ask for those it needs."""
    needs, may = {
        "new": (("view",), ("name",)),
        "delete": (("id",), ()),
    }.get(p.op) or (_OPERATIONS[p.op].needs, _OPERATIONS[p.op].may)
    given = {f.name for f in fields(p) if f.name != "op" and getattr(p, f.name) is not None}
    if p.op in ("new",):
        given |= {"view"}
    missing = [name for name in needs if name not in given]
    if missing:
        raise UsageError(f"'{p.op}' needs '{missing[0]}'.", "Give it.")
    strange = sorted(given - set(needs) - set(may))
    if strange:
        raise UsageError(f"'{p.op}' takes no '{strange[0]}'.", nearest(strange[0], (*needs, *may)))


def _new(sitting: Sitting, p: params.SegmentStep) -> Result:
    shown = sitting.shown(p.view or 0)
    stack = sitting.session.library.stack(shown.stack_key)
    assert stack is not None
    volume = sitting.volume(stack)
    count = len(sitting.session.segments.of(sitting.study_of(stack).uid))
    name = " ".join((p.name or f"Segment {count + 1}").split())
    if not name or len(name) > _MOST_NAME:
        raise UsageError(f"A segment's name has 1 to {_MOST_NAME} characters.", "Give one.")
    made = ReaderSegment(uuid4().hex, name, stack.key, volume.shape, sop_instance_uids=_ends(stack))
    sitting.session.segments.put(made, f"New {name}")
    return _told(made)


def _ends(stack: Stack) -> tuple[str, str]:
    return stack.instances[0].sop_instance_uid, stack.instances[-1].sop_instance_uid


def _one(sitting: Sitting, segment_id: str | None) -> ReaderSegment:
    found = sitting.session.segments.get(segment_id or "")
    if found is None:
        known = [s.id for study in sitting.session.library.studies for s in sitting.session.segments.of(study.uid)]
        hint = nearest(segment_id or "", known) if known else "Make one with op new."
        raise UsageError(f"There is no segment '{segment_id}'.", hint)
    return found


def _work(sitting: Sitting, p: params.SegmentStep) -> _Work:
    one = _one(sitting, p.id)
    stack = sitting.session.library.stack(one.stack_key)
    if stack is None:
        raise UsageError("The pictures of this segment are not open.", "Open them.")
    volume = sitting.volume(stack)
    if volume.shape != one.shape or _ends(stack) != one.sop_instance_uids:
        raise UsageError("This copy of the series has other slices than the segment was drawn on.", "Open that copy.")
    return _Work(sitting, p, one, stack, volume, one.mask)


def _packed(work: _Work, mask: MaskArray) -> ReaderSegment:
    box, bits = packed(mask)
    return replace(
        work.segment,
        box=box,
        bits=bits,
        voxels=int(np.count_nonzero(mask)),
        volume_mm3=shapes.volume_mm3(mask, work.geometry),
    )


# operations


def _brush(work: _Work) -> MaskArray:
    ball = _ball(work)
    if not ball.any():
        raise UsageError("The brush touches no voxel.", "Move it onto the pictures, or make it larger.")
    return work.mask | ball


def _erase(work: _Work) -> MaskArray:
    return work.mask & ~_ball(work)


def _ball(work: _Work) -> MaskArray:
    radius = _positive(work.p.radius_mm, "A radius")
    return shapes.ball(work.volume.shape, work.geometry, _points(work), radius)


def _points(work: _Work) -> FloatArray:
    """Points of the step, LPS mm [n, 3]; in pixels they lie on the view's slice."""
    return points_of(_picture(work), work.p.points_lps, work.p.points_px)


def _picture(work: _Work) -> Picture:
    """The view that shows the stack, on its slice; the acquired slices where none does.

    Raises:
        UsageError: the named view shows another stack.
    """
    sitting, p = work.sitting, work.p
    views = range(len(sitting.layout.views)) if p.view is None else (p.view,)
    for view in views:
        shown = sitting.shown(view) if p.view is not None else sitting.layout.views[view]
        if shown is not None and shown.stack_key == work.stack.key:
            return sitting.picture(view)
    if p.view is not None:
        raise UsageError(f"View {p.view} shows another series than the segment lies on.", "Name its view.")
    return Picture(source_of(work.stack, work.volume, Plane.NATIVE, None))


def _positive(number: float | None, what: str) -> float:
    value = check_size(number or 0.0, _LARGEST_MM, what)
    if value <= 0:
        raise UsageError(f"{what} of {value:g} mm does nothing.", "Give more than 0.")
    return value


def _polygon(work: _Work) -> MaskArray:
    """Voxels of the view's slice whose centres lie inside."""
    picture = _picture(work)
    points = points_of(picture, work.p.points_lps, work.p.points_px, least=3)
    view = picture.view
    if picture.source.resampled:
        raise UsageError("A polygon is drawn on the stack's own slices.", "Show it as native.")
    off = np.abs(view.slice_of(points) - view.index) if picture.count > 1 else np.zeros(1)
    if off.max() > 0.5:
        raise UsageError("The polygon does not lie on the slice on show.", "Go to its slice, then draw.")
    line = view.world_to_pixel(points)
    if measure.crosses_itself(line):
        raise UsageError("The outline crosses itself.", "Draw it again without a crossing.")
    inside = fill_polygon(line, view.shape)
    if not inside.any():
        raise UsageError("The polygon holds no voxel.", "Draw it larger.")
    pixels = np.argwhere(inside)
    kji = np.rint(view.pixel_to_index(pixels)).astype(int)
    out = work.mask.copy()
    out[kji[:, 0], kji[:, 1], kji[:, 2]] = True
    return out


def _range(work: _Work) -> tuple[float, float]:
    assert work.p.range is not None
    low, high = (check_size(v, LARGEST, "A value") for v in work.p.range)
    if low > high:
        raise UsageError(f"The range from {low:g} to {high:g} is empty.", "Give the low value first.")
    return low, high


def _threshold(work: _Work) -> MaskArray:
    found = shapes.in_range(work.values, work.volume.shape, *_range(work))
    if not found.any():
        raise UsageError("No voxel has a value in this range.", "Give another range.")
    return found


def _grow(work: _Work) -> MaskArray:
    """Voxels in the range that hang together with the points, or with the segment, and the segment itself."""
    allowed = shapes.in_range(work.values, work.volume.shape, *_range(work))
    if work.p.points_lps is None and work.p.points_px is None:
        seeds = work.mask
    else:
        seeds = np.zeros_like(work.mask)
        kji = np.rint(work.geometry.world_to_index(_points(work))).astype(int)
        if (kji < 0).any() or (kji >= np.array(work.volume.shape)).any():
            raise UsageError("A point lies beside the pictures.", "Give points on them.")
        seeds[kji[:, 0], kji[:, 1], kji[:, 2]] = True
    found = shapes.grown(allowed, seeds)
    if not found.any():
        raise UsageError("Where it should begin no value lies in the range.", "Give other points or another range.")
    return work.mask | found


def _fill_between(work: _Work) -> MaskArray:
    if np.count_nonzero(work.mask.any(axis=(1, 2))) < 2:
        raise UsageError("There is nothing to fill between.", "Draw on two slices or more.")
    return shapes.filled_between(work.mask, work.geometry)


def _smooth(work: _Work) -> MaskArray:
    _something(work)
    return shapes.smoothed(work.mask, work.geometry, _positive(work.p.mm, "A width"))


def _margin(work: _Work) -> MaskArray:
    _something(work)
    mm = check_size(work.p.mm or 0.0, _LARGEST_MM, "A margin")
    if mm == 0:
        raise UsageError("A margin of 0 mm does nothing.", "Give another.")
    return shapes.margin(work.mask, work.geometry, mm)


def _islands(work: _Work) -> MaskArray:
    _something(work)
    keep = work.p.keep or 0
    if keep < 1:
        raise UsageError(f"{keep} islands cannot be kept.", "Give 1 or more.")
    return shapes.islands(work.mask, keep)


def _something(work: _Work) -> None:
    if not work.segment.voxels:
        raise UsageError("The segment is empty.", "Draw something first.")


@dataclass(frozen=True, slots=True)
class _Operation:
    """What an operation needs, may take and does; `words` name it in the undo list."""

    words: str
    run: Callable[[_Work], MaskArray]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


_PLACED = ("points_lps", "points_px", "view")
_OPERATIONS: dict[str, _Operation] = {
    "brush": _Operation("Brush", _brush, ("id", "radius_mm"), _PLACED),
    "erase": _Operation("Erase", _erase, ("id", "radius_mm"), _PLACED),
    "polygon": _Operation("Polygon", _polygon, ("id",), _PLACED),
    "threshold": _Operation("Threshold", _threshold, ("id", "range"), ("view",)),
    "fill_between": _Operation("Fill between", _fill_between, ("id",), ("view",)),
    "grow": _Operation("Grow", _grow, ("id", "range"), _PLACED),
    "smooth": _Operation("Smooth", _smooth, ("id", "mm"), ("view",)),
    "margin": _Operation("Margin", _margin, ("id", "mm"), ("view",)),
    "islands": _Operation("Islands", _islands, ("id", "keep"), ("view",)),
}
