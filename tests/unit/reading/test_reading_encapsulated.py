"""Fragments of compressed frames: whatever the items say, frames or words."""

from __future__ import annotations

import os
import struct
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.errors import ReadError
from viewer.reading.pixels.encapsulated import Fragments, frame_fragments


def found(data: bytes, frames: int) -> tuple[Fragments, ...]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return frame_fragments(file.fileno(), 0, os.fstat(file.fileno()).st_size, frames)


def item(data: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data


def test_an_offset_table_without_a_frame_behind_it_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        found(item(struct.pack("<3I", 0, 8, 16)) + b"rubbish!" * 4, 3)
    assert caught.value.code == "truncated"


@given(st.lists(st.binary(max_size=12), max_size=6), st.binary(max_size=20), st.integers(1, 5), st.booleans())
def test_any_items_end_in_frames_or_words(parts: list[bytes], tail: bytes, frames: int, starts: bool) -> None:
    data = b"".join(item((b"\xff\xd8\xff" if starts and n else b"") + part) for n, part in enumerate(parts)) + tail
    try:
        groups = found(data, frames)
    except ReadError as error:
        assert error.text
    else:
        assert len(groups) == frames and all(groups)
