"""Regions of ultrasound pictures: each part of a picture with a scale of its own (PS3.3 C.8.5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from viewer.core.geometry import FloatArray
from viewer.core.verdict import Safety

#: Regions may reach this many pixels beyond their picture: makers count the last pixel in either way.
EDGE_PX = 1
#: Scales that differ by less than this share are one.
_ALIKE = 1e-4


class RegionForm(IntEnum):
    """Region Spatial Format (PS3.3 C.8.5.5.1.1)."""

    NONE = 0
    TISSUE = 1
    M_MODE = 2
    SPECTRAL = 3
    WAVEFORM = 4
    GRAPHICS = 5


class AxisUnit(StrEnum):
    """Unit of an axis, UCUM; centimetres are told as millimetres."""

    NONE = ""
    MM = "mm"
    SECONDS = "s"
    VELOCITY = "cm/s"
    HERTZ = "Hz"
    PERCENT = "%"
    DECIBEL = "dB"
    OTHER = "other"

    @property
    def is_measured(self) -> bool:
        """True where a line along the axis has a number."""
        return self in (AxisUnit.MM, AxisUnit.SECONDS, AxisUnit.VELOCITY, AxisUnit.HERTZ)


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """A part of a picture with its own axes.

    Attributes:
        box: first row, first column, last row, last column.
        across, down: units of the columns and of the rows.
        per_column, per_row: steps from column to column and from row to row, > 0 where the unit is one.
    """

    box: tuple[int, int, int, int]
    form: RegionForm
    across: AxisUnit
    down: AxisUnit
    per_column: float
    per_row: float

    @property
    def in_mm(self) -> bool:
        """Both axes are lengths: lines may run any way."""
        return self.across is AxisUnit.MM and self.down is AxisUnit.MM

    def holds(self, pixels: FloatArray) -> FloatArray:
        """Which points [n, 2] (row, column) lie in it, borders and half a pixel round them included: bool [n]."""
        top, left, bottom, right = self.box
        low, high = np.array([top, left]) - 0.5, np.array([bottom, right]) + 0.5
        return np.asarray(((pixels >= low) & (pixels <= high)).all(axis=-1))

    def fits(self, rows: int, columns: int) -> bool:
        """False where it reaches beyond its picture, which then was cut or resized after it was calibrated."""
        top, left, bottom, right = self.box
        low_ok = min(top, left) >= 0 and top <= bottom and left <= right
        return low_ok and bottom <= rows - 1 + EDGE_PX and right <= columns - 1 + EDGE_PX

    def same_scale(self, other: UltrasoundRegion) -> bool:
        """True where a number means the same in both."""
        alike = np.allclose((self.per_column, self.per_row), (other.per_column, other.per_row), rtol=_ALIKE, atol=0)
        return (self.across, self.down) == (other.across, other.down) and bool(alike)

    @property
    def safety(self) -> Safety:
        """How far lines in it can be trusted."""
        if self.in_mm:
            return Safety.OK
        return Safety.WARN if self.across.is_measured or self.down.is_measured else Safety.UNSAFE


def regions_under(regions: tuple[UltrasoundRegion, ...], pixels: FloatArray) -> tuple[UltrasoundRegion, ...]:
    """Regions that hold any of these points [n, 2] (row, column)."""
    return tuple(region for region in regions if region.holds(pixels).any())
