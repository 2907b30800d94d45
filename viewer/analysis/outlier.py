"""What a gate pack's scores mean for the packs it guards: run, warn or refuse, in words. Torch-free.

A gate pack (`viewer.task` "gate") names the packs it stands before and which of its scores count
for each (`viewer.gate.for`), and a threshold for each score (`viewer.gate.scores`), fixed on its
own kind of film that it had not seen. It looks at pixels alone, so it also speaks where a file
says nothing about itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from viewer.analysis import inference, packs
from viewer.core.analysis import GateReason, PackInfo, Suitability
from viewer.core.volume import Volume

#: A score this far from its threshold towards certainty refuses; nearer, it warns.
_REFUSE_SHARE = 0.5
#: Score -> (rule, words, may it refuse, what helps).
_WORDS: dict[str, tuple[str, str, bool, str]] = {
    "adult film": ("age", "The film looks like an adult's", True, "Use a pack made for adults."),
    "not a frontal chest film": (
        "view",
        "The picture does not look like an upright frontal chest film",
        True,
        "Choose a frontal chest film.",
    ),
    "mirrored film": ("mirrored", "The film looks mirrored left to right", False, "Check the side marker."),
    "unlike the training films": ("ood", "The picture is unlike the films this pack was trained on", False, ""),
}


def guard_of(pack: PackInfo, folders: Sequence[Path] | None = None) -> PackInfo | None:
    """The gate pack that stands before this pack, if one is installed, with the scores asked for it."""
    good, _ = packs.list_packs(folders)
    for guard in good:
        block = guard.viewer.get("gate", {})
        asked = block.get("for", {}).get(pack.id) if guard.task == "gate" else None
        if asked:
            marks = {name: mark for name, mark in block.get("scores", {}).items() if name in asked}
            return replace(guard, viewer={**guard.viewer, "gate": {**block, "scores": marks}})
    return None


def judge(guard: PackInfo, infer: inference.Infer, volume: Volume) -> tuple[GateReason, ...]:
    """Look at a film's pixels; one reason a score, those that let it run included.

    Args:
        guard: the gate pack.
        infer: its network, see `inference`.
        volume: the film (one slice).
    """
    return reasons(guard, inference.predict(guard, infer, volume).scores)


def reasons(guard: PackInfo, scores: Mapping[str, float]) -> tuple[GateReason, ...]:
    """What a gate pack's scores mean."""
    marks = guard.viewer.get("gate", {}).get("scores", {})
    return tuple(_reason(name, score, float(marks[name])) for name, score in scores.items() if name in marks)


def _reason(name: str, score: float, mark: float) -> GateReason:
    rule, words, may_refuse, todo = _WORDS.get(name, ("ood", f"The picture scores high for '{name}'", False, ""))
    tag = f"score {score:.3f}, threshold {mark:.3f}"
    if score <= mark:
        return GateReason(rule, Suitability.RUN, f"The pixels give no sign of: {name}.", tag)
    sure = may_refuse and score > mark + _REFUSE_SHARE * (1 - mark)
    return GateReason(rule, Suitability.REFUSE if sure else Suitability.WARN, f"{words}.", tag, todo)
