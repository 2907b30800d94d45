"""Everything over the image of one view: segments, marks, drawings, box, corners; and its handles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QPainter

from viewer.core.annotation import PointLps
from viewer.core.measurement import ReaderMeasurement
from viewer.display.corners import SMALL_WIDTH, View, corners, gap_lines, scale_bar
from viewer.display.overlay import Fill
from viewer.room.tools import MEASURES, Pointer, Tool
from viewer.room.tools.box import on_slice
from viewer.room.tools.gather import MoveTool
from viewer.room.views.picture import Picture
from viewer.ui.viewport import hud, shapes
from viewer.ui.viewport.convert import transform_of
from viewer.ui.viewport.ink import Points
from viewer.words.i18n import tr

if TYPE_CHECKING:
    from viewer.ui.viewport.stage import Stage


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
    draft: ReaderMeasurement | None = None
    roi_label: str = ""
    selected: str = ""
    grab: Tool | None = None
    _drawn: list[tuple[ReaderMeasurement, Points]] = field(default_factory=list)
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
        self._drawn = []
        for drawing in stage.drawings.on(picture.source.stack.key, picture.slice.name, picture.index):
            if self.draft is not None and self.draft.id == drawing.id:
                continue
            points = self._screen(stage, picture, drawing)
            self._drawn.append((drawing, points))
            shapes.draw_drawing(painter, drawing, points, drawing.id == self.selected)
        if self.draft is not None:
            shapes.draw_drawing(painter, self.draft, self._screen(stage, picture, self.draft), selected=False)

    def _screen(self, stage: Stage, picture: Picture, drawing: ReaderMeasurement) -> Points:
        return stage.camera.to_screen(picture.view.world_to_pixel(np.array(drawing.points_lps)))

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
        for drawing, points in self._drawn:
            tool = MEASURES[drawing.tool]
            grip = tool.hit(points, np.array([at.x, at.y]))
            if grip is not None:
                found = drawing.id
                self.grab = MoveTool(tool, drawing, grip)
        if found != self.selected:
            self.selected = found
            stage.refresh()


def _instead(picture: Picture) -> str:
    """Words in place of a picture that is not there."""
    if picture.is_unread:
        return tr("Image {n} could not be read", n=picture.index + 1)
    return "" if picture.is_loaded else tr("Reading image {n}", n=picture.index + 1)
