"""What the Findings section shows."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.finding import Finding

#: From this many findings on, cards show one line until selected.
BRIEF_FROM = 4


@dataclass(frozen=True, slots=True)
class FindingLook:
    """How a finding is shown.

    Attributes:
        number: its number in the study; swatch: colour and pattern of its segment.
        place: where it lies, in words, with the image where there are several.
        locked: the report is signed; brief: one line until selected.
    """

    finding: Finding
    number: int
    place: str = ""
    swatch: tuple[str, int] | None = None
    selected: bool = False
    locked: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class FindingsView:
    """What the section shows.

    Attributes:
        looks: every finding in order, filtered or not; analysed: some pack ran on this study.
        hidden: proposals under their threshold; nothing: words for packs that ran and found nothing.
    """

    looks: tuple[FindingLook, ...] = ()
    analysed: bool = False
    hidden: int = 0
    nothing: tuple[str, ...] = ()
