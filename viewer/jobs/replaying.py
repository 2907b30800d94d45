"""What two runs of one pack have in common, check by check: nothing may differ on the same machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.core.analysis import AnalysisResult, Provenance
from viewer.core.finding import Finding, Measurement
from viewer.core.pack import Tolerance
from viewer.core.volume import Mask

#: (what, whether it is the same, in words)
Check = tuple[str, bool, str]

#: Scores beside a pack are kept to six decimals.
KEPT = 1e-6


@dataclass(frozen=True, slots=True)
class Allowed:
    """How far two runs may differ: `score` absolute, `dice` at least, `size` a share."""

    score: float
    dice: float
    size: float


def allowed(before: Provenance | None, after: Provenance | None, stated: Tolerance) -> Allowed:
    """Nothing on the same device, backend and software; elsewhere what the pack states."""
    if before is None or after is None or _machine(before) == _machine(after):
        return Allowed(KEPT, 1.0, KEPT)
    return Allowed(stated.score, stated.dice, stated.size_percent / 100)


def compare(kept: AnalysisResult, again: AnalysisResult, may: Allowed) -> Iterator[Check]:
    """Scores, masks label by label, and every proposal with its place, side and sizes."""
    yield from _scores(kept, again, may)
    yield from _masks((*kept.masks, *kept.phase_masks), (*again.masks, *again.phase_masks), may)
    places = may.dice == 1.0 and kept.cine is None  # what lies on another phase of the beat is kept without its region
    yield from _findings(kept.findings, again.findings, may, places)


def _machine(one: Provenance) -> tuple[object, ...]:
    return one.device, one.backend, tuple(sorted(one.software.items()))


def _scores(kept: AnalysisResult, again: AnalysisResult, may: Allowed) -> Iterator[Check]:
    for name in sorted(kept.scores.keys() | again.scores.keys()):
        before, now = kept.scores.get(name), again.scores.get(name)
        same = before is not None and now is not None and abs(before - now) <= may.score
        yield "score", same, f"score {name} {_number(before)}, now {_number(now)}"


def _masks(kept: Sequence[Mask], again: Sequence[Mask], may: Allowed) -> Iterator[Check]:
    if len(kept) != len(again):
        yield "mask", False, f"{len(kept)} masks, now {len(again)}"
        return
    for before, now in zip(kept, again, strict=True):
        if not before.geometry.same_grid(now.geometry) or before.labels.shape != now.labels.shape:
            yield "mask", False, "the mask lies on another grid"
            continue
        numbers = sorted({s.number for s in (*before.segments, *now.segments)} | _present(before) | _present(now))
        for number in numbers:
            yield _label(before, now, number, may)


def _present(mask: Mask) -> set[int]:
    return {int(value) for value in np.unique(mask.labels)} - {0}


def _label(before: Mask, now: Mask, number: int, may: Allowed) -> Check:
    """One label: its overlap (Dice) and its volume."""
    mine, theirs = before.labels == number, now.labels == number
    both, total = int((mine & theirs).sum()), int(mine.sum()) + int(theirs.sum())
    dice = 2 * both / total if total else 1.0
    volumes = before.volume_mm3(number), now.volume_mm3(number)
    name = next((s.name for s in before.segments if s.number == number), f"label {number}")
    words = f"{name}: Dice {dice:.4f}, volume {volumes[0]:.0f} mm3, now {volumes[1]:.0f} mm3"
    off = abs(volumes[0] - volumes[1])
    return "mask", dice >= may.dice and off <= may.size * max(volumes, default=0.0) + KEPT, words


def _findings(kept: Sequence[Finding], again: Sequence[Finding], may: Allowed, places: bool) -> Iterator[Check]:
    """Each proposal as the pack made it; the reader's words aside."""
    yield "findings", len(kept) == len(again), f"{len(kept)} findings, now {len(again)}"
    for number, (before, now) in enumerate(zip(kept, again, strict=False), start=1):
        made = before.original or before
        same = made.location.text == now.location.text and (not places or made.location == now.location)
        words = f"{made.location.text or 'no place in words'}, now {now.location.text or 'none'}"
        yield "place", same, f"finding {number}: {words}"
        yield from _proposal(f"finding {number}", made, now, may)


def _proposal(who: str, before: Finding, now: Finding, may: Allowed) -> Iterator[Check]:
    label = (before.label, before.code) == (now.label, now.code)
    yield "label", label, f"{who}: {before.label}, now {now.label}"
    yield "side", before.side is now.side, f"{who}: side {before.side.value or 'none'}, now {now.side.value or 'none'}"
    scores = [one.score for one in (before, now)]
    near = scores[0] == scores[1] or (
        None not in scores and abs(float(scores[0] or 0) - float(scores[1] or 0)) <= may.score
    )
    yield "score", near, f"{who}: score {_number(scores[0])}, now {_number(scores[1])}"
    sizes = len(before.measurements) == len(now.measurements) and all(
        _is_near(a, b, may) for a, b in zip(before.measurements, now.measurements, strict=True)
    )
    yield "size", sizes, f"{who}: {_sizes(before)}, now {_sizes(now)}"


def _is_near_score(before: float | None, now: float | None, may: Allowed) -> bool:
    return before == now or (before is not None and now is not None and abs(before - now) <= may.score)


def _is_near(a: Measurement, b: Measurement, may: Allowed) -> bool:
    return (a.name, a.unit) == (b.name, b.unit) and abs(a.value - b.value) <= may.size * max(abs(a.value), abs(b.value))


def _sizes(finding: Finding) -> str:
    return ", ".join(f"{one.name} {one.value:g} {one.unit}".strip() for one in finding.measurements) or "no sizes"


def _number(score: float | None) -> str:
    return "none" if score is None else f"{score:.4f}"
