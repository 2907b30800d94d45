"""Files that a reader saves by a dialog, which has asked whether an older one may go."""

from __future__ import annotations

from pathlib import Path

from viewer.core.atomic import write_bytes


def save_document(path: Path, data: bytes) -> None:
    """Write a document whole or not at all; never over a DICOM file or what belongs to results.

    Raises:
        OutputError: something is there that must stay. OSError: the disk refused.
    """
    from viewer.jobs.targets import check_target

    check_target(path, (), force=True)
    write_bytes(path, data)
