"""How the mouse gives a measuring tool its points."""

from __future__ import annotations

import numpy as np

from viewer.core.annotation import PointLps
from viewer.core.errors import ViewerError
from viewer.core.measurement import ReaderMeasurement
from viewer.room.tools.base import Cursor, Host, Pointer, Tool, point_at
from viewer.room.tools.measure import Grip, MeasureTool, commit, drawn, measured, moved, preview
from viewer.room.views.facts import message_of

#: A drag shorter than this (px) is a slip, not a drawing.
_SLIP_PX = 3.0
#: A click this near (px) to the first point closes a polygon.
_CLOSE_PX = 8.0
#: A traced line takes a point every so many px.
_TRACE_PX = 3.0


class GatherTool(MeasureTool):
    """Holds the points that are there already."""

    def __init__(self) -> None:
        self._points: tuple[PointLps, ...] = ()
        self._start: Pointer | None = None

    def _show(self, host: Host, *more: PointLps) -> None:
        """The draft with the points that are fixed and those that follow the mouse."""
        picture = host.picture
        if picture is not None:
            host.show_draft(preview(picture, type(self), drawn(type(self), picture.slice, (*self._points, *more))))

    def _done(self, host: Host, *more: PointLps) -> None:
        """Finish, or say why the number is not given."""
        points, picture = (*self._points, *more), host.picture
        self.cancel(host)
        if picture is not None:
            commit(host, picture, type(self), drawn(type(self), picture.slice, points))

    def _on_picture(self, host: Host, at: Pointer) -> bool:
        return host.picture is not None and host.picture.view.inside(at.pixel)

    def _here(self, host: Host, at: Pointer) -> PointLps:
        assert host.picture is not None
        return point_at(host.picture, at)

    def _slipped(self, at: Pointer) -> bool:
        return self._start is None or _px(self._start, at) < _SLIP_PX

    def cancel(self, host: Host) -> None:
        """Drop the draft."""
        self._points, self._start = (), None
        host.show_draft(None)


def _px(one: Pointer, other: Pointer) -> float:
    return abs(one.x - other.x) + abs(one.y - other.y)


class ClickTool(GatherTool):
    """A click: one point."""

    clicks = True

    least = most = 1

    def release(self, host: Host, at: Pointer) -> None:
        """Leave it under the pointer."""
        if self._on_picture(host, at):
            self._done(host, self._here(host, at))


class DragTool(GatherTool):
    """Press, drag, release: two points, or two more until all are there."""

    @property
    def holds(self) -> bool:
        """True while a line has one end."""
        return self._start is not None

    def press(self, host: Host, at: Pointer) -> None:
        """The first point of a line."""
        if self._on_picture(host, at):
            self._start = at
            self._points = (*self._points, self._here(host, at))

    def drag(self, host: Host, at: Pointer) -> None:
        """The second point follows the mouse, with the number as it would be."""
        if self._start is not None and host.picture is not None:
            self._show(host, self._here(host, at))

    def release(self, host: Host, at: Pointer) -> None:
        """The line is drawn; the last one finishes."""
        if self._start is None or host.picture is None:
            return
        if self._slipped(at):
            self._points = self._points[:-1]
        elif len(self._points) + 1 == self.most:
            self._done(host, self._here(host, at))
            return
        else:
            self._points = (*self._points, self._here(host, at))
        self._start = None
        self._show(host) if self._points else host.show_draft(None)


