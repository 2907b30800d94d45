"""Files made to hurt: each ends in words, quickly, without taking memory for what is not there."""

from __future__ import annotations

import os
import resource
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.synth import write_series, write_xray
from viewer.core.errors import ReadError, ViewerError
from viewer.core.study import ScanResult, Stack
from viewer.reading import is_picture, load_volume, scan
from viewer.reading.header.limits import check_claim
from viewer.reading.pixels.codestream import claimed_size
from viewer.reading.scanning import archive

#: Processor seconds and bytes that a hostile file may cost.
SECONDS, BYTES = 5.0, 1 << 30


@pytest.fixture(autouse=True)
def cheap() -> Iterator[None]:
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < BYTES


def refusals(path: Path) -> list[tuple[str, str]]:
    """What a scan and a load of everything found refuses: (code, words)."""
    result = scan([path])
    told = [(one.code, one.text) for one in result.refused]
    for stack in stacks(result):
        try:
            if is_picture(stack):
                load_volume(stack)
        except ViewerError as error:
            told.append((error.code, error.text))
    return told


def stacks(result: ScanResult) -> list[Stack]:
    return [stack for study in result.studies for stack in study.stacks]


def test_46341_squared_in_ten_kilobytes(tmp_path: Path) -> None:
    write_xray(tmp_path, extra={"Rows": 46341, "Columns": 46341})
    ((code, words),) = refusals(tmp_path)
    assert code == "truncated"
    assert "claims" in words


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80"])
def test_the_same_compressed(tmp_path: Path, syntax: str) -> None:
    written = write_xray(tmp_path, transfer_syntax=syntax)
    data = written.files[0].read_bytes()
    for tag in (0x10, 0x11):
        start = data.index(struct.pack("<HH2sH", 0x28, tag, b"US", 2)) + 8
        data = data[:start] + struct.pack("<H", 46341) + data[start + 2 :]
    written.files[0].write_bytes(data)
    assert [code for code, _ in refusals(tmp_path)] == ["too_large"]


@pytest.mark.logs("could not be read")
def test_a_stream_of_another_size_than_its_header(tmp_path: Path) -> None:
    write_xray(tmp_path / "a", transfer_syntax="1.2.840.10008.1.2.4.90")
    path = tmp_path / "a" / "XR0001"
    data = path.read_bytes()
    start = data.index(b"\xff\x4f\xff\x51")
    assert claimed_size(data[start:]) == (48, 40)
    path.write_bytes(data[: start + 8] + struct.pack(">I", 60000) + data[start + 12 :])
    ((code, words),) = refusals(tmp_path)
    assert code == "corrupt"
    assert "60000" in words


def test_more_frames_than_bytes(tmp_path: Path) -> None:
    write_xray(tmp_path, extra={"NumberOfFrames": 2_000_000_000})
    assert [code for code, _ in refusals(tmp_path)] == ["too_large"]


def _save(path: Path, ds: Dataset) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.save_as(path, enforce_file_format=True)


def test_sequences_nested_a_thousand_deep(tmp_path: Path) -> None:
    item, delimiter = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF), struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    nested = b""
    head = struct.pack("<HH2s2xI", 0x0040, 0xA730, b"SQ", 0xFFFFFFFF)
    for _ in range(20000):
        nested += head + item
    ds = Dataset()
    ds.PatientID = "DEEP"
    path = tmp_path / "deep"
    _save(path, ds)
    path.write_bytes(path.read_bytes() + nested + delimiter)
    found = refusals(tmp_path)
    assert len(found) == 1 and "nest" in found[0][1]


def test_a_value_of_a_hundred_million_parts(tmp_path: Path) -> None:
    ds = Dataset()
    ds.PatientID = "VM"
    path = tmp_path / "vm"
    _save(path, ds)
    parts = 100_000_000
    with path.open("ab") as file:
        file.write(struct.pack("<HHI", 0x0020, 0x0032, 2 * parts)[:4] + b"UT\0\0" + struct.pack("<I", 2 * parts))
        file.seek(2 * parts - 1, os.SEEK_CUR)
        file.write(b"\\")
    result = scan([tmp_path])
    assert result.files == 1


