"""What a check found in a report and a reader let stand, with the reason; kept with the report, sealed, not printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import msgspec

from viewer.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Overruled:
    """One remark on a report that stands although a check asked about it (`when` = ISO 8601 with offset)."""

    code: str
    section: str
    quote: str
    reason: str
    reader: str = ""
    when: str = ""


def overruled_in(text: str) -> tuple[Overruled, ...]:
    """What the section holds; nothing where it holds something else."""
    try:
        return msgspec.json.decode(text, type=tuple[Overruled, ...]) if text.strip() else ()
    except msgspec.DecodeError:
        return ()


def as_text(items: Iterable[Overruled]) -> str:
    """The section's text."""
    return msgspec.json.encode([asdict(one) for one in items]).decode()


def reason_given(reason: str) -> str:
    """The reason in single spaces.

    Raises:
        UsageError: it is empty.
    """
    plain = " ".join(reason.split())
    if not plain:
        raise UsageError("To let this stand, a reason is needed.", "Type it.")
    return plain
