"""Hangs stacks in the views: by rule, as the reader left them, or where the reader put them by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from viewer.display.hanging import Hanging
from viewer.room.context import Context
from viewer.room.events import (
    ObjectWanted,
    ScanEnded,
    SettingsChanged,
    SlicesArrived,
    StackDropped,
    StackHeld,
    StackLoaded,
    StackOpened,
)
from viewer.room.loading import Loading
from viewer.room.opening import Opening
from viewer.room.views import places
from viewer.room.views.acting import can
from viewer.room.views.arrangement import Arrangement, named
from viewer.room.views.commands import act
from viewer.room.views.events import ViewActivated, ViewMoved, ViewsArranged
from viewer.room.views.filling import Filling, Wanted, as_left, of_cell, of_shown
from viewer.room.views.planning import LeftPlace, Planner
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
        planner: what would be hung for a stack.

    Args:
        by_itself: hang what is opened; else whoever drives the room says what views show.
    """

    def __init__(
        self, context: Context, opening: Opening, loading: Loading, views: Views, *, by_itself: bool = True
    ) -> None:
        self._context, self._loading, self._views = context, loading, views
        self.planner = Planner(context)
        self.object_key = ""
        self.by_hand = False
        self._hanging: Hanging | None = None
        self._left = LeftPlace()
        self._chosen: dict[str, View] = {}
        self._sync: tuple[str, ...] = ()
        self._before: ShownLayout | None = None
        self._filling = Filling(loading, views, Specs(context, loading), self._filled)
        session = context.session
        if not by_itself:
            return
        session.on(StackOpened, lambda event: self._open(event.stack_key))
        session.on(StackHeld, lambda event: self._filling.more(event.stack_key))
        session.on(StackHeld, lambda event: self._open(event.stack_key) if event.stack_key in self._chosen else None)
        session.on(SlicesArrived, lambda event: self._filling.more(event.stack_key))
        session.on(StackLoaded, lambda event: self._filling.more(event.stack_key))
        session.on(StackLoaded, lambda _event: self._left.loaded(opening.is_busy))
        session.on(StackDropped, lambda event: self._filling.forget(event.stack_key, event.again, self._left.wanted))
        session.on(StackDropped, lambda _event: self._changed())
        session.on(ObjectWanted, lambda event: self._show_object(event.stack_key))
        session.on(ScanEnded, lambda event: self._scanned(event.study_uids))
        session.on(ViewActivated, lambda event: _speak_of(context, event.stack_key))
        session.on(ViewMoved, lambda _event: session.views.note(self.layout))
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
        """The hanging rule that holds."""
        if self._hanging is None:
            return ""
        return tr("Hanging: {rule}", rule=tr("by hand") if self.by_hand else tr(self._hanging.rule))

    @property
    def layout(self) -> ShownLayout:
        """What the views show, as plain data."""
        return places.layout_of(self._views, self.by_hand)

    def _changed(self) -> None:
        self._context.session.views.note(self.layout)
        self._context.session.views.put_shown(self.shown)

    def _take_layout(self) -> None:
        """A change of the layout was taken back, or done again."""
        wanted = self._context.session.views.layout
        self.by_hand = wanted.by_hand
        self._sync, self._before = (), None
        self._filling.show(named(wanted.name), [of_shown(one) for one in wanted.views], wanted.active)
        self._views.links.links = wanted.links
        if wanted.maximised is not None and wanted.maximised < len(self._views.views):
            self._views.maximise(self._views.views[wanted.maximised])

    # hanging

    def _open(self, key: str) -> None:
        """Show a stack whose pictures may still be coming: where it was put, as it was left, or by rule."""
        planned = self.planner.plan(key)
        if planned is None or self._loading.loader(key) is None:
            return
        self.object_key = ""
        chosen, is_next = self._chosen.pop(key, None), self.planner.is_next_patient(key)
        if chosen is not None and chosen in self._views.views:
            self._context.session.library.activate(key)  # the view was told of before it showed this
            before, self.by_hand = self.layout, True
            self._show_in(chosen, key)
            self._views.forget()
            self._changed()
            self._context.session.views.arrange(self.layout, before)
        elif self._left.is_by_hand(key):
            self._hanging, self.by_hand, left = planned, True, self._left.wanted
            at = next((n for n, one in enumerate(left) if one.stack_key == key), 0)
            self._arrange(named(self._left.layout), left, at)
        elif self.by_hand and not is_next:
            self._show_in(self._views.active, key)
        else:
            self.by_hand = False
            self._hang(planned)
        self._changed()

    def _hang(self, planned: Hanging, left: Iterable[Wanted] = ()) -> None:
        """By rule; where that stands already, only another of its views becomes the active one."""
        stands = planned == self._hanging and _stands(self._views, self._filling, planned)
        self._hanging = planned
        if stands:
            self._views.activate(_view_of(self._views, planned))
            return
        self._sync = tuple(cell.sync if cell is not None else "" for cell in planned.cells)
        known = [*left, *self._left.wanted]
        wanted = [None if one is None else as_left(one, known) for one in map(of_cell, planned.cells)]
        self._arrange(named(planned.layout), wanted, planned.active)

    def _arrange(self, arrangement: Arrangement, wanted: Sequence[Wanted | None], active: int) -> None:
        self._views.links.links, self._before = (), None
        self._filling.show(arrangement, wanted, active)
        shown = (view for view in self._views.views if view.picture is not None)
        whole = next((view for view in shown if view.plane.value == self._left.whole), None)
        if whole is not None and self._views.maximised is None:
            self._views.maximise(whole)

    def arrange(self, planned: Hanging) -> None:
        """Put these in their places by hand; one step of undo, made when all of them are there."""
        before, self.by_hand, self.object_key = self.layout, True, ""
        self._hanging = self._hanging or planned
        self._sync = tuple(cell.sync if cell is not None else "" for cell in planned.cells)
        self._arrange(named(planned.layout), [of_cell(cell) for cell in planned.cells], planned.active)
        self._before = before
        self._filled()
        self._changed()

    def show_in(self, view: View, key: str) -> None:
        """Show a stack in one view, whoever's it is; the layout is the reader's own from then on."""
        self._views.activate(view)
        self._chosen[key] = view
        self._loading.show(key)

    def _show_in(self, view: View, key: str) -> None:
        """Show a stack in one view as its rule opens it; the others stay."""
        planned = self.planner.plan(key)
        cells = () if planned is None else planned.cells
        wanted = of_cell(next((cell for cell in cells if cell is not None and cell.stack_key == key), None))
        if wanted is not None:
            number = self._views.views.index(view)
            self._views.links.drop(number)
            self._sync = tuple("" if n == number else word for n, word in enumerate(self._sync))
            self._filling.put(number, replace(wanted, edge=""))

    def hang_again(self) -> None:
        """By rule, as the active stack opens: what was arranged by hand ends."""
        library = self._context.session.library
        exam = self.planner.exam(library.active)
        if exam is None or self.object_key:
            return
        self.planner.saved.use(exam.opened, "")
        planned = self.planner.plan(exam.opened.key)
        assert planned is not None
        self._left.forget()
        before, self.by_hand, self._hanging = self.layout, False, None
        self._hang(planned)
        self._changed()
        self._context.session.views.arrange(self.layout, before)

    def _scanned(self, study_uids: tuple[str, ...]) -> None:
        """All of a study is there now: a rule may hold that did not while it came in."""
        library = self._context.session.library
        study = library.active_study
        if study is None or study.uid not in study_uids or self.by_hand or self._hanging is None or self.object_key:
            return
        planned = self.planner.plan(library.active)
        if planned is not None and planned != self._hanging and self._loading.loader(library.active) is not None:
            self._hang(
                planned,
                [one for one in map(of_shown, self.layout.views) if one and self._loading.is_loaded(one.stack_key)],
            )
            self._changed()

    def _filled(self) -> None:
        """A view has its picture: views that belong together follow each other."""
        self._views.links.join(self._sync)
        before = self._before
        if before is not None and not self._filling.waits:
            self._before = None
            self._context.session.views.arrange(self.layout, before)

    def _show_object(self, key: str) -> None:
        """An object that is no picture: signals, a report, a PDF."""
        self.object_key = key
        self._changed()

    def clear(self) -> None:
        """Empty every view."""
        self.by_hand, self._hanging = False, None
        self._filling.drop()
        self._views.clear()

    # where the last run was

    def place(self) -> dict[str, Any]:
        """Where the views are, for the journal."""
        if not self.shown:
            return {}
        return places.place_of(self._views, self._context.session.library.active) | {"by_hand": self.by_hand}

    def come_back_to(self, place: dict[str, Any]) -> None:
        """Take layout, slices and windows of an earlier run, once its stack is shown."""
        self._left.take(place)

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
        return can(self._views, action_id, self.object_key)


def _take_settings(views: Views, context: Context) -> None:
    settings = context.settings
    views.change(
        hidden_name=settings.hide_patient_name,
        swap_drag=settings.swap_window_drag,
        buttons=(settings.mouse_left, settings.mouse_middle, settings.mouse_right),
        wheel=settings.mouse_wheel,
        presets=tuple(settings.presets.items()),
    )


def _speak_of(context: Context, key: str) -> None:
    """Panels speak of what the active view shows; of an empty one they go on with what they spoke of."""
    if key:
        context.session.library.activate(key)


def _stands(views: Views, filling: Filling, planned: Hanging) -> bool:
    """True where the views show what is planned, in the words of the reader's language."""
    pairs = zip(views.views, planned.cells, strict=False)
    as_planned = views.arrangement.name == named(planned.layout).name
    return as_planned and all(cell is None or filling.shows(view, cell) for view, cell in pairs)


def _view_of(views: Views, planned: Hanging) -> View:
    """The active view where that shows the stack that was opened, else the one the rule names."""
    cell = planned.cells[planned.active]
    return (
        views.active if cell is not None and views.active.stack_key == cell.stack_key else views.views[planned.active]
    )
