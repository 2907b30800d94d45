"""Hangs stacks in the views: by rule, as the reader left them, or where the reader put them by hand."""

from __future__ import annotations

from typing import Any

from viewer.core.study import Stack
from viewer.display.hanging import Hanging, Layout, hang
from viewer.display.slicing import Plane
from viewer.room.context import Context
from viewer.room.events import (
    JumpWanted,
    ObjectWanted,
    SettingsChanged,
    SlicesArrived,
    StackDropped,
    StackLoaded,
    StackOpened,
)
from viewer.room.loading import Loading
from viewer.room.opening import Opening
from viewer.room.views import places
from viewer.room.views.commands import act
from viewer.room.views.events import ViewActivated, ViewMoved, ViewsArranged
from viewer.room.views.specs import Specs
from viewer.room.views.view import View
from viewer.room.views.views import Views
from viewer.session import LayoutWanted, ShownLayout
from viewer.words.i18n import tr


class ViewHanging:
    """What is on screen, in step with what is loaded.

    Attributes:
        object_key: the stack on screen that is no picture, "" while pictures are.
        by_hand: the reader chose the layout.

    Args:
        by_itself: hang what is opened; else whoever drives the room says what views show.
    """

    def __init__(
        self, context: Context, opening: Opening, loading: Loading, views: Views, *, by_itself: bool = True
    ) -> None:
        self._context, self._opening, self._loading, self._views = context, opening, loading, views
        self.object_key = ""
        self.by_hand = False
        self._hanging: Hanging | None = None
        self._specs = Specs(context, loading)
        self._windowed: set[str] = set()
        self._left: set[str] = set()
        self._place: dict[str, Any] = {}
        self._chosen: dict[str, View] = {}
        self._study_uid = ""
        session = context.session
        if not by_itself:
            return
        session.on(StackOpened, lambda event: self._open(event.stack_key))
        session.on(SlicesArrived, lambda event: self._more(event.stack_key))
        session.on(StackLoaded, lambda event: self._all(event.stack_key))
        session.on(StackDropped, lambda event: self._forget(event.stack_key))
        session.on(ObjectWanted, lambda event: self._show_object(event.stack_key))
        session.on(JumpWanted, self._go)
        session.on(ViewActivated, self._activated)
        session.on(ViewMoved, lambda _event: self._note())
        session.on(ViewsArranged, lambda _event: self._changed())
        session.on(LayoutWanted, lambda _event: self._take_layout())
        session.on(SettingsChanged, lambda _event: _take_settings(views, context))
        _take_settings(views, context)

    # what is on screen

    @property
    def shown(self) -> tuple[str, ...]:
        """Keys of the stacks on screen, once each."""
        return (self.object_key,) if self.object_key else self._views.stacks

    @property
    def words(self) -> str:
        """The hanging rule that fired."""
        if self._hanging is None:
            return ""
        return tr("Hanging: {rule}", rule=tr("by hand") if self.by_hand else tr(self._hanging.rule))

    @property
    def layout(self) -> ShownLayout:
        """What the views show, as plain data."""
        return places.layout_of(self._views, self.by_hand)

    def _changed(self) -> None:
        self._note()
        self._context.session.views.put_shown(self.shown)

    def _note(self) -> None:
        self._context.session.views.note(self.layout)

    def _take_layout(self) -> None:
        """A change of the layout was taken back, or done again."""
        wanted = self._context.session.views.layout
        self.by_hand = wanted.by_hand
        places.take_layout(self._views, wanted, self._specs.spec)

    def _activated(self, event: ViewActivated) -> None:
        if event.stack_key:
            self._context.session.library.activate(event.stack_key)

    # hanging

    def _open(self, key: str) -> None:
        """Show a stack whose pictures may still be coming: hung by rule, or in the active view."""
        loader = self._loading.loader(key)
        if loader is None:
            return
        self._left.discard(key)
        self.object_key = ""
        hanging, chosen = _rule_of(loader.stack), self._chosen.pop(key, None)
        goes_on = chosen is not None or not self._is_next_patient(key)
        if chosen is not None and chosen in self._views.views:
            self._put(chosen, key)
        elif places.hang_as_left(self._views, self._place, key, lambda plane: self._specs.spec(key, plane)):
            self._hanging, self.by_hand = hanging, True
        elif self.by_hand and goes_on:
            self._show_in(self._views.active, key)
        else:
            self._hanging, self.by_hand = hanging, False
            self._hang(key, hanging)
        self._set_first_window(key)
        self._restore_place(key)
        if loader.loaded.all():
            self._want_resampled(key)
        self._changed()

    def _is_next_patient(self, key: str) -> bool:
        """True where the stack that comes is of another patient than what was opened before it."""
        session, before = self._context.session, self._study_uid
        study = session.library.study_of(key)
        self._study_uid = study.uid if study is not None else ""
        return session.people.of(self._study_uid) != session.people.of(before)

    def show_in(self, view: View, key: str) -> None:
        """Show a stack in one view, whoever's it is; the layout is the reader's own from then on."""
        self._views.activate(view)
        self._chosen[key] = view
        self._loading.show(key)

    def _show_in(self, view: View, key: str) -> None:
        spec = self._specs.spec(key)
        if spec is not None:
            view.show(spec)

    def _put(self, view: View, key: str) -> None:
        before, self.by_hand = self.layout, True
        self._show_in(view, key)
        self._views.forget()
        self._changed()
        self._context.session.views.arrange(self.layout, before)

    def hang_again(self) -> None:
        """Hang the active stack by its rule, in the place of a layout made by hand."""
        loader = self._loading.loader(self._context.session.library.active)
        if loader is None or self.object_key:
            return
        before, self.by_hand, self._place = self.layout, False, {}
        self._hanging = _rule_of(loader.stack)
        self._hang(loader.stack.key, self._hanging)
        self._want_resampled(loader.stack.key)
        self._changed()
        self._context.session.views.arrange(self.layout, before)

    def _hang(self, key: str, hanging: Hanging) -> None:
        specs = [self._specs.spec(key, plane) for plane in hanging.planes]
        kept = [spec for spec in specs if spec is not None]
        layout = hanging.layout if len(hanging.planes) > 1 else Layout.ONE
        self._views.show(layout, kept or [self._specs.spec(key)])

    def _show_object(self, key: str) -> None:
        """An object that is no picture: signals, a report, a PDF."""
        self.object_key = key
        self._changed()

    def _more(self, key: str) -> None:
        self._set_first_window(key)
        for view in self._views.of(key):
            view.arrived()

    def _all(self, key: str) -> None:
        self._more(key)
        self._want_resampled(key)
        if not self._opening.is_busy:
            self._place = {}  # until a scan is over a stack may come again with more slices

    def _set_first_window(self, key: str) -> None:
        """The window a stack opens with, as soon as one of its slices is there to judge by."""
        is_new = key not in self._windowed
        window = self._specs.first_window(key)
        if window is None or not is_new:
            return
        self._windowed.add(key)
        for view in self._views.of(key):
            if view.picture is not None:
                view.picture.opened = window
            if key not in self._left:
                view.take_window(window)

    def _want_resampled(self, key: str) -> None:
        """Hang a stack anew once cuts across its tilted or uneven slices can be shown."""
        hanging = self._hanging
        if hanging is None:
            return

        def done() -> None:
            if self.shown == (key,) and not self.by_hand and self._hanging is hanging:
                chosen = self._views.active.window
                self._hang(key, hanging)
                if chosen is not None:
                    self._views.active.set_window(chosen)

        self._specs.want_resampled(key, hanging.planes, done)

    def clear(self) -> None:
        """Empty every view."""
        self.by_hand, self._hanging = False, None
        self._views.clear()

    def _forget(self, key: str) -> None:
        """A stack's pictures were dropped: no view may go on showing them."""
        self._specs.forget(key)
        self._windowed.discard(key)
        self._views.forget(key)
        self._changed()

    # where to

    def _go(self, spot: JumpWanted) -> None:
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

    def place(self) -> dict[str, Any]:
        """Where the views are, for the journal."""
        if not self.shown:
            return {}
        return places.place_of(self._views, self._context.session.library.active) | {"by_hand": self.by_hand}

    def come_back_to(self, place: dict[str, Any]) -> None:
        """Take layout, slices and windows of an earlier run, once its stack is shown."""
        self._place = place

    def _restore_place(self, key: str) -> None:
        if self._place.get("stack") == key and places.restore(self._views, key, self._place):
            self._left.add(key)

    # actions

    def act(self, action_id: str) -> None:
        """Do an action of the active view."""
        if action_id == "view.hang":
            self.hang_again()
            return
        if action_id != "view.layout":
            act(self._views, action_id)
            return
        before, self.by_hand = self.layout, True
        act(self._views, action_id)
        self._context.session.views.arrange(self.layout, before)

    def can(self, action_id: str) -> bool:
        """True where the action makes sense for what is on screen."""
        if action_id.startswith(("series.", "patient.")):
            return True
        if self.object_key or not self._views.stacks:
            return False
        if action_id == "view.sync":
            return len(self.shown) > 1
        if action_id == "tool.crosshair":
            return len(self._views.views) > 1
        picture = self._views.active.picture
        if action_id in ("slice.first", "slice.last", "image.cine"):
            return picture is not None and picture.count > 1
        return True


def _take_settings(views: Views, context: Context) -> None:
    settings = context.settings
    views.change(hidden_name=settings.hide_patient_name, swap_drag=settings.swap_window_drag)


def _rule_of(stack: Stack) -> Hanging:
    return hang(stack) or Hanging(tr("Single view"), Layout.ONE, (Plane.NATIVE,))
