"""Model cards: `docs/README.md` of a pack, written from its metadata so that no figure drifts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Block = Mapping[str, Any]


def render(metadata: Block, notes: str = "") -> str:
    """The card as Markdown.

    Args:
        metadata: the pack's `metadata.json` with `viewer.results` filled.
        notes: what galleries taught, known failures by case: kept as written.
    """
    viewer = metadata["viewer"]
    parts = [
        f"# {metadata['name']}",
        f"Pack `{metadata['id']}`, version {metadata['version']}. {metadata.get('description', '')}",
        "## Intended use",
        str(viewer["intended_use"]),
        "## Network and data",
        f"{viewer['network_family']}. Weights SHA-256 `{viewer['weights_sha256']}`.",
        _data(viewer["data"]),
        *_operating(viewer),
        *_results(viewer),
        "## Limits",
        _bullets(viewer.get("limits", ())),
        *_unproved(viewer),
    ]
    if notes:
        parts += ["## What was looked at", notes.strip()]
    return "\n\n".join(p for p in parts if p) + "\n"


def _data(data: Block) -> str:
    return f"Data: {data['name']}. {data['citation']}. Licence: {data['licence']}. Weights are bound by it."


def _operating(viewer: Block) -> list[str]:
    points = viewer.get("operating_points", ())
    if not points:
        return []
    rows = [
        f"| {p['name']} | {p['threshold']:.4f} | {_with(p, 'sensitivity')} | {_with(p, 'specificity')} | {p['n']} |"
        for p in points
        if "n" in p
    ]
    head = ["| point | threshold | sensitivity | specificity | n |", "|---|---|---|---|---|"]
    origin = f"Fixed beforehand on {points[0].get('origin', 'unknown')}; 95% intervals by patient bootstrap."
    return ["## Operating points", origin, "\n".join(head + rows)] if rows else []


def _results(viewer: Block) -> list[str]:
    out = ["## Measured"]
    folds = viewer.get("cross_validation")
    if folds:
        out += ["Cross-validation inside the training split:", _folds(folds)]
    results = viewer.get("results")
    if not results:
        return [*out, "Not measured yet."] if not folds else out
    out.append(f"Split `{results['split']}`, n = {results['n']} cases, {len(results['failed'])} failed.")
    if "structures" in results:
        out.append(_structures(results["structures"]))
    if "auc" in results:
        out.append(_classified(results))
    if "stopped" in results:
        out.append(_stopped(results["stopped"]))
    if results.get("by"):
        out += ["By group:", _by(results["by"])]
    return out


def _stopped(stopped: Block) -> str:
    """What a gate pack stopped of its own kind of film."""
    rows = ["| question | own films stopped (95%) | which |", "|---|---|---|"]
    rows += [f"| {n} | {_with(s, 'stopped')} | {', '.join(map(_short, s['cases']))} |" for n, s in stopped.items()]
    return "\n".join(rows)


def _short(case: str) -> str:
    """A case's number: its file name without folders and ending."""
    name = case.rsplit("/", 1)[-1]
    return re.sub(r"\.(jpe?g|png|dcm|nii|nii\.gz)\b", "", name)


def _folds(folds: Block) -> str:
    """One line a fold or set; single figures together on one line."""
    blocks = [f"- {name}: {_flat(value)}" for name, value in folds.items() if isinstance(value, Mapping)]
    single = {name: value for name, value in folds.items() if not isinstance(value, Mapping)}
    return "\n".join([f"- {_flat(single)}"] * bool(single) + blocks)


def _structures(structures: Block) -> str:
    rows = ["| structure | n | Dice mean (95%) | median | worst | HD95 mean (95%) |", "|---|---|---|---|---|---|"]
    for name, s in structures.items():
        rows.append(
            f"| {name} | {s['n']} | {_with(s, 'dice_mean', 'dice_ci')} | {s['dice_median']:.3f} "
            f"| {s['dice_worst']:.3f} | {_far(s)} |"
        )
    named = [f"{name} " + ", ".join(f"{u} ({v:.2f})" for u, v in s["lowest"]) for name, s in structures.items()
             if s.get("lowest")]  # fmt: skip
    return "\n".join(rows) + ("\n\nLowest Dice, by case: " + "; ".join(named) + "." if named else "")


def _far(figures: Block) -> str:
    """HD95 with its unit: mm, or pixels where the set's spacing is unknown."""
    for key, unit in (("hd95_mm", "mm"), ("hd95_px", "pixels")):
        if figures.get(key) is not None:
            return f"{_with(figures, key)} {unit}"
    return ""


def _classified(results: Block) -> str:
    lines = [f"- AUC {_with(results, 'auc')}"]
    for name, figures in results.get("points", {}).items():
        lines.append(
            f"- at {name} (threshold {figures['threshold']:.4f}): sensitivity {_with(figures, 'sensitivity')}, "
            f"specificity {_with(figures, 'specificity')}, balanced accuracy {figures['balanced_accuracy']:.3f}"
        )
    calibration = results["calibration"]
    lines.append(f"- calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}")
    if "heatmap_energy_in_mask" in results:
        inside, share = results["heatmap_energy_in_mask"], results["mask_area_share"]
        lines.append(
            f"- heatmap energy inside the lung mask {inside:.3f}; the mask covers {share:.3f} ({inside / share:.2f}x)"
        )
    for word, cases in results.get("wrong", {}).items():
        lines.append(f"- {word} at the default point (score): {', '.join(map(_short, cases)) or 'none'}")
    return "\n".join(lines)


def _by(by: Block) -> str:
    lines = []
    for column, groups in by.items():
        lines += [f"- {column} {word}: {_flat(figures)}" for word, figures in groups.items()]
    return "\n".join(lines)


def _unproved(viewer: Block) -> list[str]:
    named = viewer.get("not_validated", ())
    return ["## Not validated", _bullets(named)] if named else []


def _with(block: Block, key: str, interval: str = "") -> str:
    low, high = block.get(interval or f"{key}_ci", (None, None))
    value = block[key]
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_flat(v)}{_range(value, k)}" for k, v in value.items() if not str(k).endswith("_ci"))
    if isinstance(value, (list, tuple)):
        return "(" + " to ".join(_flat(v) for v in value) + ")"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _range(block: Block, key: str) -> str:
    """ " (low to high)" of a figure, where the block holds its interval."""
    interval = block.get(f"{key}_ci") or (block.get("dice_ci") if key == "dice_mean" else None)
    return f" {_flat(interval)}" if interval else ""


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
