"""What the Measurements section shows: what the reader drew on the stacks on screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypedDict

from viewer.core.measurement import ReaderMeasurement
from viewer.display.corners import PLANE_TITLES
from viewer.display.slicing import Plane
from viewer.room.events import SettingsChanged, StackLoaded
from viewer.room.measuring import OBLIQUE
from viewer.room.room import Room
from viewer.room.tools import MEASURES
from viewer.room.tools.region import Histogram
from viewer.session import MeasurementsChanged, Session, StudiesChanged, StudyClosed, ViewsChanged
from viewer.words.i18n import date_words, tr


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One drawn thing.

    Attributes:
        where: its image; when: plane and date of the study; value: its first number in words.
        thumbnail: the picture round it, RGB of `measuring.SIDE` x `measuring.SIDE`, empty where it is not at hand.
        histogram: of the values in a region, None elsewhere.
    """

    id: str
    icon: str
    name: str
    where: str
    value: str
    when: str = ""
    thumbnail: bytes = b""
    histogram: Histogram | None = None


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
            row = _row(here or drawing, counts[drawing.tool], here is not None)
            rows.append(replace(row, when=_when(session, drawing), **_look(room, drawing)))
    return tuple(rows)


def _when(session: Session, drawing: ReaderMeasurement) -> str:
    """Plane and date of the study: "Axial · 2 Mar 2026"."""
    study = session.library.study_of(drawing.stack_key)
    plane = "Oblique" if drawing.plane == OBLIQUE else PLANE_TITLES[Plane(drawing.plane)]
    return " · ".join(part for part in (tr(plane), date_words(study.date) if study is not None else "") if part)


class _Look(TypedDict):
    thumbnail: bytes
    histogram: Histogram | None


def _look(room: Room, drawing: ReaderMeasurement) -> _Look:
    return {
        "thumbnail": room.measuring.thumbnail(drawing.id),
        "histogram": room.measuring.histogram(drawing.id),
    }


def _of_shown(session: Session, drawing: ReaderMeasurement) -> bool:
    """True for a drawing on a stack that this copy of a study on screen lacks."""
    studies = {study.uid for key in session.views.shown if (study := session.library.study_of(key)) is not None}
    is_open = session.library.stack(drawing.stack_key) is not None
    return not is_open and any(drawing in session.measurements.of(uid) for uid in studies)


def _row(drawing: ReaderMeasurement, number: int, is_here: bool) -> MeasureRow:
    tool = MEASURES[drawing.tool]
    where = tr("Image {n}", n=drawing.slice_index + 1) if is_here else tr("Not on this copy")
    value = next(iter(tool.words(drawing)), "") if drawing.values else ""
    return MeasureRow(drawing.id, tool.icon, tool.title(drawing, number), where, value)
