"""Where the views are, as plain data for the journal, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viewer.core.annotation import KeyMark
from viewer.display.slicing import Plane
from viewer.room.views.filling import Wanted
from viewer.room.views.picture import Picture, slice_middle
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
            "lps": slice_middle(v.picture),
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
        window, lps = view.get("window"), view.get("lps")
        made.append(
            Wanted(
                str(view["stack"]),
                Plane(view["plane"]),
                str(view.get("preset", "")),
                str(view.get("edge", "")),
                index=int(view["slice"]),
                lps=(float(lps[0]), float(lps[1]), float(lps[2])) if lps else None,
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
    camera, index, at = view.camera, view.picture.index, slice_middle(view.picture)
    return ShownView(
        view.stack_key,
        view.plane.value,
        index,
        center,
        width,
        camera.turn,
        preset=view.preset,
        edge=camera.edge,
        lps=at,
    )


def mark_of(view: View) -> KeyMark | None:
    """What a view shows as a key image; None where it shows no picture."""
    return None if view.picture is None else mark_on(view.picture)


def mark_on(picture: Picture, caption: str = "", name: str = "") -> KeyMark:
    """What a picture shows as a key image, bound to the stored picture and to its place in the patient."""
    on, window = picture.slice, picture.window
    stored = on.stored
    return KeyMark(
        on.source.stack.key,
        on.view.plane.value,
        on.view.index,
        window.center,
        window.width,
        window.function,
        caption,
        name,
        stored.sop_instance_uid if stored is not None else "",
        stored.frame if stored is not None else None,
        slice_middle(picture),
    )


def _window(view: View) -> tuple[float, float] | None:
    window = view.window
    if view.picture is not None and view.picture.mask is not None:
        return None  # of subtracted values, which the picture does not open with
    return None if window is None else (window.center, window.width)
