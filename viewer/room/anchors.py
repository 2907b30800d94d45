"""Where drawings, key images and findings lie on the copy of the pictures that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from viewer.core.anchor import PictureName, copy_digest, in_patient, index_among, named, picture_digest, reaches
from viewer.core.annotation import KeyMark
from viewer.core.finding import Finding
from viewer.core.measurement import ReaderMeasurement
from viewer.core.segment import ReaderSegment
from viewer.core.study import Instance, Stack
from viewer.display.slicing import Plane, cut
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.session import ResultEntry


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """The pictures of one stack by name."""

    instances: Sequence[Instance]
    slices: dict[PictureName, int]
    copy: str


class Anchors:
    """Finds again, on the pictures that are open now, what was drawn on them, or on another copy of them.

    A stored picture is known by its SOP Instance UID, and by what it holds where that was kept; what lies across
    slices by its millimetres. What is not there is None, never something near it.
    """

    def __init__(self, context: Context, loading: Loading) -> None:
        self._library, self._loading = context.session.library, loading
        self._names: dict[str, _Names] = {}
        self._digests: dict[tuple[str, int], tuple[object, str]] = {}

    def measurement(self, one: ReaderMeasurement) -> ReaderMeasurement | None:
        """A measurement with its stack and slice as they are called here; None where this copy lacks its picture."""
        if one.sop_instance_uid:
            found = self._picture(one.stack_key, (one.sop_instance_uid, one.frame))
            if found is None or not self._holds(found[0], found[1], one.pixels):
                return None
            return _at(one, found[0].key, found[1])
        stack = self._library.stack(one.stack_key)
        return None if stack is None else self._by_place(one, stack)

    def _by_place(self, one: ReaderMeasurement, stack: Stack) -> ReaderMeasurement | None:
        """A measurement on no stored picture that has a name: by its millimetres, else by the number of its slice."""
        if self._is_copy(stack, one.copy) or not in_patient(stack.geometry):
            return one if one.plane != "native" or 0 <= one.slice_index < len(stack.instances) else None
        assert stack.geometry is not None
        if not reaches(stack.geometry, one.points_lps):
            return None
        if one.plane != "native":
            return one
        depths = stack.geometry.world_to_index(one.points_lps)[:, 0]
        return _at(one, stack.key, index_among(depths, one.slice_index))

    def mark(self, mark: KeyMark) -> KeyMark | None:
        """A key image with its stack and slice as they are called here; None where this copy lacks its picture."""
        if mark.sop_instance_uid:
            found = self._picture(mark.stack_key, (mark.sop_instance_uid, mark.frame))
            if found is None:
                return None
            there = found[0].key, found[1]
            return mark if there == (mark.stack_key, mark.slice_index) else replace(
                mark, stack_key=there[0], slice_index=there[1]
            )  # fmt: skip
        stack = self._library.stack(mark.stack_key)
        if stack is None:
            return None
        if self._is_copy(stack, mark.copy) or mark.lps is None or not in_patient(stack.geometry):
            return mark
        assert stack.geometry is not None
        if mark.plane == Plane.NATIVE.value:
            return mark if reaches(stack.geometry, [mark.lps]) else None
        across = cut(stack.geometry, Plane(mark.plane)).across
        depth = float(stack.geometry.world_to_index(mark.lps)[across])
        return mark if -0.5 <= depth <= stack.geometry.shape[across] - 0.5 else None

    def segment(self, one: ReaderSegment) -> bool:
        """True where the stack that is open has the very slices that a segment was drawn on."""
        stack = self._library.stack(one.stack_key)
        if stack is None or not stack.instances or len(stack.instances) != one.shape[0]:
            return False
        return (stack.instances[0].sop_instance_uid, stack.instances[-1].sop_instance_uid) == one.sop_instance_uids

    def slice_of(self, entry: ResultEntry, k: int) -> int | None:
        """Slice of the stack as it is open, of slice k of the pictures that were analysed; None where it is missing."""
        stack = self._library.stack(entry.stack_key)
        analysed = entry.result.provenance.input_uids if entry.result.provenance is not None else ()
        if stack is None:
            return None
        here = self._of(stack)
        if len(analysed) == 1 and (analysed[0], k) in here.slices:
            return here.slices[(analysed[0], k)]
        if not analysed or not here.slices or not 0 <= k < len(analysed):
            return k if 0 <= k < len(stack.instances) else None
        found = self._picture(entry.stack_key, (analysed[k], None))
        return None if found is None else found[1]

    def finding(self, entry: ResultEntry, finding: Finding) -> Finding | None:
        """A finding with slice and box as they are called here; None where this copy lacks its slice."""
        place = finding.location
        index = None if place.slice_index is None else self.slice_of(entry, place.slice_index)
        if place.slice_index is not None and index is None:
            return None
        box = place.box_kji
        if box is not None:
            (k0, j0, i0), (k1, j1, i1) = box
            ends = [found for k in range(k0, k1) if (found := self.slice_of(entry, k)) is not None]
            if not ends:
                return None
            box = ((min(ends), j0, i0), (max(ends) + 1, j1, i1))
        if (index, box) == (place.slice_index, place.box_kji):
            return finding
        return replace(finding, location=replace(place, slice_index=index, box_kji=box))

    def _picture(self, key: str, name: PictureName) -> tuple[Stack, int] | None:
        """Stack and slice of a stored picture: of the stack it was on, else of another one of its study or series."""
        first, study = self._library.stack(key), self._library.study_of(key)
        of_series = key.partition("#")[0]
        others = (s for one in self._library.studies for s in one.stacks if one is study or s.series_uid == of_series)
        for stack in (*((first,) if first is not None else ()), *others):
            found = self._of(stack).slices.get(name)
            if found is not None:
                return stack, found
        return None

    def _of(self, stack: Stack) -> _Names:
        held = self._names.get(stack.key)
        if held is None or held.instances is not stack.instances:
            held = _Names(stack.instances, named(stack.instances), copy_digest(stack.instances))
            self._names[stack.key] = held
        return held

    def _is_copy(self, stack: Stack, copy: str) -> bool:
        return bool(copy) and self._of(stack).copy == copy

    def _holds(self, stack: Stack, k: int, pixels: str) -> bool:
        """False where the stored picture is known to hold something else than was drawn on."""
        loader = self._loading.loader(stack.key)
        if not pixels or loader is None or k >= len(loader.loaded) or not loader.loaded[k]:
            return True
        held = self._digests.get((stack.key, k))
        if held is None or held[0] is not loader:
            held = self._digests[(stack.key, k)] = (loader, picture_digest(loader.volume, k))
        return held[1] == pixels


def _at(one: ReaderMeasurement, stack_key: str, index: int) -> ReaderMeasurement:
    if (one.stack_key, one.slice_index) == (stack_key, index):
        return one
    return replace(one, stack_key=stack_key, slice_index=index)
