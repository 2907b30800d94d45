"""When actions of the views may be used, and jumps to a slice, a point or a drawing."""

from __future__ import annotations

from viewer.room.context import Context
from viewer.room.events import JumpWanted
from viewer.room.views.views import Views


class Jumps:
    """Takes views to a place."""

    def __init__(self, context: Context, views: Views) -> None:
        self._views = views
        context.session.on(JumpWanted, self.go)

    def go(self, spot: JumpWanted) -> None:
        """Show an acquired slice, or a point of the patient in every plane."""
        for view in self._views.of(spot.stack_key):
            if spot.lps is not None:
                view.show_lps(spot.lps)
            elif spot.index is not None and view.picture is not None and view.picture.view.native:
                view.set_slice(spot.index)

    def show_drawing(self, drawing_id: str) -> None:
        """Go to a drawing."""
        drawing = next((d for d in self._views.drawings.all() if d.id == drawing_id), None)
        if drawing is not None:
            for view in self._views.of(drawing.stack_key):
                if view.picture is not None and view.picture.slice.name == drawing.plane:
                    view.set_slice(drawing.slice_index)


def can(views: Views, action_id: str, object_key: str) -> bool:
    """True where an action makes sense for what is on screen; `object_key` of an object in place of pictures."""
    if action_id.startswith(("series.", "patient.")):
        return True
    if object_key or not views.stacks:
        return False
    if action_id == "view.sync":
        return len(views.stacks) > 1
    if action_id == "tool.crosshair":
        return len(views.views) > 1
    picture = views.active.picture
    if action_id in ("slice.first", "slice.last", "image.cine"):
        return picture is not None and picture.count > 1
    return True
