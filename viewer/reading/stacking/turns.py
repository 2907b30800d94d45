"""Which pictures of repeated positions belong to one moment: by trigger time where it tells, else by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from viewer.reading.header import tags as t
from viewer.reading.stacking.frame import Frame

Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Turns = list[list[int]]

#: Trigger times count where they lie closer together within the turns they make than half of what numbers give.
_CLOSER = 0.5
#: Numbers that run steadily through time advance by steps that differ by no more than this factor.
_STEADY = 3.0


def turns(frames: Sequence[Frame], place_of: Places) -> Turns:
    """Indices of the pictures of each moment: the n-th of each position, in order of time.

    Args:
        frames: with positions that repeat.
        place_of: number of each picture's position.
    """
    numbered = _by(frames, place_of, lambda n: frames[n].order)
    times = _trigger_times(frames)
    if not times:
        return numbered
    timed = _by(frames, place_of, lambda n: (frames[n].echo, frames[n].temporal, times[n], frames[n].order))
    return timed if _spread(timed, times) < _CLOSER * _spread(numbered, times) else numbered


def are_known(frames: Sequence[Frame], parts: Turns) -> bool:
    """False where numbers jump to and fro in time and no trigger time says what belongs together."""
    numbers = np.array([frame.order[2] for frame in frames], dtype=np.float64)
    if _trigger_times(frames) or len(parts) < 3 or len({len(part) for part in parts}) > 1:
        return True
    if len(set(numbers)) < len(numbers):
        return True
    steps = np.diff(np.array([numbers[part] for part in parts]), axis=0)
    erratic = np.abs(steps).max(axis=0) > _STEADY * np.abs(steps).min(axis=0)
    return bool(erratic.mean() <= 0.5)


def _trigger_times(frames: Sequence[Frame]) -> list[float]:
    """Trigger Time (0018,1060) of every picture in ms after the R wave; [] where one has none or all are one."""
    if any(frame.index is not None for frame in frames):
        return []
    times = [frame.head.number(t.TRIGGER_TIME) for frame in frames]
    known = [time for time in times if time is not None]
    return known if len(known) == len(times) and len(set(known)) > 1 else []


def _by(frames: Sequence[Frame], place_of: Places, key: Callable[[int], Any]) -> Turns:
    """The n-th picture at each position, in this order, goes to the n-th turn, sorted by position."""
    seen: Counter[int] = Counter()
    parts: Turns = []
    for n in sorted(range(len(frames)), key=key):
        where = int(place_of[n])
        if seen[where] == len(parts):
            parts.append([])
        parts[seen[where]].append(n)
        seen[where] += 1
    return [sorted(part, key=lambda n: place_of[n]) for part in parts]


def _spread(parts: Turns, times: Sequence[float]) -> float:
    """Milliseconds between the first and the last picture of each turn, summed."""
    return sum(max(times[n] for n in part) - min(times[n] for n in part) for part in parts)
