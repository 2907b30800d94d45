"""Where the views are, as plain data for the journal, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from viewer.core.annotation import KeyMark
from viewer.display.slicing import Plane
from viewer.room.views.arrangement import named
from viewer.room.views.picture import window_at
from viewer.room.views.view import View, ViewSpec
from viewer.room.views.views import Views
from viewer.session import ShownLayout, ShownView


def place_of(views: Views, active: str) -> dict[str, Any]:
    """Layout, and stack, plane, slice and window of each view."""
    shown = [
        {"stack": v.stack_key, "plane": v.plane.value, "slice": v.picture.index, "window": _window(v)}
        for v in views.views
        if v.picture is not None
    ]
    whole = None if views.maximised is None else views.maximised.plane.value
    return {"stack": active, "layout": views.arrangement.name, "maximised": whole, "views": shown}


def hang_as_left(views: Views, place: dict[str, Any], key: str, spec_of: Callable[[Plane], ViewSpec | None]) -> bool:
    """Arrange a stack as the reader had it by hand in `place`; False where a rule shall hang it."""
    if not place.get("by_hand") or place.get("stack") != key:
        return False
    specs = [spec_of(Plane(view["plane"])) for view in place.get("views", ()) if view.get("stack") == key]
    kept = [spec for spec in specs if spec is not None]
    if not kept or len(kept) < len(specs):
        return False
    views.show(named(place["layout"]), kept)
    return True


def restore(views: Views, key: str, place: dict[str, Any]) -> bool:
    """Take slices, windows and the maximised view of one stack from `place`; True where a window was among them."""
    wanted = [v for v in place.get("views", ()) if v.get("stack") == key]
    windowed = False
    for view in views.of(key):
        found = next((v for v in wanted if v.get("plane") == view.plane.value), None)
        if found is None or view.picture is None:
            continue
        view.set_slice(int(found["slice"]))
        if found.get("window"):
            center, width = found["window"]
            view.take_window(window_at(view.picture, float(center), float(width)))
            windowed = True
    whole = next((v for v in views.of(key) if v.plane.value == place.get("maximised")), None)
    if whole is not None and views.maximised is None:
        views.maximise(whole)
    return windowed


def layout_of(views: Views, by_hand: bool) -> ShownLayout:
    """What the views show, as the session keeps it."""
    shown = views.views
    numbers = {view: number for number, view in enumerate(shown)}
    whole = None if views.maximised is None else numbers.get(views.maximised)
    active = numbers.get(views.active, 0)
    return ShownLayout(views.arrangement.name, tuple(_shown(view) for view in shown), active, whole, by_hand)


def _shown(view: View) -> ShownView | None:
    if view.picture is None:
        return None
    center, width = _window(view) or (None, None)
    return ShownView(view.stack_key, view.plane.value, view.picture.index, center, width, view.camera.turn)


def take_layout(views: Views, layout: ShownLayout, spec_of: Callable[[str, Plane], ViewSpec | None]) -> None:
    """Show exactly what a layout says; a view whose stack is not held any more stays empty."""
    specs = [None if one is None else spec_of(one.stack_key, Plane(one.plane)) for one in layout.views]
    views.show(named(layout.name), specs)
    for view, one in zip(views.views, layout.views, strict=False):
        if one is None or view.picture is None:
            continue
        view.picture.go_to(one.index)
        if one.center is not None and one.width is not None:
            view.take_window(window_at(view.picture, one.center, one.width))
        view.set_camera(replace(view.camera, turn=one.turn).fit())
        view.surface.refresh()
    views.activate(views.views[min(layout.active, len(views.views) - 1)])
    if layout.maximised is not None and layout.maximised < len(views.views):
        views.maximise(views.views[layout.maximised])


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
