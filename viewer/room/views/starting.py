"""How views start: planes of one stack at one point with one window, empty views with further planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from viewer.display.slicing import Plane, needs_resampling, upright_plane
from viewer.room.views.linking import Linking
from viewer.room.views.picture import Picture
from viewer.room.views.view import View, ViewSpec

#: Planes that empty views take, in this order.
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


class Together(Protocol):
    """All views, as their start needs them."""

    links: Linking
    active: View

    @property
    def views(self) -> Sequence[View]:
        """In order, the first is the main one."""

    def of(self, stack_key: str) -> Sequence[View]:
        """Those that show a stack."""


def share_start(views: Together) -> None:
    """Planes of one stack start at one point, those that were hung with one window with that."""
    first = views.views[0].picture
    if first is None:
        return
    x, y, z = first.source.native.index_to_world((np.array(first.source.native.shape) - 1) / 2).tolist()
    views.links.crosshair = (x, y, z)
    for view in views.of(first.source.stack.key):
        if view.preset == views.views[0].preset:
            view.take_window(first.window)
        view.set_crosshair(views.links.crosshair)


def fill_empty(views: Together) -> None:
    """Empty views take further planes of the active stack; a film or slices askew have none to name."""
    active, model = views.active, views.active.picture
    if model is None:
        return
    source, geometry = model.source, model.source.volume.geometry
    seen = {view.plane for view in views.of(source.stack.key)}
    if upright_plane(geometry) is Plane.NATIVE and Plane.NATIVE in seen:
        return
    wanted = [p for p in PLANES if p not in seen and not needs_resampling(geometry, p)]
    empty = [view for view in views.views if view.picture is None]
    for view, plane in zip(empty, wanted, strict=False):
        view.show(_further(active, model, plane))
        view.take_window(model.window)
        view.set_overlays(model.overlays)
        view.set_roi(active.roi, active.roi_label)
        view.set_crosshair(views.links.crosshair)


def _further(active: View, model: Picture, plane: Plane) -> ViewSpec:
    source, who = model.source, (active.patient, active.when)
    return ViewSpec(source.stack, source.volume, plane, *who, source.loaded, model.first_window(), active.preset)
