"""Measures a pack on a case table, through the very path that the program runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from viewer.analysis import measures, networks, ood, suitability
from viewer.analysis.inference import Infer, RawOutputs
from viewer.analysis.tasks import TASKS, predict, segmentation
from viewer.core.analysis import Box, Input, PackInfo, Suitability
from viewer.core.errors import UsageError, ViewerError
from viewer.core.geometry import SpacingKind
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Mask, Volume
from viewer.training import cases, gallery, masks, metrics
from viewer.training.loop import device
from viewer.training.outcomes import Outcome, yes
from viewer.training.tasks import TRAINING

_log = logging.getLogger(__name__)

Array = npt.NDArray[Any]
#: Rules that only say that a picture outside DICOM says nothing about itself.
_HEADER_RULES = ("modality", "body_part", "view", "age", "sequence", "plane", "spacing", "photometric")

_NOTHING = object()

Gate = Callable[[PackInfo, Volume, Box | None], str]


def evaluate(
    pack: PackInfo,
    infer: Infer,
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
    net = networks.load(pack.inference.network, pack.weights).to(where)
    infer = masks.infer_of(net, where)
    return evaluate(pack, infer, table, split, pictures=pictures, on_progress=on_progress, cancel=cancel)


def make_gate(pack: PackInfo, where: torch.device) -> Gate:
    """The gate as the program runs it; pictures outside DICOM are judged by their pixels alone."""
    detector = ood.detector_for(pack)
    infer = None
    if detector is not None:
        net = networks.load(detector.pack.inference.network, detector.pack.weights).to(where)
        infer = masks.infer_of(net, where)

    def gate(pack: PackInfo, volume: Volume, roi: Box | None) -> str:
        spoken = list(suitability.reasons(pack, volume, roi, research=True))
        if volume.series_uid is None:
            spoken = [r for r in spoken if not (r.verdict is Suitability.WARN and r.rule in _HEADER_RULES)]
        if detector is not None and infer is not None and volume.shape[0] == 1:
            spoken += ood.judge(detector, infer, volume)
        return suitability.verdict_of(spoken).verdict.value

    return gate


def _units(pack: PackInfo, chosen: Sequence[cases.Case]) -> list[list[cases.Case]]:
    """Cases one by one, or a patient's slices in order for packs that read stacks."""
    column = pack.viewer.truth.stack_by
    if not column:
        return [[case] for case in chosen]
    stacks: dict[str, list[cases.Case]] = {}
    for case in chosen:
        stacks.setdefault(case.patient, []).append(case)
    return [sorted(stack, key=lambda c: float(c.extra.get(column) or 0)) for stack in stacks.values()]


def _run(pack: PackInfo, infer: Infer, group: Sequence[cases.Case], gate: Gate, pictures: Path | None) -> list[Outcome]:
    """Run one picture or one stack and give one outcome a case."""
    begun, inputs_of = time.perf_counter(), TRAINING[pack.task].inputs
    if inputs_of is not None:
        return [_read(pack, infer, case, inputs_of(pack, case)) for case in group]
    volume = cases.stacked([cases.load_volume(case.image) for case in group])
    roi = _whole(volume) if pack.needs_roi else None
    verdict = gate(pack, volume, roi)
    raw = predict(pack, infer, volume, roi)
    seconds = (time.perf_counter() - begun) / len(group)
    depth = volume.shape[0] // len(group)
    outcomes = []
    for index, case in enumerate(group):
        part = slice(index * depth, (index + 1) * depth)
        scores = {n: float(v[part].max()) for n, v in raw.slice_scores.items()} or dict(raw.scores)
        unknown = volume.geometry.spacing_kind is SpacingKind.UNKNOWN
        outcome = Outcome(case, seconds, verdict, scores=scores, pixels=unknown)
        truth = _truth_mask(pack, case, (depth, *volume.shape[1:]))
        if raw.labels is not None:
            outcome.measured = _measured(pack, case, raw, volume, part)
        _against(pack, volume.geometry.spacing, raw, part, outcome=outcome, truth=truth)
        if pictures is not None:
            place = pictures / _verdict_word(pack, outcome)
            gallery.write(place, volume, raw, part, truth=truth, case=case)
        outcomes.append(outcome)
    return outcomes


