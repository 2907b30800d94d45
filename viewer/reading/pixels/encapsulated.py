"""Where each compressed frame lies in an encapsulated pixel element (PS3.5 A.4)."""

from __future__ import annotations

import os
import struct
from functools import lru_cache

from viewer.core.errors import ReadError
from viewer.reading.header.fileio import open_binary, read_at

_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0"
_HEAD = struct.Struct("<4sI")
#: Items followed before the question is given up: more than any real film has.
_MOST_ITEMS = 20_000
#: How a code stream begins: JPEG and JPEG-LS, JPEG 2000 bare and boxed, JPEG XL bare and boxed.
_STARTS = (
    b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ", b"\xff\x0a", b"\0\0\0\x0cJXL ",
)  # fmt: skip

#: (offset, length as written) of each fragment; the last one of a file that was cut short ends past its end.
Fragments = tuple[tuple[int, int], ...]


def frame_fragments(descriptor: int, offset: int, size: int, frames: int) -> tuple[Fragments, ...]:
    """Fragments of each frame, in order.

    Args:
        offset: of the element's value; size: of the file; frames: how many the header claims.

    Raises:
        ReadError: the items cannot be followed or do not make `frames` frames.
    """
    table, fragments, complete = _walk(descriptor, offset, size)
    if frames == 1:
        groups = [fragments]
    elif len(fragments) == frames:
        groups = [[one] for one in fragments]
    elif fragments and len(table) == frames:
        groups = _by_table(table, fragments)
    else:
        groups = []
    if len(groups) != frames or not all(groups):
        groups = _by_start(descriptor, fragments)
    if not fragments or len(groups) != frames or not complete and len(fragments) < frames:
        raise ReadError(
            f"The file holds {len(groups) if fragments else 0} compressed pictures, its header claims {frames}.",
            "Ask for a new copy.",
            "truncated",
        )
    return tuple(tuple(group) for group in groups)


def has_end_mark(path: str, offset: int) -> bool:
    """True where the items of an encapsulated pixel element end with their delimiter, or nobody can tell.

    One short read at the end of the file answers for nearly all; else the items are followed, the first
    `_MOST_ITEMS` of them.
    """
    try:
        descriptor = open_binary(path)
    except OSError:
        return True
    try:
        size = os.fstat(descriptor).st_size
        if read_at(descriptor, _HEAD.size, max(0, size - _HEAD.size)) == _END + bytes(4):
            return True
        position = offset
        for _ in range(_MOST_ITEMS):
            head = read_at(descriptor, _HEAD.size, position)
            if len(head) < _HEAD.size or head[:4] != _ITEM:
                return head[:4] == _END
            position += _HEAD.size + _HEAD.unpack(head)[1]
        return True
    finally:
        os.close(descriptor)


def _walk(descriptor: int, offset: int, size: int) -> tuple[list[int], list[tuple[int, int]], bool]:
    """Offset table, (absolute offset, length) of each fragment, and whether the end was marked."""
    table: list[int] = []
    fragments: list[tuple[int, int]] = []
    position, first = offset, True
    while position + 8 <= size:
        tag, length = _HEAD.unpack(read_at(descriptor, 8, position))
        position += 8
        if tag == _END:
            return table, fragments, True
        if tag != _ITEM:
            return table, fragments, False
        if first:
            raw = read_at(descriptor, min(length, size - position), position)
            table = list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))
        else:
            fragments.append((position, length))
        position += length
        first = False
    return table, fragments, False


def _by_table(table: list[int], fragments: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Group fragments by the basic offset table: offsets count from the first fragment's item tag."""
    start = fragments[0][0] - 8
    groups: list[list[tuple[int, int]]] = [[] for _ in table]
    where = 0
    for fragment in fragments:
        while where + 1 < len(table) and fragment[0] - 8 - start >= table[where + 1]:
            where += 1
        groups[where].append(fragment)
    return groups


def _by_start(descriptor: int, fragments: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Group fragments by the marks that begin a code stream."""
    groups: list[list[tuple[int, int]]] = []
    for fragment in fragments:
        if not groups or read_at(descriptor, 8, fragment[0]).startswith(_STARTS):
            groups.append([])
        groups[-1].append(fragment)
    return groups


def read_fragments(descriptor: int, fragments: Fragments) -> bytes:
    """The frame's code stream.

    Raises:
        ReadError: the file ends before the stream does.
    """
    if sum(fragments[-1]) > os.fstat(descriptor).st_size:
        raise ReadError("The file ends in the middle of a compressed picture.", "Ask for a new copy.", "truncated")
    parts = [read_at(descriptor, length, offset) for offset, length in fragments]
    return parts[0] if len(parts) == 1 else b"".join(parts)


@lru_cache(maxsize=64)
def cached_fragments(path: str, stamp: tuple[int, int], offset: int, frames: int) -> tuple[Fragments, ...]:
    """`frame_fragments` of a multi-frame file, walked once; `stamp` = (size, mtime_ns)."""
    descriptor = open_binary(path)
    try:
        return frame_fragments(descriptor, offset, stamp[0], frames)
    finally:
        os.close(descriptor)
