"""What readers drew, shared by the views of one window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from viewer.core.anchor import index_among
from viewer.core.measurement import ReaderMeasurement
from viewer.display.slicing import Plane
from viewer.room.views.picture import PictureSlice


def slice_under(drawing: ReaderMeasurement, on: PictureSlice) -> int | None:
    """The slice that a drawing lies on in the plane of a picture of its stack; None where that is another plane.

    Across acquired slices the millimetres say it: how many slices were acquired before it may be another number.
    """
    if drawing.plane != on.name:
        return None
    if on.name == Plane.NATIVE.value:
        return drawing.slice_index
    return index_among(on.view.slice_of(np.array(drawing.points_lps)), drawing.slice_index)


class DrawingStore(Protocol):
    """Where finished drawings are kept; every change of it is one step of undo."""

    def put(self, drawing: ReaderMeasurement) -> None:
        """Add a drawing, or replace the one with its id."""

    def remove(self, drawing_id: str) -> ReaderMeasurement | None:
        """Take one away; returns it, None where there was none."""

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Every drawing, oldest first."""

    def of(self, stack_key: str) -> tuple[ReaderMeasurement, ...]:
        """Those on a stack as it is open, each with the slice it lies on here."""

    def here(self, drawing_id: str) -> ReaderMeasurement | None:
        """A drawing as it lies on what is open; None where its place is not there."""

    def subscribe(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard()` after every change; returns a function that stops it."""


class Drawings:
    """Drawings by id, in memory; views repaint when one changes."""

    def __init__(self) -> None:
        self._by_id: dict[str, ReaderMeasurement] = {}
        self._heard: list[Callable[[], None]] = []

    def subscribe(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard()` after every change; returns a function that stops it."""
        self._heard.append(heard)
        return lambda: self._heard.remove(heard)

    def put(self, drawing: ReaderMeasurement) -> None:
        """Add a drawing, or replace the one with its id."""
        self._by_id[drawing.id] = drawing
        self._tell()

    def remove(self, drawing_id: str) -> ReaderMeasurement | None:
        """Take one away; returns it, None where there was none."""
        found = self._by_id.pop(drawing_id, None)
        if found is not None:
            self._tell()
        return found

    def replace_all(self, drawings: Iterable[ReaderMeasurement]) -> None:
        """Hold exactly these."""
        self._by_id = {drawing.id: drawing for drawing in drawings}
        self._tell()

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Every drawing, oldest first."""
        return tuple(self._by_id.values())

    def here(self, drawing_id: str) -> ReaderMeasurement | None:
        """A drawing as it lies on what is open; None where its place is not there."""
        return self._by_id.get(drawing_id)

    def of(self, stack_key: str) -> tuple[ReaderMeasurement, ...]:
        """Those on a stack as it is open, each with the slice it lies on here."""
        return tuple(d for d in self._by_id.values() if d.stack_key == stack_key)

    def _tell(self) -> None:
        for heard in tuple(self._heard):
            heard()
