"""Everything over the image of a view, as a scene: the window paints it, a file renderer draws it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from viewer.core.measurement import ReaderMeasurement
from viewer.display import corners as words
from viewer.display.hud import Hud, hud_items
from viewer.display.marking import (
    Sketch,
    box_items,
    crosshair_items,
    gap_items,
    graphic_items,
    mark_items,
)
from viewer.display.overlay import Fill
from viewer.display.plates import sketch_items
from viewer.display.scene import Item, Metrics, Outlines, Points, Stroke, cross
from viewer.room.tools import MEASURES
from viewer.room.tools.box import on_slice
from viewer.room.views.links import cut_line
from viewer.room.views.picture import Picture
from viewer.room.views.view import View
from viewer.words.i18n import tr

#: Arms of the pointer that keys move (px).
_KEYED_ARM = 9.0


def scene_of(view: View, metrics: Metrics) -> Iterator[Item]:
    """What to draw, first to last; nothing while the view is empty."""
    picture, camera = view.picture, view.camera
    if picture is None:
        return
    shown = picture.shown_overlays
    if shown is not None:
        yield Outlines(picture.overlay, camera.matrix(), shown.fill is Fill.COLOUR_AND_PATTERN)
        for mark in picture.overlay.marks:
            yield from mark_items(mark, camera.to_screen, camera.canvas, metrics)
        for graphic in picture.overlay.graphics:
            yield from graphic_items(graphic, camera.to_screen, camera.canvas, metrics)
    yield from _box(view, picture)
    yield from sketch_items(_sketches(view), camera.canvas, metrics)
    if view.keyed is not None:
        yield Stroke(cross(camera.to_screen(np.array(view.keyed)), _KEYED_ARM), "accent")
    if view.crosshair is not None and view.tool_id == "crosshair":
        at = camera.to_screen(picture.view.world_to_pixel(np.array(view.crosshair)))
        yield from crosshair_items(camera.canvas, at)
    yield from _reference(view, picture)
    gaps = words.gap_lines(picture.source.native, picture.view)
    yield from gap_items(tuple((camera.to_screen(ends), mm) for ends, mm in gaps), camera.canvas[0], tr)
    yield from hud_items(_hud(view, picture), metrics)


def _sketches(view: View) -> list[Sketch]:
    """The finished drawings of the slice, and the one that is being drawn."""
    made = [sketch_of(drawing, points, held=drawing.id == view.selected) for drawing, points in view.drawn()]
    if view.draft is not None:
        made.append(sketch_of(view.draft, view.on_screen(view.draft), held=False))
    return made


def _reference(view: View, picture: Picture) -> Iterator[Item]:
    """The line along which the active view's slice cuts this one."""
    ends = cut_line(view.reference, picture) if view.reference else None
    if ends is not None:
        yield Stroke((view.camera.to_screen(ends),), "accent", width=1.0)


def _box(view: View, picture: Picture) -> Iterator[Item]:
    here = None if view.roi is None else on_slice(view.roi, picture.source.native, picture.view)
    if here is not None:
        yield from box_items(view.camera.to_screen(here), view.roi_label or tr("Box, yours"), view.tool_id == "box")


def sketch_of(drawing: ReaderMeasurement, points: Points, held: bool) -> Sketch:
    """Strokes and words of a drawing; `points` on the screen, with its handles while it is held."""
    tool = MEASURES[drawing.tool]
    handles = tool.handles(points) if held else None
    return Sketch(tool.strokes(points), tool.words(drawing), tool.anchor(points), tool.leader, handles)


def _hud(view: View, picture: Picture) -> Hud:
    cut, camera, options = picture.view, view.camera, view.options
    patient = (tr("hidden"), *view.patient[1:2]) if options.hidden_name and view.patient else view.patient
    facts = words.View(cut, picture.window, picture.source.stack, patient, view.when, camera.zoom, "linear", tr)
    on, width = options.corners, camera.canvas[0]
    shown = picture.shown_overlays
    return Hud(
        camera.canvas,
        camera.letters(cut.letters),
        words.corners(facts, width < words.SMALL_WIDTH, view.active) if on else None,
        words.scale_bar(cut, camera.zoom, width, tr) if on else None,
        shown if shown is not None and shown.heatmap is not None and picture.overlay.heat is not None else None,
        _instead(picture),
        tr,
    )


def _instead(picture: Picture) -> str:
    """Words in place of a picture that is not there."""
    if picture.is_unread:
        return tr("Image {n} could not be read", n=picture.index + 1)
    return "" if picture.is_loaded else tr("Reading image {n}", n=picture.index + 1)
