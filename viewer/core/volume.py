"""Voxels, masks and heatmaps, each with its own geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import Code
from viewer.core.geometry import Geometry

Array = npt.NDArray[Any]
FloatArray32 = npt.NDArray[np.float32]


#: A fact of `Volume.tags`: a file without DICOM stores its slices in descending order, and they were turned to ascend.
SLICES_REVERSED = "SlicesReversed"


@dataclass(frozen=True, slots=True, eq=False)
class ModalityLut:
    """Modality LUT Sequence (PS3.3 C.11.1): values = table[clip(stored - first, 0, n - 1)]."""

    first: int
    table: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """One stack of pictures as stored, and how stored values become real ones.

    Attributes:
        stored: [K, J, I] in the file's own integer or float dtype; colour [K, J, I, 3] RGB.
            Filled slice by slice while a series loads (see `reading`); readers treat it as read-only.
        geometry: where the voxels lie.
        slope, intercept: scalars, or float64 [K] where slices differ (PET).
        lut: modality LUT, replaces slope and intercept.
        unit: of the values after the modality LUT: "HU", "Bq/mL", "1" ...
        modality: DICOM modality ("CT", "MR", "DX", "OT" ...).
        series_uid: None outside DICOM.
        inverted: MONOCHROME1: shown light on dark by the window, never in the values.
        padding: (low, high) stored padding range, or None.
        windows: the file's own windows (centre, width, explanation), after the modality LUT.
        voi_lut: optional display LUT data kept opaque for `display.window`.
        tags: header facts that gates and corners need, keyword -> str (no patient names).
        missing: bool [K], True where a slice could not be read and holds zeros; filled like `stored`.
    """

    stored: Array
    geometry: Geometry
    slope: float | npt.NDArray[np.float64] = 1.0
    intercept: float | npt.NDArray[np.float64] = 0.0
    lut: ModalityLut | None = None
    unit: str = "1"
    modality: str = "OT"
    series_uid: str | None = None
    inverted: bool = False
    padding: tuple[float, float] | None = None
    windows: tuple[VoiWindow, ...] = ()
    voi_lut: VoiLut | None = None
    tags: dict[str, str] = field(default_factory=dict)
    missing: npt.NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, J, I)."""
        return self.geometry.shape

    @property
    def unread(self) -> tuple[int, ...]:
        """Slices k that could not be read and hold zeros."""
        return () if self.missing is None else tuple(np.flatnonzero(self.missing).tolist())

    @property
    def is_colour(self) -> bool:
        """True for RGB [K, J, I, 3]."""
        return self.stored.ndim == 4

    @property
    def identity(self) -> bool:
        """True when stored values already are the real values."""
        return self.lut is None and bool(
            np.all(np.asarray(self.slope) == 1) and np.all(np.asarray(self.intercept) == 0)
        )

    def slice_rescale(self, k: int) -> tuple[float, float]:
        """(slope, intercept) of slice k."""
        slope, intercept = np.asarray(self.slope), np.asarray(self.intercept)
        return float(slope[k] if slope.ndim else slope), float(intercept[k] if intercept.ndim else intercept)

    def values(self, k: int | None = None) -> Array:
        """Real values after the modality LUT, of slice k [J, I] or of all [K, J, I].

        Integers stay integers where slope and intercept are whole; else float32
        (float64 when the stored type is 32-bit integer or float64).
        """
        if k is not None:
            return self._rescale(self.stored[k], *self.slice_rescale(k))
        slope, intercept = np.asarray(self.slope), np.asarray(self.intercept)
        if slope.ndim == 0 and intercept.ndim == 0:
            return self._rescale(self.stored, float(slope), float(intercept))
        return np.stack([self._rescale(self.stored[n], *self.slice_rescale(n)) for n in range(self.shape[0])])

    def real(self, stored: Array, k: int = 0) -> Array:
        """Real values of any stored ones (any shape) by the rescale of slice k."""
        return self._rescale(stored, *self.slice_rescale(k))

    def value_at(self, index: tuple[int, int, int]) -> float:
        """Real value of one voxel (grey volumes)."""
        k, j, i = index
        one = self.stored[k : k + 1, j : j + 1, i : i + 1]
        return float(self._rescale(one, *self.slice_rescale(k))[0, 0, 0])

    def _rescale(self, stored: Array, slope: float, intercept: float) -> Array:
        if self.lut is not None:
            last = len(self.lut.table) - 1
            index = np.clip(stored.astype(np.int64) - self.lut.first, 0, last)
            values: Array = self.lut.table[index]
            return values
        if slope == 1 and intercept == 0:
            return stored
        if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2 and slope.is_integer() and intercept.is_integer():
            limit = abs(slope) * 65536 + abs(intercept)
            kind = np.int32 if limit < 2**31 else np.int64
            whole: Array = np.multiply(stored, int(slope), dtype=kind) + int(intercept)
            return whole
        wide = np.float64 if stored.dtype.itemsize > 2 else np.float32
        return np.asarray(stored.astype(np.float64) * slope + intercept).astype(wide)


@dataclass(frozen=True, slots=True)
class VoiWindow:
    """One window of the file (PS3.3 C.11.2): centre and width in values after the modality LUT."""

    center: float
    width: float
    explanation: str = ""
    function: str = "LINEAR"


@dataclass(frozen=True, slots=True, eq=False)
class VoiLut:
    """VOI LUT Sequence (PS3.3 C.11.2): grey = table[clip(value - first, 0, n - 1)] / top."""

    first: int
    table: npt.NDArray[np.uint16]
    top: int
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One label of a mask: number >= 1, name, code and colour (#RRGGBB or None = palette).

    `automatic`: made by a program alone, as the file says (PS3.3 C.8.20.2 Segment Algorithm Type).
    """

    number: int
    name: str
    code: Code | None = None
    colour: str | None = None
    tracking_uid: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Labels on a grid of their own; 0 = background.

    Attributes:
        labels: uint8 or uint16 [K, J, I].
        segments: what each number means.
        band: optional uint8 [K, J, I], 1 where 0.3 < p < 0.7 (boundary band).
        stack_key: the stack it lies on where a result has masks on several (phases of a beat).
    """

    labels: Array
    segments: tuple[Segment, ...]
    geometry: Geometry
    name: str = ""
    band: Array | None = None
    stack_key: str = ""

    def volume_mm3(self, number: int) -> float:
        """Voxels of a segment times the voxel volume, in mm3; uneven slices count with their own thickness."""
        inside = self.labels == number
        if self.geometry.slice_positions is None:
            return float(np.count_nonzero(inside)) * self.geometry.voxel_mm3
        return float(np.count_nonzero(inside, axis=(1, 2)) @ self.geometry.slice_volumes)


class HeatmapMeaning(StrEnum):
    """What the values of a heatmap are."""

    SALIENCY = "saliency"
    PROBABILITY = "probability"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Where a network looked, on a grid of its own.

    Attributes:
        values: float32 [K, J, I], 0..1, peak 1.
        meaning: what the values are; a measured quantity is scaled to 0..1.
        label: what it speaks for ("Pneumonia pattern").
        honest: True / False after the honesty check, None where none was made.
        honesty: the check's figures in words.
    """

    values: FloatArray32
    geometry: Geometry
    label: str
    meaning: HeatmapMeaning = HeatmapMeaning.SALIENCY
    honest: bool | None = None
    honesty: str = ""
