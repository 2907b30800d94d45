"""Boxes that the reader placed for packs which look at a part of a picture."""

from __future__ import annotations

from viewer.core.analysis import Box
from viewer.session.events import BoxesChanged, Bus


class Boxes:
    """One box for each stack and side ("" where a pack has no sides)."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._boxes: dict[tuple[str, str], Box] = {}
        self._placing = ""

    @property
    def placing(self) -> str:
        """The side that the next box is for."""
        return self._placing

    def place_next(self, side: str) -> None:
        """The next box is for this side."""
        self._bus.check_thread()
        self._placing = side

    def put(self, key: str, side: str, box: Box | None) -> None:
        """Keep a box of a stack; None takes it away."""
        self._bus.check_thread()
        if box is None:
            self._boxes.pop((key, side), None)
        else:
            self._boxes[(key, side)] = box
        self._bus.tell(BoxesChanged(key))

    def of(self, key: str) -> dict[str, Box]:
        """Boxes of a stack by side."""
        return {side: box for (of, side), box in self._boxes.items() if of == key}
