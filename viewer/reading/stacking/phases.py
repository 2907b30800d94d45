"""When in the heart's beat the pictures of a stack were taken."""

from __future__ import annotations

from viewer.core.study import Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.reading.header import tags as t
from viewer.reading.header.headers import read_head


def trigger_times(stack: Stack, cancel: CancelToken | None = None) -> tuple[float | None, ...]:
    """Trigger Time (0018,1060) of every slice in ms after the R wave, None where the file has none.

    Args:
        stack: single-frame DICOM files; a frame of a larger file has no time here.

    Raises:
        ReadError: a file is gone or damaged. Cancelled.
    """
    cancel = cancel or CancelFlag()
    times: list[float | None] = []
    for instance in stack.instances:
        cancel.check()
        alone = instance.frame is None and instance.sop_instance_uid
        times.append(read_head(str(instance.path)).number(t.TRIGGER_TIME) if alone else None)
    return tuple(times)
