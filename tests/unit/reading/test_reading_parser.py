"""The strict parser: what it reads, what it declines, and that pydicom reads the same."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synth import write_series
from viewer.core.errors import ReadError
from viewer.reading.header import tags as t
from viewer.reading.header.fastparse import Declined, NeedMore, parse
from viewer.reading.header.head import EXPLICIT, Head
from viewer.reading.header.headers import plausible, read_head
from viewer.reading.header.layout import Layout
from viewer.reading.header.slowparse import read_slow

SYNTAXES = ("1.2.840.10008.1.2", EXPLICIT, "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5")


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    if vr in (b"OB", b"OW", b"SQ", b"UN"):
        return struct.pack("<HH2s2xI", group, number, vr, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def part10(*elements: bytes, syntax: str = EXPLICIT) -> bytes:
    return bytes(128) + b"DICM" + element(2, 0x10, b"UI", syntax.encode()) + b"".join(elements)


def stripped(head: Head) -> dict[int, bytes]:
    return {tag: value.rstrip(b"\0 ") for tag, value in head.raw.items()}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_parser_and_pydicom_agree(tmp_path: Path, syntax: str) -> None:
    written = write_series(tmp_path, transfer_syntax=syntax, shape=(2, 16, 16))
    head = read_head(str(written.files[0]))
    slow = read_slow(str(written.files[0]), written.files[0].stat().st_size)
    assert stripped(head) == stripped(slow)
    assert (head.syntax, head.pixel_tag, head.pixel_offset) == (slow.syntax, slow.pixel_tag, slow.pixel_offset)
    assert head.text(t.SERIES_UID) == written.series_uid
    assert head.fast == (syntax not in ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"))


@given(st.lists(st.tuples(st.sampled_from([b"LO", b"DS", b"UN", b"OB"]), st.binary(max_size=40)), max_size=12))
@settings(max_examples=80, deadline=None)
def test_lengths_are_followed_whatever_the_values(parts: list[tuple[bytes, bytes]]) -> None:
    others = [element(0x0009, 0x1000 + n, vr, value) for n, (vr, value) in enumerate(parts)]
    data = part10(*others, element(0x0020, 0x0011, b"IS", b"7"), element(0x7FE0, 0x0010, b"OW", bytes(8)))
    head = parse(data, "x", len(data))
    assert head.integer(t.SERIES_NUMBER) == 7
    assert data[head.pixel_offset :] == bytes(8)


@given(st.integers(0, 255), st.data())
@settings(max_examples=150, deadline=None)
def test_known_runs_change_nothing(seed: int, data: st.DataObject) -> None:
    """A file read with what other files taught is read as without."""
    base = [(n, b"v%d" % n) for n in range(8)]
    layout = Layout()
    for _ in range(3):
        changed = data.draw(st.integers(0, 7))
        value = data.draw(st.binary(min_size=1, max_size=6))
        parts = [element(0x0018, 0x0010 + n, b"LO", value if n == changed else v) for n, v in base]
        file = part10(*parts, element(0x0020, 0x0011, b"IS", b"%d" % seed), element(0x7FE0, 0x0010, b"OW", bytes(4)))
        assert parse(file, "x", len(file), layout).raw == parse(file, "x", len(file)).raw


def test_more_is_asked_for_where_the_header_goes_on() -> None:
    data = part10(element(0x0009, 0x1000, b"UN", bytes(5000)), element(0x7FE0, 0x0010, b"OW", bytes(8)))
    with pytest.raises(NeedMore):
        parse(data[:4096], "x", len(data))
    assert parse(data, "x", len(data)).pixel_length == 8


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(part10(element(0x20, 0x11, b"??", b"1")), id="unknown VR"),
        pytest.param(part10(element(0x20, 0x11, b"IS", b"1"), element(0x08, 0x60, b"CS", b"CT")), id="out of order"),
        pytest.param(part10(struct.pack("<HH2s2xI", 0x0009, 0x1000, b"UN", 0xFFFFFFFF)), id="undefined length"),
        pytest.param(part10(struct.pack("<HH2s2xI", 0x0009, 0x1000, b"SQ", 0xFFFFFFFF) + b"junk"), id="no item"),
        pytest.param(part10(struct.pack("<HH2sH", 0x0009, 0x1000, b"LO", 60000)), id="past the end"),
        pytest.param(part10(element(0x7FE0, 0x0001, b"OW", b"")), id="other elements in the pixel group"),
        pytest.param(part10(syntax="1.2.840.10008.1.2.2"), id="big endian"),
        pytest.param(bytes(200), id="no mark"),
    ],
)
def test_declines_what_it_does_not_fully_understand(data: bytes) -> None:
    data += bytes(16)
    with pytest.raises(Declined):
        parse(data, "x", len(data))


ITEM, END_ITEM, END = (struct.pack("<HH", 0xFFFE, element) for element in (0xE000, 0xE00D, 0xE0DD))
OPEN = struct.pack("<I", 0xFFFFFFFF)


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_sequences_are_stepped_over(defined: bool, nested: bool) -> None:
    """Series Number inside an item is not the file's Series Number."""
    inner = element(0x0020, 0x0011, b"IS", b"99")
    if nested:
        deep = struct.pack("<HH2s2x", 0x0040, 0xA730, b"SQ") + OPEN + ITEM + OPEN + inner + END_ITEM + bytes(4)
        inner += deep + END + bytes(4)
    item = ITEM + struct.pack("<I", len(inner)) + inner if defined else ITEM + OPEN + inner + END_ITEM + bytes(4)
    sequence = struct.pack("<HH2s2x", 0x0008, 0x1140, b"SQ") + OPEN + item + END + bytes(4)
    data = part10(sequence, element(0x0020, 0x0011, b"IS", b"7"), element(0x7FE0, 0x0010, b"OW", bytes(8)))
    head = parse(data, "x", len(data))
    assert head.integer(t.SERIES_NUMBER) == 7
    assert head.pixel_offset == len(data) - 8
    with pytest.raises(NeedMore):
        parse(data[: 132 + 60], "x", len(data))