def test_symbolic_links_in_a_circle(tmp_path: Path) -> None:
    write_series(tmp_path / "a", shape=(2, 8, 8))
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    result = scan([tmp_path])
    assert [stack.files for stack in stacks(result)] == [2]
    assert [one.code for one in result.refused] == ["unreadable"]


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert len(scan([tmp_path]).refused) == 1


def test_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BIG", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out, out.open("big", "w", force_zip64=True) as entry:
        for _ in range(12):
            entry.write(bytes(1 << 20))
    ((code, words),) = refusals(path)
    assert code == "too_large"
    assert "ZIP" in words


def test_zip_entries_that_leave_the_folder(tmp_path: Path) -> None:
    written = write_series(tmp_path / "a", shape=(2, 8, 8))
    path = tmp_path / "out.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.write(written.files[0], "../../escaped")
        out.write(written.files[1], "fine/one")
    result = scan([path])
    assert [(one.code, one.path) for one in result.refused] == [("unsafe_path", f"{path}/../../escaped")]
    assert [stack.files for stack in stacks(result)] == [1]
    assert not list(tmp_path.rglob("escaped"))


def test_an_archive_in_an_archive_is_refused_with_its_name(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.zip"
    with zipfile.ZipFile(inner, "w") as out:
        out.writestr("a", b"x")
    with zipfile.ZipFile(outer, "w") as out:
        out.write(inner, "inner.zip")
    ((refusal),) = scan([outer]).refused
    assert refusal.path == f"{outer}/inner.zip"
    assert refusal.code == "nested_archive"


def test_a_broken_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\3\4" + bytes(100))
    assert [code for code, _ in refusals(tmp_path)] == ["corrupt"]


def test_unpacked_files_are_private(tmp_path: Path, own_home: Path) -> None:
    written = write_series(tmp_path / "a", shape=(1, 8, 8))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.write(written.files[0], "one")
    (stack,) = stacks(scan([path]))
    folder = stack.instances[0].path.parent
    assert folder.is_relative_to(own_home)
    assert folder.stat().st_mode & 0o077 == 0


def _directory(path: Path, names: list[list[str]]) -> None:
    ds = Dataset()
    records = []
    for name in names:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = 0xFFFFFFFF
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = name
        records.append(record)
    ds.DirectoryRecordSequence = Sequence(records)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.save_as(path, enforce_file_format=True)


def test_dicomdir_with_leaving_missing_and_true_names(tmp_path: Path) -> None:
    outside = write_series(tmp_path / "outside", shape=(1, 8, 8))
    disc = tmp_path / "disc"
    inside = write_series(disc / "IMAGES", shape=(1, 8, 8))
    name = inside.files[0].name
    _directory(
        disc / "DICOMDIR",
        [["IMAGES", name], ["..", "outside", outside.files[0].name], ["IMAGES", "GONE"], ["images", name.lower()]],
    )
    result = scan([disc / "DICOMDIR"])
    assert [stack.files for stack in stacks(result)] == [1]
    assert [one.code for one in result.refused].count("missing_file") == 2


def test_dicomdir_in_a_folder_lists_files_once(tmp_path: Path) -> None:
    written = write_series(tmp_path, shape=(3, 8, 8))
    _directory(tmp_path / "DICOMDIR", [[path.name] for path in written.files])
    result = scan([tmp_path])
    assert [stack.files for stack in stacks(result)] == [3]
    assert not result.refused


def test_claims_beyond_memory_are_refused() -> None:
    with pytest.raises(ReadError) as caught:
        check_claim(1 << 50)
    assert caught.value.code == "too_large"


def test_the_rest_of_the_folder_opens(tmp_path: Path) -> None:
    written = write_series(tmp_path, shape=(3, 8, 8))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text.dcm").write_text("no picture " * 100)
    (tmp_path / "noise").write_bytes(np.random.default_rng(0).bytes(5000))
    result = scan([tmp_path])
    assert len(result.refused) == 3
    assert {one.code for one in result.refused} == {"empty", "not_dicom"}
    assert all(len(one.text) > 15 for one in result.refused)
    np.testing.assert_array_equal(load_volume(stacks(result)[0]).stored, written.stored)
