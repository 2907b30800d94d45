"""What a view tells the window about."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.annotation import PointLps
from viewer.core.errors import ViewerError
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
        suv_factor: SUV (body weight) per unit of the value, None where none can be derived.
    """

    index: tuple[int, int, int]
    lps: PointLps | None
    detector_mm: tuple[float, float] | None
    value: tuple[float, ...]
    unit: str
    suv_factor: float | None = None


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
