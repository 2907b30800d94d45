"""Where the views are, as plain data for the journal, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.core.annotation import KeyMark
from viewer.display.window import Window

if TYPE_CHECKING:
    from viewer.ui.viewport.grid import ViewGrid
    from viewer.ui.viewport.view import Viewport


def place_of(grid: ViewGrid, active: str) -> dict[str, Any]:
    """Layout, and stack, plane, slice and window of each view."""
    views = [
        {"stack": v.picture.source.stack.key, "plane": v.plane.value, "slice": v.slice_index, "window": _window(v)}
        for v in grid.views
        if v.picture is not None
    ]
    return {"stack": active, "layout": grid.arrangement.value, "views": views}


def restore(grid: ViewGrid, key: str, place: dict[str, Any]) -> bool:
    """Take slices and windows of `place` for the views of one stack; True where a window was among them."""
    wanted = [v for v in place.get("views", ()) if v.get("stack") == key]
    windowed = False
    for view in grid.views_of(key):
        found = next((v for v in wanted if v.get("plane") == view.plane.value), None)
        if found is None:
            continue
        view.set_slice(int(found["slice"]))
        if found.get("window"):
            center, width = found["window"]
            view.set_window(Window(float(center), float(width)))
            windowed = True
    return windowed


def mark_of(view: Viewport) -> KeyMark | None:
    """What a view shows as a key image; None where it shows no picture."""
    window = view.shown_window
    if view.picture is None or window is None:
        return None
    key = view.picture.source.stack.key
    return KeyMark(key, view.plane.value, view.slice_index, window.center, window.width, window.function)


def _window(view: Viewport) -> list[float] | None:
    window = view.shown_window
    return None if window is None else [window.center, window.width]
