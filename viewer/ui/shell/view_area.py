"""The middle of the window: hangs stacks in the grid of views and tells the rest what is on screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QStackedWidget, QWidget

from viewer.core.analysis import Box
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display import window as windows
from viewer.display.hanging import Hanging, Layout, hang
from viewer.display.slicing import Plane, needs_resampling
from viewer.room.events import JumpWanted
from viewer.room.room import Room
from viewer.room.views.values import value_words, where_words
from viewer.ui.shell import places
from viewer.ui.shell.view_overlays import OverViews
from viewer.words.i18n import date_words, time_words, tr
from viewer.words.people import corner_lines

if TYPE_CHECKING:
    from viewer.reading import StackLoader
    from viewer.room.views.facts import CursorInfo, Message
    from viewer.ui.object_views.pane import ObjectPane
    from viewer.ui.shell.view_commands import ViewCommands
    from viewer.ui.viewport.arrangement import ViewSpec
    from viewer.ui.viewport.grid import ViewGrid
    from viewer.ui.viewport.view import Viewport


class Centre(QStackedWidget):
    """Views on pictures, or the view of an object that is no picture.

    pyqtgraph is imported with the first picture, so that the window stands before.

    Signals:
        pointer: position and value in words; shown_changed: other stacks are on screen;
        moved: slice, window or layout changed; boxed: stack key and Box;
        place_wanted: a mark or picture that a chosen line of a report speaks of.
    """

    pointer = Signal(str, str)
    shown_changed = Signal()
    moved = Signal()
    boxed = Signal(str, object)
    files_dropped = Signal(object)
    place_wanted = Signal(object)

    def __init__(self, room: Room, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room = room
        self._grid: ViewGrid | None = None
        self._commands: ViewCommands | None = None
        self._object: ObjectPane | None = None
        self._object_key = ""
        self._hanging: Hanging | None = None
        self._by_hand = False
        self._windowed: set[str] = set()
        self._resampled: dict[str, Volume] = {}
        self._loaders: dict[str, StackLoader] = {}
        self._place: dict[str, Any] = {}
        self._tool = "window"
        self.over = OverViews(room)

    # the grid

    @property
    def grid(self) -> ViewGrid:
        """The grid of views, made when it is first needed."""
        if self._grid is None:
            self._make_grid()
        assert self._grid is not None
        return self._grid

    def _make_grid(self) -> None:
        from viewer.ui.shell.view_commands import ViewCommands
        from viewer.ui.viewport.grid import ViewGrid

        grid = ViewGrid(self._room.annotations)
        grid.set_tool(self._tool)
        grid.cursor_moved.connect(self._on_cursor)
        grid.active_changed.connect(self._on_active)
        grid.slice_changed.connect(self.moved)
        grid.window_changed.connect(self.moved)
        grid.layout_changed.connect(self.moved)
        grid.roi_changed.connect(self._on_roi)
        grid.message.connect(self._on_message)
        grid.files_dropped.connect(self._on_files)
        self.over.attach(grid)
        self._grid, self._commands = grid, ViewCommands(grid)
        self.addWidget(grid)
        self.take_settings()

    def take_settings(self) -> None:
        """New settings hold."""
        if self._grid is not None:
            settings = self._room.context.settings
            self._grid.set_hidden_name(settings.hide_patient_name)
            self._grid.set_swap_drag(settings.swap_window_drag)

    def take_keyboard(self) -> None:
        """Give the keys to the active view."""
        if self._grid is not None:
            self._grid.active.setFocus()

    # what is on screen

    @property
    def shown(self) -> tuple[str, ...]:
        """Keys of the stacks on screen, once each."""
        if self._object_key and self.currentWidget() is self._object:
            return (self._object_key,)
        if self._grid is None:
            return ()
        views = (self._grid.active,) if self._grid.maximised else self._grid.views
        return tuple(dict.fromkeys(v.picture.source.stack.key for v in views if v.picture is not None))

    @property
    def hanging_words(self) -> str:
        """The hanging rule that fired."""
        if self._hanging is None:
            return ""
        return tr("Hanging: {rule}", rule=tr("by hand") if self._by_hand else tr(self._hanging.rule))

    def show_loader(self, key: str, loader: StackLoader | None) -> None:
        """Show a stack whose pictures may still be coming: hung by rule, or in the active view."""
        if loader is None:
            return
        self._loaders[key] = loader
        self._windowed.discard(key)
        stack = loader.stack
        self._object_key = ""
        hanging = hang(stack) or Hanging(tr("Single view"), Layout.ONE, (Plane.NATIVE,))
        if places.hang_as_left(self.grid, self._place, key, lambda plane: self._spec(stack, loader, plane)):
            self._hanging, self._by_hand = hanging, True
        elif self._by_hand and len(self.grid.views) > 1:
            self._show_in(self.grid.active, stack, loader)
        else:
            self._hanging = hanging
            self._hang(stack, loader, hanging)
        self.setCurrentWidget(self.grid)
        self._set_first_window(key)
        self._restore_place(key)
        if loader.loaded.all():
            self._want_resampled(key)
        if not isinstance(self.window().focusWidget(), (QLineEdit, QPlainTextEdit)):
            self.take_keyboard()
        self.shown_changed.emit()

    def _hang(self, stack: Stack, loader: StackLoader, hanging: Hanging) -> None:
        specs = [self._spec(stack, loader, plane) for plane in hanging.planes]
        kept = [spec for spec in specs if spec is not None]
        layout = hanging.layout if len(hanging.planes) > 1 else Layout.ONE
        self.grid.show_views(layout, kept or [self._native(stack, loader)])

    def _spec(self, stack: Stack, loader: StackLoader, plane: Plane) -> ViewSpec | None:
        """What a view shall show; None while a cut across tilted slices waits to be resampled."""
        volume = loader.volume
        if needs_resampling(volume.geometry, plane):
            resampled = self._resampled.get(stack.key)
            return None if resampled is None else self._made(stack, resampled, plane, None)
        return self._made(stack, volume, plane, loader)

    def _native(self, stack: Stack, loader: StackLoader) -> ViewSpec:
        return self._made(stack, loader.volume, Plane.NATIVE, loader)

    def _made(self, stack: Stack, volume: Volume, plane: Plane, loader: StackLoader | None) -> ViewSpec:
        from viewer.ui.viewport.arrangement import ViewSpec

        study = self._room.context.session.library.study_of(stack.key)
        who = corner_lines(study) if study is not None else ()
        when = ", ".join(p for p in (date_words(study.date), time_words(study.time)) if p) if study else ""
        loaded = loader.loaded if loader is not None and not loader.loaded.all() else None
        return ViewSpec(stack, volume, plane, who, when, loaded)

    def _show_in(self, view: Viewport, stack: Stack, loader: StackLoader) -> None:
        spec = self._native(stack, loader)
        view.set_stack(spec.stack, spec.volume, spec.plane, spec.patient_lines, when=spec.when, loaded=spec.loaded)

    def show_object(self, stack: Stack | None) -> None:
        """Show an object that is no picture: signals, a report, a PDF."""
        if stack is None:
            return
        from viewer.ui.object_views.pane import ObjectPane

        if self._object is None:
            self._object = ObjectPane(self._room.context.pool)
            self._object.place_wanted.connect(self.place_wanted)
            self.addWidget(self._object)
        study = self._room.context.session.library.study_of(stack.key)
        hide = self._room.context.settings.hide_patient_name
        self._object.show_stack(stack, " · ".join(corner_lines(study, hide)) if study is not None else "")
        self._object_key = stack.key
        self.setCurrentWidget(self._object)
        self.shown_changed.emit()

    def more_slices(self, key: str) -> None:
        """Slices of a stack arrived."""
        if self._grid is not None:
            self._set_first_window(key)
            self._grid.refresh(key)

    def all_slices(self, key: str) -> None:
        """All slices of a stack are there."""
        self.more_slices(key)
        self._want_resampled(key)
        if not self._room.opening.is_busy:
            self._place = {}  # until a scan is over a stack may come again with more slices

    def _set_first_window(self, key: str) -> None:
        """The window a stack opens with, as soon as one of its slices is there to judge by."""
        loader = self._loaders.get(key)
        if loader is None or key in self._windowed or not loader.loaded.any():
            return
        self._windowed.add(key)
        middle = len(loader.loaded) // 2
        k = middle if loader.loaded[middle] else int(loader.loaded.argmax())
        named = windows.preset(loader.volume.modality, self._hanging.window) if self._hanging else None
        chosen = named or windows.default_window(loader.volume, k)
        for view in self.grid.views_of(key):
            view.set_window(chosen)

    def _want_resampled(self, key: str) -> None:
        """Cuts across tilted or uneven slices need a right-angled copy, made in a thread."""
        loader, hanging = self._loaders.get(key), self._hanging
        if loader is None or hanging is None or key in self._resampled:
            return
        if not any(needs_resampling(loader.volume.geometry, plane) for plane in hanging.planes):
            return

        def work(_tell: object, _cancel: object) -> Volume:
            from viewer.reading import resample_regular

            return resample_regular(loader.volume)

        def done(volume: Volume) -> None:
            self._resampled[key] = volume
            if self.shown == (key,) and not self._by_hand and self._hanging is hanging:
                chosen = self.grid.active.shown_window
                self._hang(loader.stack, loader, hanging)
                if chosen is not None:
                    self.grid.set_window(chosen)
                self.shown_changed.emit()

        self._room.context.pool.submit(work, done, self._room.context.complain)

    def clear(self) -> None:
        """Empty every view."""
        if self._grid is not None:
            self._grid.clear()
        self._by_hand, self._hanging = False, None
        self.shown_changed.emit()

    def forget(self, key: str) -> None:
        """A stack's pictures were dropped: no view may go on showing them."""
        self._loaders.pop(key, None)
        self._resampled.pop(key, None)
        self._windowed.discard(key)
        if self._grid is not None:
            for view in self._grid.views_of(key):
                view.clear()
            self.shown_changed.emit()

    def show_over(self) -> None:
        """Overlays, badges, boxes and volumes anew."""
        self.over.show_overlays(self.shown)
        self.over.show_volumes(self._by_hand)
        self.over.show_boxes(self.shown)

    def _on_roi(self, box: Box | None) -> None:
        self.boxed.emit(self._room.context.session.library.active, box)

    # drawings

    def show_drawing(self, drawing_id: str) -> None:
        """Go to a drawing."""
        drawing = next((d for d in self.grid.drawings.all() if d.id == drawing_id), None)
        if drawing is not None:
            for view in self.grid.views_of(drawing.stack_key):
                if view.picture is not None and view.picture.slice.name == drawing.plane:
                    view.set_slice(drawing.slice_index)

    # where to

    def go_to_spot(self, spot: JumpWanted) -> None:
        """Show an acquired slice, or a point of the patient in every plane."""
        for view in self.grid.views_of(spot.stack_key):
            if spot.lps is not None:
                view.show_lps(spot.lps)
            elif spot.index is not None and view.picture is not None and view.picture.view.native:
                view.set_slice(spot.index)

    def place(self) -> dict[str, Any]:
        """Where the window is, for the journal."""
        if self._grid is None or not self.shown:
            return {}
        active = self._room.context.session.library.active
        return places.place_of(self._grid, active) | {"by_hand": self._by_hand}

    def come_back_to(self, place: dict[str, Any]) -> None:
        """Take layout, slices and windows of an earlier run, once its stack is shown."""
        self._place = place

    def _restore_place(self, key: str) -> None:
        place = self._place
        if not place or place.get("stack") != key:
            return
        if places.restore(self.grid, key, place):
            self._windowed.add(key)

    # tools and actions

    def set_tool(self, tool: str) -> None:
        """Choose the left button's tool."""
        self._tool = tool
        if self._grid is not None:
            self._grid.set_tool(tool)

    def set_peek(self, peek: bool) -> None:
        """Hide overlays while the key is held."""
        if self._grid is not None:
            self._grid.set_peek(peek)

    def act(self, action_id: str) -> None:
        """Do an action of the active view."""
        if self._commands is None:
            return
        if action_id == "view.layout":
            self._by_hand = True
        self._commands.act(action_id)
        self.moved.emit()
        if action_id in ("view.layout", "view.maximise"):
            self.shown_changed.emit()

    def can(self, action_id: str) -> bool:
        """True where the action makes sense for what is on screen."""
        pictures = self._grid is not None and self.currentWidget() is self._grid
        if action_id.startswith(("series.", "patient.")):
            return True
        if not pictures or self._grid is None:
            return False
        if action_id == "view.sync":
            return len(self.shown) > 1
        if action_id == "tool.crosshair":
            return len(self._grid.views) > 1
        if action_id in ("slice.first", "slice.last", "image.cine"):
            return self._grid.active.slice_count > 1
        return True

    # what the grid tells

    def _on_cursor(self, info: CursorInfo | None) -> None:
        self.pointer.emit(where_words(info), value_words(info))

    def _on_active(self, view: Viewport) -> None:
        if view.picture is not None:
            self._room.context.session.library.activate(view.picture.source.stack.key)
        self.moved.emit()

    def _on_message(self, message: Message) -> None:
        self.grid.active.show_message(message)

    def _on_files(self, paths: list[Path]) -> None:
        self.files_dropped.emit([str(path) for path in paths])
