"""Measures of masks and scores, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, stats
from sklearn import metrics as sk

Array = npt.NDArray[Any]

#: Draws of a bootstrap; the interval is the middle 95%.
BOOTSTRAP_DRAWS = 2000
#: So many of the weakest units are named: the known failures.
LOWEST = 5


def dice(ours: Array, truth: Array) -> float:
    """Dice overlap of two boolean masks; 1 where both are empty."""
    total = int(np.count_nonzero(ours)) + int(np.count_nonzero(truth))
    return 1.0 if total == 0 else 2.0 * int(np.count_nonzero(ours & truth)) / total


def hd95(ours: Array, truth: Array, spacing: Sequence[float]) -> float:
    """95th percentile of the distances between both surfaces, larger of both ways; inf if one mask is empty.

    Outside the grid counts as background: a mask that reaches the border has its surface there. An axis of length 1
    has no surface across it, so that the surface of a mask on one slice is its outline.

    Args:
        ours: bool (K, J, I).
        truth: bool (K, J, I), on the same grid.
        spacing: (K, J, I) in the unit of the answer: mm, or 1 pixel where the spacing is unknown.
    """
    if not ours.any() and not truth.any():
        return 0.0
    if not ours.any() or not truth.any():
        return float("inf")
    a, b = _surface(ours), _surface(truth)
    to_b = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    to_a = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    return float(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))


def _surface(mask: Array) -> Array:
    """Voxels of bool (K, J, I) with a face neighbour outside the mask, on axes that have neighbours at all."""
    faces = ndimage.generate_binary_structure(mask.ndim, 1)
    centre = tuple(slice(1, 2) if length == 1 else slice(None) for length in mask.shape)
    found = np.asarray(mask & ~ndimage.binary_erosion(mask, faces[centre]))
    return found if found.any() else mask


def bootstrap(
    measure: Callable[[Array], float], groups: Sequence[Any], seed: int = 1, draws: int = BOOTSTRAP_DRAWS
) -> tuple[float, float]:
    """95% interval of `measure(indices)` when whole groups (patients) are drawn again.

    Draws on which the measure cannot be computed (one class only) are left out.
    """
    names, inverse = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(inverse == n) for n in range(len(names))]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = rng.integers(0, len(members), len(members))
        value = measure(np.concatenate([members[d] for d in drawn]))
        if np.isfinite(value):
            values.append(value)
    if not values:
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def share_ci(chosen: Array) -> list[float]:
    """95% interval of the share of True in bool [n] (Wilson 1927), sensible at 0 and 1 too."""
    found = stats.binomtest(int(chosen.sum()), len(chosen)).proportion_ci(method="wilson")
    return [float(found.low), float(found.high)]


def auc(truth: Array, scores: Array) -> float:
    """Area under the ROC curve; NaN when only one class is there."""
    if len(np.unique(truth)) < 2:
        return float("nan")
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    sums = np.bincount(inverse, ranks)
    ranks = (sums / counts)[inverse]
    positive = truth.astype(bool)
    n1, n0 = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def classification(truth: Array, scores: Array, threshold: float, groups: Sequence[Any]) -> dict[str, Any]:
    """The keys of `evaluate --json` for one label.

    Args:
        truth: 0 or 1 [n].
        scores: calibrated probabilities [n].
        threshold: positive from here on.
        groups: patients, drawn as wholes for intervals.
    """
    called = scores >= threshold
    yes = truth.astype(bool)
    low, high = bootstrap(lambda i: auc(truth[i], scores[i]), groups)
    tn, fp, fn, tp = (int(v) for v in sk.confusion_matrix(yes, called, labels=[False, True]).ravel())
    sensitivity, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    return {
        "auc": auc(truth, scores), "auc_ci": [low, high],
        "accuracy": (tp + tn) / len(truth),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "balanced_accuracy_ci": list(bootstrap(lambda i: _balanced(yes[i], called[i]), groups)),
        "sensitivity": sensitivity, "sensitivity_ci": list(bootstrap(lambda i: _recall(yes[i], called[i]), groups)),
        "specificity": specificity, "specificity_ci": list(bootstrap(lambda i: _recall(~yes[i], ~called[i]), groups)),
        "precision": _share(tp, tp + fp), "recall": sensitivity, "f1": _share(2 * tp, 2 * tp + fp + fn),
        "threshold": threshold, "confusion": {"tp": tp, "fp": fp, "fn": fn, "tn": tn},
        "calibration": {
            "ece": expected_calibration_error(truth, scores),
            "brier": float(np.mean((scores - truth) ** 2)),
        },
    }  # fmt: skip


def multi_label(
    names: Sequence[str], truth: Array, scores: Array, called: Array, groups: Sequence[Any]
) -> dict[str, Any]:
    """Figures of several labels, with 95% intervals over groups.

    Args:
        names: labels.
        truth: 0 / 1 [n, L]. scores: [n, L]. called: 0 / 1 [n, L].
        groups: patients.
    """
    drawn = _drawn_aucs(truth, scores, groups)
    labels = {
        name: {**_one_label(truth[:, k], scores[:, k], called[:, k]), "auc_ci": _middle(drawn[:, k])}
        for k, name in enumerate(names)
    }
    return {
        "labels": labels,
        "macro_auc": macro_auc(truth, scores),
        "macro_auc_ci": _middle(np.array(_mean_known(drawn))),
        "macro_f1": macro_f1(truth, called),
        "macro_f1_ci": list(bootstrap(lambda i: macro_f1(truth[i], called[i]), groups)),
    }


def _drawn_aucs(truth: Array, scores: Array, groups: Sequence[Any]) -> Array:
    """AUC of every label [D, L] in the draws of one bootstrap; NaN where a draw holds one class only."""
    drawn: list[list[float]] = []

    def keep(i: Array) -> float:
        drawn.append([auc(truth[i, k], scores[i, k]) for k in range(truth.shape[1])])
        return 0.0

    bootstrap(keep, groups)
    return np.array(drawn)


def _middle(values: Array) -> list[float]:
    """The middle 95% of what could be computed."""
    known = values[np.isfinite(values)]
    return [float(v) for v in np.percentile(known, [2.5, 97.5])] if known.size else [float("nan")] * 2


def _one_label(truth: Array, scores: Array, called: Array) -> dict[str, Any]:
    yes, said = truth > 0, called > 0
    return {
        "n": len(truth), "positives": int(yes.sum()), "auc": auc(truth, scores),
        "f1": macro_f1(truth[:, None], called[:, None]),
        "sensitivity": _recall(yes, said), "specificity": _recall(~yes, ~said),
    }  # fmt: skip


def macro_auc(truth: Array, scores: Array) -> float:
    """Mean AUC of the columns [n, L] that hold both classes; NaN where none does."""
    return _mean_known(np.array([[auc(truth[:, k], scores[:, k]) for k in range(truth.shape[1])]]))[0]


def _mean_known(values: Array) -> list[float]:
    """Mean of what is known in each row of [D, L]; NaN where nothing is."""
    known = np.isfinite(values)
    return [float(row[fine].mean()) if fine.any() else float("nan") for row, fine in zip(values, known, strict=True)]


def macro_f1(truth: Array, called: Array) -> float:
    """Mean F1 of the columns [n, L]; a column with no positive and no call is left out."""
    hit, total = (truth * called).sum(0), truth.sum(0) + called.sum(0)
    known = total > 0
    return float(np.mean(2 * hit[known] / total[known])) if known.any() else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _recall(yes: Array, called: Array) -> float:
    return _share(int((yes & called).sum()), int(yes.sum()))


def _balanced(yes: Array, called: Array) -> float:
    return (_recall(yes, called) + _recall(~yes, ~called)) / 2


def expected_calibration_error(truth: Array, scores: Array, bins: int = 10) -> float:
    """Mean gap between stated probability and observed share, weighted by bin size."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        abs(float(scores[index == b].mean()) - float(truth[index == b].mean())) * float((index == b).mean())
        for b in range(bins)
        if (index == b).any()
    ]
    return float(sum(gaps))


