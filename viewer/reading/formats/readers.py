"""READERS: one entry per file type outside DICOM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.errors import ReadError
from viewer.core.study import Series, Stack
from viewer.core.volume import Volume


@dataclass(frozen=True, slots=True)
class Reader:
    """How one file type is recognised and read.

    Attributes:
        matches: True where a file that starts with these bytes (up to 4 KiB) is of this type.
        describe: path -> its series; reads no voxels.
        load: stack -> volume.
    """

    name: str
    matches: Callable[[bytes], bool]
    describe: Callable[[str], Series]
    load: Callable[[Stack], Volume]


def _is_nifti(start: bytes) -> bool:
    from viewer.reading.formats.nifti import is_nifti

    return is_nifti(start)


def _nifti_series(path: str) -> Series:
    from viewer.reading.formats.nifti import describe

    return describe(path)


def _nifti_volume(stack: Stack) -> Volume:
    from viewer.reading.formats.nifti import load

    return load(stack)


def _nrrd_series(path: str) -> Series:
    from viewer.reading.formats.nrrd import describe

    return describe(path)


def _nrrd_volume(stack: Stack) -> Volume:
    from viewer.reading.formats.nrrd import load

    return load(stack)


def _is_picture(start: bytes) -> bool:
    signatures = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
    return start.startswith(signatures)


def _picture_series(path: str) -> Series:
    from viewer.reading.formats.picture import describe

    return describe(path)


def _picture_volume(stack: Stack) -> Volume:
    from viewer.reading.formats.picture import load

    return load(stack)


def _is_wfdb(start: bytes) -> bool:
    from viewer.reading.formats.wfdb import is_wfdb

    return is_wfdb(start)


def _wfdb_series(path: str) -> Series:
    from viewer.reading.formats.wfdb import describe

    return describe(path)


def _no_volume(_stack: Stack) -> Volume:
    raise ReadError("This is a recording of signals and holds no picture.", "", "no_pixels")


READERS: tuple[Reader, ...] = (
    Reader("nifti", _is_nifti, _nifti_series, _nifti_volume),
    Reader("nrrd", lambda start: start.startswith(b"NRRD000"), _nrrd_series, _nrrd_volume),
    Reader("wfdb", _is_wfdb, _wfdb_series, _no_volume),
    Reader("picture", _is_picture, _picture_series, _picture_volume),
)


def reader_for(start: bytes) -> Reader | None:
    """The reader of a file that starts with these bytes."""
    return next((reader for reader in READERS if reader.matches(start)), None)


def reader_named(name: str) -> Reader:
    """The reader of that name."""
    return next(reader for reader in READERS if reader.name == name)
