"""Objects that are read as text: structured reports, PDFs, anything with a tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from viewer.core.finding import Measurement
from viewer.core.graphic import Graphic, PictureRef


@dataclass(frozen=True, slots=True)
class Node:
    """One line of a readable tree; `place` is the mark or picture that it speaks of."""

    text: str
    children: tuple[Node, ...] = ()
    place: Graphic | PictureRef | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document object: its tree, its measurements, or its embedded file."""

    title: str
    tree: tuple[Node, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    pdf: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Contour:
    """One closed or open contour, points LPS mm."""

    kind: str
    points_lps: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Roi:
    """One structure of an RTSTRUCT (PS3.3 C.8.8.5)."""

    number: int
    name: str
    contours: tuple[Contour, ...] = ()
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Structures:
    """All ROIs of an RTSTRUCT and the frame they lie in."""

    rois: tuple[Roi, ...]
    frame_of_reference_uid: str | None = None
    referenced_series_uids: tuple[str, ...] = ()
