"""Puts several finished files in their places together, or none of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path


def swap_in(moves: Sequence[tuple[Path, Path]], gone: Sequence[Path], aside: Path) -> None:
    """Move new files over old ones and remove others; on a failure everything is as before.

    Args:
        moves: (new file, its place); both on one file system, so that each move is one step.
        gone: files that must not stay beside the new ones.
        aside: an existing folder for copies of the old files; the caller removes it.

    Raises:
        OSError: the disk refused; the old files are back.
    """
    places = [place for _new, place in moves] + list(gone)
    kept = [_copy(place, aside / f"before-{number}") for number, place in enumerate(places)]
    try:
        for new, place in moves:
            new.replace(place)
        for place in gone:
            place.unlink(missing_ok=True)
    except OSError:
        for place, old in zip(places, kept, strict=True):
            _put_back(place, old)
        raise


def _copy(place: Path, to: Path) -> Path | None:
    return Path(shutil.copy2(place, to)) if place.exists() else None


def _put_back(place: Path, old: Path | None) -> None:
    if old is None:
        place.unlink(missing_ok=True)
        return
    try:
        old.replace(place)
    except OSError:  # the place is on another disk
        shutil.copy2(old, place)
