"""Result folders with known findings, written as `analyze` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests import synth
from tests.unit.reporting.builders import PASSPORT, finding, mask_of, result, xray_finding
from viewer.analysis import measures
from viewer.core.analysis import AnalysisResult, GateReason, GateVerdict, Suitability
from viewer.core.finding import Location
from viewer.core.study import Stack, Study
from viewer.core.volume import Heatmap, Mask, Volume
from viewer.jobs import result_folder, result_json
from viewer.jobs.result_extras import extras_for
from viewer.jobs.sealing.hashes import with_hashes
from viewer.reading import load_volume, scan

Opened = tuple[Study, Stack, Volume]


def opened(folder: Path) -> Opened:
    """The first stack of a folder, read."""
    study = scan([folder]).studies[0]
    stack = study.stacks[0]
    return study, stack, load_volume(stack)


def film_results(stack: Stack, volume: Volume) -> tuple[AnalysisResult, ...]:
    """A classifier with two proposals and a heatmap, and a pack that refused."""
    values = np.zeros(volume.shape, np.float32)
    values[0, 10:30, 4:16] = 1
    outline = ((0.0, 2.0, 0.8), (0.0, 2.0, 3.2), (0.0, 6.0, 3.2), (0.0, 6.0, 0.8))
    proposals = [
        xray_finding(n, result_id="r1", series_uid=stack.series_uid, location=Location(place, outline, None, 0))
        for n, place in ((1, "Right lower zone"), (2, "Right upper zone"))
    ]
    reason = GateReason("modality", Suitability.REFUSE, "Tested on MR only; this series is DX.", "(0008,0060)")
    refused = AnalysisResult(
        "r2", "mr-hippocampus-segmentation", "refused", stack.series_uid, GateVerdict(Suitability.REFUSE, (reason,))
    )
    heatmap = Heatmap(values, volume.geometry, "Pneumonia pattern", honest=True)
    passport = replace(PASSPORT, pack_id="xray-chest-pneumonia")
    ran = result(*proposals, series_uid=stack.series_uid, heatmaps=(heatmap,), provenance=passport)
    return ran, refused


def head_results(stack: Stack, volume: Volume) -> tuple[AnalysisResult, ...]:
    """A segmenter with two segments, one finding each, placed and measured by its mask."""
    mask = mask_of(volume.geometry)
    findings = [
        finding(
            n, label=label, result_id="r1", series_uid=stack.series_uid, location=_segment_place(mask, n),
            measurements=measures.volume(mask, n),
        )
        for n, label in ((1, "Anterior hippocampus"), (2, "Posterior hippocampus"))
    ]  # fmt: skip
    return (result(*findings, masks=[mask], series_uid=stack.series_uid),)


def _segment_place(mask: Mask, number: int) -> Location:
    inside = mask.labels == number
    found = np.argwhere(inside)
    (k0, j0, i0), (k1, j1, i1) = found.min(axis=0).tolist(), (found.max(axis=0) + 1).tolist()
    ring = [(j0 - 0.5, i0 - 0.5), (j0 - 0.5, i1 - 0.5), (j1 - 0.5, i1 - 0.5), (j1 - 0.5, i0 - 0.5)]
    corners = mask.geometry.index_to_world([((k0 + k1 - 1) / 2, j, i) for j, i in ring])
    outline = tuple((float(x), float(y), float(z)) for x, y, z in corners)
    return Location("Left hippocampus", outline, ((k0, j0, i0), (k1, j1, i1)), k1 - 1, number)


def write_folder(place: Path, source: Path, make: Callable[[Stack, Volume], tuple[AnalysisResult, ...]]) -> Path:
    """The result folder of one stack."""
    study, stack, volume = opened(source)
    results = make(stack, volume)
    return result_folder.write(place, study, stack, volume, results, extras=extras_for(study, stack, volume, results))


def film_folder(tmp_path: Path) -> Path:
    """Results on a synthetic child's film."""
    written = synth.write_xray(tmp_path / "film")
    return write_folder(tmp_path / "results", written.folder, film_results)


def head_folder(tmp_path: Path) -> Path:
    """Results on a synthetic head."""
    written = synth.write_series(tmp_path / "head", modality="MR")
    return write_folder(tmp_path / "results", written.folder, head_results)


def restated(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change result.json as the program itself would: with hashes that fit."""
    path = folder / "result.json"
    document = json.loads(path.read_text())
    change(document)
    files = {name: folder / name for name in document["hashes"]}
    path.write_text(result_json.dump(with_hashes(document, files)))
