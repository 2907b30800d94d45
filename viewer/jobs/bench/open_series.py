"""Open a CT series: this program against the floor (one read a file, no parsing) and SimpleITK."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import AnalysisError
from viewer.core.study import ScanResult
from viewer.core.task import CancelFlag, Cancelled, CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way, peak_memory
from viewer.reading import load_volume, preview, scan

SLICES, SIDE = 400, 512
EXPLICIT = "1.2.840.10008.1.2.1"
_UID = "1.2.826.0.1.3680043.10.1490.1"


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Write the series and compare voxels before anything is timed.

    Raises:
        AnalysisError: the ways do not give the same voxels.
    """
    offset = write_series(folder, SLICES, SIDE, cancel)
    files = sorted(str(path) for path in folder.iterdir())
    _check_equal(folder)
    voxels = SLICES * SIDE * SIDE * 2
    facts = {
        "peak memory, SecondRead": f"{peak_memory(__name__, 'ours', str(folder)) / voxels:.2f} x voxel bytes",
        "peak memory, SimpleITK": f"{peak_memory(__name__, 'peer', str(folder)) / voxels:.2f} x voxel bytes",
    }
    ways = (
        Way("floor: open and read each file into place", lambda: floor(files, offset)),
        Way("SecondRead: scan, sort, load", lambda: ours(str(folder))),
        Way("SecondRead: first picture", lambda: first_picture(str(folder))),
        Way("SimpleITK ImageSeriesReader", lambda: peer(str(folder))),
    )
    targets = (
        Target(ways[1].name, ways[0].name, 1.5),
        Target(ways[1].name, ways[3].name, 0.35),
        Target(ways[2].name, ways[3].name, 0.15),
    )
    return Plan(f"open {SLICES} x {SIDE} x {SIDE} int16, one file a slice, names shuffled", ways, 5, targets, facts)


def floor(files: list[str], offset: int) -> npt.NDArray[np.int16]:
    """Every file's pixels into one array, unsorted."""
    volume = np.empty((len(files), SIDE, SIDE), np.int16)
    for n, file in enumerate(files):
        descriptor = os.open(file, os.O_RDONLY)
        os.preadv(descriptor, [volume[n]], offset)
        os.close(descriptor)
    return volume


def ours(folder: str) -> Any:
    """Scan a folder and load its first stack."""
    return load_volume(scan([folder], use_index=False).studies[0].stacks[0])


def first_picture(folder: str) -> None:
    """Until the pixels of the slice that was parsed first are there."""
    flag = CancelFlag()

    def shown(found: ScanResult) -> None:
        preview(found.studies[0].stacks[0])
        flag.cancel()

    with contextlib.suppress(Cancelled):
        scan([folder], shown, cancel=flag, use_index=False)


def peer(folder: str) -> Any:
    """SimpleITK's reader with its own sorting; the image must be kept while its view is used."""
    import SimpleITK as itk  # noqa: N813 - short for a module's long name

    reader = itk.ImageSeriesReader()
    reader.SetFileNames(itk.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
    return reader.Execute()


def _check_equal(folder: Path) -> None:
    import SimpleITK as itk  # noqa: N813 - short for a module's long name

    image = peer(str(folder))
    if not np.array_equal(ours(str(folder)).stored, itk.GetArrayViewFromImage(image)):
        raise AnalysisError("The voxels differ from SimpleITK's: their times cannot be compared.")


def write_series(folder: Path, slices: int, side: int, cancel: CancelToken, series: int = 1) -> int:
    """Write synthetic CT slices under shuffled names; returns where the pixels start.

    Explicit little endian by hand, so that this job needs no DICOM library.
    """
    rng = np.random.default_rng(1)
    names, offset = rng.permutation(slices), 0
    j, i = np.mgrid[:side, :side]
    body = ((i - side / 2) / (side * 0.4)) ** 2 + ((j - side / 2) / (side * 0.3)) ** 2 < 1
    for k in range(slices):
        cancel.check()
        picture = np.where(body, 40 + k % 50, -1000) + rng.normal(0, 18, (side, side))
        head = header(series, k, side)
        offset = len(head)
        (folder / f"IM{names[k]:05d}").write_bytes(head + picture.astype("<i2").tobytes())
    return offset


def header(series: int, k: int, side: int, syntax: str = EXPLICIT, length: int | None = None) -> bytes:
    """A CT header of the usual size, up to the first pixel byte; every slice's has the same length.

    Args:
        length: of the pixel element; 16-bit native pixels by default.
    """
    study, uid = f"{_UID}.{series // 4}", f"{_UID}.{series // 4}.{series}"
    instance = f"{uid}.{k:05d}".encode()
    meta = _element(2, 2, b"UI", b"1.2.840.10008.5.1.4.1.1.2") + _element(2, 3, b"UI", instance)
    meta += _element(2, 0x10, b"UI", syntax.encode())
    out = bytes(128) + b"DICM" + _element(2, 0, b"UL", struct.pack("<I", len(meta))) + meta
    for group, element, vr, value in _text_elements(study, uid, instance, series, k):
        out += _element(group, element, vr, value)
    for element, number in ((2, 1), (0x10, side), (0x11, side), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 1)):
        if element == 0x10:
            out += _element(0x28, 4, b"CS", b"MONOCHROME2")
        if element == 0x100:
            out += _element(0x28, 0x30, b"DS", b"0.78\\0.78")
        out += _element(0x28, element, b"US", struct.pack("<H", number))
    for element, text in ((0x1050, b"40"), (0x1051, b"400"), (0x1052, b"0"), (0x1053, b"1"), (0x1054, b"HU")):
        out += _element(0x28, element, b"LO" if element == 0x1054 else b"DS", text)
    size = side * side * 2 if length is None else length
    return out + struct.pack("<HH2s2xI", 0x7FE0, 0x10, b"OW", size)


