"""The pictures of a result folder where they lie now: an archive is unpacked anew by every program start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from viewer.core.study import Stack
from viewer.core.task import CancelToken
from viewer.jobs.result_folder import Loaded
from viewer.reading import scan


def found_again(loaded: Loaded, cancel: CancelToken | None = None) -> Loaded:
    """The folder with its stack's files as they lie now, found through the path that was analysed.

    Unchanged where the files still stand, or where the same pictures are not found again.

    Raises:
        Cancelled: the reader asked to stop.
    """
    asked = (loaded.document.get("request") or {}).get("path")
    if all(one.path.exists() for one in loaded.stack.instances) or not isinstance(asked, str):
        return loaded
    if not Path(asked).exists():
        return loaded
    for study in scan([asked], cancel=cancel).studies:
        for stack in study.stacks:
            if stack.key == loaded.stack.key and _uids(stack) == _uids(loaded.stack):
                return replace(loaded, stack=stack)
    return loaded


def _uids(stack: Stack) -> list[tuple[str, int | None]]:
    return [(one.sop_instance_uid, one.frame) for one in stack.instances]
