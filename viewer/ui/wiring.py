"""Which signal reaches what: every connection between panels and the parts of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.core.study import Patient
from viewer.ui.control.work import Work
from viewer.ui.notices import done_words

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


def connect_all(window: MainWindow, work: Work) -> None:
    """Connect a window to its work."""
    _connect_studies(window, work)
    _connect_centre(window, work)
    _connect_analysis(window, work)
    _connect_findings(window, work)
    _connect_report(window, work)
    desk = work.desk
    desk.told.connect(window.presenter.on_event)
    desk.trouble.connect(window.notices.say)
    desk.settings_changed.connect(window.presenter.refresh_all)
    desk.settings_changed.connect(work.analysing.ask_again)
    window.start.language_chosen.connect(lambda code: desk.change_settings(language=code))


def _connect_studies(window: MainWindow, work: Work) -> None:
    browser = window.browser
    browser.chosen.connect(work.showing.show)
    browser.refused_asked.connect(window.commands.show_refused)
    browser.fold_asked.connect(window.toggle_studies)
    work.opening.thumbnail.connect(browser.put_thumbnail)
    work.opening.busy.connect(lambda _busy: window.presenter.need("studies"))
    window.banner.only.connect(lambda patient: _show_only(window, work, patient))


def _show_only(window: MainWindow, work: Work, patient: Patient) -> None:
    window.centre.clear()
    work.show_patient(patient)


def _connect_centre(window: MainWindow, work: Work) -> None:
    centre, presenter = window.centre, window.presenter
    work.showing.ready.connect(centre.show_loader)
    work.showing.slices.connect(centre.more_slices)
    work.showing.loaded.connect(centre.all_slices)
    work.showing.dropped.connect(centre.forget)
    work.showing.object_wanted.connect(centre.show_object)
    work.go_to.connect(presenter.go_to)
    centre.pointer.connect(window.status.show_pointer)
    centre.shown_changed.connect(lambda: presenter.need("studies", "patient", "overlays", "report", "commands"))
    centre.shown_changed.connect(lambda: work.showing.let_go(centre.shown))
    centre.moved.connect(presenter.place_moved)
    centre.drawings_changed.connect(lambda: presenter.need("measurements"))
    centre.boxed.connect(work.analysing.put_box)
    centre.files_dropped.connect(work.opening.open_paths)
    centre.said.connect(window.notices.say)
    window.right.measurements.shown.connect(centre.show_drawing)
    window.right.measurements.removed.connect(centre.remove_drawing)
    window.peek.toggled.connect(work.overlaying.toggle)
    window.peek.peeked.connect(centre.set_peek)
    work.overlaying.changed.connect(lambda: presenter.need("overlays"))
    window.right.segments.chosen.connect(work.overlaying.choose)
    for name in ("window", "pan", "zoom", "scroll", "crosshair", "length", "angle", "ellipse", "box", "probe"):
        _connect_tool(window, name)
    for name in ("arrow", "text"):
        _connect_tool(window, name)


def _connect_tool(window: MainWindow, tool: str) -> None:
    action = window.actions_by_id[f"tool.{tool}"]
    action.toggled.connect(lambda on: window.centre.set_tool(tool) if on else None)


def _connect_analysis(window: MainWindow, work: Work) -> None:
    panel, analysing = window.right.analysis, work.analysing
    panel.analyse_asked.connect(analysing.run)
    panel.on_cpu_asked.connect(lambda pack_id: analysing.run(pack_id, "cpu"))
    panel.cancel_asked.connect(work.desk.lane.cancel)
    panel.dismiss_asked.connect(work.desk.lane.dismiss)
    panel.box_asked.connect(analysing.want_box)
    analysing.box_wanted.connect(lambda _side: window.actions_by_id["tool.box"].setChecked(True))
    analysing.changed.connect(lambda: window.presenter.need("analysis", "commands"))
    work.desk.lane.progressed.connect(lambda _job: window.presenter.show_job())


def _connect_findings(window: MainWindow, work: Work) -> None:
    for panel in (window.right.findings, window.side_findings):
        panel.selected.connect(work.reviewing.select)
        panel.judged.connect(work.reviewing.judge)
        panel.edited.connect(work.reviewing.edit)
    work.findings_changed.connect(lambda: window.presenter.need("findings", "overlays", "commands"))


def _connect_report(window: MainWindow, work: Work) -> None:
    writer, reporting = window.writer, work.reporting
    window.right.report.write_asked.connect(lambda: window.show_report(True))
    window.right.report.export_asked.connect(window.commands.export)
    writer.text_changed.connect(reporting.put_text)
    writer.reader_changed.connect(reporting.put_reader)
    writer.language_changed.connect(lambda code: work.desk.change_settings(language=code))
    writer.export_asked.connect(window.commands.export)
    writer.sign_asked.connect(reporting.sign)
    writer.finding_asked.connect(work.reviewing.select)
    writer.closed.connect(lambda: window.show_report(False))
    reporting.changed.connect(lambda: window.presenter.need("report", "findings"))
    reporting.exported.connect(lambda folder, files: window.notices.say(done_words(folder, list(files)), "info"))
