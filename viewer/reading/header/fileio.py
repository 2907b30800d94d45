"""Positioned reads on a file descriptor, also where the system has no pread."""

from __future__ import annotations

import os
import sys
from typing import Any

O_BINARY = getattr(os, "O_BINARY", 0)

if sys.platform == "win32":

    def read_at(descriptor: int, count: int, offset: int) -> bytes:
        """Up to `count` bytes from `offset`."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, count)

    def read_into(descriptor: int, target: Any, offset: int) -> int:
        """Fill a writable byte buffer from `offset`; returns the bytes got."""
        data = read_at(descriptor, len(target), offset)
        target[: len(data)] = data
        return len(data)

else:
    read_at = os.pread

    def read_into(descriptor: int, target: Any, offset: int) -> int:
        """Fill a writable byte buffer from `offset`; returns the bytes got (fewer only at the end of the file)."""
        got = os.preadv(descriptor, [target], offset)
        total = got
        while got > 0 and total < len(target):
            got = os.preadv(descriptor, [target[total:]], offset + total)
            total += got
        return total


def open_binary(path: str | os.PathLike[str]) -> int:
    """Open for reading; a pipe or device does not block."""
    return os.open(path, os.O_RDONLY | O_BINARY | getattr(os, "O_NONBLOCK", 0))
