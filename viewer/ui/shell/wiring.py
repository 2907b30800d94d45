"""Which signal reaches what: every connection between panels and the parts of the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMetaObject, QObject, SignalInstance

from viewer.core.study import Patient
from viewer.room.room import Room
from viewer.ui.shell.actions import ACTIONS
from viewer.ui.shell.notices import done_words

if TYPE_CHECKING:
    from viewer.ui.shell.main_window import MainWindow


class Wiring:
    """Connections of one window; they are cut when another window takes its place."""

    def __init__(self, window: MainWindow, room: Room) -> None:
        self._made: list[QMetaObject.Connection] = []
        self._window, self._room = window, room
        self._studies()
        self._centre()
        self._tools()
        self._analysis()
        self._findings()
        self._report()
        self._context()

    def _link(self, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        self._made.append(signal.connect(slot))

    def _need(self, *parts: str) -> Callable[..., None]:
        """A slot that refreshes these parts of the window soon."""

        def need(*_values: object) -> None:
            self._window.presenter.need(*parts)

        return need

    def cut(self) -> None:
        """Disconnect everything."""
        for connection in self._made:
            QObject.disconnect(connection)
        self._made.clear()

    def _context(self) -> None:
        context, window = self._room.context, self._window
        self._link(context.told, window.presenter.on_event)
        self._link(context.trouble, window.notices.say)
        self._link(context.settings_changed, window.presenter.refresh_all)
        self._link(context.settings_changed, self._room.analyses.ask_again)
        self._link(window.start.language_chosen, lambda code: context.change_settings(language=code))

    def _studies(self) -> None:
        browser, room = self._window.browser, self._room
        self._link(browser.chosen, room.loading.show)
        self._link(browser.state_chosen, room.overlays.presentations.toggle)
        self._link(browser.refused_asked, self._window.commands.show_refused)
        self._link(browser.fold_asked, self._window.toggle_studies)
        self._link(room.opening.thumbnail, browser.put_thumbnail)
        self._link(room.opening.busy, self._need("studies"))
        self._link(self._window.banner.only, self._show_only)

    def _show_only(self, patient: Patient) -> None:
        self._window.centre.clear()
        self._room.show_patient(patient)

    def _centre(self) -> None:
        window, room, centre = self._window, self._room, self._window.centre
        self._link(room.loading.ready, centre.show_loader)
        self._link(room.loading.slices, centre.more_slices)
        self._link(room.loading.loaded, centre.all_slices)
        self._link(room.loading.dropped, centre.forget)
        self._link(room.loading.object_wanted, centre.show_object)
        self._link(room.go_to, centre.go_to)
        self._link(room.navigation.arrived, centre.go_to_spot)
        self._link(centre.place_wanted, room.navigation.go)
        self._link(centre.pointer, window.status.show_pointer)
        self._link(
            centre.shown_changed,
            self._need("studies", "patient", "analysis", "overlays", "measurements", "report", "commands"),
        )
        self._link(centre.shown_changed, lambda: room.loading.let_go(centre.shown))
        self._link(centre.moved, window.presenter.place_moved)
        self._link(centre.boxed, room.analyses.put_box)
        self._link(centre.files_dropped, room.opening.open_paths)
        self._link(room.annotations.changed, self._need("measurements"))
        self._link(window.right.measurements.shown, centre.show_drawing)
        self._link(window.right.measurements.removed, centre.remove_drawing)
        self._link(window.peek.toggled, room.overlays.toggle)
        self._link(window.peek.peeked, centre.set_peek)
        self._link(room.overlays.changed, self._need("overlays", "studies", "commands"))
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
        self._link(analyses.box_wanted, self._start_box)
        self._link(analyses.changed, self._need("analysis", "commands"))
        self._link(lane.progressed, window.presenter.job_moved)

    def _start_box(self, side: str) -> None:
        self._window.centre.over.start_box(side)
        self._window.actions_by_id["tool.box"].setChecked(True)

    def _findings(self) -> None:
        reviewing = self._room.reviewing
        for panel in (self._window.right.findings, self._window.side_findings):
            self._link(panel.selected, reviewing.select)
            self._link(panel.judged, reviewing.judge)
            self._link(panel.edited, reviewing.edit)
        self._link(self._room.findings_changed, self._need("findings", "overlays", "commands"))

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
        self._link(reporting.changed, self._need("report", "findings"))
        self._link(reporting.exporting, window.show_exporting)
        self._link(reporting.exported, self._say_exported)

    def _say_exported(self, folder: str, files: dict[str, object]) -> None:
        self._window.notices.say(done_words(folder, list(files)), "info")
