"""The hash by which a converted model's files are known again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


def sha256_of(files: Sequence[Path], base: Path) -> str:
    """SHA-256 over the names (below `base`) and contents of files, in the order of their names; of one file, its own.

    Raises:
        OSError: one cannot be read.
    """
    if len(files) == 1:
        return _of(files[0])
    whole = hashlib.sha256()
    for file in sorted(files):
        name = file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name
        whole.update(f"{name}\0{_of(file)}\n".encode())
    return whole.hexdigest()


def _of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
