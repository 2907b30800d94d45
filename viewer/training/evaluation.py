"""Measures a pack on a case table, through the very path that the program runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from viewer.analysis import inference, networks, outlier, suitability
from viewer.core.analysis import Box, PackInfo, Suitability
from viewer.core.errors import UsageError, ViewerError
from viewer.core.geometry import SpacingKind
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.training import cases, gallery, metrics, segmentation
from viewer.training.loop import device

_log = logging.getLogger(__name__)

Array = npt.NDArray[Any]
#: Columns by which results are also reported, where a table has them; a pack may name more (`truth.groups`).
GROUP_COLUMNS = ("site", "subtype", "sex", "age")
#: Groups smaller than this are listed with their number only.
_LEAST_GROUP = 5

#: Rules that only say that a picture outside DICOM says nothing about itself.
_HEADER_RULES = ("modality", "body_part", "view", "age", "sequence", "plane", "spacing", "photometric")

#: At most so many cases are named per kind of mistake.
MOST_NAMED = 12

_NOTHING = object()

Gate = Callable[[PackInfo, Volume, Box | None], str]


@dataclass
class Outcome:
    """What the program said about one case, and the truth; `pixels`: `hd95` is in pixels, not mm."""

    case: cases.Case
    seconds: float
    gate: str
    scores: dict[str, float] = field(default_factory=dict)
    overlap: dict[str, tuple[int, int]] = field(default_factory=dict)
    hd95: dict[str, float] = field(default_factory=dict)
    pixels: bool = False
    energy_in_mask: float | None = None
    mask_share: float | None = None


def evaluate(
    pack: PackInfo,
    infer: inference.Infer,
    table: cases.CaseTable,
    split: str | None = None,
    *,
    pictures: Path | None = None,
    gate: Gate | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Run a pack over a case table; the answer is the document of `evaluate --json`.

    Args:
        pack: the pack; `viewer.truth` says how the table's labels and masks read.
        infer: its network.
        table: a checked case table.
        split: only these cases; all where None.
        pictures: folder for a gallery of right and wrong cases.
        gate: gives "run", "warn" or "refuse"; the header and pixel rules where None.
        on_progress: told after every case.
        cancel: asked before every case.
    """
    chosen = table.of(split)
    if not chosen:
        raise UsageError(f"The table has no cases in split '{split}'.", "Name another split.")
    failed = [{"case": name, "text": text} for name, text in table.missing]
    outcomes: list[Outcome] = []
    gate = gate or make_gate(pack, torch.device("cpu"))
    groups = _units(pack, chosen)
    for index, group in enumerate(groups):
        if cancel is not None:
            cancel.check()
        try:
            outcomes += _run(pack, infer, group, gate, pictures)
        except ViewerError as error:
            failed += [{"case": case.name, "text": error.text} for case in group]
        on_progress(Progress("Cases", (index + 1) / len(groups)))
    return summary(pack, outcomes, failed)