def temperature(logits: Array, truth: Array, weights: Array | None = None) -> float:
    """Temperature that minimises the (weighted) log loss of sigmoid(logit / T), by golden-section search."""
    from scipy.optimize import minimize_scalar

    share = np.ones(len(truth)) if weights is None else weights

    def loss(log_t: float) -> float:
        z = logits / np.exp(log_t)
        return float(np.average(np.logaddexp(0, z) - truth * z, weights=share))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def operating_point(
    name: str, truth: Array, scores: Array, threshold: float, *, groups: Sequence[Any], origin: str
) -> dict[str, Any]:
    """One operating point with intervals, as `metadata.json` states it."""
    called, yes = scores >= threshold, truth.astype(bool)
    return {
        "name": name, "threshold": round(float(threshold), 6),
        "sensitivity": round(_recall(yes, called), 4), "specificity": round(_recall(~yes, ~called), 4),
        "sensitivity_ci": [round(v, 4) for v in bootstrap(lambda i: _recall(yes[i], called[i]), groups)],
        "specificity_ci": [round(v, 4) for v in bootstrap(lambda i: _recall(~yes[i], ~called[i]), groups)],
        "n": len(truth), "origin": origin,
    }  # fmt: skip


def errors(rows: Sequence[tuple[str, float, float | None]]) -> dict[str, Any]:
    """Errors of a measure against true values, with 95% intervals over groups.

    Args:
        rows: (group, true, found); found is None where nothing could be measured.
    """
    known = [(group, found - true) for group, true, found in rows if found is not None]
    groups, off = [group for group, _ in known], np.array([error for _, error in known])
    out: dict[str, Any] = {"n": len(known), "not_measured": len(rows) - len(known)}
    if not known:
        return out
    return out | {
        "mean_absolute_error": float(np.abs(off).mean()),
        "mean_absolute_error_ci": list(bootstrap(lambda i: float(np.abs(off[i]).mean()), groups)),
        "bias": float(off.mean()),
        "bias_ci": list(bootstrap(lambda i: float(off[i].mean()), groups)),
        "median_absolute_error": float(np.median(np.abs(off))),
    }


