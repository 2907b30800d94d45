"""Marks that other systems put on pictures: shapes, texts and bit planes, before they lie on a slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.bool_]


class Space(Enum):
    """What the points of a graphic count.

    PIXEL: (row, column) of the stored picture, pixel centres on whole numbers.
    PATIENT: (x, y, z) LPS mm.
    DISPLAY: (x, y) shares of the displayed area, 0, 0 its top left corner.
    """

    PIXEL = "pixel"
    PATIENT = "patient"
    DISPLAY = "display"


class Shape(Enum):
    """What the points of a graphic mean (PS3.3 C.10.5.1, C.18.6.1.1, C.18.9.1.1).

    CIRCLE: centre, a point on it. ELLIPSE: both ends of the major, then of the minor axis.
    TEXT: two corners of its box, or no points where it has an anchor alone.
    """

    POINTS = "points"
    POLYLINE = "polyline"
    CURVE = "curve"
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A stored picture by its SOP instance; `frames` count from 1, none means all of them."""

    sop_instance_uid: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Graphic:
    """One mark.

    Attributes:
        points: as `space` has it.
        pictures: those it is drawn on; may be empty where `space` is PATIENT.
        frame_of_reference_uid: of PATIENT points.
        text: what is written beside it.
        anchor: where a text points to, in `anchor_space`.
        filled: the inside is meant too; it is drawn as an outline all the same.
    """

    shape: Shape
    points: tuple[tuple[float, ...], ...]
    space: Space = Space.PIXEL
    pictures: tuple[PictureRef, ...] = ()
    frame_of_reference_uid: str = ""
    text: str = ""
    anchor: tuple[float, float] | None = None
    anchor_space: Space = Space.PIXEL
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """Graphics that are shown and hidden together; drawn in ascending `order`.

    Attributes:
        colour: "#RRGGBB", or None where the file recommends none.
        automatic: made by a program alone and approved by nobody.
    """

    name: str
    graphics: tuple[Graphic, ...]
    colour: str | None = None
    order: int = 0
    automatic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BitPlane:
    """One overlay plane (PS3.3 C.9.2) over the slices of a stack.

    Attributes:
        number: 1..16, of its group 60xx.
        name: label or description; may be empty.
        region: True for a region of interest (type R), False for graphics.
        shape: (rows, columns) of the pictures.
        packed: slice k -> its bits, packed by rows (`numpy.packbits`); slices without one are left out.
        cut: True where it reaches beyond the picture.
    """

    number: int
    name: str
    region: bool
    shape: tuple[int, int]
    packed: Mapping[int, npt.NDArray[np.uint8]] = field(default_factory=dict)
    cut: bool = False

    def on(self, k: int) -> Bits | None:
        """Bits of a slice, bool [rows, columns] as stored; None where it has none."""
        packed = self.packed.get(k)
        if packed is None:
            return None
        bits = np.unpackbits(packed, axis=1, count=self.shape[1])
        return np.asarray(bits, dtype=bool)
