"""What the Measurements section shows: what the reader drew on the stacks on screen."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.measurement import ReaderMeasurement
from viewer.room.events import SettingsChanged, StackLoaded
from viewer.room.room import Room
from viewer.room.tools import MEASURES
from viewer.session import MeasurementsChanged, Session, StudiesChanged, StudyClosed, ViewsChanged
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
HEARS = (SettingsChanged, StudiesChanged, StudyClosed, StackLoaded, ViewsChanged, MeasurementsChanged)


def state(session: Session, room: Room) -> tuple[MeasureRow, ...]:
    """The drawings on the stacks on screen, each numbered among all of its tool."""
    counts: dict[str, int] = {}
    rows = []
    for drawing in session.measurements.all():
        counts[drawing.tool] = counts.get(drawing.tool, 0) + 1
        here = room.annotations.here(drawing.id)
        if (here or drawing).stack_key in session.views.shown or (here is None and _of_shown(session, drawing)):
            rows.append(_row(here or drawing, counts[drawing.tool], here is not None))
    return tuple(rows)


def _of_shown(session: Session, drawing: ReaderMeasurement) -> bool:
    """True for a drawing on a stack that this copy of a study on screen lacks."""
    studies = {study.uid for key in session.views.shown if (study := session.library.study_of(key)) is not None}
    is_open = session.library.stack(drawing.stack_key) is not None
    return not is_open and any(drawing in session.measurements.of(uid) for uid in studies)


def _row(drawing: ReaderMeasurement, number: int, is_here: bool) -> MeasureRow:
    tool = MEASURES[drawing.tool]
    where = tr("Yours · image {n}", n=drawing.slice_index + 1) if is_here else tr("Yours · not on this copy")
    value = tool.words(drawing)[:1] if drawing.values else ()
    return MeasureRow(drawing.id, tool.icon, tool.title(drawing, number), where, *(value or ("",)))
