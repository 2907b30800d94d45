"""What a view tells the window about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from viewer.core.annotation import PointLps
from viewer.core.errors import ViewerError
from viewer.core.geometry import SpacingKind
from viewer.core.ultrasound import UltrasoundRegion, regions_under
from viewer.room.views.picture import Picture
from viewer.words.i18n import said


@dataclass(frozen=True, slots=True)
class CursorInfo:
    """What lies under the pointer.

    Attributes:
        index: voxel (k, j, i) of the volume on show.
        lps: patient mm, None without a patient frame.
        detector_mm: (x, y) mm from the top left of a film, None elsewhere.
        value: real value, or (red, green, blue).
        unit: of the value; empty for plain numbers and colours.
        regions: of an ultrasound picture, those that lie there; None on pictures without regions.
        suv_factor: SUV (body weight) per unit of the value, None where none can be derived.
    """

    index: tuple[int, int, int]
    lps: PointLps | None
    detector_mm: tuple[float, float] | None
    value: tuple[float, ...]
    unit: str
    suv_factor: float | None = None
    regions: tuple[UltrasoundRegion, ...] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One inline message; `kind` is "warn", "refuse" or "info"."""

    kind: str
    title: str
    body: str = ""


def message_of(error: ViewerError) -> Message:
    """An error as a message that lies low in the view."""
    return Message("warn", said(error.what), said(error.todo))


@dataclass(frozen=True, slots=True)
class BadgeSpec:
    """One badge of the strip.

    Attributes:
        kind: row of `widgets.marks.BADGES` ("warned", "suits", "checked", "proposed" ...).
        tip: the reason, with its tag.
        collapse: 1 gives up its word first when room is short, then 2 ...; 0 never does.
    """

    kind: str
    text: str
    tip: str = ""
    collapse: int = 0


def cursor_at(picture: Picture, pixel: tuple[float, float]) -> CursorInfo | None:
    """What lies at a place (row, column) of a picture, None beside it or before it is read."""
    if not picture.is_loaded or not picture.view.inside(pixel):
        return None
    row, column = round(pixel[0]), round(pixel[1])
    view, source = picture.view, picture.source
    kji = np.rint(view.pixel_to_index(np.array([row, column]))).astype(int).tolist()
    in_patient = source.native.spacing_kind is SpacingKind.PATIENT and source.native.oriented
    detector = source.native.spacing_kind is SpacingKind.DETECTOR
    x, y, z = view.pixel_to_world(np.array(pixel)).tolist()
    value = picture.value_at(row, column)
    unit = "" if source.volume.unit == "1" or len(value) > 1 else source.volume.unit
    return CursorInfo(
        (kji[0], kji[1], kji[2]),
        (x, y, z) if in_patient else None,
        ((pixel[1] + 0.5) * view.mm[1], (pixel[0] + 0.5) * view.mm[0]) if detector else None,
        value,
        unit,
        _suv_factor(source.volume.tags),
        _regions_at(picture, pixel),
    )


def _regions_at(picture: Picture, pixel: tuple[float, float]) -> tuple[UltrasoundRegion, ...] | None:
    regions = picture.source.stack.regions_at(picture.index) if picture.slice.name == "native" else ()
    if not regions:
        return None
    stored = picture.view.pixel_to_index(np.array(pixel))[1:]
    return regions_under(regions, stored[None])


def _suv_factor(tags: Mapping[str, str]) -> float | None:
    factor = tags.get("SUVFactor")
    return None if factor is None else float(factor)
