"""A softcopy presentation state: how someone wanted pictures to be seen (PS3.3 A.33)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from viewer.core.graphic import Layer, PictureRef
from viewer.core.subtraction import Subtraction
from viewer.core.volume import VoiLut, VoiWindow


class SizeMode(Enum):
    """How large the displayed area is shown (PS3.3 C.10.4)."""

    FIT = "SCALE TO FIT"
    TRUE_SIZE = "TRUE SIZE"
    MAGNIFY = "MAGNIFY"


@dataclass(frozen=True, slots=True)
class Area:
    """The part of a picture that is shown.

    Attributes:
        first, last: pixels (row, column) at the top left and bottom right of the screen, from 0;
            after turning and flipping, so `first` may be the larger one.
        mm: millimetres of a pixel on the screen (between rows, between columns), of TRUE_SIZE.
        magnification: screen pixels per pixel, of MAGNIFY.
        aspect: height of a pixel by its width, None where not said.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    mode: SizeMode = SizeMode.FIT
    mm: tuple[float, float] | None = None
    magnification: float | None = None
    aspect: float | None = None
    pictures: tuple[PictureRef, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Greys:
    """Window or VOI LUT for some pictures, in values after the state's own rescale."""

    window: VoiWindow | None = None
    lut: VoiLut | None = None
    pictures: tuple[PictureRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Shutter:
    """What is left of a picture once its rim is covered; shapes combine by "and" (PS3.3 C.7.6.11).

    Attributes:
        rectangle: first and last row, first and last column that stay, from 0.
        circle: row, column, radius.
        polygon: corners (row, column).
        grey: of what is covered, 0 black .. 1 white.
    """

    rectangle: tuple[float, float, float, float] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    grey: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Presentation:
    """A presentation state as data.

    Attributes:
        name: content label and description; `maker`: who made it and when, in words.
        pictures: those it is for; `series_uids`: where such a list is empty.
        rescale: (slope, intercept) before the window; identity where the state has none.
        has_lut: its modality LUT is a table.
        turns: quarter turns clockwise, before `flipped` left to right.
        inverse: white for black; `curve`: a presentation LUT after the window.
        unread: parts that are not applied, in words.
    """

    name: str
    maker: str = ""
    pictures: tuple[PictureRef, ...] = ()
    series_uids: tuple[str, ...] = ()
    rescale: tuple[float, float] = (1.0, 0.0)
    has_lut: bool = False
    greys: tuple[Greys, ...] = ()
    areas: tuple[Area, ...] = ()
    turns: int = 0
    flipped: bool = False
    inverse: bool = False
    curve: VoiLut | None = None
    shutter: Shutter | None = None
    layers: tuple[Layer, ...] = ()
    subtraction: Subtraction | None = None
    unread: tuple[str, ...] = ()
