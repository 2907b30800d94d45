"""Made-up identifiers for what carries none."""

from __future__ import annotations

import hashlib


def made_up_uid(path: str) -> str:
    """A stable identifier for a file or folder without one."""
    return "file:" + hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:24]
