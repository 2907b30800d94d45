"""What readers drew, shared by the views of one window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from viewer.core.measurement import ReaderMeasurement


class DrawingStore(Protocol):
    """Where finished drawings are kept; every change of it is one step of undo."""

    def put(self, drawing: ReaderMeasurement) -> None:
        """Add a drawing, or replace the one with its id."""

    def remove(self, drawing_id: str) -> ReaderMeasurement | None:
        """Take one away; returns it, None where there was none."""

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Every drawing, oldest first."""

    def on(self, stack_key: str, plane: str, index: int) -> tuple[ReaderMeasurement, ...]:
        """Those on one slice of one plane of a stack."""

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

    def on(self, stack_key: str, plane: str, index: int) -> tuple[ReaderMeasurement, ...]:
        """Those on one slice of one plane of a stack."""
        here = (stack_key, plane, index)
        return tuple(d for d in self._by_id.values() if (d.stack_key, d.plane, d.slice_index) == here)

    def _tell(self) -> None:
        for heard in tuple(self._heard):
            heard()
