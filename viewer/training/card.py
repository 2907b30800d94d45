"""Model cards: `docs/README.md` of a pack, written from its metadata so that no figure drifts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from viewer.core.analysis import PackInfo
from viewer.core.pack import Viewer
from viewer.training.tasks import TRAINING
from viewer.training.words import with_interval

Block = Mapping[str, Any]


def render(pack: PackInfo, notes: str = "") -> str:
    """The card as Markdown.

    Args:
        pack: with `viewer.results` filled.
        notes: what galleries taught, known failures by case: kept as written.
    """
    viewer = pack.viewer
    parts = [
        f"# {pack.name}",
        f"Pack `{pack.id}`, version {pack.version}. {pack.description}",
        "## Intended use",
        viewer.intended_use,
        "## Network and data",
        f"{viewer.network_family}. Weights SHA-256 `{viewer.weights_sha256}`.",
        f"Data: {viewer.data.name}. {viewer.data.citation}. Licence: {viewer.data.licence}. Weights are bound by it.",
        *_operating(viewer),
        *_results(viewer),
        "## Limits",
        _bullets(viewer.limits),
        *_unproved(viewer),
    ]
    if notes:
        parts += ["## What was looked at", notes.strip()]
    return "\n\n".join(p for p in parts if p) + "\n"


def _operating(viewer: Viewer) -> list[str]:
    rows = [
        f"| {p.name} | {p.threshold:.4f} | {_share(p.sensitivity, p.sensitivity_ci)} "
        f"| {_share(p.specificity, p.specificity_ci)} | {p.n} |"
        for p in viewer.operating_points
        if p.n is not None
    ]
    if not rows:
        return []
    head = ["| point | threshold | sensitivity | specificity | n |", "|---|---|---|---|---|"]
    origin = f"Fixed beforehand on {viewer.operating_points[0].origin}; 95% intervals by patient bootstrap."
    return ["## Operating points", origin, "\n".join(head + rows)]


def _share(value: float | None, interval: tuple[float, float] | None) -> str:
    return with_interval({"share": value, "share_ci": interval or (None, None)}, "share")


def _results(viewer: Viewer) -> list[str]:
    out = ["## Measured"]
    if viewer.cross_validation:
        out += ["Cross-validation inside the training split:", _folds(viewer.cross_validation)]
    results = viewer.results
    if not results:
        return [*out, "Not measured yet."] if not viewer.cross_validation else out
    out.append(f"Split `{results['split']}`, n = {results['n']} cases, {len(results['failed'])} failed.")
    out += TRAINING[viewer.task].card(results)
    if results.get("by"):
        out += ["By group:", _by(results["by"])]
    return out


def _folds(folds: Block) -> str:
    """One line a fold or set; single figures together on one line."""
    blocks = [f"- {name}: {_flat(value)}" for name, value in folds.items() if isinstance(value, Mapping)]
    single = {name: value for name, value in folds.items() if not isinstance(value, Mapping)}
    return "\n".join([f"- {_flat(single)}"] * bool(single) + blocks)


def _by(by: Block) -> str:
    lines = []
    for column, groups in by.items():
        lines += [f"- {column} {word}: {_flat(figures)}" for word, figures in groups.items()]
    return "\n".join(lines)


def _unproved(viewer: Viewer) -> list[str]:
    return ["## Not validated", _bullets(viewer.not_validated)] if viewer.not_validated else []


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
