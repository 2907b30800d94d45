"""Headers read by what other headers taught: the same as read alone, or not read by it at all."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import shared_folder
from tests.unit.reading.fuzzing import mutate
from viewer.reading.header import headers
from viewer.reading.header import tags as t
from viewer.reading.header.fastparse import FIRST_READ, LAST_READ, Declined, NeedMore, parse
from viewer.reading.header.head import EXPLICIT, IMPLICIT, Head
from viewer.reading.header.layout import Layout

OPEN = struct.pack("<I", 0xFFFFFFFF)
LONG = (b"SQ", b"UN", b"OB", b"OW")
#: Tags of each kind: not wanted, wanted, wanted for their presence; ascending.
TAGS = (0x00080016, 0x00081140, t.SERIES_DESCRIPTION, 0x00091002, t.US_REGIONS, t.POSITION, 0x00204000, t.VOI_LUT)
VRS = st.sampled_from([b"LO", b"DS", b"UN", b"OB", b"SQ", b"UI"])
VALUES = st.one_of(st.binary(max_size=9), st.just(None))
Parts = list[tuple[int, bytes, bytes | None]]


def element(tag: int, vr: bytes, value: bytes | None, implicit: bool) -> bytes:
    """`None` stands for an empty sequence of undefined length."""
    length, body = (OPEN, b"\xfe\xff\xdd\xe0" + bytes(4)) if value is None else (struct.pack("<I", len(value)), value)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + length + body
    if vr in LONG:
        return head + vr + bytes(2) + length + body
    return head + vr + length[:2] + (value or b"")


def file_of(parts: Parts, syntax: str = EXPLICIT, pixels: int = 8) -> bytes:
    implicit = syntax == IMPLICIT
    data = bytes(128) + b"DICM" + element(t.TRANSFER_SYNTAX, b"UI", syntax.encode(), False)
    data += b"".join(element(tag, vr, value, implicit) for tag, vr, value in parts)
    return data + element(t.PIXELS, b"OW", bytes(pixels), implicit)


def outcome(data: bytes, layout: Layout | None = None, size: int | None = None) -> object:
    """All that a reader learns of a file, or how it refuses."""
    try:
        head = parse(data, "x", len(data) if size is None else size, layout)
    except (NeedMore, Declined) as error:
        return type(error)
    return head.raw, head.syntax, head.pixel_tag, head.pixel_offset, head.pixel_length


def parts_of(vrs: list[bytes], values: list[bytes | None]) -> Parts:
    return list(zip(TAGS, vrs, values, strict=True))


MANY = st.lists(VALUES, min_size=len(TAGS), max_size=len(TAGS))


@given(
    st.sampled_from([EXPLICIT, IMPLICIT]),
    st.lists(VRS, min_size=len(TAGS), max_size=len(TAGS)),
    st.lists(MANY, min_size=3, max_size=5),
    st.integers(0, 1 << 30),
)
@settings(max_examples=300, deadline=None)
def test_what_others_taught_changes_nothing(
    syntax: str, vrs: list[bytes], files: list[list[bytes | None]], seed: int
) -> None:
    """Whole, cut and damaged files are read as without, or refused as without."""
    layout = Layout()
    for values in files * 2:
        data = file_of(parts_of(vrs, values), syntax)
        assert outcome(data, layout) == outcome(data)
        cut = seed % len(data)
        assert outcome(data[:cut], layout, len(data)) == outcome(data[:cut], None, len(data))
        damaged = mutate(data, seed)
        assert outcome(damaged, layout) == outcome(damaged)


def slices(count: int) -> list[bytes]:
    parts: Parts = [(t.SOP_CLASS, b"UI", b"1.2"), (t.SERIES_DESCRIPTION, b"LO", b"Thorax")]
    return [file_of([*parts, (t.POSITION, b"DS", b"0\\0\\%d" % 10**n)]) for n in range(count)]


def test_the_third_slice_is_read_by_what_two_taught() -> None:
    layout = Layout()
    one, two, three, *_ = slices(3)
    assert layout.read(one, "x", len(one)) is None
    parse(one, "x", len(one), layout)
    parse(two, "x", len(two), layout)
    head = layout.read(three, "x", len(three))
    assert head is not None
    assert head.floats(t.POSITION) == (0.0, 0.0, 100.0)
    assert head.common is not None
    assert head.common.varying == {t.POSITION}


def test_long_headers_are_read_at_once_where_the_one_before_was_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def told(descriptor: int, count: int, offset: int) -> bytes:
        read.append(count)
        return os.pread(descriptor, count, offset)

    monkeypatch.setattr(headers, "read_at", told)
    layout = Layout()
    for length in (20_000, 20_002, 30_000, 10, 20_000, 1_100_000, 10):
        data = file_of([(t.SOP_CLASS, b"UI", b"1.2"), (0x00091002, b"OB", bytes(length))])
        path = tmp_path / str(length)
        path.write_bytes(data)
        with path.open("rb") as file:
            alone = headers.head_from(file.fileno(), data[:FIRST_READ], str(path), len(data))
            read.clear()
            assert headers.head_from(file.fileno(), data[:FIRST_READ], str(path), len(data), layout) == alone
        assert len(read) <= {20_000: 3, 20_002: 1, 30_000: 1, 10: 1, 1_100_000: 8}[length], length
    assert layout.reach == FIRST_READ


def test_the_syntax_is_never_taken_from_others() -> None:
    layout = Layout()
    for data in slices(3):
        parse(data, "x", len(data), layout)
    other = file_of([(t.SOP_CLASS, b"UI", b"1.2")], "1.2.840.10008.1.2.5", 0)
    assert outcome(other, layout) == outcome(other)


def test_folders_that_share_nothing_are_forgotten() -> None:
    layout = Layout()
    for n in range(200):
        data = file_of([(0x00090000 + n, b"LO", b"x")])
        assert outcome(data, layout) == outcome(data)
    assert len(layout.patterns) <= 8
    layout.next_folder()
    assert layout.patterns == []


def test_headers_of_the_corpus_are_read_the_same_in_one_scan() -> None:
    layout, known, fast = Layout(), 0, 0
    for folder in sorted(path for path in shared_folder("corpus").rglob("*") if path.is_dir()):
        layout.next_folder()
        for path in sorted(one for one in folder.iterdir() if one.is_file()):
            with path.open("rb") as file:
                data = file.read(LAST_READ)
            size = path.stat().st_size
            alone = outcome(data, None, size)
            fast += isinstance(alone, tuple)
            known += _read(layout, data, size) is not None
            assert outcome(data, layout, size) == alone, path.name
            assert outcome(data, layout, size) == alone, path.name
    assert known > fast / 2


def _read(layout: Layout, data: bytes, size: int) -> Head | None:
    try:
        return layout.read(data, "x", size)
    except (NeedMore, Declined):
        return None
