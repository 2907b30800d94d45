"""The moment, as everything that is stored says it."""

from __future__ import annotations

from datetime import datetime


def now() -> str:
    """This second, ISO 8601 with the offset of the computer's zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
