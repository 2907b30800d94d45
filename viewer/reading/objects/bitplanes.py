"""Overlay planes of pictures: groups 60xx, in an element of their own or in unused high bits.

Sources: PS3.3 C.9.2 and C.9.3, PS3.5 8.1.2; bits inside the pixels are retired, see PS3.3-2004.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.graphic import BitPlane, Bits
from viewer.core.study import Stack
from viewer.core.task import CancelToken
from viewer.reading.header.details import dataset_of
from viewer.reading.header.fileio import open_binary, read_at
from viewer.reading.header.head import BIG_ENDIAN, DEFLATED
from viewer.reading.header.lenient import PYDICOM_FAULTS
from viewer.reading.pixels.codecs import NATIVE
from viewer.reading.stacking.frame import Slice

Packed = npt.NDArray[np.uint8]
GROUPS = range(0x6000, 0x6020, 2)
#: Overlay Rows of any of the groups, in either byte order.
_SIGN = re.compile(rb"[\x00-\x1e]\x60\x10\x00|\x60[\x00-\x1e]\x00\x10")
#: A header with more bytes than this before its pixels is not searched.
_MOST_HEADER = 64 << 20


@dataclass(frozen=True, slots=True)
class _Plane:
    """What one file says of one plane; `first` frame (from 0) and `frames` None where it holds for all."""

    group: int
    name: str
    region: bool
    rows: int
    columns: int
    origin: tuple[int, int]
    data: bytes | None
    bit: int
    first: int = 0
    frames: int | None = None

    def frame_for(self, frame: int) -> int | None:
        """Which of its frames lies on a frame of the picture."""
        if self.frames is None:
            return 0
        own = frame - self.first
        return own if 0 <= own < self.frames else None


def read_planes(stack: Stack, cancel: CancelToken) -> tuple[tuple[BitPlane, ...], tuple[str, ...]]:
    """Every overlay plane of a stack of pictures, and what could not be read of them, in words.

    Files without overlays cost one read of their header and no parsing.

    Raises:
        Cancelled: the reader asked to stop.
    """
    found: dict[int, BitPlane] = {}
    bits: dict[int, dict[int, Packed]] = {}
    problems: dict[str, None] = {}
    by_file: dict[str, tuple[_Plane, ...]] = {}
    for k, where in enumerate(stack.instances):
        if not isinstance(where, Slice) or where.spec is None or where.tile is not None:
            continue
        path = str(where.path)
        if path not in by_file:
            cancel.check()
            by_file[path] = _planes_of(where)
        for plane in by_file[path]:
            try:
                _add(found, bits.setdefault(plane.group, {}), plane, where, k)
            except ReadError as error:
                problems[error.text] = None
    planes = (replace(found[group], packed=bits[group]) for group in sorted(found))
    return tuple(planes), tuple(problems)


def _planes_of(where: Slice) -> tuple[_Plane, ...]:
    assert where.spec is not None
    try:
        if where.spec.syntax != DEFLATED and not _mentioned(where):
            return ()
        dataset = dataset_of(where.path)
        return tuple(_parsed(dataset))
    except (ReadError, *PYDICOM_FAULTS):
        return ()


def _mentioned(where: Slice) -> bool:
    """True where the bytes before the pixels may hold an overlay."""
    descriptor = open_binary(where.path)
    try:
        return _SIGN.search(read_at(descriptor, min(where.offset, _MOST_HEADER), 0)) is not None
    finally:
        os.close(descriptor)


def _parsed(dataset: Any) -> Iterator[_Plane]:
    """The planes of a file; one with values that make no sense is left out."""
    for group in GROUPS:
        if (group, 0x0010) in dataset:
            with suppress(*PYDICOM_FAULTS):
                yield _plane(dataset, group)


def _plane(dataset: Any, group: int) -> _Plane:
    data, origin, frames = (_value(dataset, group, element) for element in (0x3000, 0x0050, 0x0015))
    return _Plane(
        group,
        str(_value(dataset, group, 0x1500) or _value(dataset, group, 0x0022) or "").strip(),
        str(_value(dataset, group, 0x0040)).strip() == "R",
        int(_value(dataset, group, 0x0010)),
        int(_value(dataset, group, 0x0011)),
        (0, 0) if origin is None else (int(origin[0]) - 1, int(origin[1]) - 1),
        _in_order(dataset, group, data) if isinstance(data, bytes) and data else None,
        int(_value(dataset, group, 0x0102) or 0),
        int(_value(dataset, group, 0x0051) or 1) - 1,
        int(frames) if frames else None,
    )


def _value(dataset: Any, group: int, element: int) -> Any:
    return dataset[group, element].value if (group, element) in dataset else None


def _in_order(dataset: Any, group: int, data: bytes) -> bytes:
    """Bytes in the order of their bits: words of a big-endian file are swapped back."""
    if not dataset.original_encoding[1] and dataset[group, 0x3000].VR == "OW":
        return np.frombuffer(data[: len(data) // 2 * 2], np.uint16).byteswap().tobytes()
    return data


def _add(found: dict[int, BitPlane], packed: dict[int, Packed], plane: _Plane, where: Slice, k: int) -> None:
    """Lay a plane of one file on slice k, where it has a frame for it."""
    assert where.spec is not None
    frame = plane.frame_for(where.frame or 0)
    if frame is None:
        return
    bits = _embedded(plane, where) if plane.data is None else _unpacked(plane, plane.data, frame)
    on, cut = _on_picture(bits, plane.origin, (where.spec.rows, where.spec.columns))
    if not on.any() and plane.group not in found:
        return
    known = found.get(plane.group)
    if known is None:
        known = BitPlane((plane.group - 0x6000) // 2 + 1, plane.name, plane.region, on.shape, {})
    if known.shape == on.shape:
        packed[k] = np.packbits(on, axis=1)
        found[plane.group] = replace(known, cut=known.cut or cut)


def _unpacked(plane: _Plane, data: bytes, frame: int) -> Bits:
    """One frame's bits, the first pixel in the lowest bit; frames follow each other without padding."""
    count = plane.rows * plane.columns
    begin = frame * count
    # Some writers lose the last bits of the last row.
    if len(data) * 8 <= begin + count - plane.columns:
        raise ReadError("An overlay of this picture is cut short and not shown.", "Ask for a new copy.", "truncated")
    size = (begin + count + 7) // 8 - begin // 8
    part = np.frombuffer(data[begin // 8 :][:size].ljust(size, b"\0"), np.uint8)
    bits = np.unpackbits(part, bitorder="little")[begin % 8 : begin % 8 + count]
    return np.asarray(bits.reshape(plane.rows, plane.columns), dtype=bool)


def _embedded(plane: _Plane, where: Slice) -> Bits:
    """Bits that stand in the unused part of the stored pixels."""
    spec = where.spec
    assert spec is not None
    taken = range(spec.high - spec.stored + 1, spec.high + 1)
    if spec.syntax not in NATIVE or spec.syntax == DEFLATED or spec.samples != 1 or spec.allocated not in (8, 16):
        raise ReadError(
            "An overlay inside compressed pixels is not shown.", "Ask the sender for an uncompressed copy.", "overlay"
        )
    if plane.bit in taken or plane.bit >= spec.allocated or (plane.rows, plane.columns) != (spec.rows, spec.columns):
        raise ReadError("An overlay of this picture names bits it cannot have.", "Ask for a new copy.", "overlay")
    descriptor = open_binary(where.path)
    try:
        data = read_at(descriptor, spec.frame_bytes, where.offset + (where.frame or 0) * spec.frame_bytes)
    finally:
        os.close(descriptor)
    kind = np.dtype(f"u{spec.allocated // 8}").newbyteorder(">" if spec.syntax == BIG_ENDIAN else "<")
    words = np.frombuffer(data.ljust(spec.frame_bytes, b"\0"), kind)
    return np.asarray((words >> plane.bit & 1).reshape(spec.rows, spec.columns), dtype=bool)


def _on_picture(bits: Bits, origin: tuple[int, int], shape: tuple[int, int]) -> tuple[Bits, bool]:
    """The plane at its place on the picture, and whether anything of it lies beyond."""
    out = np.zeros(shape, dtype=bool)
    (row, column), (rows, columns) = origin, bits.shape
    top, left = max(row, 0), max(column, 0)
    end, right = min(row + rows, shape[0]), min(column + columns, shape[1])
    if top < end and left < right:
        out[top:end, left:right] = bits[top - row : end - row, left - column : right - column]
    return out, int(out.sum()) < int(bits.sum())
