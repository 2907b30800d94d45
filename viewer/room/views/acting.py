"""When actions of the views may be used, and jumps to a slice, a point or a drawing."""

from __future__ import annotations

from viewer.room.context import Context
from viewer.room.events import JumpWanted
from viewer.room.views.drawings import slice_under
from viewer.room.views.views import Views
from viewer.words.i18n import tr


class Jumps:
    """Takes views to a place."""

    def __init__(self, context: Context, views: Views) -> None:
        self._context, self._views = context, views
        context.session.on(JumpWanted, self.go)

    def go(self, spot: JumpWanted) -> None:
        """Show an acquired slice, or a point of the patient in every plane."""
        for view in self._views.of(spot.stack_key):
            if spot.lps is not None:
                view.show_lps(spot.lps)
            elif spot.index is not None and view.picture is not None and view.picture.view.native:
                view.set_slice(spot.index)

    def show_drawing(self, drawing_id: str) -> None:
        """Go to a drawing; say so where this copy of the pictures lacks its place."""
        drawing = self._views.drawings.here(drawing_id)
        if drawing is None:
            self._context.trouble(tr("This copy of the pictures lacks the image that it lies on."))
            return
        for view in self._views.of(drawing.stack_key):
            index = None if view.picture is None else slice_under(drawing, view.picture.slice)
            if index is not None:
                view.set_slice(index)


def can(views: Views, action_id: str, object_key: str) -> bool:
    """True where an action makes sense for what is on screen; `object_key` of an object in place of pictures."""
    if action_id.startswith(("series.", "patient.")):
        return True
    if object_key or not views.stacks:
        return False
    if action_id == "view.sync":
        return not views.links.why_none()
    if action_id == "tool.crosshair":
        return len(views.views) > 1
    picture = views.active.picture
    if action_id in ("slice.first", "slice.last", "image.cine"):
        return picture is not None and picture.count > 1
    return True
