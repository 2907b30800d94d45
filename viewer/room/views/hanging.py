"""Hangs stacks in the views: by rule, as the reader left them, or where the reader put them by hand."""

from __future__ import annotations

from typing import Any

from viewer.core.volume import Volume
from viewer.display.hanging import Hanging, Layout, hang, hung_window
from viewer.display.slicing import Plane, needs_resampling
from viewer.display.window import default_window
from viewer.reading import StackLoader, resample_regular
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
from viewer.room.views.view import ViewSpec
from viewer.room.views.views import Views
from viewer.session import LayoutWanted, ShownLayout
from viewer.words.i18n import date_words, time_words, tr
from viewer.words.people import corner_lines


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
        self._windowed: set[str] = set()
        self._resampled: dict[str, Volume] = {}
        self._place: dict[str, Any] = {}
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
        session.on(SettingsChanged, lambda _event: self._take_settings())
        self._take_settings()

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
        places.take_layout(self._views, wanted, self.spec)

    def _take_settings(self) -> None:
        settings = self._context.settings
        self._views.change(hidden_name=settings.hide_patient_name, swap_drag=settings.swap_window_drag)

    def _activated(self, event: ViewActivated) -> None:
        if event.stack_key:
            self._context.session.library.activate(event.stack_key)

    # hanging

    def _open(self, key: str) -> None:
        """Show a stack whose pictures may still be coming: hung by rule, or in the active view."""
        loader = self._loading.loader(key)
        if loader is None:
            return
        self._windowed.discard(key)
        self.object_key = ""
        hanging = hang(loader.stack) or Hanging(tr("Single view"), Layout.ONE, (Plane.NATIVE,))
        if places.hang_as_left(self._views, self._place, key, lambda plane: self._spec(loader, plane)):
            self._hanging, self.by_hand = hanging, True
        elif self.by_hand and len(self._views.views) > 1:
            self._views.active.show(self._native(loader))
        else:
            self._hanging = hanging
            self._hang(loader, hanging)
        self._set_first_window(key)
        self._restore_place(key)
        if loader.loaded.all():
            self._want_resampled(key)
        self._changed()

    def _hang(self, loader: StackLoader, hanging: Hanging) -> None:
        specs = [self._spec(loader, plane) for plane in hanging.planes]
        kept = [spec for spec in specs if spec is not None]
        layout = hanging.layout if len(hanging.planes) > 1 else Layout.ONE
        self._views.show(layout, kept or [self._native(loader)])

    def spec(self, key: str, plane: Plane) -> ViewSpec | None:
        """What a view shall show of a stack that is held; None while a cut across tilted slices waits."""
        loader = self._loading.loader(key)
        return None if loader is None else self._spec(loader, plane)

    def _spec(self, loader: StackLoader, plane: Plane) -> ViewSpec | None:
        if needs_resampling(loader.volume.geometry, plane):
            resampled = self._resampled.get(loader.stack.key)
            return None if resampled is None else self._made(loader, resampled, plane, whole=True)
        return self._made(loader, loader.volume, plane, whole=bool(loader.loaded.all()))

    def _native(self, loader: StackLoader) -> ViewSpec:
        return self._made(loader, loader.volume, Plane.NATIVE, whole=bool(loader.loaded.all()))

    def _made(self, loader: StackLoader, volume: Volume, plane: Plane, whole: bool) -> ViewSpec:
        study = self._context.session.library.study_of(loader.stack.key)
        who = corner_lines(study) if study is not None else ()
        when = ", ".join(p for p in (date_words(study.date), time_words(study.time)) if p) if study else ""
        return ViewSpec(loader.stack, volume, plane, who, when, None if whole else loader.loaded)

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
        loader = self._loading.loader(key)
        if loader is None or key in self._windowed or not loader.loaded.any():
            return
        self._windowed.add(key)
        middle = len(loader.loaded) // 2
        k = middle if loader.loaded[middle] else int(loader.loaded.argmax())
        chosen = hung_window(loader.volume, self._hanging) or default_window(loader.volume, k)
        for view in self._views.of(key):
            view.take_window(chosen)

    def _want_resampled(self, key: str) -> None:
        """Cuts across tilted or uneven slices need a right-angled copy, made in a thread."""
        loader, hanging = self._loading.loader(key), self._hanging
        if loader is None or hanging is None or key in self._resampled:
            return
        if not any(needs_resampling(loader.volume.geometry, plane) for plane in hanging.planes):
            return

        def work(_tell: object, _cancel: object) -> Volume:
            return resample_regular(loader.volume)

        def done(volume: Volume) -> None:
            self._resampled[key] = volume
            if self.shown == (key,) and not self.by_hand and self._hanging is hanging:
                chosen = self._views.active.window
                self._hang(loader, hanging)
                if chosen is not None:
                    self._views.active.set_window(chosen)

        self._context.pool.submit(work, done, self._context.complain)

    def clear(self) -> None:
        """Empty every view."""
        self.by_hand, self._hanging = False, None
        self._views.clear()

    def _forget(self, key: str) -> None:
        """A stack's pictures were dropped: no view may go on showing them."""
        self._resampled.pop(key, None)
        self._windowed.discard(key)
        for view in self._views.of(key):
            view.clear()
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
            self._windowed.add(key)

    # actions

    def act(self, action_id: str) -> None:
        """Do an action of the active view."""
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
