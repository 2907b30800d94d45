"""Everything over the image of one view: segments, marks, drawings, box, corners."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPainter

from viewer.display import corners as corner_words
from viewer.display.overlay import Fill
from viewer.room.tools.box import on_slice
from viewer.room.views.picture import Picture
from viewer.room.views.view import View
from viewer.ui.viewport import hud, shapes
from viewer.ui.viewport.convert import transform_of
from viewer.words.i18n import tr


class Overpaint:
    """Paints what lies over the image of one view."""

    def __init__(self) -> None:
        self._outlines = shapes.OutlinePaths()

    def paint(self, painter: QPainter, view: View, moving: bool) -> None:
        """Draw it in canvas px."""
        picture, camera = view.picture, view.camera
        if picture is None:
            return
        shown = picture.shown_overlays
        if shown is not None:
            patterns = shown.fill is Fill.COLOUR_AND_PATTERN
            paths = self._outlines.of(picture.overlay)
            shapes.draw_segments(painter, paths, transform_of(camera.matrix()), patterns, moving)
            marks = [
                (camera.to_screen(p.points), p.mark.label, p.mark.state, p.mark.line) for p in picture.overlay.marks
            ]
            shapes.draw_marks(painter, marks, camera.canvas)
            shapes.draw_graphics(painter, picture.overlay.graphics, camera)
        _paint_box(painter, view, picture)
        for drawing, points in view.drawn():
            shapes.draw_drawing(painter, drawing, points, drawing.id == view.selected)
        if view.draft is not None:
            shapes.draw_drawing(painter, view.draft, view.on_screen(view.draft), selected=False)
        hud.draw(painter, _hud(view, picture))


def _paint_box(painter: QPainter, view: View, picture: Picture) -> None:
    here = None if view.roi is None else on_slice(view.roi, picture.source.native, picture.view)
    if here is not None:
        rect = shapes.rect_of(view.camera.to_screen(here))
        shapes.draw_box(painter, rect, view.roi_label or tr("Box, yours"), view.tool_id == "box")


def _hud(view: View, picture: Picture) -> hud.Hud:
    cut, camera, options = picture.view, view.camera, view.options
    patient = (tr("hidden"), *view.patient[1:2]) if options.hidden_name and view.patient else view.patient
    facts = corner_words.View(cut, picture.window, picture.source.stack, patient, view.when, camera.zoom, "linear", tr)
    on = options.corners
    shown_cross = view.crosshair is not None and view.tool_id == "crosshair"
    at = None if not shown_cross else camera.to_screen(cut.world_to_pixel(np.array(view.crosshair)))
    shown = picture.shown_overlays
    return hud.Hud(
        camera.canvas,
        camera.letters(cut.letters),
        corner_words.corners(facts, camera.canvas[0] < corner_words.SMALL_WIDTH, view.active) if on else None,
        corner_words.scale_bar(cut, camera.zoom, camera.canvas[0], tr) if on else None,
        None if at is None else (float(at[0]), float(at[1])),
        tuple((camera.to_screen(ends), mm) for ends, mm in corner_words.gap_lines(picture.source.native, cut)),
        shown if shown is not None and shown.heatmap is not None and picture.overlay.heat is not None else None,
        _instead(picture),
    )


def _instead(picture: Picture) -> str:
    """Words in place of a picture that is not there."""
    if picture.is_unread:
        return tr("Image {n} could not be read", n=picture.index + 1)
    return "" if picture.is_loaded else tr("Reading image {n}", n=picture.index + 1)
