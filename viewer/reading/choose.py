"""Which stacks are pictures, and the one a person named."""

from __future__ import annotations

from viewer.core.errors import ReadError, UsageError
from viewer.core.study import Kind, ScanResult, Stack

_PICTURES = frozenset({Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE})


def is_picture(stack: Stack) -> bool:
    """True where a stack can be loaded as a volume."""
    return stack.kind in _PICTURES and stack.geometry is not None


def pick(result: ScanResult, series: str | None = None, number: int | None = None) -> Stack:
    """The picture stack of that Series UID (or key) and stack number; the first where none is named.

    Raises:
        ReadError: there is no picture at all.
        UsageError: none of that name; the message lists what there is.
    """
    stacks = [one for study in result.studies for one in study.stacks if is_picture(one)]
    wanted = [one for one in stacks if series in (None, one.series_uid, one.key) and number in (None, one.number or 1)]
    if wanted:
        return wanted[0]
    if not stacks:
        reason = f" {result.refused[0].text}" if result.refused else ""
        raise ReadError(
            f"There is no picture to open.{reason}", "Name a file or folder that holds images.", "no_pixels"
        )
    have = ", ".join(sorted({one.key for one in stacks})[:20])
    raise UsageError("No such series or stack.", f"Choose one of: {have}")
