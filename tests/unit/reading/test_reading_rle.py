"""RLE: the quick and the patient decoder, and streams that end early."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.reading.pixels.rle import decode_rle, unpack_bits


def pack_bits(data: bytes) -> bytes:
    """Literal runs only: enough to test unpacking."""
    return b"".join(bytes([len(data[n : n + 128]) - 1]) + data[n : n + 128] for n in range(0, len(data), 128))


def stream(segments: list[bytes], pad: bytes = b"") -> bytes:
    packed = [pack_bits(one) + pad for one in segments]
    offsets = [64 + sum(map(len, packed[:n])) for n in range(len(packed))]
    header = struct.pack("<I", len(packed)) + b"".join(struct.pack("<I", o) for o in offsets)
    return header.ljust(64, b"\0") + b"".join(packed)


@given(st.binary(min_size=1, max_size=400))
def test_unpacking_is_packing_backwards(data: bytes) -> None:
    assert unpack_bits(pack_bits(data), len(data)) == data


def test_repeats_and_no_operation() -> None:
    assert unpack_bits(bytes([128, 254, 7, 0, 9]), 4) == bytes([7, 7, 7, 9])


@pytest.mark.parametrize("pad", [b"", b"\x7f", b"\x00", b"\x05\x01"])
@pytest.mark.parametrize("samples", [1, 3])
def test_pad_bytes_after_a_segment_do_not_matter(pad: bytes, samples: int) -> None:
    pixels = np.random.default_rng(2).integers(0, 65535, samples * 300, np.uint16)
    planes = pixels.reshape(samples, 300)
    segments = [(plane >> 8).astype(np.uint8).tobytes() for plane in planes]
    low = [(plane & 255).astype(np.uint8).tobytes() for plane in planes]
    data = stream([part for pair in zip(segments, low, strict=True) for part in pair], pad)
    np.testing.assert_array_equal(decode_rle(data, np.dtype("<u2"), pixels.size, None), pixels)


@pytest.mark.parametrize("cut", [10, 66, 100])
def test_a_stream_that_ends_early_is_refused(cut: int) -> None:
    data = stream([bytes(range(200)), bytes(range(200))])
    with pytest.raises((ValueError, RuntimeError, struct.error)):
        decode_rle(data[:cut], np.dtype("<u2"), 200, None)
