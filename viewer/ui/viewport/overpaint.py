"""Everything over the image of one view: segments, marks, drawings, box, corners; and its handles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QPainter

from viewer.core.annotation import Annotation, PointLps
from viewer.core.errors import ViewerError
from viewer.display.corners import SMALL_WIDTH, View, corners, gap_lines, scale_bar
from viewer.display.overlay import Fill
from viewer.room.tools.base import Cursor, Host, Pointer, Tool
from viewer.room.tools.box import on_slice
from viewer.room.tools.drawing import finish, measured
from viewer.room.views.facts import message_of
from viewer.room.views.picture import Picture
from viewer.ui.viewport import hud, shapes
from viewer.ui.viewport.convert import transform_of
from viewer.ui.viewport.ink import Points
from viewer.words.i18n import tr

if TYPE_CHECKING:
    from viewer.ui.viewport.stage import Stage

#: A handle is caught within this many px.
_CATCH = 8.0


@dataclass(slots=True)
class Overpaint:
    """What one view draws over its image.

    Attributes:
        crosshair: LPS mm; drawn while the crosshair is the tool.
        patient, when: lines for the corners; `hidden` writes "hidden" in the place of name and ID.
        selected: id of the drawing under the pointer, which shows its handles.
        grab: the tool that moves the handle under the pointer, None where there is none.
    """

    patient: tuple[str, ...] = ()
    when: str = ""
    hidden: bool = False
    corners_visible: bool = True
    active: bool = False
    crosshair: PointLps | None = None
    draft: Annotation | None = None
    roi_label: str = ""
    selected: str = ""
    grab: Tool | None = None
    _points: dict[str, Points] = field(default_factory=dict)
    _outlines: shapes.OutlinePaths = field(default_factory=shapes.OutlinePaths)

    def paint(self, painter: QPainter, stage: Stage) -> None:
        """Draw it in canvas px."""
        picture = stage.picture
        if picture is None:
            return
        shown = picture.shown_overlays
        if shown is not None:
            patterns = shown.fill is Fill.COLOUR_AND_PATTERN
            paths = self._outlines.of(picture.overlay)
            shapes.draw_segments(painter, paths, transform_of(stage.camera.matrix()), patterns, stage.moving)
            marks = [
                (stage.camera.to_screen(p.points), p.mark.label, p.mark.state, p.mark.line)
                for p in picture.overlay.marks
            ]
            shapes.draw_marks(painter, marks, stage.camera.canvas)
            shapes.draw_graphics(painter, picture.overlay.graphics, stage.camera)
        self._paint_box(painter, stage, picture)
        self._paint_drawings(painter, stage, picture)
        hud.draw(painter, self._hud(stage, picture))

    def _paint_box(self, painter: QPainter, stage: Stage, picture: Picture) -> None:
        if stage.roi is None:
            return
        here = on_slice(stage.roi, picture.source.native, picture.view)
        if here is not None:
            handles = stage.tool is not None and stage.tool.id == "box"
            label = self.roi_label or tr("Box, yours")
            shapes.draw_box(painter, shapes.rect_of(stage.camera.to_screen(here)), label, handles)

    def _paint_drawings(self, painter: QPainter, stage: Stage, picture: Picture) -> None:
        self._points = {}
        drawn = list(stage.drawings.on(stage.stack_key, stage.slice_name, picture.index))
        for annotation in drawn:
            if self.draft is not None and self.draft.id == annotation.id:
                continue
            points = self._screen(stage, picture, annotation)
            self._points[annotation.id] = points
            shapes.draw_annotation(painter, annotation, points, annotation.id == self.selected)
        if self.draft is not None:
            shapes.draw_annotation(painter, self.draft, self._screen(stage, picture, self.draft), selected=False)

    def _screen(self, stage: Stage, picture: Picture, annotation: Annotation) -> Points:
        return stage.camera.to_screen(picture.view.world_to_pixel(np.array(annotation.points_lps)))

    def _hud(self, stage: Stage, picture: Picture) -> hud.Hud:
        view, camera = picture.view, stage.camera
        small = camera.canvas[0] < SMALL_WIDTH
        patient = (tr("hidden"), *self.patient[1:2]) if self.hidden and self.patient else self.patient
        stack = picture.source.stack
        facts = View(view, picture.window, stack, patient, self.when, camera.zoom, "linear", tr)
        on = self.corners_visible
        shown_cross = self.crosshair is not None and stage.tool is not None and stage.tool.id == "crosshair"
        at = None if not shown_cross else camera.to_screen(view.world_to_pixel(np.array(self.crosshair)))
        gaps = gap_lines(picture.source.native, view)
        shown = picture.shown_overlays
        return hud.Hud(
            camera.canvas,
            camera.letters(view.letters),
            corners(facts, small, self.active) if on else None,
            scale_bar(view, camera.zoom, camera.canvas[0], tr) if on else None,
            None if at is None else (float(at[0]), float(at[1])),
            tuple((camera.to_screen(ends), mm) for ends, mm in gaps),
            shown if shown is not None and shown.heatmap is not None and picture.overlay.heat is not None else None,
            _instead(picture),
        )

    def hover(self, stage: Stage, at: Pointer) -> None:
        """Show the handles of the drawing under the pointer, and be ready to move one."""
        found, self.grab = "", None
        for key, points in self._points.items():
            away = np.linalg.norm(points - np.array([at.x, at.y]), axis=1)
            if away.min() <= _CATCH:
                found = key
                annotation = next(a for a in stage.drawings.all() if a.id == key)
                self.grab = HandleTool(annotation, int(away.argmin()))
        if found != self.selected:
            self.selected = found
            stage.refresh()


def _instead(picture: Picture) -> str:
    """Words in place of a picture that is not there."""
    if picture.is_unread:
        return tr("Image {n} could not be read", n=picture.index + 1)
    return "" if picture.is_loaded else tr("Reading image {n}", n=picture.index + 1)


class HandleTool(Tool):
    """Moves one point of a finished drawing; its number follows."""

    id = "handle"
    cursor = Cursor.MOVE

    def __init__(self, annotation: Annotation, point: int) -> None:
        self._annotation = annotation
        self._point = point

    def _moved(self, host: Host, at: Pointer) -> Annotation:
        points = list(self._annotation.points_lps)
        points[self._point] = host.to_lps(at)
        return replace(self._annotation, points_lps=tuple(points))

    def drag(self, host: Host, at: Pointer) -> None:
        """Show where it would go."""
        if host.picture is None:
            return
        moved = self._moved(host, at)
        try:
            host.show_draft(measured(host.picture, moved))
        except ViewerError as error:
            host.say(message_of(error))

    def release(self, host: Host, at: Pointer) -> None:
        """Keep it there."""
        host.show_draft(None)
        if host.picture is not None:
            finish(host, host.picture, self._moved(host, at))
