"""What the reader chose to see over the pictures."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.display.overlay import Fill


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
