"""Is a picture what a pack was made for? The gate pack that stands before it looks at the pixels. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from viewer.analysis import packs
from viewer.analysis.inference import Infer
from viewer.analysis.tasks import gate, predict
from viewer.core.analysis import GateReason, PackInfo
from viewer.core.volume import Volume


@dataclass(frozen=True, slots=True)
class Detector:
    """A gate pack, and the thresholds of those of its scores that count for one pack."""

    pack: PackInfo
    thresholds: Mapping[str, float]


def detector_for(pack: PackInfo, folders: Sequence[Path] | None = None) -> Detector | None:
    """The gate pack that stands before this pack, if one is installed."""
    for one in packs.list_packs(folders)[0]:
        asked = gate.scores_for(one.viewer, pack.id)
        if asked:
            marks = gate.thresholds(one.viewer)
            return Detector(one, {name: marks[name] for name in marks if name in asked})
    return None


def judge(detector: Detector, infer: Infer, volume: Volume) -> tuple[GateReason, ...]:
    """Look at a picture's pixels; one reason a score that counts, those that let it run included.

    Args:
        detector: the gate pack.
        infer: its network, see `inference`.
        volume: the picture (one slice).
    """
    return gate.reasons(predict(detector.pack, infer, volume).scores, detector.thresholds)
