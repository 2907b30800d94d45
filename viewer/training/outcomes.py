"""What the program said about a case, the truth, and the groups that results are reported by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from viewer.core.analysis import PackInfo
from viewer.core.pack import TruthWords
from viewer.training import cases

#: Columns by which results are also reported, where a table has them; a pack may name more (`truth.groups`).
GROUP_COLUMNS = ("site", "subtype", "sex", "age")
#: At most so many cases are named per kind of mistake.
MOST_NAMED = 12


@dataclass
class Outcome:
    """What the program said about one case, and the truth; `pixels`: `hd95` is in pixels, not mm.

    `measured` holds (true, found) of what a table gives a value for; found is None where nothing could be measured.
    """

    case: cases.Case
    seconds: float
    gate: str
    scores: dict[str, float] = field(default_factory=dict)
    overlap: dict[str, tuple[int, int]] = field(default_factory=dict)
    hd95: dict[str, float] = field(default_factory=dict)
    pixels: bool = False
    energy_in_mask: float | None = None
    mask_share: float | None = None
    measured: dict[str, tuple[float, float | None]] = field(default_factory=dict)


def yes(pack: PackInfo, label: str, word: str) -> int | None:
    """1, 0 or None (the pack does not know this word)."""
    words = pack.viewer.truth.labels.get(label, TruthWords())
    if word in words.positive:
        return 1
    return 0 if word in words.negative else None


def by_group(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, dict[str, list[Outcome]]]:
    """Column -> word -> outcomes, for the columns the table fills."""
    found: dict[str, dict[str, list[Outcome]]] = {}
    for column in dict.fromkeys((*GROUP_COLUMNS, *pack.viewer.truth.groups)):
        words = sorted({_word(o.case, column) for o in outcomes} - {""})
        if words:
            found[column] = {w: [o for o in outcomes if _word(o.case, column) == w] for w in words}
    return found


def _word(case: cases.Case, column: str) -> str:
    return case.label if column == "label" else case.extra.get(column, "")
