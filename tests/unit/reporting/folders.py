"""Result folders with known findings, written as `analyze` writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests import synth
from tests.unit.reporting.builders import PASSPORT, finding, mask_of, result, xray_finding
from viewer.core.analysis import AnalysisResult, GateReason, GateVerdict, Suitability
from viewer.core.finding import Location
from viewer.core.study import Stack, Study
from viewer.core.volume import Heatmap, Volume
from viewer.jobs import result_folder
from viewer.jobs.result_extras import extras_for
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
    outline = ((0.8, 2.0, 0.0), (3.2, 2.0, 0.0), (3.2, 6.0, 0.0), (0.8, 6.0, 0.0))
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
    """A segmenter with two segments, one finding each."""
    findings = [
        finding(
            n, label=label, result_id="r1", series_uid=stack.series_uid,
            location=Location("Left hippocampus", segment=n, slice_index=n + 1),
        )
        for n, label in ((1, "Anterior hippocampus"), (2, "Posterior hippocampus"))
    ]  # fmt: skip
    return (result(*findings, masks=[mask_of(volume.geometry)], series_uid=stack.series_uid),)


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
