"""Figures of scores against a table's words: AUC, operating points, calibration. For every task that scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from viewer.analysis.tasks.base import narrowed
from viewer.analysis.tasks.labels import LabelsViewer
from viewer.core.analysis import PackInfo
from viewer.core.pack import Figures
from viewer.training import metrics
from viewer.training.outcomes import MOST_NAMED, Outcome, by_group, yes
from viewer.training.words import short_name, with_interval

#: Groups smaller than this are listed with their number only.
_LEAST_GROUP = 5
_POINT_KEYS = ("threshold", "sensitivity", "sensitivity_ci", "specificity", "specificity_ci", "balanced_accuracy")


def summary(pack: PackInfo, outcomes: Sequence[Outcome]) -> Figures:
    """Classification keys of the pack's first score; nothing where its labels are unknown here."""
    name = next((next(iter(o.scores)) for o in outcomes if o.scores), "")
    known = [(o, truth) for o in outcomes if o.scores and (truth := yes(pack, name, o.case.label)) is not None]
    if not known:
        return {}
    threshold = pack.viewer.default_point.threshold
    out: Figures = _classified(known, name, threshold)
    out["wrong"] = _wrong(known, name, threshold)
    out["by"] = {
        column: {word: _by_group([k for k in known if k[0] in mine], name, threshold) for word, mine in groups.items()}
        for column, groups in by_group(pack, [o for o, _ in known]).items()
    }
    heat = [o for o, _ in known if o.energy_in_mask is not None]
    if heat:
        out["heatmap_energy_in_mask"] = float(np.mean([o.energy_in_mask for o in heat]))
        out["mask_area_share"] = float(np.mean([o.mask_share for o in heat]))
    out["points"] = {
        p.name: {k: v for k, v in _classified(known, name, p.threshold).items() if k in _POINT_KEYS}
        for p in pack.operating_points
    }
    return out


def several(pack: PackInfo, outcomes: Sequence[Outcome]) -> Figures:
    """Multi-label keys: each label's AUC, F1 and calls at its own threshold; nothing where no label is known here.

    For packs with a threshold a label; the table joins labels in one cell (`truth.joined_by`), an empty cell is none.
    """
    viewer = narrowed(pack.viewer, LabelsViewer)
    names = pack.inference.output.labels
    told = [set(o.case.label.split(viewer.truth.joined_by)) for o in outcomes]
    if not any(told_one & set(names) for told_one in told):
        return {}
    truth = np.array([[float(name in found) for name in names] for found in told])
    given = np.array([[o.scores[name] for name in names] for o in outcomes])
    called = (given >= np.array([viewer.points[name].threshold for name in names])).astype(float)
    return metrics.multi_label(names, truth, given, called, [o.case.patient for o in outcomes])


def several_card(results: Figures) -> list[str]:
    """Macro figures, and a row a label."""
    if "labels" not in results:
        return []
    head = [f"- macro AUC {with_interval(results, 'macro_auc')}, macro F1 {with_interval(results, 'macro_f1')}"]
    rows = ["| label | positives | AUC (95%) | F1 | sensitivity | specificity |", "|---|---|---|---|---|---|"]
    for name, one in results["labels"].items():
        parts = [f"{one[key]:.3f}" if key in one else "" for key in ("f1", "sensitivity", "specificity")]
        rows.append(
            f"| {name} | {one['positives']} of {one['n']} | {with_interval(one, 'auc')} | {' | '.join(parts)} |"
        )
    return ["\n".join(head), "\n".join(rows)]


def _wrong(known: Sequence[tuple[Outcome, int]], name: str, threshold: float) -> dict[str, list[str]]:
    """Cases on the wrong side of the threshold, furthest first: the known failures."""
    far = sorted(known, key=lambda k: abs(k[0].scores[name] - threshold), reverse=True)
    wrong = [(o, t) for o, t in far if (o.scores[name] >= threshold) != bool(t)]
    return {
        word: [f"{o.case.name} ({o.scores[name]:.2f})" for o, t in wrong if t == truth][:MOST_NAMED]
        for word, truth in (("missed", 1), ("false alarms", 0))
    }


def _classified(known: Sequence[tuple[Outcome, int]], name: str, threshold: float) -> dict[str, Any]:
    truth = np.array([t for _, t in known])
    scores = np.array([o.scores[name] for o, _ in known])
    return metrics.classification(truth, scores, threshold, [o.case.patient for o, _ in known])


def _by_group(known: Sequence[tuple[Outcome, int]], name: str, threshold: float) -> dict[str, Any]:
    if len(known) < _LEAST_GROUP:
        return {"n": len(known)}
    figures = _classified(known, name, threshold)
    kept = ("auc", "auc_ci", "accuracy", "balanced_accuracy", "sensitivity", "specificity")
    return {"n": len(known), **{k: figures[k] for k in kept}}


def card(results: Figures) -> list[str]:
    """AUC, every operating point, calibration, and which cases were wrong."""
    if "auc" not in results:
        return []
    lines = [f"- AUC {with_interval(results, 'auc')}"]
    for name, figures in results.get("points", {}).items():
        lines.append(
            f"- at {name} (threshold {figures['threshold']:.4f}): sensitivity {with_interval(figures, 'sensitivity')}, "
            f"specificity {with_interval(figures, 'specificity')}, balanced accuracy {figures['balanced_accuracy']:.3f}"
        )
    calibration = results["calibration"]
    lines.append(f"- calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}")
    if "heatmap_energy_in_mask" in results:
        inside, share = results["heatmap_energy_in_mask"], results["mask_area_share"]
        lines.append(
            f"- heatmap energy inside the lung mask {inside:.3f}; the mask covers {share:.3f} ({inside / share:.2f}x)"
        )
    for word, cases in results.get("wrong", {}).items():
        lines.append(f"- {word} at the default point (score): {', '.join(map(short_name, cases)) or 'none'}")
    return ["\n".join(lines)]
