"""What the Overlay section and the table of volumes show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from viewer.core.cine import CineFunction
from viewer.core.finding import FindingState, Measurement, Side
from viewer.display.overlay import Fill


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment: (result id, number), name, volume in mm3, swatch and verdict.

    A segment of another system's object has no verdict here: its state is None.
    `is_line`: a mark or an overlay plane, which has neither number nor pattern.
    """

    key: tuple[str, int]
    name: str
    group: str
    volume_mm3: float | None
    colour: str
    pattern: int
    state: FindingState | None
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One heatmap: result id, what it speaks for, the honesty check in words; `quiet` ones start off."""

    key: str
    name: str
    honest: bool | None
    honesty: str
    quiet: bool = False


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

    def heat_shown(self, row_of: HeatRow) -> bool:
        """Whether a heatmap is on; one that failed its check is off until switched on."""
        if row_of.honest is False or row_of.quiet:
            return row_of.key in self.heat_forced
        return row_of.key not in self.heat_hidden


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One structure: its volume in mm3 on each side, None where none was measured."""

    name: str
    left: Measurement | None
    right: Measurement | None


@dataclass(frozen=True, slots=True)
class VolumesView:
    """All the table shows; `missing` are sides without a box, `pack_id` the pack that asks for them.

    With `cine` it shows a heart's volumes over the beat, and `measured` what follows from them.
    """

    rows: tuple[VolumeRow, ...] = ()
    missing: tuple[Side, ...] = ()
    pack_id: str = ""
    draft: bool = True
    cine: CineFunction | None = None
    measured: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()


def is_draft(states: Iterable[FindingState]) -> bool:
    """True while a segment of the table is not accepted."""
    return any(state is not FindingState.ACCEPTED for state in states)