def test_an_old_group_length_before_the_pixels() -> None:
    data = part10(element(0x7FE0, 0, b"UL", struct.pack("<I", 20)), element(0x7FE0, 0x0010, b"OW", bytes(8)))
    assert parse(data, "x", len(data)).pixel_length == 8


def test_plausible_start_without_mark() -> None:
    assert plausible(element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.2"))
    assert plausible(struct.pack("<HHI", 0x0008, 0x0005, 10) + bytes(20))
    assert not plausible(b"plain text, not an image")
    assert not plausible(struct.pack("<HHI", 0x0008, 0x0005, 1 << 30) + bytes(20))


def test_a_file_without_meta_is_read_with_a_note(tmp_path: Path) -> None:
    written = write_series(tmp_path / "a", shape=(1, 8, 8), transfer_syntax="1.2.840.10008.1.2")
    data = written.files[0].read_bytes()
    start = data.index(struct.pack("<HH", 0x0008, 0x0005))
    bare = tmp_path / "bare"
    bare.write_bytes(data[start:])
    head = read_head(str(bare))
    assert head.text(t.SERIES_UID) == written.series_uid
    assert [note.code for note in head.notes] == ["no_meta"]
    assert head.declared == ""


def test_text_is_not_dicom(tmp_path: Path) -> None:
    path = tmp_path / "note.dcm"
    path.write_text("a letter, named like a picture " * 20)
    with pytest.raises(ReadError) as caught:
        read_head(str(path))
    assert caught.value.code == "not_dicom"


def test_numbers_that_are_none_are_absent() -> None:
    data = part10(
        element(0x0020, 0x0032, b"DS", b"1\\x\\3"),
        element(0x0028, 0x1053, b"DS", b"nan"),
        element(0x7FE0, 0x0010, b"OW", bytes(4)),
    )
    head = parse(data, "x", len(data))
    assert head.floats(t.POSITION) == ()
    assert head.number(t.SLOPE) is None
