"""Where the views are, as plain data for the journal, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viewer.core.annotation import KeyMark
from viewer.display.slicing import Plane
from viewer.room.views.filling import Wanted
from viewer.room.views.view import View
from viewer.room.views.views import Views
from viewer.session import ShownLayout, ShownView


def place_of(views: Views, active: str) -> dict[str, Any]:
    """Layout, and stack, plane, slice and window of each view."""
    shown = [
        {
            "stack": v.stack_key,
            "plane": v.plane.value,
            "slice": v.picture.index,
            "window": _window(v),
            "preset": v.preset,
            "edge": v.camera.edge,
        }
        for v in views.views
        if v.picture is not None
    ]
    whole = None if views.maximised is None else views.maximised.plane.value
    return {"stack": active, "layout": views.arrangement.name, "maximised": whole, "views": shown}


def wanted_in(place: Mapping[str, Any]) -> list[Wanted]:
    """What the views of an earlier run showed."""
    made = []
    for view in place.get("views", ()):
        window = view.get("window")
        made.append(
            Wanted(
                str(view["stack"]),
                Plane(view["plane"]),
                str(view.get("preset", "")),
                str(view.get("edge", "")),
                index=int(view["slice"]),
                window=(float(window[0]), float(window[1])) if window else None,
            )
        )
    return made


def layout_of(views: Views, by_hand: bool) -> ShownLayout:
    """What the views show, as the session keeps it."""
    shown = views.views
    numbers = {view: number for number, view in enumerate(shown)}
    whole = None if views.maximised is None else numbers.get(views.maximised)
    active = numbers.get(views.active, 0)
    told = tuple(_shown(view) for view in shown)
    return ShownLayout(views.arrangement.name, told, active, whole, by_hand, views.links.links)


def _shown(view: View) -> ShownView | None:
    if view.picture is None:
        return None
    center, width = _window(view) or (None, None)
    camera, index = view.camera, view.picture.index
    return ShownView(
        view.stack_key, view.plane.value, index, center, width, camera.turn, preset=view.preset, edge=camera.edge
    )


def mark_of(view: View) -> KeyMark | None:
    """What a view shows as a key image; None where it shows no picture."""
    window = view.window
    if view.picture is None or window is None:
        return None
    return KeyMark(view.stack_key, view.plane.value, view.picture.index, window.center, window.width, window.function)


def _window(view: View) -> tuple[float, float] | None:
    window = view.window
    if view.picture is not None and view.picture.mask is not None:
        return None  # of subtracted values, which the picture does not open with
    return None if window is None else (window.center, window.width)
