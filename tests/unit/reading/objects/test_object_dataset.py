"""Hostile and broken objects end as words, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from tests.unit.reading.objects.builders import base, content, item, number, save, stack_of, write_report
from viewer.core.errors import ReadError, ViewerError
from viewer.reading.header.sop_classes import OBJECT_KINDS
from viewer.reading.objects import dataset as reading
from viewer.reading.objects.budget import ITEM_COST, Start, check_budget, start_of
from viewer.reading.objects.object_types import read_object
from viewer.reading.objects.structured import read_report

TITLE = ("126000", "DCM", "Imaging Measurement Report")
LENGTH = ("410668003", "SCT", "Length")


def small_report(path: Path) -> Path:
    return write_report(path, TITLE, [number(LENGTH, "4.2", "mm"), number(LENGTH, "5.5", "mm")])


def test_a_cut_file_is_refused_or_says_less_but_never_crashes(tmp_path: Path) -> None:
    whole = small_report(tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    codes = set()
    for end in range(0, len(whole), 13):
        cut.write_bytes(whole[:end])
        try:
            read_report(stack_of(cut))
        except ReadError as error:
            codes.add(error.code)
            assert len(error.what.split()) > 3
    assert "truncated" in codes


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_changed_bytes_never_crash_a_reader(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path_factory.mktemp("fuzz")
    data = bytearray(small_report(folder / "a").read_bytes())
    for at in rng.integers(132, len(data), 8):
        data[at] = rng.integers(0, 256)
    (folder / "a").write_bytes(bytes(data))
    try:
        read_report(stack_of(folder / "a"))
    except ViewerError as error:
        assert error.text


@pytest.mark.parametrize("padding", [1, 6, 512])
def test_zero_bytes_after_the_end_are_no_fault(tmp_path: Path, padding: int) -> None:
    path = small_report(tmp_path / "a")
    path.write_bytes(path.read_bytes() + bytes(padding))
    assert len(read_report(stack_of(path)).measurements) == 2


def nested(depth: int) -> Dataset:
    inner = content("TEXT", "CONTAINS", LENGTH, TextValue="deep")
    for _ in range(depth):
        outer = content("CONTAINER", "CONTAINS", LENGTH)
        outer.ContentSequence = DicomSequence([inner])
        inner = outer
    return inner


def test_a_deep_tree_is_refused(tmp_path: Path) -> None:
    write_report(tmp_path / "a", TITLE, [nested(80)])
    with pytest.raises(ReadError, match="deeper"):
        read_report(stack_of(tmp_path / "a"))


def deep_bytes(levels: int) -> bytes:
    """Sequences of undefined length inside each other, without end."""
    open_sequence = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return open_sequence * levels


def test_sequences_nested_beyond_reason_are_refused(tmp_path: Path) -> None:
    whole = small_report(tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole + deep_bytes(20_000))
    started = time.process_time()
    with pytest.raises(ReadError):
        read_report(stack_of(tmp_path / "a"))
    assert time.process_time() - started < 5


def test_a_deflated_bomb_is_refused_before_it_expands(tmp_path: Path) -> None:
    ds = base("88.34", "SR")
    ds.TextValue = "x"
    path = save(ds, tmp_path / "a", "1.2.840.10008.1.2.1.99")
    head = path.read_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(b"\0" * (1 << 24)) for _ in range(8)) + packer.flush()
    meta_end = 132 + 12 + int.from_bytes(head[140:144], "little")
    path.write_bytes(head[:meta_end] + bomb)
    tracemalloc.start()
    with pytest.raises(ReadError) as caught:
        read_report(stack_of(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 4 * reading.TREE.size


def test_a_deflated_report_is_read(tmp_path: Path) -> None:
    plain = write_report(tmp_path / "plain", TITLE, [number(LENGTH, "4.2", "mm")])
    from pydicom import dcmread

    packed = save(dcmread(plain), tmp_path / "packed", "1.2.840.10008.1.2.1.99")
    assert read_report(stack_of(packed)).measurements == read_report(stack_of(plain)).measurements


def test_a_value_with_millions_of_parts_is_not_unfolded(tmp_path: Path) -> None:
    measured = item(NumericValue="1")
    ds = content("NUM", "CONTAINS", LENGTH)
    ds.MeasuredValueSequence = DicomSequence([measured])
    path = write_report(tmp_path / "a", TITLE, [ds], ContentTime="1")
    ds_long = b"\x40\x00\x0a\xa3UN\x00\x00" + (20_000_000).to_bytes(4, "little") + b"1\\" * 10_000_000
    path.write_bytes(path.read_bytes() + ds_long)
    started = time.process_time()
    report = read_report(stack_of(path))
    assert report.title == TITLE[2]
    assert time.process_time() - started < 5


def test_too_many_items_are_refused(tmp_path: Path) -> None:
    path = small_report(tmp_path / "a")
    empty_items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * (60_000 + 1)
    path.write_bytes(path.read_bytes() + empty_items)
    with pytest.raises(ReadError) as caught:
        read_report(stack_of(path))
    assert caught.value.code == "too_large"


def test_too_large_a_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(reading.TREE.size + 1)
    with pytest.raises(ReadError, match="too large"):
        read_report(stack_of(path))


@pytest.mark.parametrize("data", [b"", b"not dicom at all" * 50, b"\0" * 4096, b"\0" * 128 + b"DICM"])
def test_what_is_not_dicom_is_refused_by_every_reader(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    for kind in dict.fromkeys(OBJECT_KINDS.values()):
        with pytest.raises(ReadError):
            read_object(stack_of(tmp_path / "a", kind))


def test_no_words_of_a_refusal_hold_the_patient(tmp_path: Path) -> None:
    path = small_report(tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ReadError) as caught:
        read_report(stack_of(path))
    assert "SYNTHETIC" not in caught.value.text


def test_numbers_are_read_in_both_byte_orders(tmp_path: Path) -> None:
    for name, syntax in (("little", "1.2.840.10008.1.2"), ("big", "1.2.840.10008.1.2.2")):
        ds = base("88.34", "SR")
        ds.Rows, ds.PixelSpacing, ds.GraphicData = 7, [0.5, 0.25], [1.5, 2.5]
        save_as(ds, tmp_path / name, syntax)
        with reading.opened(tmp_path / name) as found:
            assert reading.whole(found, "Rows") == 7
            assert reading.numbers(found, "PixelSpacing").tolist() == [0.5, 0.25]
            assert reading.numbers(found, "GraphicData").tolist() == [1.5, 2.5]
            assert reading.text(found, "PatientName") == "SYNTHETIC^OBJECT"


def save_as(ds: Dataset, path: Path, syntax: str) -> None:
    from tests.synth import save as save_any

    save_any(ds, path, syntax)


def tiny_values(count: int) -> bytes:
    """Empty values with different tags, eight bytes each."""
    tags = np.arange(count, dtype=np.uint32)
    made = np.zeros((count, 4), "<u2")
    made[:, 0], made[:, 1] = 0x0041 + 2 * (tags >> 16), tags & 0xFFFF
    made[:, 2] = int.from_bytes(b"LO", "little")
    return made.tobytes()


@pytest.mark.parametrize("inside", [False, True])
def test_millions_of_empty_values_are_refused_quickly(tmp_path: Path, inside: bool) -> None:
    path = small_report(tmp_path / "a")
    values = tiny_values(3_000_000)
    if inside:
        item_of_them = b"\xfe\xff\x00\xe0" + len(values).to_bytes(4, "little") + values
        values = b"\x40\x00\x30\xa7SQ\x00\x00" + len(item_of_them).to_bytes(4, "little") + item_of_them
    path.write_bytes(path.read_bytes() + values)
    started = time.process_time()
    with pytest.raises(ReadError) as caught:
        read_report(stack_of(path))
    assert caught.value.code == "too_large"
    assert time.process_time() - started < 5


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_the_walk_counts_values_and_items_in_every_encoding(tmp_path: Path, syntax: str) -> None:
    ds = base("88.34", "SR")
    ds.ContentSequence = DicomSequence([item(TextValue="a", Date="20260302"), item(TextValue="b")])
    save_as(ds, tmp_path / "a", syntax)
    data = (tmp_path / "a").read_bytes()
    start = start_of(data)
    assert (start.syntax, start.implicit, start.little) == (syntax, syntax.endswith(".1.2"), not syntax.endswith("2.2"))
    cost = len(ds) + 3 + 2 * ITEM_COST
    check_budget(data, start, cost)
    with pytest.raises(ReadError):
        check_budget(data, start, cost - 1)


@given(data=st.binary(max_size=400), implicit=st.booleans(), little=st.booleans())
def test_the_walk_ends_on_any_bytes(data: bytes, implicit: bool, little: bool) -> None:
    check_budget(data, Start(0, "", implicit, little), 10_000)
    assert start_of(data).offset >= 0
