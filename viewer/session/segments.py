"""Segments that readers draw."""

from __future__ import annotations

from collections.abc import Iterable

from viewer.core.errors import UsageError
from viewer.core.segment import ReaderSegment
from viewer.session.events import Bus, SegmentsChanged
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


class Segments:
    """Segments of open studies by id; every change is one step of undo."""

    def __init__(self, bus: Bus, library: Library, history: History) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._by_id: dict[str, ReaderSegment] = {}
        history.keep(Thing.SEGMENT, self._check, self._take)

    def of(self, study_uid: str) -> tuple[ReaderSegment, ...]:
        """Segments on the pictures of a study, oldest first."""
        return tuple(one for one in self._by_id.values() if self._study_uid(one) == study_uid)

    def get(self, segment_id: str) -> ReaderSegment | None:
        """One segment."""
        return self._by_id.get(segment_id)

    def put(self, segment: ReaderSegment, what: str) -> None:
        """Add a segment, or change the one with its id; `what` was done, in English.

        Raises:
            UsageError: its study is not open.
        """
        self._step(segment, self._by_id.get(segment.id), segment, what)

    def remove(self, segment_id: str) -> ReaderSegment | None:
        """Take one away; returns it, None where there was none."""
        before = self._by_id.get(segment_id)
        if before is not None:
            self._step(before, before, None, f"Delete {before.name}")
        return before

    def restore(self, segments: Iterable[ReaderSegment]) -> None:
        """Take over what the journal holds, without a step to undo."""
        self._bus.check_thread()
        found = {one.id: one for one in segments}
        self._by_id = found | self._by_id
        for key in dict.fromkeys(one.stack_key for one in found.values()):
            self._bus.tell(SegmentsChanged(key))

    def close(self, study_uid: str) -> None:
        """Forget the segments of a study; `Session.close_study` is the one to call."""
        self._by_id = {one.id: one for one in self._by_id.values() if self._study_uid(one) != study_uid}

    def _step(self, named: ReaderSegment, before: ReaderSegment | None, after: ReaderSegment | None, what: str) -> None:
        study_uid = self._study_uid(named)
        if not study_uid:
            raise UsageError("The study of this segment is not open.", "Open it, then draw.")
        self._history.do(Thing.SEGMENT, study_uid, what, before=before, after=after)

    def _study_uid(self, one: ReaderSegment) -> str:
        study = self._library.study_of(one.stack_key)
        return "" if study is None else study.uid

    def _check(self, _step: Step) -> None:
        """Drawing on a picture is always allowed: a signed report keeps what it was signed with."""

    def _take(self, move: Move) -> None:
        named: ReaderSegment = move.step.before or move.step.after
        if move.state is None:
            self._by_id.pop(named.id, None)
        else:
            self._by_id[named.id] = move.state
        self._bus.tell(SegmentsChanged(named.stack_key))
