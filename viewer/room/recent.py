"""What was opened lately, from the journal; nothing else is kept of it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from viewer.core.resources import user_cache_dir
from viewer.journal import Journal

#: So many places are offered, out of so many entries of the journal.
MOST = 9
_ENTRIES = 200


def recent_paths(journal: Journal) -> tuple[str, ...]:
    """Files and folders that are still there, the last opened first; sample studies left out."""
    samples = user_cache_dir() / "samples"
    found: dict[str, None] = {}
    for entry in islice(journal.latest("opened"), _ENTRIES):
        for path in map(str, entry.body.get("paths", ())):
            if path not in found and samples not in Path(path).parents and Path(path).exists():
                found[path] = None
        if len(found) >= MOST:
            break
    return tuple(found)[:MOST]


def last_folder(journal: Journal) -> str:
    """The folder that holds what was opened last; "" where it is not there any more."""
    paths = recent_paths(journal)
    return str(Path(paths[0]).parent) if paths else ""
