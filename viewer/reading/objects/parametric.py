"""Parametric maps: real numbers such as diffusion or perfusion on a grid (PS3.3 A.75, C.8.32)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import GeometryError, ReadError
from viewer.core.study import Stack
from viewer.core.volume import VoiWindow, Volume
from viewer.reading.objects.dataset import BULK, code, first, items, number, opened, text
from viewer.reading.objects.framegrid import Grid, grids, group, planes_of
from viewer.reading.objects.framepixels import Frames, Layout, layout_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Voxels of one map that are held (1 GiB as float32).
MAX_HELD = 1 << 28


def read_parametric(stack: Stack) -> Volume:
    """A parametric map as a volume of real values.

    Stored type is kept (float32, float64 or integer); slope and intercept come from the Real
    World Value Mapping, its unit too. Several quantities on one grid: the first is read.

    Raises:
        ReadError: broken, truncated, too large, or a mapping that is not linear.
        GeometryError: frames in several orientations.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        layout = layout_of(dataset)
        planes = planes_of(dataset, layout.frames)
        size, frame = (layout.rows, layout.columns), text(dataset, "FrameOfReferenceUID") or None
        found = grids(planes, size, frame, fill=False)
        if len(found) > 1:
            raise GeometryError("The map's frames lie in several orientations.", "It cannot be shown as one volume.")
        grid = found[0]
        if not grid.geometry.oriented:
            grid = _in_file_order(grid, layout)
        mapping = _mapping(dataset)
        return Volume(
            _stored(dataset, layout, grid),
            grid.geometry,
            *_rescale(mapping),
            unit=_unit(mapping),
            modality=text(dataset, "Modality") or "OT",
            series_uid=text(dataset, "SeriesInstanceUID") or None,
            windows=_windows(dataset),
            tags={"Quantity": _quantity(mapping)} if _quantity(mapping) else {},
        )


@dataclass(frozen=True, slots=True)
class RealWorld:
    """What the stored values of a map mean: value = stored x slope + intercept, in `unit`."""

    slope: float
    intercept: float
    unit: str
    quantity: str


def real_world(path: Path) -> RealWorld:
    """The linear Real World Value Mapping of a map (C.7.6.16.2.11).

    Raises:
        ReadError: the file cannot be read, or its values go through a table.
    """
    with opened(path, BULK) as dataset:
        mapping = _mapping(dataset)
        return RealWorld(*_rescale(mapping), _unit(mapping), _quantity(mapping))


def _in_file_order(grid: Grid, layout: Layout) -> Grid:
    """Frames without a place in the patient, one slice each."""
    geometry = replace(grid.geometry, shape=(layout.frames, layout.rows, layout.columns))
    return Grid(geometry, {n: n for n in range(layout.frames)})


def _stored(dataset: Dataset, layout: Layout, grid: Grid) -> npt.NDArray[Any]:
    if int(np.prod(grid.geometry.shape, dtype=np.int64)) > MAX_HELD:
        raise ReadError("The map is larger than can be held.", "Check where it comes from.", "too_large")
    frames = Frames(dataset, layout)
    kind = layout.dtype.newbyteorder("=")
    stored = np.zeros(grid.geometry.shape, dtype=kind)
    taken: set[int] = set()
    for n, k in sorted(grid.slices.items()):
        # Further frames at the same place belong to further quantities.
        if k not in taken:
            stored[k] = frames[n]
            taken.add(k)
    return stored


def _mapping(dataset: Dataset) -> Dataset | None:
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    return group(own[0] if own else None, shared, "RealWorldValueMappingSequence")


def _rescale(mapping: Dataset | None) -> tuple[float, float]:
    if mapping is None:
        return 1.0, 0.0
    if "RealWorldValueLUTData" in mapping:
        raise ReadError("The map's values go through a table, which is not read.", "Ask the sender.", "unsupported")
    slope, intercept = number(mapping, "RealWorldValueSlope"), number(mapping, "RealWorldValueIntercept")
    return (1.0 if slope is None or slope == 0 else slope), (intercept or 0.0)


def _unit(mapping: Dataset | None) -> str:
    found = code(mapping, "MeasurementUnitsCodeSequence") if mapping is not None else None
    return found.value if found and found.value else "1"


def _quantity(mapping: Dataset | None) -> str:
    """What the numbers are ("Apparent Diffusion Coefficient"), else the map's own label."""
    if mapping is None:
        return ""
    for item in items(mapping, "QuantityDefinitionSequence"):
        meant = code(item, "ConceptCodeSequence")
        if meant and meant.meaning:
            return meant.meaning
    return text(mapping, "LUTExplanation")


def _windows(dataset: Dataset) -> tuple[VoiWindow, ...]:
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    item = group(own[0] if own else None, shared, "FrameVOILUTSequence")
    if item is None:
        return ()
    centre, width = number(item, "WindowCenter"), number(item, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return ()
    words = text(item, "WindowCenterWidthExplanation")
    return (VoiWindow(centre, width, words, text(item, "VOILUTFunction") or "LINEAR"),)
