"""Tools that draw: length, angle, ellipse, probe, arrow, text. Numbers come from `core.measure`."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import numpy as np

from viewer.core import measure
from viewer.core.annotation import Annotation, PointLps
from viewer.core.errors import ViewerError
from viewer.core.measure import Reading, RegionReading
from viewer.room.tools.base import Cursor, Host, Pointer, Tool
from viewer.room.views.facts import message_of
from viewer.room.views.picture import Picture
from viewer.words.i18n import tr

#: A drag shorter than this (px) is a slip, not a drawing.
_SLIP_PX = 3.0


def new_annotation(host: Host, kind: str, points: tuple[PointLps, ...], label: str = "") -> Annotation:
    """A drawing on the slice on show."""
    index = 0 if host.picture is None else host.picture.index
    return Annotation(uuid4().hex, kind, points, host.stack_key, host.slice_name, index, label)


def measured(picture: Picture, annotation: Annotation) -> Annotation:
    """The drawing with its number and words.

    Raises:
        MeasureError: the number would not be true.
    """
    reading: Reading | RegionReading | None = None
    source, points = picture.source, annotation.points_lps
    if annotation.kind == "length":
        reading = measure.length(points[0], points[1], source.native, source.verdict)
    elif annotation.kind == "angle" and len(points) == 3:
        reading = measure.angle(*points, source.native, source.verdict)
    elif annotation.kind == "ellipse":
        reading = _ellipse(picture, points)
    elif annotation.kind == "probe":
        return replace(annotation, label=_probe_words(picture, points[0]))
    return replace(annotation, reading=reading, label=_words(reading) or annotation.label)


def _ellipse(picture: Picture, points: tuple[PointLps, ...]) -> RegionReading:
    source, view = picture.source, picture.view
    measure.check(np.array(points), source.native, source.verdict, tr("A region"))
    corners = view.world_to_pixel(np.array(points))
    inside = measure.ellipse_inside(view.shape, corners[0], corners[1])
    unit = "" if source.volume.is_colour or source.volume.unit == "1" else source.volume.unit
    return measure.region(picture.values_in(inside), view.mm, source.native, unit)


def _words(reading: Reading | RegionReading | None) -> str:
    if reading is None:
        return ""
    if isinstance(reading, RegionReading):
        unit = f" {reading.unit}" if reading.unit else ""
        return "\n".join(
            (
                tr("mean {m}, SD {s}", m=f"{reading.mean:.1f}{unit}", s=f"{reading.deviation:.1f}"),
                tr("{low} to {high}", low=f"{reading.low:.4g}", high=f"{reading.high:.4g}{unit}"),
                with_note(reading.area),
            )
        )
    return with_note(reading)


def with_note(reading: Reading) -> str:
    """ "10.2 mm", and what must be known with it: "at detector", "no calibration"."""
    return f"{reading.text}, {tr(reading.note)}" if reading.note else reading.text


def _probe_words(picture: Picture, point: PointLps) -> str:
    row, column = (int(round(v)) for v in picture.view.world_to_pixel(np.array(point)))
    rows, columns = picture.view.shape
    value = picture.value_at(min(max(row, 0), rows - 1), min(max(column, 0), columns - 1))
    unit = picture.source.volume.unit
    text = " ".join(f"{v:.5g}" for v in value).replace("-", "−")
    return text if unit == "1" or len(value) > 1 else f"{text} {unit}"


class DrawTool(Tool):
    """Press, drag, release: two points."""

    kind = ""
    cursor = Cursor.CROSS

    def __init__(self) -> None:
        self._draft: Annotation | None = None
        self._start: Pointer | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """The first point."""
        if host.picture is None or not host.picture.view.inside(at.pixel):
            return
        point = host.to_lps(at)
        self._start = at
        self._draft = new_annotation(host, self.kind, (point, point))

    def drag(self, host: Host, at: Pointer) -> None:
        """The second point follows the mouse, with the number as it would be."""
        if self._draft is None or host.picture is None:
            return
        self._draft = replace(self._draft, points_lps=(self._draft.points_lps[0], host.to_lps(at)))
        host.show_draft(_with_number(host.picture, self._draft))

    def release(self, host: Host, at: Pointer) -> None:
        """Finish, or say why the number is not given."""
        draft, start, picture = self._draft, self._start, host.picture
        self._draft = self._start = None
        host.show_draft(None)
        if draft is None or start is None or picture is None:
            return
        if abs(at.x - start.x) + abs(at.y - start.y) >= _SLIP_PX:
            finish(host, picture, draft)

    def cancel(self, host: Host) -> None:
        """Drop the draft."""
        self._draft = self._start = None
        host.show_draft(None)


def finish(host: Host, picture: Picture, annotation: Annotation) -> None:
    """Commit a drawing with its number, or say in words why there is none."""
    try:
        host.commit(measured(picture, annotation))
    except ViewerError as error:
        host.say(message_of(error))


def _with_number(picture: Picture, annotation: Annotation) -> Annotation:
    """The draft with its number where there is one; the refusal comes at the end of the drag."""
    try:
        return measured(picture, annotation)
    except ViewerError:
        return replace(annotation, label="")


class LengthTool(DrawTool):
    """A line and its millimetres."""

    id = kind = "length"


class EllipseTool(DrawTool):
    """An ellipse and the values in it."""

    id = kind = "ellipse"


class ArrowTool(DrawTool):
    """An arrow; the drag begins at its tip."""

    id = kind = "arrow"


class AngleTool(Tool):
    """Drag the first leg, click the end of the second."""

    id = "angle"
    cursor = Cursor.CROSS

    def __init__(self) -> None:
        self._draft: Annotation | None = None
        self._start: Pointer | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """Begin, or set the end of the second leg."""
        picture = host.picture
        if picture is None or not picture.view.inside(at.pixel):
            return
        if self._draft is not None and len(self._draft.points_lps) == 3:
            draft, self._draft = self._draft, None
            host.show_draft(None)
            finish(host, picture, replace(draft, points_lps=(*draft.points_lps[:2], host.to_lps(at))))
            return
        point = host.to_lps(at)
        self._start = at
        self._draft = new_annotation(host, "angle", (point, point))

    def drag(self, host: Host, at: Pointer) -> None:
        """The corner follows the mouse."""
        if self._draft is not None and len(self._draft.points_lps) == 2:
            self._draft = replace(self._draft, points_lps=(self._draft.points_lps[0], host.to_lps(at)))
            host.show_draft(self._draft)

    def release(self, host: Host, at: Pointer) -> None:
        """The first leg is done; the second follows the mouse."""
        if self._draft is None or self._start is None or len(self._draft.points_lps) != 2:
            return
        if abs(at.x - self._start.x) + abs(at.y - self._start.y) < _SLIP_PX:
            self.cancel(host)
            return
        self._draft = replace(self._draft, points_lps=(*self._draft.points_lps, self._draft.points_lps[1]))

    def hover(self, host: Host, at: Pointer) -> None:
        """The second leg follows the mouse."""
        if self._draft is None or len(self._draft.points_lps) != 3 or host.picture is None:
            return
        self._draft = replace(self._draft, points_lps=(*self._draft.points_lps[:2], host.to_lps(at)))
        host.show_draft(_with_number(host.picture, self._draft))

    def cancel(self, host: Host) -> None:
        """Drop the draft."""
        self._draft = self._start = None
        host.show_draft(None)


class ProbeTool(Tool):
    """A click leaves the value of a pixel."""

    id = "probe"
    cursor = Cursor.CROSS

    def release(self, host: Host, at: Pointer) -> None:
        """Leave a mark with the value under the pointer."""
        picture = host.picture
        if picture is not None and picture.view.inside(at.pixel):
            finish(host, picture, new_annotation(host, "probe", (host.to_lps(at),)))


class TextTool(Tool):
    """A click lets the reader type."""

    id = "text"
    cursor = Cursor.TEXT

    def release(self, host: Host, at: Pointer) -> None:
        """Open the line to type in."""
        if host.picture is not None and host.picture.view.inside(at.pixel):
            host.ask_text(at)
