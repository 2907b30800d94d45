"""Operating points and temperature from out-of-fold scores, fixed before any test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.recipe import PointTargets
from viewer.training import metrics

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Fixed:
    """What out-of-fold scores fix: points, temperature, and the folds' own figures."""

    points: list[dict[str, Any]]
    temperature: float
    folds: dict[str, Any] = field(default_factory=dict)


def fix(logits: Array, truth: Array, groups: Sequence[str], targets: PointTargets) -> Fixed:
    """Fix the operating points on scores of cases the networks never saw.

    The default point leaves a margin: of the thresholds it takes the one at which the stated
    sensitivity is still reached, so that a shift towards "ill" elsewhere costs less.

    Args:
        logits: out-of-fold logits [n].
        truth: 0 / 1 [n].
        groups: patients.
        targets: shares each point must reach.
    """
    heat = metrics.temperature(logits, truth)
    scores = 1 / (1 + np.exp(-logits / heat))
    ill, well = np.sort(scores[truth > 0]), np.sort(scores[truth == 0])
    marks = {
        "default": _at(ill, 1 - targets.default_sensitivity),
        "high_sensitivity": _at(ill, 1 - targets.high_sensitivity),
        "high_specificity": _at(well, targets.high_specificity),
    }
    origin = "out-of-fold scores of the training split"
    made = [
        metrics.operating_point(name, truth, scores, mark, groups=groups, origin=origin) for name, mark in marks.items()
    ]
    interval = metrics.bootstrap(lambda i: metrics.auc(truth[i], scores[i]), groups)
    folds = {
        "n": len(truth),
        "auc": metrics.auc(truth, scores),
        "auc_ci": list(interval),
        "ece": metrics.expected_calibration_error(truth, scores),
        "brier": float(np.mean((scores - truth) ** 2)),
    }
    return Fixed(made, heat, folds)


def best_f1(truth: Array, scores: Array, prior: float = 2.0) -> float:
    """Threshold of the best F1 [n]; `prior` false and missed calls are added, so that rare labels do not overfit."""
    marks = np.unique(np.quantile(scores, np.linspace(0, 1, 400)))
    marks = (marks[1:] + marks[:-1]) / 2
    called = scores[None] >= marks[:, None]
    hit = (called & (truth > 0)[None]).sum(1)
    f1 = 2 * hit / (called.sum(1) + truth.sum() + prior)
    return float(np.median(marks[f1 >= f1.max() - 0.004]))


def of_label(truth: Array, scores: Array, threshold: float, heat: float = 1.0) -> dict[str, Any]:
    """A label's threshold with what it does on scores of cases the networks never saw, as metadata.json states it."""
    called, yes = scores >= threshold, truth > 0
    shares = {"sensitivity": called[yes], "specificity": ~called[~yes]}
    measured = {name: round(float(right.mean()), 4) for name, right in shares.items() if right.size}
    origin = "out-of-fold scores of the training split"
    return {
        "threshold": round(threshold, 6),
        "temperature": round(heat, 4),
        "n": len(truth),
        "origin": origin,
        **measured,
    }


def _at(values: Array, share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return float(values[min(len(values) - 1, max(0, int(share * len(values))))])
