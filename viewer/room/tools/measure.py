"""What every measuring tool has: points, numbers, words, strokes, and where the mouse takes hold of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from viewer.core.anchor import copy_digest, picture_digest
from viewer.core.annotation import PointLps
from viewer.core.clock import now
from viewer.core.errors import ViewerError
from viewer.core.finding import Code, Measurement
from viewer.core.geometry import FloatArray, Geometry
from viewer.core.measure import MeasuredValue, MeasureError, note_of
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points
from viewer.room.tools.base import Cursor, Host, Tool, as_point
from viewer.room.views.facts import message_of
from viewer.room.views.picture import Picture, PictureSlice
from viewer.words.i18n import tr
from viewer.words.numbers import number_words

#: A handle is caught within this many px, a line within fewer.
HANDLE_PX, LINE_PX = 8.0, 5.0
#: Points may lie this many slices off the slice they are measured on.
_OFF_SLICE = 0.5


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a drawing, and what a reader must know with them."""

    values: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grip:
    """What the mouse would take hold of: one point, or all of it (None)."""

    point: int | None


class MeasureTool(Tool):
    """A tool that leaves a drawing; one file each.

    Attributes:
        least, most: how many points it has.
        planar: its points lie in one slice, and its number is read from that slice.
        leader: its words stand off it, with a line to it; else where it is.
        code: the coded finding it stands for in a structured report, where there is one.
        shape: what its outline makes in a structured report.
    """

    menu = "Measure"
    cursor = Cursor.CROSS
    least: ClassVar[int] = 2
    most: ClassVar[int] = 2
    planar: ClassVar[bool] = False
    code: ClassVar[Code | None] = None
    shape: ClassVar[Shape] = Shape.LINES
    leader: ClassVar[bool] = True

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """What it measures.

        Raises:
            MeasureError: the number would not be true.
        """
        return Numbers()

    @classmethod
    def outline(cls, points: FloatArray) -> FloatArray:
        """What its shape is made of in pixels, float64 [n, 2] (row, column), where that is not its points."""
        return points[:0]

    @classmethod
    def inside(cls, shape: tuple[int, int], points: FloatArray) -> npt.NDArray[np.bool_] | None:
        """Pixels [rows, columns] whose values it reads, by its points (row, column); None where it is no region."""
        return None

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """Its lines on the screen."""
        return (points,)

    @classmethod
    def handles(cls, points: Points) -> Points:
        """Where its handles stand on the screen."""
        return points

    @classmethod
    def anchor(cls, points: Points) -> Points:
        """Where the leader to its words begins."""
        return np.asarray(points[-1])

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """Lines of its plate, in the reader's language."""
        notes = "".join(f", {tr(note)}" for note in drawing.notes)
        return tuple(number_words(v.value, v.unit) + notes for v in drawing.values)

    @classmethod
    def title(cls, drawing: ReaderMeasurement, number: int) -> str:
        """Its name in lists: the reader's own, else its kind and number."""
        return f"{tr(cls.name)} {drawing.number or number}" if drawing.name == cls.name else drawing.name

    @classmethod
    def hit(cls, points: Points, at: Points) -> Grip | None:
        """What a pointer takes hold of: the nearest handle, else the line.

        Args:
            points: of the drawing; at: [2], both in px.
        """
        away = np.linalg.norm(cls.handles(points) - at, axis=1)
        if away.size and away.min() <= HANDLE_PX:
            return Grip(int(away.argmin()))
        near = min((_distance_to(line, at) for line in cls.strokes(points)), default=np.inf)
        return Grip(None) if near <= LINE_PX else None


def _distance_to(line: Points, at: Points) -> float:
    """Distance (px) of a point from a polyline."""
    if len(line) < 2:
        return np.inf
    start, step = line[:-1], np.diff(line, axis=0)
    size = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(((at - start) * step).sum(axis=1) / size, 0, 1)
    return float(np.linalg.norm(start + share[:, None] * step - at, axis=1).min())


