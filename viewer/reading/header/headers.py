"""Read one DICOM header: the strict parser first, pydicom where it declines."""

from __future__ import annotations

import os
from typing import Literal

from viewer.core.errors import ReadError
from viewer.reading.header import tags as t
from viewer.reading.header.fastparse import FIRST_READ, LAST_READ, Declined, NeedMore, parse
from viewer.reading.header.fileio import open_binary, read_at
from viewer.reading.header.head import Head
from viewer.reading.header.layout import Layout

#: Groups a data set without preamble may start with, and the widest first value believed.
_FIRST_GROUPS = (0x0002, 0x0008)
_FIRST_LENGTH = 1024
_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


def read_head(path: str) -> Head:
    """Read the header of a DICOM file.

    Raises:
        ReadError: unreadable, not DICOM or damaged.
    """
    try:
        descriptor = open_binary(path)
    except OSError as error:
        raise ReadError(
            f"The file cannot be read ({error.strerror}).", "Check its permissions.", "unreadable"
        ) from error
    try:
        size = os.fstat(descriptor).st_size
        start = read_at(descriptor, FIRST_READ, 0)
        return head_from(descriptor, start, path, size)
    finally:
        os.close(descriptor)


def head_from(descriptor: int, start: bytes, path: str, size: int, layout: Layout | None = None) -> Head:
    """Read the header of an open file whose first bytes are at hand.

    Raises:
        ReadError: not DICOM or damaged.
    """
    marked = start[128:132] == b"DICM"
    try:
        return _parsed(descriptor, start, path, size, layout or Layout())
    except Declined:
        pass
    if not marked and not plausible(start):
        raise _not_dicom()
    from viewer.reading.header.slowparse import read_slow

    head = read_slow(path, size)
    if not marked and not _says_anything(head):
        raise _not_dicom()
    return head


def _parsed(descriptor: int, start: bytes, path: str, size: int, layout: Layout) -> Head:
    """The strict parser on as many bytes as it needs: at once as many as the file before needed.

    Raises:
        Declined: pydicom must read this file.
    """
    wanted = FIRST_READ
    if layout.reach > wanted and size > len(start) and start[128:132] == b"DICM":
        wanted = layout.reach
        start = read_at(descriptor, wanted, 0)
    while True:
        try:
            head = parse(start, path, size, layout)
        except NeedMore:
            wanted *= 2
            if wanted > LAST_READ or len(start) >= size:
                raise Declined from None
            start = read_at(descriptor, wanted, 0)
        else:
            layout.reach = wanted if head.pixel_offset > FIRST_READ else FIRST_READ
            return head


def _not_dicom() -> ReadError:
    return ReadError("This is not a DICOM file.", "Only images and DICOM objects can be opened.", "not_dicom")


def _says_anything(head: Head) -> bool:
    """True where a file without the DICM mark names at least one thing that a DICOM object names."""
    keys = (t.SOP_CLASS, t.SOP_INSTANCE, t.MODALITY, t.PATIENT_NAME, t.PATIENT_ID, t.STUDY_UID, t.SERIES_UID, t.ROWS)
    return any(head.raw.get(key) for key in keys)


def plausible(start: bytes) -> bool:
    """True where a data set without preamble may start here: group 0002 or 0008 and a short first value."""
    if len(start) < 16:
        return False
    for order in _ORDERS:
        group = int.from_bytes(start[0:2], order)
        element = int.from_bytes(start[2:4], order)
        if group in _FIRST_GROUPS and element <= 0x0100:
            explicit = start[4:6].isalpha() and start[4:6].isupper()
            length = int.from_bytes(start[6:8] if explicit else start[4:8], order)
            return explicit or length <= _FIRST_LENGTH
    return False
