"""Boxes that the reader placed for packs which look at a part of a picture."""

from __future__ import annotations

from collections.abc import Iterable

from viewer.core.analysis import Box
from viewer.core.anchor import PictureName, named
from viewer.core.errors import UsageError
from viewer.core.placed_box import ReaderBox
from viewer.core.study import Stack
from viewer.session.events import BoxesChanged, Bus
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


class Boxes:
    """One box for each stack and side ("" where a pack has no sides); placing one is one step of undo."""

    def __init__(self, bus: Bus, library: Library, history: History) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._boxes: dict[tuple[str, str], ReaderBox] = {}
        self._placing = ""
        self._names: tuple[object, dict[PictureName, int]] = (None, {})
        history.keep(Thing.BOX, self._check, self._take)

    @property
    def placing(self) -> str:
        """The side that the next box is for."""
        return self._placing

    def place_next(self, side: str) -> None:
        """The next box is for this side."""
        self._bus.check_thread()
        self._placing = side

    def put(self, key: str, side: str, box: Box | None) -> None:
        """Keep a box of a stack; None takes it away.

        Raises:
            UsageError: its study is not open.
        """
        stack, study = self._library.stack(key), self._library.study_of(key)
        if stack is None or study is None:
            raise UsageError("The study of this box is not open.", "Open it, then place the box.")
        before = self._boxes.get((key, side))
        after = None if box is None else ReaderBox(key, side, box, _ends(stack, box))
        if before != after:
            self._history.do(Thing.BOX, study.uid, "Box", before=before, after=after)

    def of(self, key: str) -> dict[str, Box]:
        """Boxes of a stack by side, on the slices of this copy; those whose pictures it lacks are left out."""
        found = ((side, self._here(one)) for (of, side), one in self._boxes.items() if of == key)
        return {side: box for side, box in found if box is not None}

    def restore(self, boxes: Iterable[ReaderBox]) -> None:
        """Take over what the journal holds, without a step to undo."""
        self._bus.check_thread()
        for one in boxes:
            self._boxes.setdefault((one.stack_key, one.side), one)
            self._bus.tell(BoxesChanged(one.stack_key))

    def close(self, study_uid: str) -> None:
        """Forget the boxes of a study; `Session.close_study` is the one to call."""
        study = self._library.study(study_uid)
        keys = {stack.key for stack in study.stacks} if study is not None else set()
        self._boxes = {of: one for of, one in self._boxes.items() if one.stack_key not in keys}

    def _here(self, one: ReaderBox) -> Box | None:
        stack = self._library.stack(one.stack_key)
        if stack is None or not one.ends:
            return one.box
        if self._names[0] is not stack.instances:
            self._names = stack.instances, named(stack.instances)
        first, last = (self._names[1].get(name) for name in one.ends)
        if first is None or last is None:
            return None
        (_, j0, i0), (_, j1, i1) = one.box
        return (min(first, last), j0, i0), (max(first, last) + 1, j1, i1)

    def _check(self, _step: Step) -> None:
        """A box may always be placed: it decides what a pack looks at next."""

    def _take(self, move: Move) -> None:
        named_box: ReaderBox = move.step.before or move.step.after
        of = (named_box.stack_key, named_box.side)
        if move.state is None:
            self._boxes.pop(of, None)
        else:
            self._boxes[of] = move.state
        self._bus.tell(BoxesChanged(named_box.stack_key))


def _ends(stack: Stack, box: Box) -> tuple[PictureName, ...]:
    """The pictures of a box's first and last slice; () where they have no names."""
    ends = (box[0][0], box[1][0] - 1)
    if not all(0 <= k < len(stack.instances) and stack.instances[k].sop_instance_uid for k in ends):
        return ()
    return tuple((stack.instances[k].sop_instance_uid, stack.instances[k].frame) for k in ends)