def evaluate_pack(
    pack: PackInfo,
    table: cases.CaseTable,
    split: str | None = None,
    *,
    pictures: Path | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """As `evaluate`, with the pack's own network on the CPU or a CUDA card."""
    where = device()
    net = networks.load(pack.inference["network"], pack.weights).to(where)
    infer = segmentation.infer_of(net, where)
    return evaluate(pack, infer, table, split, pictures=pictures, on_progress=on_progress, cancel=cancel)


def make_gate(pack: PackInfo, where: torch.device) -> Gate:
    """The gate as the program runs it; pictures outside DICOM are judged by their pixels alone."""
    guard = outlier.guard_of(pack)
    net = None if guard is None else networks.load(guard.inference["network"], guard.weights).to(where)
    infer = None if net is None else segmentation.infer_of(net, where)

    def gate(pack: PackInfo, volume: Volume, roi: Box | None) -> str:
        spoken = list(suitability.reasons(pack, volume, roi, research=True))
        if volume.series_uid is None:
            spoken = [r for r in spoken if not (r.verdict is Suitability.WARN and r.rule in _HEADER_RULES)]
        if guard is not None and infer is not None and volume.shape[0] == 1:
            spoken += outlier.judge(guard, infer, volume)
        return suitability.verdict_of(spoken).verdict.value

    return gate


def _units(pack: PackInfo, chosen: Sequence[cases.Case]) -> list[list[cases.Case]]:
    """Cases one by one, or a patient's slices in order for packs that read stacks."""
    column = pack.viewer.get("truth", {}).get("stack_by")
    if not column:
        return [[case] for case in chosen]
    stacks: dict[str, list[cases.Case]] = {}
    for case in chosen:
        stacks.setdefault(case.patient, []).append(case)
    return [sorted(stack, key=lambda c: float(c.extra.get(column) or 0)) for stack in stacks.values()]


def _run(
    pack: PackInfo, infer: inference.Infer, group: Sequence[cases.Case], gate: Gate, pictures: Path | None
) -> list[Outcome]:
    """Run one picture or one stack and give one outcome a case."""
    begun = time.perf_counter()
    volume = cases.stacked([cases.load_volume(case.image) for case in group])
    roi = _whole(volume) if pack.needs_roi else None
    verdict = gate(pack, volume, roi)
    raw = inference.predict(pack, infer, volume, roi)
    seconds = (time.perf_counter() - begun) / len(group)
    depth = volume.shape[0] // len(group)
    outcomes = []
    for index, case in enumerate(group):
        part = slice(index * depth, (index + 1) * depth)
        scores = {n: float(v[part].max()) for n, v in raw.slice_scores.items()} or dict(raw.scores)
        unknown = volume.geometry.spacing_kind is SpacingKind.UNKNOWN
        outcome = Outcome(case, seconds, verdict, scores=scores, pixels=unknown)
        truth = _truth_mask(pack, case, (depth, *volume.shape[1:]))
        _against(pack, volume.geometry.spacing, raw, part, outcome=outcome, truth=truth)
        if pictures is not None:
            place = pictures / _verdict_word(pack, outcome)
            gallery.write(place, volume, raw, part, truth=truth, case=case)
        outcomes.append(outcome)
    return outcomes


def _against(
    pack: PackInfo,
    spacing: Sequence[float],
    raw: inference.RawOutputs,
    part: slice,
    *,
    outcome: Outcome,
    truth: Array | None,
) -> None:
    """Fill in overlaps with, and heat inside, the case's mask."""
    if truth is None:
        return
    if raw.labels is not None:
        _compare(pack, spacing, raw.labels[part], truth, outcome)
    if raw.maps and truth.any():
        heat = next(iter(raw.maps.values()))[part]
        outcome.energy_in_mask = float(heat[truth > 0].sum() / max(float(heat.sum()), 1e-9))
        outcome.mask_share = float((truth > 0).mean())


def _whole(volume: Volume) -> Box:
    return (0, 0, 0), volume.shape


def _truth_mask(pack: PackInfo, case: cases.Case, shape: tuple[int, ...]) -> Array | None:
    """Labels of the case's mask on the volume's grid; all zero where the table says "none"."""
    rules = pack.viewer.get("truth", {})
    if case.mask is None:
        return None if pack.task == "classification" or not rules.get("empty_is_zero") else np.zeros(shape, int)
    mask = cases.load_labels(case.mask)
    if mask.shape != shape:
        raise UsageError(f"The mask of {case.name} has another shape than the image.", "Mend the table.")
    least = int(rules.get("mask_at_least", 1))
    return (mask >= least).astype(np.int16) if rules.get("binary_mask") else mask


def _compare(pack: PackInfo, spacing: Sequence[float], labels: Array, truth: Array, outcome: Outcome) -> None:
    for number, name in enumerate(pack.inference["output"]["labels"], start=1):
        ours, theirs = labels == number, truth == number
        outcome.overlap[name] = metrics.overlap(ours, theirs)
        outcome.hd95[name] = metrics.hd95(ours, theirs, spacing)


def _verdict_word(pack: PackInfo, outcome: Outcome) -> str:
    """ "right" or "wrong", for the gallery."""
    if outcome.overlap:
        worst = min(2 * both / total if total else 1.0 for both, total in outcome.overlap.values())
        return "right" if worst >= float(pack.viewer.get("truth", {}).get("good_dice", 0.8)) else "wrong"
    for name, score in outcome.scores.items():
        truth = _yes(pack, name, outcome.case.label)
        if truth is not None:
            return "right" if (score >= default_threshold(pack)) == bool(truth) else "wrong"
    return "unknown"


def default_threshold(pack: PackInfo) -> float:
    """Threshold of the default operating point; 0.5 where there is none."""
    return next((p.threshold for p in pack.operating_points if p.name == "default"), 0.5)


def _yes(pack: PackInfo, label: str, word: str) -> int | None:
    """1, 0 or None (the pack does not know this word)."""
    rules = pack.viewer.get("truth", {}).get("labels", {}).get(label, {})
    if word in rules.get("positive", ()):
        return 1
    return 0 if word in rules.get("negative", ()) else None


def summary(pack: PackInfo, outcomes: Sequence[Outcome], failed: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The figures of a run; a case that failed is named, never dropped."""
    seconds = [o.seconds for o in outcomes]
    out: dict[str, Any] = {
        "pack": pack.id,
        "version": pack.version,
        "n": len(outcomes),
        "failed": list(failed),
        "seconds_per_case": float(np.median(seconds)) if seconds else None,
        "gate": {word: sum(o.gate == word for o in outcomes) for word in ("run", "warn", "refuse")},
    }
    if pack.task == "gate":
        out["stopped"] = _stopped(pack, outcomes)
    elif any(o.scores for o in outcomes):
        out.update(_scores(pack, outcomes))
    if any(o.overlap for o in outcomes):
        out["structures"] = metrics.structures(_rows(outcomes))
        out["by"] = _merged(_dice_by(pack, outcomes), out.get("by", {}))
    return dict(_plain(out))


def _stopped(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Share of the cases over each threshold of a gate pack, and over any, which cases by name."""
    marks = {name: float(mark) for name, mark in pack.viewer.get("gate", {}).get("scores", {}).items()}
    over = {name: np.array([o.scores[name] > mark for o in outcomes]) for name, mark in marks.items()}
    over["any"] = np.any(list(over.values()), axis=0)
    return {
        name: {"stopped": float(is_over.mean()), "stopped_ci": metrics.share_ci(is_over),
               "cases": [o.case.name for o, yes in zip(outcomes, is_over, strict=True) if yes][:MOST_NAMED]}
        for name, is_over in over.items()
    }  # fmt: skip


def _wrong(known: Sequence[tuple[Outcome, int]], name: str, threshold: float) -> dict[str, list[str]]:
    """Cases on the wrong side of the threshold, furthest first: the known failures."""
    far = sorted(known, key=lambda k: abs(k[0].scores[name] - threshold), reverse=True)
    wrong = [(o, t) for o, t in far if (o.scores[name] >= threshold) != bool(t)]
    return {
        word: [f"{o.case.name} ({o.scores[name]:.2f})" for o, t in wrong if t == truth][:MOST_NAMED]
        for word, truth in (("missed", 1), ("false alarms", 0))
    }


def _plain(value: Any) -> Any:
    """The same without NaN and infinity, which JSON cannot hold: such figures are left out."""
    if isinstance(value, Mapping):
        kept = {k: _plain(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v is not _NOTHING}
    if isinstance(value, (list, tuple)):
        parts = [_plain(v) for v in value]
        return _NOTHING if any(v is _NOTHING for v in parts) else parts
    return _NOTHING if isinstance(value, float) and not np.isfinite(value) else value


def _rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [
        {"structure": name, "unit": o.case.patient, "both": both, "total": total,
         "hd95": o.hd95.get(name), "pixels": o.pixels}
        for o in outcomes
        for name, (both, total) in o.overlap.items()
    ]  # fmt: skip


def _dice_by(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    by: dict[str, Any] = {}
    for column, groups in _groups(pack, outcomes).items():
        by[column] = {
            word: {n: _told(s) for n, s in metrics.structures(_rows(mine)).items()} for word, mine in groups.items()
        }
    return by


def _told(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A group's Dice; one patient alone has no interval."""
    keys = ("n", "dice_mean", "dice_ci") if figures["n"] > 1 else ("n", "dice_mean")
    return {key: figures[key] for key in keys}


def _merged(masks: dict[str, Any], scores: Mapping[str, Any]) -> dict[str, Any]:
    """Column -> word -> figures of masks and of scores, where a pack gives both."""
    merged: dict[str, Any] = {}
    for column, groups in [*masks.items(), *scores.items()]:
        for word, figures in groups.items():
            merged.setdefault(column, {}).setdefault(word, {}).update(figures)
    return merged


def _scores(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Classification keys of the pack's first score; nothing where its labels are unknown here."""
    name = next(iter(next(o for o in outcomes if o.scores).scores))
    known = [(o, truth) for o in outcomes if o.scores and (truth := _yes(pack, name, o.case.label)) is not None]
    if not known:
        return {}
    threshold = default_threshold(pack)
    out = _classified(known, name, threshold)
    out["wrong"] = _wrong(known, name, threshold)
    out["by"] = {
        column: {word: _by_group([k for k in known if k[0] in mine], name, threshold) for word, mine in groups.items()}
        for column, groups in _groups(pack, [o for o, _ in known]).items()
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


_POINT_KEYS = ("threshold", "sensitivity", "sensitivity_ci", "specificity", "specificity_ci", "balanced_accuracy")


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


def _groups(pack: PackInfo, outcomes: Sequence[Outcome]) -> dict[str, dict[str, list[Outcome]]]:
    """Column -> word -> outcomes, for the columns the table fills."""
    found: dict[str, dict[str, list[Outcome]]] = {}
    for column in dict.fromkeys((*GROUP_COLUMNS, *pack.viewer.get("truth", {}).get("groups", ()))):
        words = sorted({_word(o.case, column) for o in outcomes} - {""})
        if words:
            found[column] = {w: [o for o in outcomes if _word(o.case, column) == w] for w in words}
    return found


def _word(case: cases.Case, column: str) -> str:
    return case.label if column == "label" else case.extra.get(column, "")
