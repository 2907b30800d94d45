"""Volumes with known truth, made without files: for tests of pictures and planes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import Geometry
from viewer.core.study import Kind, Stack
from viewer.core.volume import Volume
from viewer.core.waveform import Channel, Waveform

#: Patient axes (L, P, H) that array axes k, j, i may run along, with sign: all 48 orders of acquisition.
ORIENTATIONS: tuple[tuple[tuple[int, int], tuple[int, int], tuple[int, int]], ...] = tuple(
    ((a, sa), (b, sb), (c, sc))
    for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    for sa in (1, -1)
    for sb in (1, -1)
    for sc in (1, -1)
)


def affine(
    axes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
    spacing: tuple[float, float, float] = (3.0, 1.5, 1.0),
    rotation: npt.NDArray[np.float64] | None = None,
    origin: tuple[float, float, float] = (-20.0, 12.0, 55.0),
) -> npt.NDArray[np.float64]:
    """(k, j, i) -> LPS where array axis n runs along patient axis axes[n][0] with sign axes[n][1]."""
    matrix = np.eye(4)
    for column, ((axis, sign), mm) in enumerate(zip(axes, spacing, strict=True)):
        matrix[:3, column] = 0
        matrix[axis, column] = sign * mm
    if rotation is not None:
        matrix[:3, :3] = rotation @ matrix[:3, :3]
    matrix[:3, 3] = origin
    return matrix


def geometry(shape: tuple[int, int, int] = (9, 10, 11), **facts: Any) -> Geometry:
    """An axial grid, 3 x 1.5 x 1 mm, unless told otherwise."""
    given = {"affine": affine(((2, 1), (1, 1), (0, 1))), "frame_of_reference_uid": "1.2.3.4", **facts}
    return Geometry(shape, **given)


def volume(array: npt.NDArray[Any], **facts: Any) -> Volume:
    """A volume of these stored values on `geometry`."""
    grid = facts.pop("geometry", None) or geometry(array.shape[:3])
    return Volume(array, grid, **{"modality": "CT", "unit": "HU", "series_uid": "1.2.3", **facts})


def with_marker(grid: Geometry, direction: int, sign: int) -> Volume:
    """Dark everywhere, bright in the outermost fifth towards a patient side (axis 0, 1, 2 = L, P, H)."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    place = grid.index_to_world(index)[..., direction] * sign
    low, high = place.min(), place.max()
    stored = np.where(place > low + 0.8 * (high - low), 1000, 0).astype(np.int16)
    return Volume(stored, grid, modality="CT", unit="HU", series_uid="1.2.3")


def stack(grid: Geometry | None = None, **facts: Any) -> Stack:
    """A CT stack that says SYNTHETIC."""
    given: dict[str, Any] = {
        "series_uid": "1.2.3",
        "kind": Kind.VOLUME,
        "modality": "CT",
        "instances": (),
        "description": "SYNTHETIC thorax",
        "series_number": 3,
        "geometry": grid or geometry(),
        **facts,
    }
    return Stack(**given)


LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
#: Size of each lead's QRS complex in the drawn ECG, mV; the limb leads follow from I and II.
_QRS = (0.8, 1.2, 0.4, -1.0, 0.2, 0.8, -0.9, -0.6, 0.3, 1.0, 1.2, 1.0)


def ecg(
    rate: float = 500.0, seconds: float = 10.0, leads: tuple[str, ...] = LEADS, unit: str = "mV", beat: float = 0.8
) -> Waveform:
    """A 12-lead ECG drawn by hand: P, QRS and T every `beat` s from 0.5 s on."""
    t = np.arange(round(rate * seconds)) / rate
    shape = np.zeros_like(t)
    for r in np.arange(0.5, seconds, beat):
        for at, size, width in ((-0.16, 0.12, 0.025), (0.0, 1.0, 0.018), (0.28, 0.25, 0.05)):
            shape += size * np.exp(-(((t - r - at) / width) ** 2))
    scale = {"mV": 1.0, "uV": 1e3}.get(unit, 1.0)
    channels = [Channel(f"Lead {name}", scale * _QRS[LEADS.index(name)] * shape, rate, unit) for name in leads]
    return Waveform(tuple(channels), "ECG")


def changed(waveform: Waveform, **by_lead: Any) -> Waveform:
    """A drawn ECG with other samples in some leads."""
    channels = [
        replace(one, samples=np.asarray(by_lead.get(one.name.removeprefix("Lead "), one.samples), dtype=np.float64))
        for one in waveform.channels
    ]
    return replace(waveform, channels=tuple(channels))
