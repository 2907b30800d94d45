"""pydicom reads the headers that the strict parser declines; same `Head`, same bytes."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from viewer.core.errors import ReadError
from viewer.core.verdict import Caution
from viewer.reading.header import tags as t
from viewer.reading.header.fastparse import FIRST_READ, Declined, NeedMore, parse
from viewer.reading.header.head import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, UNDEFINED, Head
from viewer.reading.header.lenient import LONGEST_VALUE, PYDICOM_FAULTS, WatchedFile, pydicom_lenient

#: A deflated header is looked for in this many inflated bytes.
DEFLATED_HEADER = 4 << 20
_LONG_VRS = frozenset(["OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UC", "UR", "UT", "UN", "SV", "UV"])
NO_META = Caution(
    "no_meta", "The file lacks the DICOM preamble or file meta group; its encoding was guessed.", "No meta"
)

_ENDS_EARLY = Caution("truncated", "The file ends in the middle of a value: what followed is missing.", "Truncated")


def read_slow(path: str, size: int) -> Head:
    """Read a header with pydicom.

    Raises:
        ReadError: pydicom cannot make sense of it either (code corrupt or not_dicom).
    """
    try:
        with Path(path).open("rb") as file:
            if is_deflated(file):
                return _read_deflated(file, path)
            return _read(file, path, size)
    except RecursionError as error:
        raise ReadError(
            "The file nests sequences deeper than any real one.", "Ask the sender for a new copy."
        ) from error
    except PYDICOM_FAULTS as error:
        raise ReadError(
            "The DICOM header is damaged and cannot be followed.", "Ask the sender for a new copy of this file."
        ) from error


def is_deflated(file: BinaryIO) -> bool:
    """True where the file's start names the deflated syntax; leaves the file at its start."""
    start = file.read(FIRST_READ)
    file.seek(0)
    return start[128:132] == b"DICM" and DEFLATED.encode() in start


def _read_deflated(file: BinaryIO, path: str) -> Head:
    """Inflate the header, bounded, and parse it as explicit little endian."""
    plain = inflated_file(file, DEFLATED_HEADER)
    try:
        head = parse(plain, path, 1 << 62)
    except (Declined, NeedMore):
        head = _read(io.BytesIO(plain), path, 1 << 62)
    head.raw = {**head.raw, t.TRANSFER_SYNTAX: DEFLATED.encode()}
    head.syntax, head.fast = DEFLATED, False
    return head


def inflated_file(file: BinaryIO, limit: int) -> bytes:
    """The file as it would be in explicit little endian, cut after `limit` inflated bytes."""
    data, start = inflate(file, limit)
    width = len(DEFLATED) + len(DEFLATED) % 2
    meta = data[:start].replace(DEFLATED.encode().ljust(width, b"\0"), EXPLICIT.encode().ljust(width, b"\0"))
    return meta + data[start:]


def inflate(file: BinaryIO, limit: int) -> tuple[bytes, int]:
    """File meta as stored + at most `limit` inflated bytes of the data set; and the length of the meta part.

    Raises:
        ReadError: the compressed part is damaged.
    """
    pydicom_lenient()
    from pydicom.filereader import _read_file_meta_info, read_preamble

    file.seek(0)
    preamble = read_preamble(file, False)
    meta = _read_file_meta_info(file)
    start = file.tell()
    file.seek(0)
    head = file.read(start)
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = stream.decompress(file.read(), limit)
    except zlib.error as error:
        raise ReadError("The deflated data set is damaged.", "Ask the sender for a new copy.") from error
    del preamble, meta
    return head + body, start


def _read(file: BinaryIO, path: str, size: int) -> Head:
    pydicom_lenient()
    from pydicom.filereader import read_partial

    found: list[tuple[int, str | None, int]] = []

    def stop(tag: Any, vr: str | None, length: int) -> bool:
        if int(tag) in t.PIXEL_TAGS:
            found.append((int(tag), vr, length))
        return int(tag) >= t.FLOAT_PIXELS

    watched = WatchedFile(file)
    dataset = read_partial(
        cast(BinaryIO, watched), stop, defer_size=LONGEST_VALUE, force=True, specific_tags=sorted(t.WANTED)
    )
    implicit, little = dataset.original_encoding
    syntax = _effective(dataset, bool(implicit), bool(little))
    head = Head(path, size, _raw(dataset), syntax, fast=False)
    if not head.declared:
        head.notes += (NO_META,)
    if found:
        tag, vr, length = found[-1]
        head.pixel_tag, head.pixel_length = tag, length
        head.pixel_offset = file.tell() + (12 if vr in _LONG_VRS else 8)
        _check_pixels(head)
    elif watched.short or file.tell() > size:
        head.notes += (_ENDS_EARLY,)
    return head


def _effective(dataset: Any, implicit: bool, little: bool) -> str:
    """The syntax the data is written in: the declared one unless the bytes say otherwise."""
    declared = str(getattr(dataset.file_meta, "TransferSyntaxUID", "") or "")
    if declared and declared not in (IMPLICIT, EXPLICIT, BIG_ENDIAN):
        return declared
    if not little:
        return BIG_ENDIAN
    return IMPLICIT if implicit else EXPLICIT


def _raw(dataset: Any) -> dict[int, bytes]:
    raw: dict[int, bytes] = {}
    item = dataset.file_meta.get_item(t.TRANSFER_SYNTAX) if t.TRANSFER_SYNTAX in dataset.file_meta else None
    if item is not None:
        raw[t.TRANSFER_SYNTAX] = _bytes(item)
    for tag in t.WANTED:
        if tag in dataset:
            item = dataset.get_item(tag)
            raw[tag] = _presence(item) if tag in t.PRESENCE else _little(tag, item)
    return raw


def _presence(item: Any) -> bytes:
    value = item.value
    return b"\1" if value is not None and len(value) > 0 else b""


def _little(tag: int, item: Any) -> bytes:
    """Value bytes as a little endian file would hold them."""
    value = _bytes(item)
    width = t.BINARY.get(tag)
    if width and not getattr(item, "is_little_endian", True):
        parts = [value[n : n + width][::-1] for n in range(0, len(value), width)]
        return b"".join(parts)
    return value


def _bytes(item: Any) -> bytes:
    value = item.value
    if isinstance(value, bytes):
        return value
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return "\\".join(str(part) for part in value).encode("latin-1", "replace")


def _check_pixels(head: Head) -> None:
    """Pixels that end past the file were cut short."""
    if head.pixel_length == UNDEFINED:
        return
    missing = head.pixel_offset + head.pixel_length - head.size
    if missing > 0:
        head.pixel_length = max(0, head.size - head.pixel_offset)
        share = 100 * missing / max(1, missing + head.pixel_length)
        head.notes += (
            Caution("truncated", f"The file ends early: {share:.1f} % of its pixel data is missing.", "Truncated"),
        )
