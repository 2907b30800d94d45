"""From a line of a report to the picture it speaks of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from viewer.core.annotation import PointLps
from viewer.core.graphic import Graphic, PictureRef, Space
from viewer.core.study import Stack
from viewer.display.presented import Pictures
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.room.presentations import Presentations
from viewer.words.i18n import tr


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a stack: an acquired slice, or a point in the patient."""

    key: str
    index: int | None = None
    lps: PointLps | None = None


class Navigation(QObject):
    """Shows the stack that a mark lies on, then its slice, with the mark marked out.

    Signals:
        arrived: the spot, once its stack is on screen.
    """

    arrived = Signal(object)

    def __init__(self, context: Context, loading: Loading, presentations: Presentations) -> None:
        super().__init__(context)
        self._context, self._loading, self._presentations = context, loading, presentations
        self._waiting: Spot | None = None
        loading.ready.connect(self._on_ready)

    @Slot(object)
    def go(self, place: Graphic | PictureRef) -> None:
        """Go to a mark or a picture; say so where its pictures are not open."""
        spot = self._spot(place)
        if spot is None:
            self._context.trouble.emit(tr("The picture that this line speaks of is not open."))
            return
        self._presentations.choose(replace(place, text="") if isinstance(place, Graphic) else None)
        self._waiting = spot
        self._loading.show(spot.key, spot.index)

    def _spot(self, place: Graphic | PictureRef) -> Spot | None:
        stacks = [s for study in self._context.session.library.studies for s in study.stacks if s.geometry is not None]
        if isinstance(place, Graphic) and place.space is Space.PATIENT:
            return next((spot for stack in stacks if (spot := _in_space(place, stack)) is not None), None)
        named = (place,) if isinstance(place, PictureRef) else place.pictures
        for stack in stacks:
            found = Pictures(stack).named(named)
            if found:
                return Spot(stack.key, min(found))
        return None

    @Slot(str, object)
    def _on_ready(self, key: str, _loader: object) -> None:
        if self._waiting is not None and self._waiting.key == key:
            # Views are hung by whoever hears of the same news after us.
            QTimer.singleShot(0, self._arrive)

    @Slot()
    def _arrive(self) -> None:
        spot, self._waiting = self._waiting, None
        if spot is not None:
            self.arrived.emit(spot)


def _in_space(place: Graphic, stack: Stack) -> Spot | None:
    """The middle of a mark in a stack of its frame of reference that holds it."""
    grid = stack.geometry
    if grid is None or not grid.frame_of_reference_uid or grid.frame_of_reference_uid != place.frame_of_reference_uid:
        return None
    x, y, z = (float(v) for v in np.mean(place.points, axis=0))
    return Spot(stack.key, lps=(x, y, z)) if grid.contains((x, y, z)) else None
