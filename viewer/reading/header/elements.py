"""Data elements in explicit and implicit little endian (PS3.5 chapter 7): how long one is and where it ends."""

from __future__ import annotations

import struct

from viewer.reading.header.head import EXPLICIT, IMPLICIT, UNDEFINED, Head
from viewer.reading.header.tags import PIXEL_TAGS, PRESENCE

_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UR", b"UT", b"UN", b"SV", b"UV"})
_KNOWN = _LONG | {
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
    b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
}  # fmt: skip
#: Every value representation known -> True where its length takes four bytes after two reserved ones.
IS_LONG: dict[bytes, bool] = {vr: vr in _LONG for vr in _KNOWN}
SHORT_HEAD = struct.Struct("<HH2sH")
LONG_LENGTH = struct.Struct("<I")
IMPLICIT_HEAD = struct.Struct("<HHI")
_ITEM_HEAD = struct.Struct("<4sI")
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
#: Length of a sequence delimiter with its own length field.
DELIMITER = 8
#: Sequences nested deeper than this are left to pydicom.
_MOST_NESTED = 8


class NeedMore(Exception):  # noqa: N818 - a request for bytes, not an error
    """The header goes on past the bytes given."""


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """Not fully understood: another reader must take over."""


def value_of(tag: int, data: bytes, position: int, length: int) -> bytes:
    """Value of a wanted element; only a mark for those of which the presence counts.

    Raises:
        NeedMore: it ends past `data`.
        Declined: it has no length.
    """
    if tag in PRESENCE:
        return b"" if length == 0 else b"\1"
    if position + length > len(data):
        raise Declined if length == UNDEFINED else NeedMore
    return data[position : position + length]


def note_pixels(head: Head, tag: int, position: int, length: int) -> None:
    """Note where the pixels lie; group 7FE0 must hold nothing else before them.

    Raises:
        Declined: another element, or a length that does not fit the file or its syntax.
    """
    if tag not in PIXEL_TAGS:
        raise Declined
    native = head.syntax in (IMPLICIT, EXPLICIT)
    if native == (length == UNDEFINED) or (length != UNDEFINED and position + length > head.size):
        raise Declined
    head.pixel_tag, head.pixel_offset, head.pixel_length = tag, position, length


def sequence_end(data: bytes, position: int, depth: int = 0) -> int:
    """Step over the items of a sequence of undefined length (PS3.5 7.5); returns what follows its delimiter.

    Raises:
        NeedMore: the sequence goes on past `data`.
        Declined: it holds something that is not understood.
    """
    end = len(data)
    if depth > _MOST_NESTED:
        raise Declined
    while position + 8 <= end:
        tag, length = _ITEM_HEAD.unpack_from(data, position)
        position += 8
        if tag == _END_OF_SEQUENCE:
            return position
        if tag != _ITEM:
            raise Declined
        position = _item_end(data, position, depth) if length == UNDEFINED else position + length
    raise NeedMore


def _item_end(data: bytes, position: int, depth: int) -> int:
    """Step over the elements of an item of undefined length."""
    end = len(data) - 12
    while position <= end:
        if data[position : position + 4] == _END_OF_ITEM:
            return position + 8
        _group, _element, vr, length = SHORT_HEAD.unpack_from(data, position)
        is_long = IS_LONG.get(vr)
        if is_long is None:
            raise Declined
        position += 8
        if is_long:
            (length,) = LONG_LENGTH.unpack_from(data, position)
            position += 4
        if length != UNDEFINED:
            position += length
        elif vr == b"SQ":
            position = sequence_end(data, position, depth + 1)
        else:
            raise Declined
    raise NeedMore
