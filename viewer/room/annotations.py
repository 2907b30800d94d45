"""What the reader draws and measures, as the views and panels ask for it; the session keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.measurement import ReaderMeasurement
from viewer.room.anchors import Anchors
from viewer.room.context import Context
from viewer.session import MeasurementsChanged

#: A name of more characters is cut.
LONGEST_NAME = 64


class Annotations:
    """A store of drawings for views: each change carries who made it and when, and is one step of undo."""

    def __init__(self, context: Context, anchors: Anchors) -> None:
        self._context, self._anchors = context, anchors
        self._kept = context.session.measurements

    def put(self, drawing: ReaderMeasurement) -> None:
        """Add a drawing, or replace the one with its id."""
        before = self._kept.get(drawing.id)
        if before is not None and replace(drawing, reader=before.reader, when=before.when) == before:
            return
        fresh = drawing if before is not None else numbered(drawing, self._kept.all())
        try:
            self._kept.put(replace(fresh, reader=self._context.settings.reader_name, when=drawing.when or now()))
        except UsageError as error:
            self._context.complain(error)

    def rename(self, drawing_id: str, name: str) -> None:
        """Give a drawing the reader's own name."""
        drawing, words = self._kept.get(drawing_id), " ".join(name.split())[:LONGEST_NAME]
        if drawing is not None and words:
            self.put(replace(drawing, name=words))

    def remove(self, drawing_id: str) -> ReaderMeasurement | None:
        """Take one away; returns it, None where there was none."""
        return self._kept.remove(drawing_id)

    def all(self) -> tuple[ReaderMeasurement, ...]:
        """Every drawing, oldest first."""
        return self._kept.all()

    def of(self, stack_key: str) -> tuple[ReaderMeasurement, ...]:
        """Those on a stack as it is open, each with the slice it lies on here."""
        here = (self._anchors.measurement(one) for one in self._kept.all())
        return tuple(one for one in here if one is not None and one.stack_key == stack_key)

    def here(self, drawing_id: str) -> ReaderMeasurement | None:
        """A drawing as it lies on what is open; None where this copy of its pictures lacks its place."""
        found = self._kept.get(drawing_id)
        return None if found is None else self._anchors.measurement(found)

    def subscribe(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Call `heard()` after every change; returns a function that stops it."""
        return self._context.session.on(MeasurementsChanged, lambda _event: heard())


def numbered(fresh: ReaderMeasurement, others: Iterable[ReaderMeasurement]) -> ReaderMeasurement:
    """A new drawing with the next number of its tool, which it keeps when others go."""
    return replace(fresh, number=1 + max((one.number for one in others if one.tool == fresh.tool), default=0))
