"""What the reader chose to see over the pictures."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.graphic import Graphic
from viewer.display.overlay import Fill
from viewer.session.events import Bus, OverlaysChanged


@dataclass(frozen=True, slots=True)
class OverlayChoice:
    """What the reader chose: the `o` switch, strengths, pattern, and what is hidden or shown."""

    visible: bool = True
    fill: Fill = Fill.COLOUR_AND_PATTERN
    fill_opacity: float = 0.28
    heatmap_opacity: float = 0.45
    hidden: frozenset[tuple[str, int]] = frozenset()
    heat_hidden: frozenset[str] = frozenset()
    heat_forced: frozenset[str] = frozenset()

    def heat_shown(self, key: str, starts_off: bool) -> bool:
        """Whether a heatmap is on; one that starts off is so only once it was switched on."""
        return key in self.heat_forced if starts_off else key not in self.heat_hidden


class OverlayChoices:
    """What lies over the pictures: the choice, and of each stack the presentation state and mask that are on."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._choice = OverlayChoice()
        self._states: dict[str, str] = {}
        self._subtracted: dict[str, bool] = {}
        self._mark: Graphic | None = None

    @property
    def choice(self) -> OverlayChoice:
        """What the reader chose."""
        return self._choice

    def choose(self, choice: OverlayChoice) -> None:
        """Take over what the reader chose."""
        self._bus.check_thread()
        if choice != self._choice:
            self._choice = choice
            self._bus.tell(OverlaysChanged())

    def state_of(self, key: str) -> str:
        """Id of the presentation state that is applied to a stack, "" where none is."""
        return self._states.get(key, "")

    def apply_state(self, key: str, state_id: str) -> None:
        """Apply a presentation state in the place of another one ("" = none); its mask goes with it."""
        self._bus.check_thread()
        self._states[key] = state_id
        self._subtracted.pop(key, None)
        self._bus.tell(OverlaysChanged())

    def subtracted(self, key: str) -> bool | None:
        """Whether the reader switched mask subtraction on or off for a stack; None where not."""
        return self._subtracted.get(key)

    def subtract(self, key: str, on: bool) -> None:
        """Show a stack with its mask subtracted, or as it is."""
        self._bus.check_thread()
        self._subtracted[key] = on
        self._bus.tell(OverlaysChanged())

    @property
    def mark(self) -> Graphic | None:
        """The mark of a report that the reader went to."""
        return self._mark

    def mark_out(self, mark: Graphic | None) -> None:
        """Mark out a mark that the reader went to."""
        self._bus.check_thread()
        if mark != self._mark:
            self._mark = mark
            self._bus.tell(OverlaysChanged())
