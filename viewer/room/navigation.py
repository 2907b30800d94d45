"""From a finding, or a line of a report, to the picture it speaks of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from viewer.core.finding import Finding
from viewer.core.graphic import Graphic, PictureRef, Space
from viewer.core.study import Stack
from viewer.display.presented import Pictures
from viewer.room.anchors import Anchors
from viewer.room.context import Context
from viewer.room.events import JumpWanted, StackOpened
from viewer.room.loading import Loading
from viewer.session import Event
from viewer.words.i18n import tr


class Navigation:
    """Opens the stack that a place lies on, then tells `JumpWanted`.

    A place waits until its stack is open: what hears of `StackOpened` has shown it before it hears where to go.
    """

    def __init__(self, context: Context, loading: Loading, anchors: Anchors) -> None:
        self._context, self._loading, self._anchors = context, loading, anchors
        self._waiting: JumpWanted | None = None
        self._finding: Finding | None = None
        context.session.subscribe(self._on_event)

    def go(self, place: Graphic | PictureRef) -> None:
        """Go to a mark or a picture; say so where its pictures are not open."""
        spot = self._spot(place)
        if spot is None:
            self._context.trouble(tr("The picture that this line speaks of is not open."))
            return
        mark = replace(place, text="") if isinstance(place, Graphic) else None
        self._context.session.overlays.mark_out(mark)
        self._open(spot, None)

    def to_finding(self, key: str, finding: Finding) -> None:
        """Go to the slice a finding lies on, in every plane of its stack; say so where this copy lacks it."""
        entry = self._context.session.review.result(finding.result_id)
        here = finding if entry is None else self._anchors.finding(entry, finding)
        if here is None:
            self._context.trouble(tr("This copy of the pictures lacks the image that it lies on."))
            return
        finding = here
        spot = JumpWanted(key, finding.location.slice_index)
        if self._context.session.library.active != key or self._loading.loader(key) is None:
            self._open(spot, finding)
        else:
            self._arrive(spot, finding)

    def _open(self, spot: JumpWanted, finding: Finding | None) -> None:
        self._waiting, self._finding = spot, finding
        self._loading.show(spot.stack_key, spot.index)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, StackOpened) and self._waiting is not None and self._waiting.stack_key == event.stack_key:
            self._arrive(self._waiting, self._finding)

    def _arrive(self, spot: JumpWanted, finding: Finding | None) -> None:
        self._waiting = self._finding = None
        found = spot if finding is None else self._spot_of(spot, finding)
        if found.index is not None or found.lps is not None:
            self._context.session.tell(found)

    def _spot_of(self, spot: JumpWanted, finding: Finding) -> JumpWanted:
        """The middle of a finding's box, on its slice where it names one."""
        loader, box = self._loading.loader(spot.stack_key), finding.location.box_kji
        if loader is None or box is None:
            return spot
        (k0, j0, i0), (k1, j1, i1) = box
        k = spot.index if spot.index is not None else (k0 + k1 - 1) / 2
        middle = loader.volume.geometry.index_to_world([k, (j0 + j1 - 1) / 2, (i0 + i1 - 1) / 2])
        x, y, z = (float(v) for v in middle)
        return JumpWanted(spot.stack_key, lps=(x, y, z))

    def _spot(self, place: Graphic | PictureRef) -> JumpWanted | None:
        stacks = [s for study in self._context.session.library.studies for s in study.stacks if s.geometry is not None]
        if isinstance(place, Graphic) and place.space is Space.PATIENT:
            return next((spot for stack in stacks if (spot := _in_space(place, stack)) is not None), None)
        named = (place,) if isinstance(place, PictureRef) else place.pictures
        for stack in stacks:
            found = Pictures(stack).named(named)
            if found:
                return JumpWanted(stack.key, min(found))
        return None


def _in_space(place: Graphic, stack: Stack) -> JumpWanted | None:
    """The middle of a mark in a stack of its frame of reference that holds it."""
    grid = stack.geometry
    if grid is None or not grid.frame_of_reference_uid or grid.frame_of_reference_uid != place.frame_of_reference_uid:
        return None
    x, y, z = (float(v) for v in np.mean(place.points, axis=0))
    return JumpWanted(stack.key, lps=(x, y, z)) if grid.contains((x, y, z)) else None
