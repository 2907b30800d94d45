"""Lines in regions of ultrasound pictures whose columns are moments: M-mode and Doppler."""

from __future__ import annotations

import numpy as np

from viewer.core.annotation import PointLps
from viewer.core.measure import MeasuredValue, MeasureError
from viewer.reading import time_regions
from viewer.room.views.picture import PictureSlice

#: A line may lean this much (share of its longer side) and still run along an axis.
_LEAN = 0.1
#: 95 % error of a distance between two ends that lie anywhere in their pixels, in pixels.
_SPREAD = 2.0 * float(np.sqrt(2 / 12))


def along_time(on: PictureSlice, points: tuple[PointLps, ...]) -> MeasuredValue | None:
    """The time (s) of a line along the columns of such a region, its depth (mm) along the rows; None elsewhere.

    Raises:
        MeasureError: the line runs askew in it, leaves it, or its rows are no depth.
    """
    stack = on.source.stack
    if stack.modality != "US" or not on.view.native or on.view.index >= len(stack.instances):
        return None
    pixels = on.view.index_to_pixel(on.view.geometry.world_to_index(np.array(points)))
    for region in time_regions(str(stack.instances[on.view.index].path)):
        top, left, bottom, right = region.box
        inside = ((pixels >= [top, left]) & (pixels <= [bottom, right])).all(axis=1)
        if not inside.any():
            continue
        down, across = np.abs(pixels[1] - pixels[0]).tolist()
        if not inside.all():
            raise MeasureError("This line leaves a region whose columns are moments.", "Draw it within the region.")
        if across > 0 and down <= _LEAN * across:
            return MeasuredValue(across * region.seconds, "s", _SPREAD * region.seconds)
        if down > 0 and across <= _LEAN * down and region.depth_mm is not None:
            return MeasuredValue(down * region.depth_mm, "mm", _SPREAD * region.depth_mm)
        raise MeasureError("Columns of this region are moments, so a line askew has no length.", "Draw along one axis.")
    return None
