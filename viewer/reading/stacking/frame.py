"""One stored picture while a series is being sorted, and what the loader needs to fetch its pixels."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from viewer.core.study import Instance
from viewer.reading.header import tags as t
from viewer.reading.header.head import Head, numbers_of, text_of

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PixelSpec:
    """How the pixels of one file are stored (PS3.3 C.7.6.3); equal for the slices of a plain series.

    Attributes:
        syntax: effective transfer syntax; `element`: tag of the pixel element.
        allocated, stored, high: bits; `signed`: two's complement.
        planar: colour planes one after the other.
        frames: pictures in the file.
        lossy: the syntax or (0028,2110) says so.
    """

    syntax: str
    element: int
    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool
    photometric: str
    planar: bool
    frames: int

    @property
    def frame_bits(self) -> int:
        """Bits of one native frame; uncompressed YBR_FULL_422 keeps two samples a pixel (PS3.3 C.7.6.3.1.2)."""
        samples = 2 if self.photometric == "YBR_FULL_422" and self.samples == 3 else self.samples
        return self.rows * self.columns * samples * self.allocated

    @property
    def frame_bytes(self) -> int:
        """Bytes of one native frame, rounded up."""
        return (self.frame_bits + 7) // 8


@dataclass(frozen=True, slots=True)
class Slice(Instance):
    """An `Instance` that knows where its pixels lie.

    Attributes:
        offset, length: of the pixel element's value in the file.
        slope, intercept: modality rescale of this picture.
        padding: (low, high) stored padding values.
        tile: (row, column, rows, columns) of a mosaic tile inside the frame.
        special: the full data set must be read for LUT sequences, palettes or dose figures.
    """

    spec: PixelSpec | None = None
    offset: int = 0
    length: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    padding: tuple[int, int] | None = None
    tile: tuple[int, int, int, int] | None = None
    special: bool = False


@dataclass(slots=True)
class Frame:
    """A picture with the facts that decide its place: LPS position, cosines, spacing, echo, time.

    `thickness` (mm) and `facts` (keyword -> text, as in `Stack.header`) are what its functional groups say.
    """

    head: Head
    spec: PixelSpec
    number: int | None
    index: int | None = None
    position: Vector | None = None
    orientation: Vector | None = None
    spacing: Vector | None = None
    slope: float = 1.0
    intercept: float = 0.0
    echo: float = 0.0
    temporal: float = 0.0
    tile: tuple[int, int, int, int] | None = None
    group: str = ""
    rescaled: bool = False
    thickness: float | None = None
    facts: dict[str, str] | None = None

    @property
    def complete(self) -> bool:
        """True where place, spacing and a rescale that is written were all understood."""
        raw = self.head.raw
        placed = self.position is not None and self.orientation is not None and self.spacing is not None
        return placed and (self.rescaled or not (raw.get(t.SLOPE) or raw.get(t.INTERCEPT)))

    @property
    def order(self) -> tuple[float, float, int, int]:
        """Echo time, temporal position, instance number, frame: the order of stacks and of equal positions."""
        number = self.number if self.number is not None else 1 << 40
        return (self.echo, self.temporal, number, self.index or 0)


def spec_of(head: Head) -> PixelSpec:
    """Pixel description of a header."""
    allocated = head.short(t.ALLOCATED, 16)
    if head.pixel_tag in (t.FLOAT_PIXELS, t.DOUBLE_PIXELS):
        allocated = 32 if head.pixel_tag == t.FLOAT_PIXELS else 64
    stored = head.short(t.STORED, allocated) or allocated
    return PixelSpec(
        syntax=head.syntax,
        element=head.pixel_tag,
        rows=head.short(t.ROWS),
        columns=head.short(t.COLUMNS),
        samples=head.short(t.SAMPLES, 1) or 1,
        allocated=allocated,
        stored=min(stored, allocated),
        high=head.short(t.HIGH_BIT, stored - 1),
        signed=head.short(t.SIGNED) == 1,
        photometric=head.text(t.PHOTOMETRIC) or "MONOCHROME2",
        planar=head.short(t.PLANAR) == 1,
        frames=head.frames,
    )


_STEADY = frozenset({
    t.ORIENTATION, t.PIXEL_SPACING, t.SLOPE, t.INTERCEPT, t.ECHO_TIME, t.ECHO_NUMBERS, t.TEMPORAL_POSITION,
})  # fmt: skip
_Steady = tuple[Vector | None, Vector | None, float, float, float, float, bool]


def frame_of(head: Head, spec: PixelSpec) -> Frame:
    """The one picture of a single-frame file (the hot path of a scan: one look per value)."""
    position = numbers_of(head.raw.get(t.POSITION, b""))
    orientation, spacing, slope, intercept, echo, temporal, rescaled = _steady(head)
    return Frame(
        head,
        spec,
        head.integer(t.INSTANCE_NUMBER),
        None,
        position if len(position) == 3 else None,
        orientation,
        spacing,
        slope,
        intercept,
        echo,
        temporal,
        rescaled=rescaled,
    )


def _steady(head: Head) -> _Steady:
    """Orientation, spacing, slope, intercept, echo, time, whether rescaled: once for headers that agree in them."""
    common = head.same(_STEADY)
    if common is None:
        return _steady_of(head)
    known: _Steady | None = common.facts.get("steady")
    if known is None:
        known = common.facts["steady"] = _steady_of(head)
    return known


def _steady_of(head: Head) -> _Steady:
    value, numbers = head.raw.get, numbers_of
    orientation, spacing = numbers(value(t.ORIENTATION, b"")), numbers(value(t.PIXEL_SPACING, b""))
    slope, intercept = numbers(value(t.SLOPE, b"")), numbers(value(t.INTERCEPT, b""))
    echo = numbers(value(t.ECHO_TIME) or value(t.ECHO_NUMBERS, b""))
    temporal = numbers(value(t.TEMPORAL_POSITION, b""))
    return (
        orientation if len(orientation) == 6 else None,
        spacing if len(spacing) == 2 else None,
        slope[0] if slope else 1.0,
        intercept[0] if intercept else 0.0,
        echo[0] if echo else 0.0,
        temporal[0] if temporal else 0.0,
        bool(slope and intercept),
    )


def _padding(frame: Frame) -> tuple[int, int] | None:
    """Pixel Padding Value and its range limit as stored values, low first (PS3.3 C.7.5.1.1.2)."""
    raw = frame.head.raw
    if t.PADDING not in raw:
        return None
    values = [raw.get(tag, b"") for tag in (t.PADDING, t.PADDING_LIMIT)]
    numbers = [int.from_bytes(v[:2], "little", signed=frame.spec.signed) for v in values if len(v) >= 2]
    return (min(numbers), max(numbers)) if numbers else None


def _special(frame: Frame) -> bool:
    value = frame.head.raw.get
    return bool(value(t.MODALITY_LUT) or value(t.VOI_LUT) or value(t.RED_PALETTE) or value(t.RADIOPHARMACEUTICAL))


#: How each field of a `Slice` but its path follows from a frame, in the order of the fields.
FIELDS: dict[str, Callable[[Frame], Any]] = {
    "sop_instance_uid": lambda frame: frame.head.text(t.SOP_INSTANCE),
    "sop_class_uid": lambda frame: text_of(frame.head.raw.get(t.SOP_CLASS, b"")),
    "frame": attrgetter("index"),
    "number": attrgetter("number"),
    "spec": attrgetter("spec"),
    "offset": attrgetter("head.pixel_offset"),
    "length": attrgetter("head.pixel_length"),
    "slope": attrgetter("slope"),
    "intercept": attrgetter("intercept"),
    "padding": _padding,
    "tile": attrgetter("tile"),
    "special": _special,
}


def slice_of(frame: Frame) -> Slice:
    """The picture as an instance of a stack."""
    return Slice(path_of(frame.head.path), **{name: field(frame) for name, field in FIELDS.items()})


@lru_cache(maxsize=64)
def _in_folder(folder: str) -> Path:
    return Path(folder, "x")


def path_of(path: str) -> Path:
    """`Path(path)`, at half the cost for many files of one folder."""
    folder, _, name = path.rpartition(os.sep)
    return _in_folder(folder).with_name(name) if folder and name else Path(path)