def _read(pack: PackInfo, infer: Infer, case: cases.Case, inputs: Mapping[str, Input]) -> Outcome:
    """Run a pack that reads no picture."""
    begun = time.perf_counter()
    verdict = suitability.check_inputs(pack, inputs, research=True).verdict.value
    raw = TASKS[pack.task].predict(pack, infer, inputs, None)
    return Outcome(case, time.perf_counter() - begun, verdict, scores=dict(raw.scores))


def _measured(
    pack: PackInfo, case: cases.Case, raw: RawOutputs, volume: Volume, part: slice
) -> dict[str, tuple[float, float | None]]:
    """(true, found) of every measure that the table has a value for, on the pixel size that it states."""
    rules, told = pack.viewer.truth, case.extra
    wanted = {one.column: one.measure for one in rules.measured if told.get(one.column, "").strip()}
    if not wanted or raw.labels is None:
        return {}
    grid = replace(volume.geometry, shape=(part.stop - part.start, *volume.shape[1:]))
    pixel = float(told.get(rules.pixel_size, "") or 0)
    mask = segmentation.stated_scale(Mask(raw.labels[part], (), grid, ""), pixel)
    line = segmentation.rule_of(pack).drawn_line
    found = {name: measures.of_segment((name,), mask, 1, None, drawn_line=line) for name in wanted.values()}
    return {name: (float(told[c]), found[name][0].value if found[name] else None) for c, name in wanted.items()}


def _against(
    pack: PackInfo,
    spacing: Sequence[float],
    raw: RawOutputs,
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
    rules = pack.viewer.truth
    if case.mask is None:
        known = rules.empty_is_zero and TRAINING[pack.task].empty_is_truth
        return np.zeros(shape, int) if known else None
    mask = cases.load_labels(case.mask)
    if mask.shape != shape:
        raise UsageError(f"The mask of {case.name} has another shape than the image.", "Mend the table.")
    return (mask >= rules.mask_at_least).astype(np.int16) if rules.binary_mask else mask


def _compare(pack: PackInfo, spacing: Sequence[float], labels: Array, truth: Array, outcome: Outcome) -> None:
    for number, name in enumerate(pack.inference.output.labels, start=1):
        ours, theirs = labels == number, truth == number
        outcome.overlap[name] = metrics.overlap(ours, theirs)
        outcome.hd95[name] = metrics.hd95(ours, theirs, spacing)


def _verdict_word(pack: PackInfo, outcome: Outcome) -> str:
    """ "right" or "wrong", for the gallery."""
    if outcome.overlap:
        worst = min(2 * both / total if total else 1.0 for both, total in outcome.overlap.values())
        return "right" if worst >= pack.viewer.truth.good_dice else "wrong"
    for name, score in outcome.scores.items():
        truth = yes(pack, name, outcome.case.label)
        if truth is not None:
            return "right" if (score >= pack.viewer.default_point.threshold) == bool(truth) else "wrong"
    return "unknown"


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
    out.update(TRAINING[pack.task].summary(pack, outcomes))
    return dict(finite(out))


def finite(value: Any) -> Any:
    """The same figures without NaN and infinity, which JSON cannot hold: such figures are left out."""
    if isinstance(value, Mapping):
        kept = {k: finite(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v is not _NOTHING}
    if isinstance(value, (list, tuple)):
        parts = [finite(v) for v in value]
        return _NOTHING if any(v is _NOTHING for v in parts) else parts
    return _NOTHING if isinstance(value, float) and not np.isfinite(value) else value
