"""Find and open studies: the same calls for the window and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike

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
        UsageError: there is no such stack.
        ReadError: it cannot be read.
        Cancelled: the reader asked to stop.
    """
    found = scan([path], None, on_progress, cancel)
    chosen = pick(found, series, stack)
    return found, chosen, load_volume(chosen, on_progress, cancel)
