"""Compressed frames in their items: split, without or with a wrong offset table, cut short."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.synth import phantom, save
from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.reading import load_volume, open_stack, scan

JPEG_2000 = "1.2.840.10008.1.2.4.90"
JPEG_XL = "1.2.840.10008.1.2.4.110"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def stack_of(folder: Path) -> Stack:
    (stack,) = (stack for study in scan([folder]).studies for stack in study.stacks)
    return stack


def item(data: bytes) -> bytes:
    data += b"\0" * (len(data) % 2)
    return b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data


def coded(frame: np.ndarray, syntax: str) -> bytes:
    if syntax == JPEG_XL:
        return bytes(imagecodecs.jpegxl_encode(frame, lossless=True))
    return bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0))


def film(path: Path, syntax: str = JPEG_2000, table: tuple[int, ...] = (), pieces: int = 1, end: bytes = END) -> bytes:
    """Write a film of three frames, each in `pieces` fragments behind an offset table -> its frames as bytes."""
    frames = phantom((3, 24, 20)).astype(np.uint16)
    fragments = []
    for stream in (coded(frame, syntax) for frame in frames):
        step = -(-len(stream) // pieces // 2) * 2
        fragments += [stream[n : n + step] for n in range(0, len(stream), step)]
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.Modality = "1.2.3", "1.2.3.1", "FILM", "US"
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    save(ds, path)
    head = path.read_bytes().replace(item_uid(ExplicitVRLittleEndian), item_uid(syntax))
    packed = item(np.array(table, "<u4").tobytes()) + b"".join(map(item, fragments)) + end
    path.write_bytes(head + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + packed)
    return frames.tobytes()


def item_uid(uid: str) -> bytes:
    """The transfer syntax element, and the group length that fits it, left to the reader to forgive."""
    data = uid.encode() + b"\0" * (len(uid) % 2)
    return b"\x02\0\x10\0UI" + len(data).to_bytes(2, "little") + data


@pytest.mark.parametrize("syntax", [JPEG_2000, JPEG_XL])
@pytest.mark.parametrize("table", [(), (0, 10, 10), (0, 4)])
def test_split_frames_are_found_without_a_good_table(tmp_path: Path, syntax: str, table: tuple[int, ...]) -> None:
    truth = film(tmp_path / "film", syntax, table, pieces=3)
    assert load_volume(stack_of(tmp_path)).stored.tobytes() == truth


def test_a_missing_end_mark_alone_costs_no_picture(tmp_path: Path) -> None:
    truth = film(tmp_path / "film", end=b"")
    assert load_volume(stack_of(tmp_path)).stored.tobytes() == truth


def test_a_picture_that_was_cut_off_is_not_shown_as_whole(tmp_path: Path) -> None:
    truth = film(tmp_path / "film", end=b"")
    cut = (tmp_path / "film").read_bytes()[:-3]
    (tmp_path / "film").write_bytes(cut)
    stack = stack_of(tmp_path)
    with pytest.raises(ReadError, match="Slice 3 of 3 .* ends in the middle") as caught:
        load_volume(stack)
    assert caught.value.code == "truncated"
    loader = open_stack(stack)
    loader.load()
    assert list(loader.failed) == [2]
    assert loader.volume.stored[:2].tobytes() == truth[: len(truth) * 2 // 3]
