"""Which signal reaches what: every connection between panels and the parts of the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QMetaObject, QObject, SignalInstance
from PySide6.QtGui import QImage

from viewer.core.study import Patient
from viewer.room.events import (
    BoxWanted,
    Exported,
    Exporting,
    JumpWanted,
    ObjectWanted,
    SettingsChanged,
    SlicesArrived,
    StackDropped,
    StackLoaded,
    StackOpened,
    ThumbnailMade,
    Trouble,
)
from viewer.room.room import Room
from viewer.session import Event
from viewer.ui.shell.actions import ACTIONS
from viewer.ui.shell.notices import done_words

if TYPE_CHECKING:
    from viewer.ui.shell.main_window import MainWindow

_Kind = TypeVar("_Kind", bound=Event)


class Wiring:
    """Connections of one window; they are cut when another window takes its place."""

    def __init__(self, window: MainWindow, room: Room) -> None:
        self._made: list[QMetaObject.Connection] = []
        self._heard: list[Callable[[], None]] = []
        self._window, self._room = window, room
        self._studies()
        self._centre()
        self._tools()
        self._analysis()
        self._findings()
        self._report()
        self._whole_window()

    def _link(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        self._made.append(signal.connect(slot))

    def _hear(self, kind: type[_Kind], do: Callable[[_Kind], object]) -> None:
        """Do something at once when the room tells of an event; the presenter's parts follow a turn later."""
        self._heard.append(self._room.context.session.on(kind, do))

    def cut(self) -> None:
        """Disconnect everything."""
        for connection in self._made:
            QObject.disconnect(connection)
        for stop in self._heard:
            stop()
        self._made.clear()
        self._heard.clear()

    def _whole_window(self) -> None:
        context, window = self._room.context, self._window
        self._heard.append(context.session.subscribe(window.presenter.on_event))
        self._hear(Trouble, lambda event: window.notices.say(event.words))
        self._link(window.start.language_chosen, lambda code: context.change_settings(language=code))

    def _studies(self) -> None:
        browser, room = self._window.browser, self._room
        self._link(browser.chosen, room.loading.show)
        self._link(browser.state_chosen, room.presentations.toggle)
        self._link(browser.refused_asked, self._window.commands.show_refused)
        self._link(browser.fold_asked, self._window.toggle_studies)
        self._hear(ThumbnailMade, self._put_thumbnail)
        self._link(self._window.banner.only, self._show_only)

    def _put_thumbnail(self, event: ThumbnailMade) -> None:
        pixels = self._room.opening.thumbnail(event.stack_key)
        if pixels is not None:
            height, width, _ = pixels.shape
            picture = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
            self._window.browser.put_thumbnail(event.stack_key, picture)

    def _show_only(self, patient: Patient) -> None:
        self._window.centre.clear()
        self._room.show_patient(patient)

    def _centre(self) -> None:
        window, room, centre = self._window, self._room, self._window.centre
        library, views = room.context.session.library, room.context.session.views
        self._hear(StackOpened, lambda event: centre.show_loader(event.stack_key, room.loading.loader(event.stack_key)))
        self._hear(SlicesArrived, lambda event: centre.more_slices(event.stack_key))
        self._hear(StackLoaded, lambda event: centre.all_slices(event.stack_key))
        self._hear(StackDropped, lambda event: centre.forget(event.stack_key))
        self._hear(ObjectWanted, lambda event: centre.show_object(library.stack(event.stack_key)))
        self._hear(JumpWanted, centre.go_to_spot)
        self._hear(SettingsChanged, lambda _event: centre.take_settings())
        self._link(centre.place_wanted, room.navigation.go)
        self._link(centre.pointer, window.status.show_pointer)
        self._link(centre.shown_changed, lambda: views.put_shown(centre.shown))
        self._link(centre.moved, window.presenter.place_moved)
        self._link(centre.boxed, room.analyses.put_box)
        self._link(centre.files_dropped, room.opening.open_paths)
        self._link(room.annotations.changed, window.presenter.show_measurements)
        self._link(window.right.measurements.shown, centre.show_drawing)
        self._link(window.right.measurements.removed, centre.remove_drawing)
        self._link(window.peek.toggled, room.overlays.toggle)
        self._link(window.peek.peeked, centre.set_peek)
        self._link(window.right.segments.chosen, room.overlays.choose)

    def _tools(self) -> None:
        for entry in ACTIONS:
            if entry.tool:
                self._link(self._window.actions_by_id[entry.id].toggled, self._pick(entry.tool))

    def _pick(self, tool: str) -> Callable[[bool], None]:
        def pick(on: bool) -> None:
            if on:
                self._window.centre.set_tool(tool)

        return pick

    def _analysis(self) -> None:
        window, analyses, lane = self._window, self._room.analyses, self._room.context.lane
        panel = window.right.analysis
        self._link(panel.analyse_asked, analyses.run)
        self._link(panel.all_asked, analyses.run_all)
        self._link(panel.on_cpu_asked, lambda pack_id: analyses.run(pack_id, "cpu"))
        self._link(panel.cancel_asked, lane.cancel)
        self._link(panel.dismiss_asked, lane.dismiss)
        self._link(panel.box_asked, analyses.want_box)
        self._hear(BoxWanted, self._start_box)

    def _start_box(self, event: BoxWanted) -> None:
        self._window.centre.over.start_box(event.side)
        self._window.actions_by_id["tool.box"].setChecked(True)

    def _findings(self) -> None:
        reviewing = self._room.reviewing
        for panel in (self._window.right.findings, self._window.side_findings):
            self._link(panel.selected, reviewing.select)
            self._link(panel.judged, reviewing.judge)
            self._link(panel.edited, reviewing.edit)

    def _report(self) -> None:
        window, reporting = self._window, self._room.reporting
        writer = window.writer
        self._link(window.right.report.write_asked, lambda: window.show_report(True))
        self._link(window.right.report.export_asked, window.commands.export)
        self._link(writer.text_changed, reporting.put_text)
        self._link(writer.reader_changed, reporting.put_reader)
        self._link(writer.language_changed, lambda code: self._room.context.change_settings(language=code))
        self._link(writer.export_asked, window.commands.export)
        self._link(writer.sign_asked, reporting.sign)
        self._link(writer.finding_asked, self._room.reviewing.select)
        self._link(writer.closed, lambda: window.show_report(False))
        self._hear(Exporting, lambda event: window.show_exporting(event.running))
        self._hear(Exported, lambda event: window.notices.say(done_words(event.folder, list(event.files)), "info"))
