"""What can be done with a finished drawing: see it small, look into it, copy it to another slice, export it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from viewer.core.errors import OutputError, UsageError, ViewerError
from viewer.core.measure import MeasureError
from viewer.core.measurement import ReaderMeasurement
from viewer.display.compose import to_rgb
from viewer.display.slicing import Plane, needs_resampling
from viewer.jobs import measurement_table
from viewer.room.annotations import Annotations
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.room.tools import MEASURES
from viewer.room.tools.base import as_point
from viewer.room.tools.measure import drawn, from_picture, measured
from viewer.room.tools.region import Histogram, histogram_of
from viewer.room.views.picture import Picture, PictureSlice, source_of
from viewer.room.views.views import Views

#: Name of the plane of drawings on planes askew.
OBLIQUE = "oblique"
#: Side of a thumbnail (px), and how much of the picture round a drawing it shows (share of its longer side, least px).
SIDE = 40
_ROUND, _LEAST = 0.35, 24.0
#: Drawings whose thumbnails and histograms are remembered.
_KEPT = 256


class Measuring:
    """The drawings of a sitting, beside drawing them."""

    def __init__(self, context: Context, loading: Loading, annotations: Annotations, views: Views) -> None:
        self._context, self._loading, self._annotations, self._views = context, loading, annotations, views
        self._thumbnails: dict[ReaderMeasurement, bytes] = {}
        self._histograms: dict[ReaderMeasurement, Histogram | None] = {}

    def thumbnail(self, drawing_id: str) -> bytes:
        """The picture round a drawing, RGB of `SIDE` x `SIDE` row by row; empty where its slice is not at hand."""
        drawing = self._annotations.here(drawing_id)
        if drawing is None:
            return b""
        if drawing not in self._thumbnails:
            picture = self._picture(drawing)
            if picture is None:
                return b""
            _forget_oldest(self._thumbnails)
            self._thumbnails[drawing] = _cut_out(picture, drawing)
        return self._thumbnails[drawing]

    def histogram(self, drawing_id: str) -> Histogram | None:
        """The values in a region; None for other drawings, and where its slice is not at hand."""
        drawing = self._annotations.here(drawing_id)
        if drawing is None:
            return None
        if drawing not in self._histograms:
            picture = self._picture(drawing)
            if picture is None:
                return None
            _forget_oldest(self._histograms)
            self._histograms[drawing] = histogram_of(MEASURES[drawing.tool], picture.slice, drawing)
        return self._histograms[drawing]

    def _picture(self, drawing: ReaderMeasurement) -> Picture | None:
        """The slice a drawing lies on, where it is read and not cut across tilted slices."""
        loader = self._loading.loader(drawing.stack_key)
        if loader is None or drawing.plane == OBLIQUE:
            return None
        plane = Plane(drawing.plane)
        if needs_resampling(loader.volume.geometry, plane):
            return None
        picture = Picture(source_of(loader.stack, loader.volume, plane, loader.loaded))
        picture.go_to(drawing.slice_index)
        shown = next((view.window for view in self._views.of(drawing.stack_key) if view.window is not None), None)
        if shown is not None:
            picture.set_window(shown)
        return picture if picture.is_loaded else None

    def copy_selected(self) -> None:
        """Copy the active view's selected drawing to the slice on show, or say why not."""
        view = self._views.active
        drawing = self._annotations.here(view.selected)
        if drawing is None or view.picture is None:
            self._context.complain(UsageError("No drawing is selected.", "Click one, then go to another image."))
            return
        try:
            self._annotations.put(copied(drawing, view.picture.slice))
        except ViewerError as error:
            self._context.complain(error)

    def write_table(self, path: str) -> None:
        """Write the drawings of the active study as CSV, or say why not."""
        study = self._context.session.library.active_study
        if study is None:
            return
        try:
            measurement_table.write_measured(self._context.session.measurements.of(study.uid), Path(path))
        except OSError:
            self._context.complain(OutputError("The table could not be written.", "Choose another folder."))
        except OutputError as error:
            self._context.complain(error)


def copied(drawing: ReaderMeasurement, on: PictureSlice) -> ReaderMeasurement:
    """A drawing at the same place of another slice of its plane, with that slice's numbers.

    Raises:
        MeasureError: the slice is of another series or plane, is its own, or the numbers would not be true there.
    """
    if drawing.stack_key != on.source.stack.key or drawing.plane != on.name:
        raise MeasureError("A drawing is copied within its series and plane.", "Show another image of that series.")
    if drawing.slice_index == on.view.index:
        raise MeasureError("The drawing lies on this image already.", "Go to another image first.")
    tool = MEASURES[drawing.tool]
    points = on.view.pixel_to_world(on.view.world_to_pixel(np.array(drawing.points_lps)))
    fresh = drawn(tool, on, tuple(as_point(point) for point in points), drawing.text)
    return from_picture(measured(tool, on, replace(fresh, id=uuid4().hex, name=drawing.name)), on)


def _cut_out(picture: Picture, drawing: ReaderMeasurement) -> bytes:
    """A square of the composed slice round a drawing, every pixel the nearest one."""
    pixels = picture.view.world_to_pixel(np.array(drawing.points_lps))
    middle, size = (pixels.min(axis=0) + pixels.max(axis=0)) / 2, np.ptp(pixels, axis=0)
    mm = np.array(picture.view.mm)
    half = max(float((size * mm).max()) * (0.5 + _ROUND), _LEAST / 2 * float(mm.min())) / mm
    steps = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    rows, columns = (np.rint(middle[axis] + steps * half[axis]).astype(int) for axis in (0, 1))
    height, width = picture.view.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None, :]
    rgb = to_rgb(picture.image())[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)]
    return bytes(np.where(inside[..., None], rgb, 0).astype(np.uint8).tobytes())


def _forget_oldest(kept: dict[ReaderMeasurement, bytes] | dict[ReaderMeasurement, Histogram | None]) -> None:
    if len(kept) >= _KEPT:
        del kept[next(iter(kept))]
