"""Where the views are, as plain data for the journal, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from viewer.core.annotation import KeyMark
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.display.window import Window

if TYPE_CHECKING:
    from viewer.ui.viewport.arrangement import ViewSpec
    from viewer.ui.viewport.grid import ViewGrid
    from viewer.ui.viewport.view import Viewport


def place_of(grid: ViewGrid, active: str) -> dict[str, Any]:
    """Layout, and stack, plane, slice and window of each view."""
    views = [
        {"stack": v.picture.source.stack.key, "plane": v.plane.value, "slice": v.slice_index, "window": _window(v)}
        for v in grid.views
        if v.picture is not None
    ]
    whole = grid.active.plane.value if grid.maximised else None
    return {"stack": active, "layout": grid.arrangement.value, "maximised": whole, "views": views}


def hang_as_left(grid: ViewGrid, place: dict[str, Any], key: str, spec_of: Callable[[Plane], ViewSpec | None]) -> bool:
    """Arrange a stack as the reader had it by hand in `place`; False where a rule shall hang it."""
    if not place.get("by_hand") or place.get("stack") != key:
        return False
    specs = [spec_of(Plane(view["plane"])) for view in place.get("views", ()) if view.get("stack") == key]
    kept = [spec for spec in specs if spec is not None]
    if not kept or len(kept) < len(specs):
        return False
    grid.show_views(Layout(place["layout"]), kept)
    return True


def restore(grid: ViewGrid, key: str, place: dict[str, Any]) -> bool:
    """Take slices, windows and the maximised view of one stack from `place`; True where a window was among them."""
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
    whole = next((v for v in grid.views_of(key) if v.plane.value == place.get("maximised")), None)
    if whole is not None and not grid.maximised:
        grid.maximise(whole)
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
    if view.picture is not None and view.picture.mask is not None:
        return None  # of subtracted values, which the picture does not open with
    return None if window is None else [window.center, window.width]
