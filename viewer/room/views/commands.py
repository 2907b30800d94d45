"""What the actions of the active view do, by id."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from viewer.display import window as windows
from viewer.room.views.arrangement import FOUR, ONE, THREE
from viewer.room.views.camera import MIRROR_LEFT_RIGHT, MIRROR_UP_DOWN, TURN_LEFT, TURN_RIGHT, Turn
from viewer.room.views.view import View
from viewer.room.views.views import Views

_CYCLE = (ONE, THREE, FOUR)
#: Slices of a long step.
_LONG = 10


def step(view: View, slices: int) -> None:
    """Some slices on or back, without looping."""
    if view.picture is not None:
        view.surface.stir()
        view.set_slice(view.picture.index + slices)


def first(view: View) -> None:
    """The first slice."""
    view.set_slice(0)


def last(view: View) -> None:
    """The last slice."""
    if view.picture is not None:
        view.set_slice(view.picture.count - 1)


def auto_window(view: View) -> None:
    """Percentiles of this slice (key 0)."""
    if view.picture is not None and view.picture.is_loaded:
        view.set_window(view.picture.auto_window())


def file_window(view: View) -> None:
    """The file's own window (key 1), else what the picture opened with."""
    if view.picture is not None:
        own = () if view.picture.mask is not None else windows.windows_of(view.picture.source.volume)
        view.set_window(own[0] if own else view.picture.first_window())


def preset_window(view: View, number: int) -> None:
    """The preset of a key, 2 to 9; nothing where the modality has none there."""
    for preset in presets_of(view):
        if preset.key == str(number):
            view.set_window(preset)


def presets_of(view: View) -> tuple[windows.Window, ...]:
    """The presets that a view's modality has; none for subtracted frames."""
    if view.picture is None or view.picture.mask is not None:
        return ()
    volume = view.picture.source.volume
    own = dict(view.options.presets)
    usual = windows.presets(volume.modality, volume.unit if volume.modality == "PT" else "")
    return tuple(windows.changed(one, own.get(f"{volume.modality}/{one.name}", "")) for one in usual)


def turn(view: View, move: Turn) -> None:
    """Mirror or turn the picture; the letters go with it."""
    view.set_camera(view.camera.turned(move))


def invert(view: View) -> None:
    """Black for white."""
    if view.picture is not None:
        view.picture.inverted = not view.picture.inverted
        view.surface.refresh()


def reset(view: View) -> None:
    """As it was hung: whole, not inverted, with the window it opened with."""
    view.set_camera(view.camera.upright(view.opening))
    if view.picture is not None:
        view.picture.inverted = False
        view.set_window(view.picture.first_window())


#: Action -> what it does to the active view.
ON_ACTIVE: dict[str, Callable[[View], None]] = {
    "view.reset": reset,
    "slice.up": partial(step, slices=-1),
    "slice.down": partial(step, slices=1),
    "slice.up10": partial(step, slices=-_LONG),
    "slice.down10": partial(step, slices=_LONG),
    "slice.first": first,
    "slice.last": last,
    "window.auto": auto_window,
    "window.file": file_window,
    "image.flip_h": partial(turn, move=MIRROR_LEFT_RIGHT),
    "image.flip_v": partial(turn, move=MIRROR_UP_DOWN),
    "image.rotate": partial(turn, move=TURN_RIGHT),
    "image.rotate_back": partial(turn, move=TURN_LEFT),
    "image.invert": invert,
    **{f"window.preset{n}": partial(preset_window, number=n) for n in range(2, 10)},
}


def next_layout(views: Views) -> None:
    """The next layout, of another grid the next larger one; what the views show stays."""
    now = views.arrangement
    larger = next((one for one in _CYCLE if len(one.places) > len(now.places)), ONE)
    views.arrange(_CYCLE[(_CYCLE.index(now) + 1) % len(_CYCLE)] if now in _CYCLE else larger)


def toggle_sync(views: Views) -> None:
    """Synchronised scrolling on or off."""
    views.links.sync = not views.links.sync


def toggle_references(views: Views) -> None:
    """Lines where the active view's slice cuts the others, on or off."""
    views.change(references=not views.options.references)


def toggle_corners(views: Views) -> None:
    """Corner texts and scale bar on or off."""
    views.change(corners=not views.options.corners)


def act_by_keys(views: Views) -> None:
    """Show the pointer that keys move; once shown, set a point."""
    views.mouse(views.active).keyed.act()


def delete_selected(views: Views) -> None:
    """Take the selected drawing of the active view away."""
    views.mouse(views.active).delete_selected()


#: Action -> what it does to the arrangement.
ON_VIEWS: dict[str, Callable[[Views], None]] = {
    "view.layout": next_layout,
    "view.sync": toggle_sync,
    "view.references": toggle_references,
    "view.next": Views.next_view,
    "view.previous": partial(Views.next_view, by=-1),
    "measure.point": act_by_keys,
    "measure.delete": delete_selected,
    "view.maximise": Views.maximise,
    "view.corners": toggle_corners,
}


def act(views: Views, action_id: str) -> bool:
    """Do an action; False where it is none of the views'."""
    if action_id in ON_ACTIVE:
        ON_ACTIVE[action_id](views.active)
    elif action_id in ON_VIEWS:
        ON_VIEWS[action_id](views)
    else:
        return False
    return True
