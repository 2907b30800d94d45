"""One verdict on a stack's geometry, used by viewer, measuring, analysis and export alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from viewer.core.geometry import Geometry, SpacingKind


class Safety(Enum):
    """How far lengths on a stack can be trusted."""

    OK = "ok"
    WARN = "warn"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Caution:
    """Something true that a reader must see.

    Attributes:
        code: stable word, e.g. tilt, uneven_gaps, missing_slices, lossy, no_spacing.
        text: the reason in words, with numbers and units.
        badge: one or two words for the viewport strip ("Tilt 12°"); empty = no badge.
    """

    code: str
    text: str
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """May lengths be measured, within a slice and across slices?"""

    safety: Safety = Safety.OK
    within_slice: bool = True
    across_slices: bool = True
    reasons: tuple[Caution, ...] = field(default=())

    @property
    def text(self) -> str:
        """One line for the status bar."""
        if self.safety is Safety.OK:
            return "Geometry: safe to measure"
        if self.within_slice:
            return "Geometry: measure within a slice only"
        return "Geometry: unsafe to measure"


def judge(geometry: Geometry | None, warnings: tuple[Caution, ...] = ()) -> Verdict:
    """Judge a stack from its geometry and what the reader of the file already warned of.

    Rules: no geometry or unknown spacing -> unsafe; tilted, uneven or incomplete stacks ->
    warn, lengths only within a native slice; spacing at the detector -> warn, lengths are
    at the detector plane (PS3.3 C.8.7.1.1.2 Imager Pixel Spacing).
    """
    if geometry is None:
        return Verdict(Safety.UNSAFE, False, False, warnings)
    if geometry.spacing_kind is SpacingKind.UNKNOWN:
        return Verdict(Safety.UNSAFE, False, False, warnings)
    single = geometry.shape[0] < 2
    broken = {
        "tilt",
        "uneven_gaps",
        "missing_slices",
        "duplicate_positions",
        "mixed_orientation",
        "localizer",
        "shifted_slices",
    }
    if any(w.code in broken for w in warnings) or geometry.is_tilted or not geometry.is_even:
        return Verdict(Safety.WARN, True, False, warnings)
    if geometry.spacing_kind is SpacingKind.DETECTOR:
        return Verdict(Safety.WARN, True, not single, warnings)
    return Verdict(Safety.OK, True, not single, warnings)
