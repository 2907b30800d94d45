"""Which signal reaches what: every connection between panels and the parts of the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMetaObject, QObject, SignalInstance

from viewer.core.study import Patient
from viewer.room.room import Work
from viewer.ui.shell.actions import ACTIONS
from viewer.ui.shell.notices import done_words

if TYPE_CHECKING:
    from viewer.ui.shell.main_window import MainWindow


class Wiring:
    """Connections of one window; they are cut when another window takes its place."""

    def __init__(self, window: MainWindow, work: Work) -> None:
        self._made: list[QMetaObject.Connection] = []
        self._window, self._work = window, work
        self._studies()
        self._centre()
        self._tools()
        self._analysis()
        self._findings()
        self._report()
        self._desk()

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

    def _desk(self) -> None:
        desk, window = self._work.desk, self._window
        self._link(desk.told, window.presenter.on_event)
        self._link(desk.trouble, window.notices.say)
        self._link(desk.settings_changed, window.presenter.refresh_all)
        self._link(desk.settings_changed, self._work.analysing.ask_again)
        self._link(window.start.language_chosen, lambda code: desk.change_settings(language=code))

    def _studies(self) -> None:
        browser, work = self._window.browser, self._work
        self._link(browser.chosen, work.showing.show)
        self._link(browser.state_chosen, work.overlaying.presenting.toggle)
        self._link(browser.refused_asked, self._window.commands.show_refused)
        self._link(browser.fold_asked, self._window.toggle_studies)
        self._link(work.opening.thumbnail, browser.put_thumbnail)
        self._link(work.opening.busy, self._need("studies"))
        self._link(self._window.banner.only, self._show_only)

    def _show_only(self, patient: Patient) -> None:
        self._window.centre.clear()
        self._work.show_patient(patient)

    def _centre(self) -> None:
        window, work, centre = self._window, self._work, self._window.centre
        self._link(work.showing.ready, centre.show_loader)
        self._link(work.showing.slices, centre.more_slices)
        self._link(work.showing.loaded, centre.all_slices)
        self._link(work.showing.dropped, centre.forget)
        self._link(work.showing.object_wanted, centre.show_object)
        self._link(work.go_to, centre.go_to)
        self._link(work.jumping.arrived, centre.go_to_spot)
        self._link(centre.place_wanted, work.jumping.go)
        self._link(centre.pointer, window.status.show_pointer)
        self._link(
            centre.shown_changed,
            self._need("studies", "patient", "analysis", "overlays", "measurements", "report", "commands"),
        )
        self._link(centre.shown_changed, lambda: work.showing.let_go(centre.shown))
        self._link(centre.moved, window.presenter.place_moved)
        self._link(centre.boxed, work.analysing.put_box)
        self._link(centre.files_dropped, work.opening.open_paths)
        self._link(work.drawing.changed, self._need("measurements"))
        self._link(window.right.measurements.shown, centre.show_drawing)
        self._link(window.right.measurements.removed, centre.remove_drawing)
        self._link(window.peek.toggled, work.overlaying.toggle)
        self._link(window.peek.peeked, centre.set_peek)
        self._link(work.overlaying.changed, self._need("overlays", "studies", "commands"))
        self._link(window.right.segments.chosen, work.overlaying.choose)

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
        window, analysing, lane = self._window, self._work.analysing, self._work.desk.lane
        panel = window.right.analysis
        self._link(panel.analyse_asked, analysing.run)
        self._link(panel.all_asked, analysing.run_all)
        self._link(panel.on_cpu_asked, lambda pack_id: analysing.run(pack_id, "cpu"))
        self._link(panel.cancel_asked, lane.cancel)
        self._link(panel.dismiss_asked, lane.dismiss)
        self._link(panel.box_asked, analysing.want_box)
        self._link(analysing.box_wanted, self._start_box)
        self._link(analysing.changed, self._need("analysis", "commands"))
        self._link(lane.progressed, window.presenter.job_moved)

    def _start_box(self, side: str) -> None:
        self._window.centre.over.start_box(side)
        self._window.actions_by_id["tool.box"].setChecked(True)

    def _findings(self) -> None:
        reviewing = self._work.reviewing
        for panel in (self._window.right.findings, self._window.side_findings):
            self._link(panel.selected, reviewing.select)
            self._link(panel.judged, reviewing.judge)
            self._link(panel.edited, reviewing.edit)
        self._link(self._work.findings_changed, self._need("findings", "overlays", "commands"))

    def _report(self) -> None:
        window, reporting = self._window, self._work.reporting
        writer = window.writer
        self._link(window.right.report.write_asked, lambda: window.show_report(True))
        self._link(window.right.report.export_asked, window.commands.export)
        self._link(writer.text_changed, reporting.put_text)
        self._link(writer.reader_changed, reporting.put_reader)
        self._link(writer.language_changed, lambda code: self._work.desk.change_settings(language=code))
        self._link(writer.export_asked, window.commands.export)
        self._link(writer.sign_asked, reporting.sign)
        self._link(writer.finding_asked, self._work.reviewing.select)
        self._link(writer.closed, lambda: window.show_report(False))
        self._link(reporting.changed, self._need("report", "findings"))
        self._link(reporting.exporting, window.show_exporting)
        self._link(reporting.exported, self._say_exported)

    def _say_exported(self, folder: str, files: dict[str, object]) -> None:
        self._window.notices.say(done_words(folder, list(files)), "info")