def overlap(ours: Array, truth: Array) -> tuple[int, int]:
    """Voxels in both masks, and the sum of both sizes: what Dice is made of."""
    return int(np.count_nonzero(ours & truth)), int(np.count_nonzero(ours)) + int(np.count_nonzero(truth))


def structures(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Per-structure summary over units (patients): overlaps of a patient's cases are pooled first.

    Args:
        rows: {"structure", "unit", "both", "total", "hd95" (inf where one mask is empty, or None)};
            "hd95" is in mm, or in pixels where `pixels` is true (the spacing is unknown).

    Returns:
        Structure -> `n` units, Dice mean with its interval, median, worst, the lowest units by name,
        and distances in mm where the rows have them.
    """
    out: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(str(row["structure"]) for row in rows):
        mine = [row for row in rows if row["structure"] == name]
        units = sorted({str(row["unit"]) for row in mine})
        values = np.array([_pooled([r for r in mine if str(r["unit"]) == u]) for u in units])
        low, high = bootstrap(lambda i, v=values: float(v[i].mean()), units)  # type: ignore[misc]
        out[name] = {
            "n": len(units),
            "dice_mean": float(values.mean()),
            "dice_ci": [low, high],
            "dice_median": float(np.median(values)),
            "dice_worst": float(values.min()),
            "lowest": [[units[int(i)], round(float(values[i]), 4)] for i in values.argsort()[:LOWEST]],
            "hd95_mm": None,
            **_distances([r for r in mine if r.get("pixels")], "px"),
            **_distances([r for r in mine if not r.get("pixels")], "mm"),
        }
    return out


def _pooled(rows: Sequence[Mapping[str, Any]]) -> float:
    total = sum(int(r["total"]) for r in rows)
    return 2 * sum(int(r["both"]) for r in rows) / total if total else 1.0


def _distances(rows: Sequence[Mapping[str, Any]], scale: str) -> dict[str, Any]:
    """HD95 over cases where both masks hold something (mean, interval, median), and how many did not."""
    known = [row for row in rows if row.get("hd95") is not None]
    if not known:
        return {}
    far = np.array([row["hd95"] for row in known], dtype=float)
    reached = np.isfinite(far)
    empty = {"one_empty": int((~reached).sum())}
    if not reached.any():
        return {f"hd95_{scale}": None, **empty}
    near, units = far[reached], [row["unit"] for row, fine in zip(known, reached, strict=True) if fine]
    return {
        f"hd95_{scale}": float(near.mean()),
        f"hd95_{scale}_ci": list(bootstrap(lambda i: float(near[i].mean()), units)),
        f"hd95_{scale}_median": float(np.median(near)),
        **empty,
    }
