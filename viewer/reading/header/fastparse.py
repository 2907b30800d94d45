"""Strict parser of a DICOM header's first bytes; it declines whatever it does not fully understand.

It walks explicit or implicit little endian elements (PS3.5 chapter 7) and steps over sequences.
Undefined lengths of anything but an explicit sequence, deflated or big endian data, tags out of
order, unknown VRs and lengths past the end of the file are left to pydicom (`slowparse`).
"""

from __future__ import annotations

from viewer.reading.header.elements import (
    DELIMITER,
    IMPLICIT_HEAD,
    IS_LONG,
    LONG_LENGTH,
    SHORT_HEAD,
    Declined,
    NeedMore,
    note_pixels,
    sequence_end,
    value_of,
)
from viewer.reading.header.head import IMPLICIT, UNDEFINED, Head
from viewer.reading.header.layout import Element, Layout
from viewer.reading.header.tags import PRESENCE, TRANSFER_SYNTAX, WANTED

__all__ = ["FIRST_READ", "LAST_READ", "Declined", "NeedMore", "parse"]

#: Bytes read first; doubled while the pixel element does not start inside.
FIRST_READ = 4096
#: A header longer than this is left to pydicom.
LAST_READ = 1 << 20

#: (7FE0,0000), which old writers put before the pixels.
_PIXEL_GROUP_LENGTH = 0x7FE00000
_PLAIN = WANTED - PRESENCE
#: Native syntaxes and every encapsulated one are explicit little endian (PS3.5 A.4).
_DECLINED_SYNTAXES = frozenset({"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.94"})


def parse(data: bytes, path: str, size: int, layout: Layout | None = None) -> Head:
    """Parse the start of a file.

    Args:
        data: the file's first bytes, from offset 0.
        path, size: of the file; lengths are checked against `size`.
        layout: what is known of other headers of the scan.

    Raises:
        NeedMore: `data` ends inside the header and the file goes on.
        Declined: pydicom must read this file.
    """
    known = layout.read(data, path, size) if layout is not None else None
    if known is not None:
        return known
    if data[128:132] != b"DICM":
        raise Declined
    raw: dict[int, bytes] = {}
    elements: list[Element] = []
    start = _file_meta(data, raw, elements)
    syntax = raw.get(TRANSFER_SYNTAX, b"").decode("latin-1").strip("\0 ")
    if not syntax or syntax in _DECLINED_SYNTAXES:
        raise Declined
    head = Head(path, size, raw, syntax)
    if syntax == IMPLICIT:
        _walk_implicit(data, start, head, raw, elements)
    else:
        _walk_explicit(data, start, head, raw, elements)
    if layout is not None and head.pixel_tag:
        layout.learn(data, elements, head)
    return head


def _file_meta(data: bytes, raw: dict[int, bytes], elements: list[Element]) -> int:
    """Read group 0002 (always explicit little endian); return where the data set starts."""
    position, end, last = 132, len(data) - 12, -1
    while position <= end:
        group, element, vr, length = SHORT_HEAD.unpack_from(data, position)
        if group != 2:
            return position
        is_long = IS_LONG.get(vr)
        if is_long is None or element <= last:
            raise Declined
        last = element
        start, position = position, position + 8
        if is_long:
            (length,) = LONG_LENGTH.unpack_from(data, position)
            position += 4
        if element == 0x10:
            raw[TRANSFER_SYNTAX] = data[position : position + length]
        elements.append(Element(2 << 16 | element, start, position, position + length, 4 if is_long else 2))
        position += length
    raise NeedMore


def _walk_explicit(data: bytes, position: int, head: Head, raw: dict[int, bytes], elements: list[Element]) -> None:
    size, end, last = head.size, len(data) - 12, 0
    while position <= end:
        group, element, vr, length = SHORT_HEAD.unpack_from(data, position)
        tag = group << 16 | element
        is_long = IS_LONG.get(vr)
        if is_long is None or tag <= last:
            raise Declined
        last = tag
        start, position = position, position + 8
        if is_long:
            (length,) = LONG_LENGTH.unpack_from(data, position)
            position += 4
        if tag > _PIXEL_GROUP_LENGTH:
            return note_pixels(head, tag, position, length)
        stop = position + length
        if length == UNDEFINED:
            if vr != b"SQ" or tag in _PLAIN:
                raise Declined
            stop = sequence_end(data, position)
            length = stop - position - DELIMITER
        if tag in WANTED:
            raw[tag] = value_of(tag, data, position, length)
        elements.append(Element(tag, start, position, stop, 4 if is_long else 2))
        position = stop
        if position > size:
            raise Declined
    _ended(position, head)
    return None


def _walk_implicit(data: bytes, position: int, head: Head, raw: dict[int, bytes], elements: list[Element]) -> None:
    size, end, last = head.size, len(data), 0
    while position + 8 <= end:
        group, element, length = IMPLICIT_HEAD.unpack_from(data, position)
        tag = group << 16 | element
        if tag <= last:
            raise Declined
        last = tag
        start, position = position, position + 8
        if tag > _PIXEL_GROUP_LENGTH:
            return note_pixels(head, tag, position, length)
        if tag in WANTED:
            raw[tag] = value_of(tag, data, position, length)
        elements.append(Element(tag, start, position, position + length, 4))
        position += length
        if position > size:
            raise Declined
    _ended(position, head)
    return None


def _ended(position: int, head: Head) -> None:
    """The bytes ended without pixels: fine at the end of the file, else more are needed."""
    if position != head.size:
        raise NeedMore
