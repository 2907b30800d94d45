"""The sections of a report: one table for window, paper, structured report and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Block(StrEnum):
    """Where the words of a section stand on paper; also the key of its heading there."""

    INDICATION = "indication"
    TECHNIQUE = "technique"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    RECOMMENDATION = "recommendation"
    AUTHOR = "author"


class SrRow(StrEnum):
    """A section in the structured report: rows "document" of `label_codes.csv` for container and item."""

    FINDINGS = "findings finding"
    IMPRESSION = "impressions impression"
    RECOMMENDATION = "recommendations recommendation"

    @property
    def rows(self) -> tuple[str, str]:
        """Keys of the container's and the item's concept."""
        container, item = self.value.split()
        return container, item


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """One section that a person may write.

    Attributes:
        key: its name in result.json and journal.
        heading: what the window calls it, in English.
        block: where its words stand on paper.
        drafted: the program writes it where the reader leaves it empty.
        sr: where the structured report says it; None: it does not.
    """

    key: str
    heading: str
    block: Block
    drafted: bool = False
    sr: SrRow | None = None


#: In the order in which they are typed and printed.
SECTIONS: tuple[SectionSpec, ...] = (
    SectionSpec("indication", "Indication", Block.INDICATION),
    SectionSpec("comparison", "Comparison", Block.INDICATION),
    SectionSpec("technique", "Technique", Block.TECHNIQUE, drafted=True),
    SectionSpec("quality", "Image quality", Block.TECHNIQUE),
    SectionSpec("findings", "Findings", Block.FINDINGS, sr=SrRow.FINDINGS),
    SectionSpec("impression", "Impression", Block.IMPRESSION, drafted=True, sr=SrRow.IMPRESSION),
    SectionSpec("recommendation", "Recommendation", Block.RECOMMENDATION, sr=SrRow.RECOMMENDATION),
    SectionSpec("critical", "Critical result", Block.AUTHOR),
)

#: Kept and sealed with the sections, written by the program, never printed (`core.overruled`).
OVERRULED = "overruled"
ASIDE = (OVERRULED,)


def aside(sections: Mapping[str, str]) -> dict[str, str]:
    """What of a report's words the program keeps beside those that a person writes."""
    return {key: sections[key] for key in ASIDE if sections.get(key)}


def keys_in(block: Block) -> tuple[str, ...]:
    """Keys of the sections whose words stand in a block, in their order."""
    return tuple(section.key for section in SECTIONS if section.block is block)