def number(name: str, value: MeasuredValue, code: Code) -> Measurement:
    """A measured value as a noun with name, code and error."""
    return Measurement(name, value.value, value.unit, code, value.plus_minus)


def with_note(measured_on: Geometry, *values: Measurement) -> Numbers:
    """Lengths or areas, and what a reader must know with them."""
    note = note_of(measured_on)
    return Numbers(values, (note,) if note else ())


def drawn(tool: type[MeasureTool], on: PictureSlice, points: tuple[PointLps, ...], text: str = "") -> ReaderMeasurement:
    """A drawing on a slice, not measured yet."""
    stack, stored = on.source.stack, on.stored
    return ReaderMeasurement(
        uuid4().hex,
        tool.id,
        tool.name,
        stack.key,
        on.view.index,
        on.name,
        points,
        (),
        series_uid=on.source.volume.series_uid,
        sop_instance_uid=stored.sop_instance_uid if stored is not None else None,
        code=tool.code,
        text=text,
        shape=tool.shape,
        frame=stored.frame if stored is not None else None,
        copy=copy_digest(stack.instances),
    )


def measured(tool: type[MeasureTool], on: PictureSlice, drawing: ReaderMeasurement) -> ReaderMeasurement:
    """The drawing with its numbers.

    Raises:
        MeasureError: a number would not be true, or the points make no such drawing.
    """
    _check_points(tool, on, np.array(drawing.points_lps, dtype=np.float64))
    numbers = tool.numbers(on, drawing.points_lps)
    outline = tool.outline(on.view.world_to_pixel(np.array(drawing.points_lps)))
    world = tuple(as_point(point) for point in on.view.pixel_to_world(outline)) if len(outline) else ()
    return replace(drawing, values=numbers.values, notes=numbers.notes, outline_lps=world, when=now())


def _check_points(tool: type[MeasureTool], on: PictureSlice, points: FloatArray) -> None:
    if not tool.least <= len(points) <= tool.most or points.shape[1:] != (3,) or not np.isfinite(points).all():
        wanted = str(tool.least) if tool.least == tool.most else f"{tool.least} or more"
        raise MeasureError(f"{tool.name} takes {wanted} points.", "Give finite points in its order.")
    if tool.planar and np.abs(on.view.slice_of(points) - on.view.index).max() > _OFF_SLICE:
        raise MeasureError(f"{tool.name} lies within one slice.", "Draw it on the slice on show.")


def preview(picture: Picture, tool: type[MeasureTool], drawing: ReaderMeasurement) -> ReaderMeasurement:
    """A draft with its numbers where there are some; the refusal comes at the end of the drag."""
    try:
        return measured(tool, picture.slice, drawing)
    except ViewerError:
        return replace(drawing, values=(), notes=())


def commit(host: Host, picture: Picture, tool: type[MeasureTool], drawing: ReaderMeasurement) -> None:
    """Keep a drawing with its numbers, or say in words why there are none."""
    try:
        host.commit(from_picture(measured(tool, picture.slice, drawing), picture.slice))
    except ViewerError as error:
        host.say(message_of(error))


def from_picture(drawing: ReaderMeasurement, on: PictureSlice) -> ReaderMeasurement:
    """The drawing with the digest of the stored picture it was read from; cuts across slices have none."""
    stored = drawing.sop_instance_uid is not None
    return replace(drawing, pixels=picture_digest(on.source.volume, on.view.index) if stored else "")


def moved(drawing: ReaderMeasurement, grip: Grip, by: FloatArray) -> ReaderMeasurement:
    """One point, or all of a drawing, moved by LPS mm [3]."""
    points = np.array(drawing.points_lps, dtype=np.float64)
    points[slice(None) if grip.point is None else grip.point] += by
    return replace(drawing, points_lps=tuple(as_point(point) for point in points))
