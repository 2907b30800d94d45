"""One frame of a file as an array in the file's own type: native or compressed, grey or RGB."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.volume import Array
from viewer.reading.header import tags as t
from viewer.reading.header.fileio import open_binary, read_at, read_into
from viewer.reading.header.head import BIG_ENDIAN, DEFLATED
from viewer.reading.header.limits import check_claim
from viewer.reading.pixels.codecs import NATIVE, codec_for, decode
from viewer.reading.pixels.colour import to_rgb
from viewer.reading.pixels.encapsulated import cached_fragments, frame_fragments, read_fragments
from viewer.reading.stacking.frame import PixelSpec, Slice


def dtype_of(spec: PixelSpec) -> np.dtype[np.generic]:
    """Type in which pixels are kept.

    Raises:
        ReadError: bits that no reader here understands.
    """
    if spec.element == t.FLOAT_PIXELS:
        return np.dtype(np.float32)
    if spec.element == t.DOUBLE_PIXELS:
        return np.dtype(np.float64)
    if spec.allocated == 1:
        return np.dtype(np.uint8)
    if spec.allocated not in (8, 16, 32, 64) or spec.samples not in (1, 3):
        raise ReadError(
            f"Pictures with {spec.samples} samples of {spec.allocated} bits are not read here.",
            "Ask the sender for a standard copy.",
            "unsupported",
        )
    return np.dtype(f"{'i' if spec.signed else 'u'}{spec.allocated // 8}")


def is_direct(spec: PixelSpec) -> bool:
    """True where the file's bytes are the volume's bytes."""
    little = spec.syntax in NATIVE and spec.syntax not in (BIG_ENDIAN, DEFLATED)
    return little and spec.allocated >= 8 and spec.samples == 1


def _untold() -> None:
    """Nobody keeps the time."""


def read_frame(where: Slice, target: Array, begun: Callable[[], None] = _untold) -> None:
    """Read one picture into `target` [J, I] or [J, I, 3], in `dtype_of(spec)`.

    `begun` is called once a code stream is in memory, before it is decoded.

    Raises:
        ReadError: truncated, damaged or not decoded here.
    """
    spec = where.spec
    if spec is None:
        raise ReadError("The file holds no picture.", "", "no_pixels")
    try:
        descriptor = open_binary(where.path)
    except OSError as error:
        raise ReadError(
            f"The file cannot be read ({error.strerror}).", "Is the disk still there?", "unreadable"
        ) from error
    try:
        if is_direct(spec) and where.tile is None:
            _read_direct(descriptor, where, spec, target)
        else:
            pixels = _picture(descriptor, where, spec, target, begun)
            if not np.shares_memory(pixels, target):
                target[...] = pixels
    finally:
        os.close(descriptor)
    _fix_bits(target, spec)


def _read_direct(descriptor: int, where: Slice, spec: PixelSpec, target: Array) -> None:
    size = spec.frame_bytes
    begin = (where.frame or 0) * size
    available = min(size, where.length - begin)
    got = 0
    if available > 0:
        got = read_into(descriptor, target.reshape(-1).view(np.uint8)[:available], where.offset + begin)
    if got < size:
        _fill_rest(target, got)


def _fill_rest(target: Array, got: int) -> None:
    """Fill what a truncated file lacks with the lowest value it has (the scan warned of it)."""
    flat = target.reshape(-1)
    have = got // flat.itemsize
    flat[have:] = flat[:have].min() if have else 0


def _picture(descriptor: int, where: Slice, spec: PixelSpec, target: Array, begun: Callable[[], None]) -> Array:
    """The whole picture, converted to RGB where it is colour, or the slice's tile of it; `target` if it was filled."""
    if spec.syntax in NATIVE:
        pixels = _native(_native_bytes(descriptor, where, spec), where.frame or 0, spec)
    else:
        pixels = _decoded(descriptor, where, spec, None if where.tile else target, begun)
    if where.tile is not None:
        row, column, rows, columns = where.tile
        pixels = pixels[row : row + rows, column : column + columns]
    return pixels


def _decoded(descriptor: int, where: Slice, spec: PixelSpec, target: Array | None, begun: Callable[[], None]) -> Array:
    codec = codec_for(spec.syntax)
    status = os.fstat(descriptor)
    if spec.frames > 1:
        stamp = (status.st_size, status.st_mtime_ns)
        fragments = cached_fragments(str(where.path), stamp, where.offset, spec.frames)[where.frame or 0]
    else:
        fragments = frame_fragments(descriptor, where.offset, status.st_size, 1)[0]
    usable = target if target is not None and target.dtype == dtype_of(spec) else None
    stream = read_fragments(descriptor, fragments)
    begun()
    pixels = same_kind(decode(stream, spec, usable), dtype_of(spec))
    if spec.samples == 3 and not codec.colour:
        return to_rgb(pixels, spec.photometric, spec.stored)
    return pixels


