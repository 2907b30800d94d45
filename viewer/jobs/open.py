"""Find and open studies: the same calls for the window and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from viewer.core.errors import UsageError
from viewer.core.study import ScanResult, Stack
from viewer.core.task import CancelToken, OnProgress, ignore_progress
from viewer.core.volume import Volume
from viewer.reading import load_volume, pick, scan


def open_paths(
    paths: Iterable[str | PathLike[str]],
    *,
    on_update: Callable[[ScanResult], None] | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> ScanResult:
    """What lies in files, folders, ZIPs and DICOMDIRs; see `viewer.reading.scanning.scan`.

    Raises:
        Cancelled: the reader asked to stop.
    """
    return scan(paths, on_update, on_progress, cancel)


def open_one(
    path: str | PathLike[str],
    *,
    series: str | None = None,
    stack: int | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[ScanResult, Stack, Volume]:
    """Scan a path and load the picture stack that was named, or the first.

    Raises:
        UsageError: there is no such stack, or several patients and no series named.
        ReadError: it cannot be read.
        Cancelled: the reader asked to stop.
    """
    found = scan([path], None, on_progress, cancel)
    if series is None:
        check_one_patient(found)
    chosen = pick(found, series, stack)
    return found, chosen, load_volume(chosen, on_progress, cancel)


def check_one_patient(found: ScanResult) -> None:
    """Refuse to take just any of several patients.

    Raises:
        UsageError: there are several.
    """
    people = {(study.patient.id.strip(), study.patient.name.strip()) for study in found.studies if study.series}
    if len(people) > 1:
        raise UsageError(
            f"There are pictures of {len(people)} patients here.",
            "Name the series with --series; `secondread info` lists them.",
        )


def files_of(found: ScanResult) -> list[Path]:
    """Every file that was opened."""
    return sorted({one.path for study in found.studies for stack in study.stacks for one in stack.instances})
