"""Runs of elements that the files of a scan share byte for byte.

Slices of a series repeat most of their headers. A run that was parsed once and stands again at
an element boundary means the same again, so one comparison replaces a dozen steps. What a run
yields follows from its bytes alone; nothing is assumed of bytes that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Learning stops here: a folder whose files share nothing costs no more than plain parsing.
_MOST_LESSONS = 48
#: Elements a file may hold outside known runs before it is learned from.
UNKNOWN = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive elements.

    Attributes:
        data: their bytes, headers included.
        starts: offset and tag of each element inside `data`.
        values: wanted tag -> value.
        last: tag of the last element.
    """

    data: bytes
    starts: tuple[tuple[int, int], ...]
    values: dict[int, bytes]
    last: int


class Layout:
    """What is known of the headers of a scan; runs by the first eight bytes of their first element."""

    def __init__(self) -> None:
        self.runs: dict[bytes, Run] = {}
        self._varying: set[int] = set()
        self._lessons = 0

    def next_folder(self) -> None:
        """Keep what helped; start anew where the last folder's files shared too little."""
        if self._lessons >= _MOST_LESSONS:
            self.runs.clear()
            self._varying.clear()
        self._lessons = 0

    def differs(self, run: Run, data: bytes, position: int) -> None:
        """Cut a run that no longer fits at the first element that differs."""
        self.runs.pop(run.data[:8], None)
        starts = run.starts
        ends = [start for start, _tag in starts[1:]] + [len(run.data)]
        for n, ((start, tag), end) in enumerate(zip(starts, ends, strict=True)):
            if data[position + start : position + end] != run.data[start:end]:
                self._varying.add(tag)
                self._add(run, starts[:n], start)
                if n + 1 < len(starts):
                    self._add(run, starts[n + 1 :], len(run.data))
                return

    def _add(self, run: Run, starts: tuple[tuple[int, int], ...], end: int) -> None:
        """Keep a part of a run as a run of its own."""
        if not starts:
            return
        begin = starts[0][0]
        values = {tag: run.values[tag] for _start, tag in starts if tag in run.values}
        shifted = tuple((start - begin, tag) for start, tag in starts)
        part = Run(run.data[begin:end], shifted, values, starts[-1][1])
        self.runs[part.data[:8]] = part

    def learn(self, data: bytes, marks: list[tuple[int, int, int]], raw: dict[int, bytes]) -> None:
        """Make runs of the elements that were parsed one by one.

        Args:
            marks: (start, end, tag) of each.
            raw: the values found in the file.
        """
        fresh = [mark for mark in marks if mark[2] not in self._varying and mark[1] <= len(data)]
        if len(fresh) <= UNKNOWN or self._lessons >= _MOST_LESSONS:
            return
        self._lessons += 1
        first = 0
        for n in range(1, len(fresh) + 1):
            if n == len(fresh) or fresh[n][0] != fresh[n - 1][1]:
                self._make(data, fresh[first:n], raw)
                first = n

    def _make(self, data: bytes, marks: list[tuple[int, int, int]], raw: dict[int, bytes]) -> None:
        begin, end = marks[0][0], marks[-1][1]
        values = {tag: raw[tag] for _start, _end, tag in marks if tag in raw}
        starts = tuple((start - begin, tag) for start, _end, tag in marks)
        run = Run(data[begin:end], starts, values, marks[-1][2])
        self.runs[run.data[:8]] = run