def same_kind(pixels: Array, dtype: np.dtype[np.generic]) -> Array:
    """Reinterpret bits where a codec names another sign than the header; widen where it is narrower."""
    if pixels.dtype == dtype:
        return pixels
    if pixels.dtype.itemsize == dtype.itemsize and pixels.dtype.kind in "iu":
        return pixels.view(dtype)
    if pixels.dtype.itemsize > dtype.itemsize:
        raise ReadError("A compressed picture has more bits than its header says.", "Ask for a new copy.")
    return pixels.astype(dtype)


def _native_bytes(descriptor: int, where: Slice, spec: PixelSpec) -> bytes:
    """Bytes that hold the frame; a truncated file is filled up with zeros."""
    begin = (where.frame or 0) * spec.frame_bits // 8
    end = ((where.frame or 0) + 1) * spec.frame_bits
    count = (end + 7) // 8 - begin
    if spec.syntax == DEFLATED:
        data = _inflated(where, spec)[begin : begin + count]
    else:
        swapped = spec.syntax == BIG_ENDIAN and spec.allocated == 8 and begin % 2 == 0
        wanted = count + count % 2 if swapped else count
        data = read_at(descriptor, max(0, min(wanted, where.length - begin)), where.offset + begin)
        if swapped:
            data = _unswapped(descriptor, where, data)[:count]
    return data.ljust(count, b"\0")


def _unswapped(descriptor: int, where: Slice, data: bytes) -> bytes:
    """8-bit pixels in big endian OW come with the bytes of each word swapped (PS3.5 D)."""
    if read_at(descriptor, 2, where.offset - 8) != b"OW":
        return data
    words = np.frombuffer(data[: len(data) // 2 * 2], np.uint16)
    return words.byteswap().tobytes()


def _inflated(where: Slice, spec: PixelSpec) -> bytes:
    """The pixel element of a deflated file; inflates no more than header and frames can take."""
    from viewer.reading.header.slowparse import inflated_file

    wanted = where.offset + spec.frame_bits * spec.frames // 8 + 16
    check_claim(wanted)
    with Path(where.path).open("rb") as file:
        data = inflated_file(file, wanted)
    return io.BytesIO(data).getbuffer()[where.offset :].tobytes()


def _native(data: bytes, frame: int, spec: PixelSpec) -> Array:
    shape = (spec.rows, spec.columns)
    if spec.allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        skip = frame * spec.frame_bits % 8
        return bits[skip : skip + spec.rows * spec.columns].reshape(shape)
    dtype = dtype_of(spec)
    order = dtype.newbyteorder(">") if spec.syntax == BIG_ENDIAN else dtype.newbyteorder("<")
    pixels = np.frombuffer(data[: spec.frame_bytes], dtype=order)
    if spec.samples == 1:
        return pixels.reshape(shape).astype(dtype)
    if spec.photometric == "YBR_FULL_422":
        from viewer.reading.pixels.colour import spread_422

        return to_rgb(spread_422(pixels.astype(dtype), spec.rows, spec.columns), "YBR_FULL", spec.stored)
    planes = pixels.reshape((3, *shape)).transpose(1, 2, 0) if spec.planar else pixels.reshape((*shape, 3))
    return to_rgb(planes.astype(dtype), spec.photometric, spec.stored)


def _fix_bits(pixels: Array, spec: PixelSpec) -> None:
    """Clear unused high bits (overlays, garbage) and extend the sign from the highest stored bit, in place."""
    if spec.element != t.PIXELS or spec.allocated in {1, spec.stored}:
        return
    if spec.syntax in NATIVE and spec.high + 1 > spec.stored:
        np.right_shift(pixels, spec.high + 1 - spec.stored, out=pixels)
    low, high = (
        (-(1 << (spec.stored - 1)), (1 << (spec.stored - 1)) - 1) if spec.signed else (0, (1 << spec.stored) - 1)
    )
    if int(pixels.max()) <= high and int(pixels.min()) >= low:
        return
    shift = spec.allocated - spec.stored
    if spec.signed:
        np.left_shift(pixels, shift, out=pixels)
        np.right_shift(pixels, shift, out=pixels)
    else:
        np.bitwise_and(pixels, np.array(high, pixels.dtype), out=pixels)
