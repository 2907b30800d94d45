"""Strict parser of a DICOM header's first bytes; it declines whatever it does not fully understand.

It walks explicit or implicit little endian elements (PS3.5 chapter 7) and steps over sequences.
Undefined lengths of anything but an explicit sequence, deflated or big endian data, tags out of
order, unknown VRs and lengths past the end of the file are left to pydicom (`slowparse`).
"""

from __future__ import annotations

import struct

from viewer.reading.head import EXPLICIT, IMPLICIT, UNDEFINED, Head
from viewer.reading.layout import UNKNOWN, Layout
from viewer.reading.tags import PIXEL_TAGS, PRESENCE, TRANSFER_SYNTAX, WANTED

#: Bytes read first; doubled while the pixel element does not start inside.
FIRST_READ = 4096
#: A header longer than this is left to pydicom.
LAST_READ = 1 << 20

_LONG = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UR", b"UT", b"UN", b"SV", b"UV"})
_KNOWN = _LONG | {
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
    b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
}  # fmt: skip
_IS_LONG: dict[bytes, bool] = {vr: vr in _LONG for vr in _KNOWN}
_SHORT_HEAD = struct.Struct("<HH2sH")
_LONG_LENGTH = struct.Struct("<I")
_IMPLICIT_HEAD = struct.Struct("<HHI")
_ITEM_HEAD = struct.Struct("<4sI")
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
#: Length of a sequence delimiter with its own length field.
_DELIMITER = 8
#: Sequences nested deeper than this are left to pydicom.
_MOST_NESTED = 8
#: (7FE0,0000), which old writers put before the pixels.
_PIXEL_GROUP_LENGTH = 0x7FE00000
_PLAIN = WANTED - PRESENCE
#: Native syntaxes and every encapsulated one are explicit little endian (PS3.5 A.4).
_DECLINED_SYNTAXES = frozenset({"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.94"})


class NeedMore(Exception):  # noqa: N818 - a request for bytes, not an error
    """The header goes on past the bytes given."""


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """Not fully understood: another reader must take over."""


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
    if data[128:132] != b"DICM":
        raise Declined
    raw: dict[int, bytes] = {}
    start = _file_meta(data, raw)
    syntax = raw.get(TRANSFER_SYNTAX, b"").decode("latin-1").strip("\0 ")
    if not syntax or syntax in _DECLINED_SYNTAXES:
        raise Declined
    head = Head(path, size, raw, syntax)
    if syntax == IMPLICIT:
        _walk_implicit(data, start, head)
    else:
        _walk_explicit(data, start, head, layout or Layout())
    return head


def _file_meta(data: bytes, raw: dict[int, bytes]) -> int:
    """Read group 0002 (always explicit little endian); return where the data set starts."""
    position, end, last = 132, len(data) - 12, -1
    while position <= end:
        group, element, vr, length = _SHORT_HEAD.unpack_from(data, position)
        if group != 2:
            return position
        is_long = _IS_LONG.get(vr)
        if is_long is None or element <= last:
            raise Declined
        last = element
        position += 8
        if is_long:
            (length,) = _LONG_LENGTH.unpack_from(data, position)
            position += 4
        if element == 0x10:
            raw[TRANSFER_SYNTAX] = data[position : position + length]
        position += length
    raise NeedMore


def _walk_explicit(data: bytes, position: int, head: Head, layout: Layout) -> None:  # noqa: PLR0912 - see below
    """The hot loop of every scan: kept in one piece, as a call for each element would double its cost."""
    unpack, long_length, known = _SHORT_HEAD.unpack_from, _LONG_LENGTH.unpack_from, layout.runs.get
    raw, size, end, last = head.raw, head.size, len(data) - 12, 0
    marks: list[tuple[int, int, int]] = []
    while position <= end:
        run = known(data[position : position + 8])
        if run is not None:
            if run.starts[0][1] > last and data.startswith(run.data, position):
                raw.update(run.values)
                position += len(run.data)
                last = run.last
                continue
            layout.differs(run, data, position)
        start = position
        group, element, vr, length = unpack(data, position)
        tag = group << 16 | element
        is_long = _IS_LONG.get(vr)
        if is_long is None or tag <= last:
            raise Declined
        last = tag
        position += 8
        if is_long:
            (length,) = long_length(data, position)
            position += 4
        if tag > _PIXEL_GROUP_LENGTH:
            _pixels(head, tag, position, length)
            break
        stop = position + length
        if length == UNDEFINED:
            if vr != b"SQ" or tag in _PLAIN:
                raise Declined
            stop = _sequence_end(data, position, 0)
            length = stop - position - _DELIMITER
        if tag in _PLAIN and stop <= end:
            raw[tag] = data[position:stop]
        elif tag in WANTED:
            raw[tag] = _value(tag, data, position, length)
        position = stop
        if position > size:
            raise Declined
        marks.append((start, position, tag))
    else:
        _ended(position, head)
    if len(marks) > UNKNOWN:
        layout.learn(data, marks, raw)


def _sequence_end(data: bytes, position: int, depth: int) -> int:
    """Step over the items of a sequence of undefined length (PS3.5 7.5); returns what follows its delimiter."""
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
        _group, _element, vr, length = _SHORT_HEAD.unpack_from(data, position)
        is_long = _IS_LONG.get(vr)
        if is_long is None:
            raise Declined
        position += 8
        if is_long:
            (length,) = _LONG_LENGTH.unpack_from(data, position)
            position += 4
        if length != UNDEFINED:
            position += length
        elif vr == b"SQ":
            position = _sequence_end(data, position, depth + 1)
        else:
            raise Declined
    raise NeedMore


def _walk_implicit(data: bytes, position: int, head: Head) -> None:
    unpack = _IMPLICIT_HEAD.unpack_from
    raw, size, end, last = head.raw, head.size, len(data), 0
    while position + 8 <= end:
        group, element, length = unpack(data, position)
        tag = group << 16 | element
        if tag <= last:
            raise Declined
        last = tag
        position += 8
        if tag > _PIXEL_GROUP_LENGTH:
            return _pixels(head, tag, position, length)
        if tag in WANTED:
            raw[tag] = _value(tag, data, position, length)
        position += length
        if position > size:
            raise Declined
    _ended(position, head)
    return None


def _value(tag: int, data: bytes, position: int, length: int) -> bytes:
    if tag in PRESENCE:
        return b"" if length == 0 else b"\1"
    if position + length > len(data):
        raise Declined if length == UNDEFINED else NeedMore
    return data[position : position + length]


def _pixels(head: Head, tag: int, position: int, length: int) -> None:
    """Note where the pixels lie; group 7FE0 must hold nothing else before them."""
    if tag not in PIXEL_TAGS:
        raise Declined
    native = head.syntax in (IMPLICIT, EXPLICIT)
    if native == (length == UNDEFINED) or (length != UNDEFINED and position + length > head.size):
        raise Declined
    head.pixel_tag, head.pixel_offset, head.pixel_length = tag, position, length


def _ended(position: int, head: Head) -> None:
    """The bytes ended without pixels: fine at the end of the file, else more are needed."""
    if position != head.size:
        raise NeedMore
