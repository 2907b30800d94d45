"""DICOMDIR (PS3.10): the files it names. Its record tree is not followed, so it cannot be cyclic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from viewer.core.errors import ReadError
from viewer.reading.header.details import dataset_of
from viewer.reading.header.lenient import PYDICOM_FAULTS


def referenced(path: str) -> Iterator[tuple[str, Path | None]]:
    """(name as written, file) of each referenced file; None where it lies outside or is missing.

    Raises:
        ReadError: the directory is damaged.
    """
    root = Path(path).resolve().parent
    try:
        records = list(dataset_of(path).get("DirectoryRecordSequence") or [])
        names = [record.get("ReferencedFileID") for record in records]
    except PYDICOM_FAULTS as error:
        raise ReadError("The DICOMDIR is damaged.", "Open the folder itself instead.") from error
    for name in names:
        if not name:
            continue
        parts = [name] if isinstance(name, str) else [str(part) for part in name]
        yield "/".join(parts), _inside(root, parts)


def _inside(root: Path, parts: list[str]) -> Path | None:
    """The file of a File ID below `root`; names may differ in case or carry a version ";1"."""
    if any(part in ("", "..", ".") or "/" in part or "\\" in part or "\0" in part for part in parts):
        return None
    for spelled in (parts, [p.lower() for p in parts], [p.upper() for p in parts], [*parts[:-1], parts[-1] + ";1"]):
        found = root.joinpath(*spelled)
        try:
            if found.is_file() and found.resolve().is_relative_to(root):
                return found
        except (OSError, ValueError):
            return None
    return None
