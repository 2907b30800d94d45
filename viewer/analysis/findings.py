"""What every task needs to make a finding: its place on the grid and its ids."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import AnalysisRequest, Box, PackInfo
from viewer.core.finding import Finding, Location, Measurement, Side
from viewer.core.geometry import Geometry

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding lies, on which side, and what was measured there."""

    location: Location = Location()
    side: Side = Side.NONE
    measured: tuple[Measurement, ...] = ()


def proposal(pack: PackInfo, request: AnalysisRequest, label: str, number: int, place: Place) -> Finding:
    """A finding to be judged; its ids follow from the request, so that a replay makes the same ones.

    Args:
        pack, request: whose it is.
        label: as the network calls it; words and code are the pack's.
        number: how many the run had proposed before.
        place: where it lies.
    """
    made = uuid.uuid5(uuid.NAMESPACE_OID, f"{request.id}/{pack.id}/{label}/{number}")
    return Finding(
        id=made.hex[:12],
        pack=pack.id,
        label=pack.viewer.label_text(label),
        series_uid=request.series_uid,
        code=pack.viewer.label_code(label),
        side=place.side,
        location=place.location,
        measurements=place.measured,
        result_id=request.id,
        tracking_uid=f"2.25.{made.int}",
        kind=pack.viewer.label_kind(label),
    )


def box_of(mask: Array) -> Box:
    """Half-open voxel box around the True voxels of [K, J, I]."""
    low, high = [], []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low.append(int(found[0]))
        high.append(int(found[-1]) + 1)
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def corners(geometry: Geometry, box: Box) -> tuple[tuple[float, float, float], ...]:
    """Outline of a box in LPS mm: the four corners of its middle slice, along the voxel edges."""
    (k0, j0, i0), (k1, j1, i1) = box
    k = (k0 + k1 - 1) / 2
    ring = [(k, j0 - 0.5, i0 - 0.5), (k, j0 - 0.5, i1 - 0.5), (k, j1 - 0.5, i1 - 0.5), (k, j1 - 0.5, i0 - 0.5)]
    points = geometry.index_to_world(np.array(ring))
    return tuple((float(x), float(y), float(z)) for x, y, z in points)
