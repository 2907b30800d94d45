"""The full data set, read by pydicom only where a header alone does not do."""

from __future__ import annotations

import io
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from viewer.core.errors import ReadError
from viewer.core.ultrasound import AxisUnit, RegionForm, UltrasoundRegion
from viewer.reading.header.lenient import PYDICOM_FAULTS, WatchedFile, pydicom_lenient

#: Physical units of a region's axes (PS3.3 C.8.5.5.1.15); those that are not here cannot be measured along.
_UNITS = {
    0: AxisUnit.NONE,
    1: AxisUnit.PERCENT,
    2: AxisUnit.DECIBEL,
    3: AxisUnit.MM,
    4: AxisUnit.SECONDS,
    5: AxisUnit.HERTZ,
    7: AxisUnit.VELOCITY,
}
#: What a step of the file is multiplied with: lengths are in centimetres there.
_TIMES = {AxisUnit.MM: 10.0}


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


def ultrasound_regions(path: str) -> tuple[UltrasoundRegion, ...] | None:
    """The calibrated parts of an ultrasound picture (PS3.3 C.8.5.5), in the order of the file.

    None where the file says them so that they cannot be understood, or for a picture of another size than it has.
    """
    try:
        return _regions_at(path, Path(path).stat().st_mtime_ns)
    except (OSError, ReadError, *PYDICOM_FAULTS):
        return None


@lru_cache(maxsize=256)
def _regions_at(path: str, _changed: int) -> tuple[UltrasoundRegion, ...] | None:
    head = dataset_of(path)
    rows, columns = int(head.Rows), int(head.Columns)
    items = head.get("SequenceOfUltrasoundRegions") or []
    whole = (0, 0, rows - 1, columns - 1) if len(items) == 1 else None
    found = tuple(_region(item, whole) for item in items)
    return found if all(region.fits(rows, columns) for region in found) else None


def _region(item: Any, whole: tuple[int, int, int, int] | None) -> UltrasoundRegion:
    """A region; the only one of a picture may leave out where it lies, and is all of it then."""
    names = ("RegionLocationMinY0", "RegionLocationMinX0", "RegionLocationMaxY1", "RegionLocationMaxX1")
    if whole is not None and not any(name in item for name in names):
        top, left, bottom, right = whole
    else:
        top, left, bottom, right = (int(item[name].value) for name in names)
    across, per_column = _axis(item.PhysicalUnitsXDirection, item.get("PhysicalDeltaX"))
    down, per_row = _axis(item.PhysicalUnitsYDirection, item.get("PhysicalDeltaY"))
    form = int(item.get("RegionSpatialFormat") or 0)
    known = RegionForm(form) if form in set(RegionForm) else RegionForm.NONE
    return UltrasoundRegion((top, left, bottom, right), known, across, down, per_column, per_row)


def _axis(unit: Any, delta: Any) -> tuple[AxisUnit, float]:
    """Unit and step of an axis; without a step there is no unit."""
    step = abs(float(delta or 0))
    name = _UNITS.get(int(unit), AxisUnit.OTHER)
    if not isfinite(step) or step == 0 or name is AxisUnit.NONE:
        return AxisUnit.NONE, 0.0
    return name, step * _TIMES.get(name, 1.0)


def ultrasound_spacing(path: str) -> tuple[float, float] | None:
    """Millimetres (row, column) that all regions of tissue of an ultrasound picture agree on.

    None where there is no region in centimetres or where regions differ.
    """
    tissue = [region for region in ultrasound_regions(path) or () if region.form is RegionForm.TISSUE]
    if not tissue or not tissue[0].in_mm or not all(region.same_scale(tissue[0]) for region in tissue):
        return None
    return tissue[0].per_row, tissue[0].per_column
