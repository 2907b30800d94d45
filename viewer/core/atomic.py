"""Files that are there whole or not at all: written under another name, flushed to the disk, renamed."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from viewer.core.change import sync

#: How a file is called while it is written; whatever a kill left behind begins like this.
UNFINISHED = ".part-"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; at the end of the block it takes the place of `path`.

    The place keeps the ending of `path`, by which libraries know the format. It is opened by the
    caller, so who may read the file is the user's umask to say. Where the block fails, `path` is
    as it was and nothing stays.

    Raises:
        OSError: the disk refused.
    """
    ending = "".join(path.suffixes[-2:])
    part = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex[:12]}{ending}")
    try:
        yield part
        sync(part)
        part.replace(path)
        sync(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: the disk refused; an earlier file is as it was.
    """
    with replacing(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file whole or not at all.

    Raises:
        OSError: the disk refused; an earlier file is as it was.
    """
    write_bytes(path, text.encode())
