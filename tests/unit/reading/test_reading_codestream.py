"""What a compressed stream says of its own size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pytest

from viewer.reading.pixels.codestream import claimed_size

ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "jpeg": imagecodecs.jpeg8_encode,
    "lossless jpeg": imagecodecs.ljpeg_encode,
    "jpeg-ls": imagecodecs.jpegls_encode,
    "jpeg 2000": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k"),
    "jp2": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="jp2"),
    "htj2k": imagecodecs.htj2k_encode,
    "jpeg xl": lambda a: imagecodecs.jpegxl_encode(a, usecontainer=False),
    "jpeg xl in boxes": lambda a: imagecodecs.jpegxl_encode(a, usecontainer=True),
}


@pytest.mark.parametrize("kind", sorted(ENCODERS))
@pytest.mark.parametrize("shape", [(8, 16), (37, 53), (40, 40), (300, 400), (2000, 30), (24, 32)])
def test_the_size_is_the_encoded_one(kind: str, shape: tuple[int, int]) -> None:
    assert claimed_size(bytes(ENCODERS[kind](np.zeros(shape, np.uint8)))) == shape


@pytest.mark.parametrize("kind", sorted(ENCODERS))
def test_a_cut_stream_says_nothing_wrong(kind: str) -> None:
    stream = bytes(ENCODERS[kind](np.zeros((37, 53), np.uint8)))
    for length in range(0, min(len(stream), 120)):
        assert claimed_size(stream[:length]) in (None, (37, 53))


def test_other_bytes_say_nothing() -> None:
    assert claimed_size(b"") is None
    assert claimed_size(bytes(100)) is None
