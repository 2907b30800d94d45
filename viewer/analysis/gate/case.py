"""What a rule looks at, and the words rules share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewer.core.analysis import Box, GateReason, PackInfo, Suitability
from viewer.core.volume import Volume

if TYPE_CHECKING:
    from viewer.core.pack import Match

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at."""

    pack: PackInfo
    volume: Volume
    roi: Box | None
    research: bool

    @property
    def match(self) -> Match:
        """The pack's rules."""
        return self.pack.match

    def tag(self, keyword: str) -> str:
        """A header value, stripped and in capitals; "" where the file does not say."""
        return self.volume.tags.get(keyword, "").strip().upper()

    @property
    def description(self) -> str:
        """Every free description of the series, in capitals."""
        keys = ("SeriesDescription", "ProtocolName", "StudyDescription", "SequenceName")
        return " ".join(word for word in map(self.tag, keys) if word)


Rule = Callable[[Case], GateReason | None]


def capitals(words: Sequence[str]) -> tuple[str, ...]:
    """Words in capitals."""
    return tuple(word.upper() for word in words)


def either(words: Sequence[str]) -> str:
    """ "A", "A or B", "A, B or C"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
