"""RLE Lossless (PS3.5 Annex G): imagecodecs, and a patient way for streams it is too strict for."""

from __future__ import annotations

import struct

import numpy as np

from viewer.core.volume import Array

#: Offsets in an RLE header after the number of segments.
_MOST_SEGMENTS = 15


def decode_rle(data: bytes, kind: np.dtype[np.generic], count: int, target: Array | None) -> Array:
    """Pixels of one frame as a flat array, colour in planes.

    Args:
        kind: little endian unsigned type of one sample; count: samples of the frame.
        target: flat array of `count` samples to write into, or None.

    Raises:
        RuntimeError, ValueError: the stream is damaged or holds fewer pixels.
    """
    import imagecodecs

    pixels = np.empty(count, kind) if target is None else target
    try:
        imagecodecs.dicomrle_decode(data, kind.str, out=pixels.data.cast("B"))
    except RuntimeError:
        _patiently(data, pixels.view(np.uint8).reshape(-1, kind.itemsize))
    return pixels


def _patiently(data: bytes, planes: Array) -> None:
    """Fill [count, bytes of a sample] segment by segment; pad bytes after a segment do not matter.

    Segments come sample by sample, most significant byte first.
    """
    (segments,) = struct.unpack_from("<I", data)
    count, width = planes.shape
    if not 1 <= segments <= _MOST_SEGMENTS or segments % width:
        raise ValueError("wrong number of segments")
    offsets = [*struct.unpack_from(f"<{segments}I", data, 4), len(data)]
    share = count // (segments // width)
    for n in range(segments):
        sample, place = n // width, width - 1 - n % width
        values = unpack_bits(data[offsets[n] : offsets[n + 1]], share)
        planes[sample * share : (sample + 1) * share, place] = np.frombuffer(values, np.uint8)


def unpack_bits(data: bytes, size: int) -> bytes:
    """PackBits (PS3.5 G.3.1), until `size` bytes are there.

    Raises:
        ValueError: the data ends before.
    """
    out = bytearray()
    position, end = 0, len(data)
    while len(out) < size and position + 1 < end:
        head = data[position]
        if head < 128:
            out += data[position + 1 : position + 2 + head]
            position += 2 + head
        else:
            if head > 128:
                out += data[position + 1 : position + 2] * (257 - head)
            position += 2 if head > 128 else 1
    if len(out) < size:
        raise ValueError("the run-length data ends early")
    return bytes(out[:size])
