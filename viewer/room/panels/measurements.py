"""What the Measurements section shows: what the reader drew on the stacks on screen."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.measurement import ReaderMeasurement
from viewer.room.events import SettingsChanged
from viewer.room.room import Room
from viewer.room.tools import MEASURES
from viewer.session import MeasurementsChanged, Session, StudyClosed, ViewsChanged
from viewer.words.i18n import tr


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One drawn thing: its id, icon, name, where it lies and its value in words."""

    id: str
    icon: str
    name: str
    where: str
    value: str


#: After these events it is to be built anew.
HEARS = (SettingsChanged, StudyClosed, ViewsChanged, MeasurementsChanged)


def state(session: Session, _room: Room) -> tuple[MeasureRow, ...]:
    """The drawings on the stacks on screen, each numbered among all of its tool."""
    counts: dict[str, int] = {}
    rows = []
    for drawing in session.measurements.all():
        counts[drawing.tool] = counts.get(drawing.tool, 0) + 1
        if drawing.stack_key in session.views.shown:
            rows.append(_row(drawing, counts[drawing.tool]))
    return tuple(rows)


def _row(drawing: ReaderMeasurement, number: int) -> MeasureRow:
    tool = MEASURES[drawing.tool]
    where = tr("Yours · image {n}", n=drawing.slice_index + 1)
    value = tool.words(drawing)[:1] if drawing.values else ()
    return MeasureRow(drawing.id, tool.icon, tool.title(drawing, number), where, *(value or ("",)))