def _text_elements(
    study: str, uid: str, instance: bytes, series: int, k: int
) -> tuple[tuple[int, int, bytes, bytes], ...]:
    """Group, element, VR and value of what a scanner writes before group 0028."""
    return (
        (0x08, 0x05, b"CS", b"ISO_IR 192"), (0x08, 0x08, b"CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        (0x08, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.2"), (0x08, 0x18, b"UI", instance),
        (0x08, 0x20, b"DA", b"20260101"), (0x08, 0x21, b"DA", b"20260101"), (0x08, 0x22, b"DA", b"20260101"),
        (0x08, 0x30, b"TM", b"120000"), (0x08, 0x31, b"TM", b"120000"), (0x08, 0x32, b"TM", b"120000"),
        (0x08, 0x50, b"SH", b"A1"), (0x08, 0x60, b"CS", b"CT"), (0x08, 0x70, b"LO", b"Bench"),
        (0x08, 0x80, b"LO", b"Bench Hospital"), (0x08, 0x90, b"PN", b"Doc^A"), (0x08, 0x1030, b"LO", b"Chest"),
        (0x08, 0x103E, b"LO", b"Series %02d" % series), (0x08, 0x1090, b"LO", b"Model"),
        (0x10, 0x10, b"PN", b"BENCH^SYNTHETIC"), (0x10, 0x20, b"LO", b"P%02d" % (series // 4)),
        (0x10, 0x30, b"DA", b"19760101"), (0x10, 0x40, b"CS", b"O"), (0x10, 0x1010, b"AS", b"050Y"),
        (0x18, 0x15, b"CS", b"CHEST"), (0x18, 0x50, b"DS", b"0.8"), (0x18, 0x60, b"DS", b"120"),
        (0x18, 0x90, b"DS", b"500"), (0x18, 0x1030, b"LO", b"Protocol"), (0x18, 0x1100, b"DS", b"400"),
        (0x18, 0x1151, b"IS", b"200"), (0x18, 0x1152, b"IS", b"50"), (0x18, 0x1210, b"SH", b"B30"),
        (0x18, 0x5100, b"CS", b"HFS"), (0x20, 0x0D, b"UI", study.encode()), (0x20, 0x0E, b"UI", uid.encode()),
        (0x20, 0x10, b"SH", b"1"), (0x20, 0x11, b"IS", b"%02d" % series), (0x20, 0x12, b"IS", b"1"),
        (0x20, 0x13, b"IS", b"%04d" % (k + 1)), (0x20, 0x32, b"DS", b"-200\\-200\\%07.2f" % (k * 0.8)),
        (0x20, 0x37, b"DS", b"1\\0\\0\\0\\1\\0"), (0x20, 0x52, b"UI", f"{_UID}.9".encode()),
        (0x20, 0x1041, b"DS", b"%07.2f" % (k * 0.8)),
    )  # fmt: skip


def _element(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value
