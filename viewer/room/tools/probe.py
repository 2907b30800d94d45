"""Probe: the value of a pixel."""

from __future__ import annotations

import numpy as np

from viewer.core.annotation import PointLps
from viewer.core.finding import Measurement
from viewer.core.measure import MeasureError
from viewer.core.measurement import ReaderMeasurement, Shape
from viewer.display.scene import Points, cross
from viewer.room.tools.gather import ClickTool
from viewer.room.tools.measure import Numbers
from viewer.room.tools.region import readable, real_values
from viewer.room.views.picture import PictureSlice

_COLOURS = ("Red", "Green", "Blue")


class ProbeTool(ClickTool):
    """A click leaves the value of the pixel there."""

    id, name, short, icon, keys = "probe", "Probe", "Probe", "probe", ("P",)
    planar = True
    shape = Shape.POINTS

    @classmethod
    def numbers(cls, on: PictureSlice, points: tuple[PointLps, ...]) -> Numbers:
        """Its value, or red, green and blue."""
        at = on.view.world_to_pixel(np.array(points[0]))
        if not on.view.inside(at):
            raise MeasureError("There is no pixel at this place.", "Choose a place on the picture.")
        readable(on)
        row, column = np.minimum(np.rint(at).astype(int), np.array(on.view.shape) - 1).tolist()
        values, unit = real_values(on, np.array(on.value_at(max(row, 0), max(column, 0))))
        names = _COLOURS if len(values) == len(_COLOURS) else ("Value",)
        return Numbers(tuple(Measurement(n, float(v), unit) for n, v in zip(names, values, strict=True)))

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """A cross."""
        return tuple(stroke for point in points for stroke in cross(point, 6))

    @classmethod
    def words(cls, drawing: ReaderMeasurement) -> tuple[str, ...]:
        """ "4081 HU", "12 40 7"."""
        text = " ".join(f"{v.value:.5g}" for v in drawing.values).replace("-", "−") or drawing.text
        unit = drawing.values[0].unit if len(drawing.values) == 1 else ""
        return (f"{text} {unit}".strip(),) if text else ()
