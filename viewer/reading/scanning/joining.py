"""Files of a series that come by several openings: stacked together, of two copies the later one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from viewer.core.study import ScanResult, Series, Study
from viewer.core.task import CancelToken, ignore_progress
from viewer.reading.scanning.scan import scan


def with_known(result: ScanResult, known: Iterable[Study], cancel: CancelToken) -> ScanResult:
    """What a scan found, its series completed by files of the same series that were open before.

    A file whose SOP Instance UIDs were all found anew is a copy and left out.

    Raises:
        Cancelled: the reader asked to stop.
    """
    before = {series.uid: series for study in known for series in study.series}
    studies = tuple(
        replace(study, series=tuple(_completed(series, before.get(series.uid), cancel) for series in study.series))
        for study in result.studies
    )
    return replace(result, studies=studies)


def _completed(found: Series, before: Series | None, cancel: CancelToken) -> Series:
    if before is None:
        return found
    new, old = _uids_by_path(found), _uids_by_path(before)
    there = frozenset().union(*new.values())
    missing = [path for path, uids in old.items() if path not in new and not uids <= there]
    if not missing:
        return found
    whole = scan([*new, *missing], None, ignore_progress, cancel, use_index=False)
    return next((series for study in whole.studies for series in study.series if series.uid == found.uid), found)


def _uids_by_path(series: Series) -> dict[str, frozenset[str]]:
    """Path of each file -> SOP Instance UIDs of what it holds; the path itself stands for one without."""
    found: dict[str, set[str]] = {}
    for stack in series.stacks:
        for instance in stack.instances:
            path = str(instance.path)
            found.setdefault(path, set()).add(instance.sop_instance_uid or path)
    return {path: frozenset(uids) for path, uids in found.items()}
