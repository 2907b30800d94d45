"""The full data set, read by pydicom only where a header alone does not do."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from viewer.core.errors import ReadError
from viewer.reading.header.lenient import PYDICOM_FAULTS, WatchedFile, pydicom_lenient

#: Physical units of a region's axes (PS3.3 C.8.5.5.1.15).
_CENTIMETRES, _SECONDS = 3, 4


def dataset_of(path: str | Path) -> Any:
    """Data set without its pixels.

    Raises:
        ReadError: pydicom cannot follow it.
    """
    dcmread = pydicom_lenient().dcmread
    from viewer.reading.header.slowparse import DEFLATED_HEADER, inflated_file, is_deflated

    try:
        with Path(path).open("rb") as file:
            source: Any = file
            if is_deflated(file):
                source = io.BytesIO(inflated_file(file, DEFLATED_HEADER))
            return dcmread(WatchedFile(source), stop_before_pixels=True, force=True)
    except PYDICOM_FAULTS as error:
        raise ReadError("The DICOM header is damaged and cannot be followed.", "Ask for a new copy.") from error


def ultrasound_spacing(path: str) -> tuple[float, float] | None:
    """Millimetres (row, column) that all 2-D regions of an ultrasound picture agree on (PS3.3 C.8.5.5).

    None where there is no region in centimetres or where regions differ.
    """
    found: set[tuple[float, float]] = set()
    try:
        for region in dataset_of(path).get("SequenceOfUltrasoundRegions") or []:
            if int(region.RegionSpatialFormat) != 1:
                continue
            if int(region.PhysicalUnitsXDirection) != 3 or int(region.PhysicalUnitsYDirection) != 3:
                return None
            found.add((abs(float(region.PhysicalDeltaY)) * 10, abs(float(region.PhysicalDeltaX)) * 10))
    except (ReadError, *PYDICOM_FAULTS):
        return None
    if len(found) != 1:
        return None
    spacing = found.pop()
    return spacing if min(spacing) > 0 else None


@dataclass(frozen=True, slots=True)
class TimeRegion:
    """A part of an ultrasound picture whose columns are moments: M-mode, Doppler (PS3.3 C.8.5.5).

    Attributes:
        box: first row, first column, last row, last column.
        seconds: from column to column; depth_mm: from row to row, None where rows are no depth.
    """

    box: tuple[int, int, int, int]
    seconds: float
    depth_mm: float | None


@lru_cache(maxsize=64)
def time_regions(path: str) -> tuple[TimeRegion, ...]:
    """Regions of an ultrasound picture with time along their columns; none where the file names none."""
    found = []
    try:
        for region in dataset_of(path).get("SequenceOfUltrasoundRegions") or []:
            if int(region.PhysicalUnitsXDirection) != _SECONDS:
                continue
            names = ("RegionLocationMinY0", "RegionLocationMinX0", "RegionLocationMaxY1", "RegionLocationMaxX1")
            top, left, bottom, right = (int(region[name].value) for name in names)
            deep = int(region.PhysicalUnitsYDirection) == _CENTIMETRES
            depth = abs(float(region.PhysicalDeltaY)) * 10 if deep else None
            found.append(TimeRegion((top, left, bottom, right), abs(float(region.PhysicalDeltaX)), depth))
    except (ReadError, *PYDICOM_FAULTS):
        return ()
    return tuple(region for region in found if region.seconds > 0)
