"""Presentation states and mask subtraction in the views, and the badges that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from viewer.core.subtraction import Pair, Step
from viewer.display.presented import Look, Presented
from viewer.room.presentations import Presentations
from viewer.words.i18n import tr

if TYPE_CHECKING:
    from viewer.room.views.facts import BadgeSpec
    from viewer.room.views.picture import Picture
    from viewer.ui.viewport.presenting import Seen
    from viewer.ui.viewport.view import Viewport

#: What a view was last given: its picture, the state, and the look of its slice.
_Given = tuple["Picture", Presented | None, Look | None]


class PresentedViews:
    """Gives each view the look that the applied state has for its slice, once it changes."""

    def __init__(self, presentations: Presentations) -> None:
        self._presentations = presentations
        self._given: WeakKeyDictionary[Viewport, _Given] = WeakKeyDictionary()
        self._before: WeakKeyDictionary[Viewport, Seen] = WeakKeyDictionary()
        self._masked: WeakKeyDictionary[Viewport, bool] = WeakKeyDictionary()

    def show(self, view: Viewport) -> bool:
        """Bring a view up to date; True where its badges may have changed."""
        picture = view.picture
        if picture is None:
            return False
        key = picture.source.stack.key
        view.set_subtractor(self._presentations.subtractor(key, picture.source.volume))
        masked = picture.mask is not None
        moved = self._masked.get(view, False) != masked or picture.subtractor is not None
        self._masked[view] = masked
        return self._take(view, picture, key) or moved

    def _take(self, view: Viewport, picture: Picture, key: str) -> bool:
        state = self._presentations.state(key)
        look = state.look(picture.view) if state is not None else None
        before = self._given.get(view, (picture, None, None))
        if before[0] is not picture:
            before = (picture, None, None)
        if (state, look) == before[1:]:
            return False
        from viewer.ui.viewport.presenting import leave_look, seen, take_look

        self._given[view] = (picture, state, look)
        if before[2] is None:
            self._before[view] = seen(view)
        elif view in self._before:
            leave_look(view, self._before[view])
        if look is not None:
            take_look(view, look)
        return True

    def badges(self, view: Viewport) -> tuple[BadgeSpec, ...]:
        """What is applied to the slice on show; also where a state does not speak of it."""
        from viewer.room.views.facts import BadgeSpec

        picture = view.picture
        if picture is None:
            return ()
        made = []
        if picture.subtractor is not None:
            made.append(_mask_badge(picture.mask))
        state = self._presentations.state(picture.source.stack.key)
        if state is not None:
            name = state.name or tr("Presentation state")
            if state.look(picture.view) is None:
                text, tip = tr("Not in {name}", name=name), tr("The presentation state does not name this image.")
                made.append(BadgeSpec("plain", text, tip, 4))
            else:
                made.append(BadgeSpec("warned" if state.unread else "plain", name, _state_tip(state), 0))
        return tuple(made)


def _state_tip(state: Presented) -> str:
    lines = [tr("Presentation state applied: window, area, turn, shutter and marks as its maker left them.")]
    if state.maker:
        lines.append(state.maker)
    if state.unread:
        lines.append(tr("Not applied: {parts}", parts=", ".join(tr(part) for part in state.unread)))
    return "\n".join(lines)


def _mask_badge(mask: tuple[Step, Pair] | None) -> BadgeSpec:
    from viewer.room.views.facts import BadgeSpec

    if mask is None:
        return BadgeSpec("plain", tr("Not subtracted"), tr("The file names no mask for this frame."), 0)
    step, pair = mask
    frames = ", ".join(str(frame) for frame in pair.mask)
    text = tr("Subtracted, mask frame {n}", n=frames)
    if len(pair.mask) > 1:
        text = tr("Subtracted, mask frames {n}", n=frames)
    lines = [tr("Shown minus its mask; values and measurements are those of the native frame. M switches.")]
    if len(pair.contrast) > 1:
        lines.append(tr("Mean of frames {n}", n=", ".join(str(frame) for frame in pair.contrast)))
    if step.shift != (0.0, 0.0):
        lines.append(tr("Mask moved {down} px down, {right} px right", down=step.shift[0], right=step.shift[1]))
    return BadgeSpec("warned", text, "\n".join(lines), 0)