class DragThenClickTool(GatherTool):
    """Drag the first leg, click the end of the second."""

    least = most = 3

    @property
    def holds(self) -> bool:
        """True while the first leg has one end."""
        return len(self._points) == 1

    def press(self, host: Host, at: Pointer) -> None:
        """Begin, or set the end of the second leg."""
        if not self._on_picture(host, at):
            return
        if len(self._points) == 2:
            self._done(host, self._here(host, at))
        else:
            self._start, self._points = at, (self._here(host, at),)

    def drag(self, host: Host, at: Pointer) -> None:
        """The corner follows the mouse."""
        if len(self._points) == 1 and host.picture is not None:
            self._show(host, self._here(host, at))

    def release(self, host: Host, at: Pointer) -> None:
        """The first leg is done; the second follows the mouse."""
        if len(self._points) != 1 or host.picture is None:
            return
        if self._slipped(at):
            self.cancel(host)
        else:
            self._points = (*self._points, self._here(host, at))

    def hover(self, host: Host, at: Pointer) -> None:
        """The second leg follows the mouse."""
        if len(self._points) == 2 and host.picture is not None:
            self._show(host, self._here(host, at))


class ClicksTool(GatherTool):
    """A click a corner; the first corner again or two clicks finish."""

    least, most = 3, 1000
    clicks = True

    def press(self, host: Host, at: Pointer) -> None:
        """One more corner, or the end."""
        if not self._on_picture(host, at):
            return
        if self._start is not None and len(self._points) >= self.least and _px(self._start, at) <= _CLOSE_PX:
            self.finish(host)
            return
        self._start = self._start or at
        self._points = (*self._points, self._here(host, at))
        self._show(host)

    def hover(self, host: Host, at: Pointer) -> None:
        """The next side follows the mouse."""
        if self._points and host.picture is not None:
            self._show(host, self._here(host, at))

    def finish(self, host: Host) -> bool:
        """Close it, where it has enough corners."""
        if len(self._points) < self.least:
            return False
        self._done(host)
        return True


class TraceTool(GatherTool):
    """Press, follow the edge, release: a closed line."""

    least, most = 3, 10_000

    @property
    def holds(self) -> bool:
        """True while the line is traced."""
        return self._start is not None

    def press(self, host: Host, at: Pointer) -> None:
        """Begin."""
        if self._on_picture(host, at):
            self._start, self._points = at, (self._here(host, at),)

    def drag(self, host: Host, at: Pointer) -> None:
        """Follow the mouse."""
        if self._start is not None and host.picture is not None and _px(self._start, at) >= _TRACE_PX:
            self._start = at
            self._points = (*self._points, self._here(host, at))
            self._show(host)

    def release(self, host: Host, at: Pointer) -> None:
        """Close it; a slip is dropped."""
        if len(self._points) >= self.least:
            self._done(host)
        else:
            self.cancel(host)


class MoveTool(Tool):
    """Moves a point of a finished drawing, or all of it; its number follows."""

    id, name = "move", "Move"
    cursor = Cursor.MOVE

    def __init__(self, tool: type[MeasureTool], drawing: ReaderMeasurement, grip: Grip) -> None:
        self._tool, self._drawing, self._grip = tool, drawing, grip
        self._from: PointLps | None = None

    def _moved(self, host: Host, at: Pointer) -> ReaderMeasurement | None:
        if host.picture is None or self._from is None:
            return None
        by = np.array(point_at(host.picture, at)) - np.array(self._from)
        return moved(self._drawing, self._grip, by)

    def press(self, host: Host, at: Pointer) -> None:
        """Take hold: a handle jumps to the pointer, the whole stays under it."""
        if host.picture is not None:
            held = self._grip.point
            self._from = point_at(host.picture, at) if held is None else self._drawing.points_lps[held]

    def drag(self, host: Host, at: Pointer) -> None:
        """Show where it would go."""
        drawing = self._moved(host, at)
        if drawing is None or host.picture is None:
            return
        try:
            host.show_draft(measured(self._tool, host.picture.slice, drawing))
        except ViewerError as error:
            host.say(message_of(error))

    def release(self, host: Host, at: Pointer) -> None:
        """Keep it there."""
        drawing = self._moved(host, at)
        self.cancel(host)
        if drawing is not None and host.picture is not None and drawing.points_lps != self._drawing.points_lps:
            commit(host, host.picture, self._tool, drawing)

    def cancel(self, host: Host) -> None:
        """Leave it where it was."""
        self._from = None
        host.show_draft(None)
