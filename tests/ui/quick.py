"""What the inference process runs in tests of the window: results in the engine's form, without its imports."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from viewer.core.analysis import AnalysisRequest, AnalysisResult, GateVerdict, Provenance, Suitability
from viewer.core.finding import Finding, Location, Measurement, OperatingPoint, Side
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.core.volume import Heatmap, Mask, Segment

STEPS = 10
POINT = OperatingPoint("default", 0.62, 0.9, 0.8, 100)


def run(request: AnalysisRequest, on_progress: OnProgress, cancel: CancelToken) -> AnalysisResult:
    """A finding with a heatmap on a film, two segments in the box of a volume; takes a third of a second."""
    for step in range(STEPS):
        cancel.check()
        on_progress(Progress("Network", step / STEPS, (STEPS - step) * 0.03))
        time.sleep(0.03)
    made = _film(request) if request.roi is None else _box(request)
    passport = Provenance(
        request.pack_id,
        "0.0.1",
        "ab" * 32,
        "CPU",
        "test",
        settings={"roi": [list(c) for c in request.roi] if request.roi else None, **request.options.settings},
        started="2026-03-02T10:17:00+00:00",
    )
    return AnalysisResult(
        request.id,
        request.pack_id,
        "ran",
        series_uid=request.series_uid,
        gate=GateVerdict(Suitability.RUN),
        provenance=passport,
        seconds={"total": 0.3},
        **made,
    )


def _film(request: AnalysisRequest) -> dict[str, object]:
    volume = request.image
    _, rows, columns = volume.shape
    row, column = np.mgrid[:rows, :columns]
    heat = np.exp(-(((row - rows * 0.6) / (rows / 8)) ** 2 + ((column - columns * 0.3) / (columns / 8)) ** 2))
    heatmap = Heatmap(heat[None].astype(np.float32), volume.geometry, "Bright pattern", honest=True, honesty="ok")
    corners = [(0, rows * a, columns * b) for a, b in ((0.5, 0.2), (0.5, 0.4), (0.7, 0.4), (0.7, 0.2))]
    outline = tuple(tuple(float(v) for v in volume.geometry.index_to_world(c)) for c in corners)
    location = Location("Right lower zone", outline, slice_index=0)
    found = replace(_finding(request, "1", "Bright pattern", location, 0.84), side=Side.RIGHT)
    return {"heatmaps": (heatmap,), "findings": (found,)}


def _box(request: AnalysisRequest) -> dict[str, object]:
    volume = request.image
    assert request.roi is not None
    (k0, j0, i0), (k1, j1, i1) = request.roi
    middle = (j0 + j1) // 2
    labels = np.zeros(volume.shape, np.uint8)
    labels[k0 + 1 : k1 - 1, j0 + 1 : middle, i0 + 1 : i1 - 1] = 1
    labels[k0 + 1 : k1 - 1, middle : j1 - 1, i0 + 1 : i1 - 1] = 2
    segments = (Segment(1, "Anterior"), Segment(2, "Posterior"))
    mask = Mask(labels, segments, volume.geometry)
    found = []
    for segment in segments:
        size = Measurement("Volume", mask.volume_mm3(segment.number), "mm3", plus_minus=9.0)
        place = Location("In the box", (), request.roi, (k0 + k1) // 2, segment.number)
        found.append(_finding(request, str(segment.number), segment.name, place, None, size))
    return {"masks": (mask,), "findings": tuple(found)}


def _finding(
    request: AnalysisRequest, number: str, label: str, place: Location, score: float | None, *sizes: Measurement
) -> Finding:
    side = request.options.side
    return Finding(
        request.id + number,
        request.pack_id,
        label,
        request.series_uid,
        score=score,
        operating_point=POINT if score is not None else None,
        side=side,
        location=place,
        measurements=sizes,
        result_id=request.id,
        tracking_uid=f"2.25.{int(request.id, 16)}{number}",
    )
