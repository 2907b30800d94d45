"""What tasks of several labels share: a threshold for each, and scores in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from viewer.analysis.inference import FloatArray, RawOutputs, sigmoid
from viewer.core.analysis import PackInfo
from viewer.core.finding import OperatingPoint
from viewer.core.pack import LabelPoint, Viewer


class LabelsViewer(Viewer, frozen=True, kw_only=True):
    """The `viewer` block of a pack with a threshold for each label."""

    points: dict[str, LabelPoint]


def unknown_points(viewer: LabelsViewer, names: Sequence[str]) -> Iterator[str]:
    """A label without a threshold, or a threshold of nothing."""
    for name in names:
        if name not in viewer.points:
            yield f"'viewer.points.{name}' is missing"
    for name in viewer.points:
        if name not in names:
            yield f"'viewer.points.{name}' is nothing that the network says ({', '.join(names)})"


def scored(viewer: LabelsViewer, names: Sequence[str], logits: FloatArray, detail: object) -> RawOutputs:
    """Calibrated scores of logits [L]."""
    each = {name: float(logit) for name, logit in zip(names, logits, strict=True)}
    scores = {n: float(sigmoid(logits[k] / viewer.points[n].temperature)) for k, n in enumerate(names)}
    return RawOutputs(scores=scores, logits=each, detail=detail)


def point_of(viewer: LabelsViewer, name: str) -> OperatingPoint:
    """The threshold of a label, as findings carry it."""
    return viewer.points[name].in_use


def in_words(pack: PackInfo, scores: Mapping[str, float]) -> dict[str, float]:
    """Scores by label in words."""
    return {pack.viewer.label_text(name): round(float(score), 6) for name, score in scores.items()}
