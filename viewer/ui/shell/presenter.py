"""Shows what the session and the parts of the job hold in the panels, once a turn of the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from viewer.core.geometry import SpacingKind
from viewer.core.task import JobState
from viewer.room.events import (
    ExternalChanged,
    JobProgressed,
    JobsChanged,
    PacksChanged,
    ScanEnded,
    ScanProgressed,
    SettingsChanged,
)
from viewer.room.panels import analysis, findings, overlays, report
from viewer.room.panels.studies import shown_letters, state_rows
from viewer.room.room import Room
from viewer.session import (
    Activated,
    BoxesChanged,
    Event,
    FindingChanged,
    GateChanged,
    KeyMarksChanged,
    OverlaysChanged,
    ReportChanged,
    ResultAdded,
    SelectionChanged,
    StudiesChanged,
    StudyClosed,
    ViewsChanged,
)
from viewer.ui.kit.refresh import Part, Refresher, later
from viewer.ui.panels.analysis_panel import UPDATE_MS
from viewer.words.i18n import tr
from viewer.words.people import patient_line, patient_name, study_words

if TYPE_CHECKING:
    from viewer.ui.shell.main_window import MainWindow

#: A place is stored this long after the last move (ms).
_PLACE_MS = 700
#: Cards made anew have their sizes by then (ms).
_LAID_OUT_MS = 60
#: Another stack, other results, or none any more: nearly every part concerns it.
_OTHER = (Activated, ResultAdded, StudyClosed, SettingsChanged)


class Presenter(QObject):
    """Brings the parts of the window up to date; several changes in one turn make one refresh."""

    def __init__(self, window: MainWindow, room: Room) -> None:
        super().__init__(window)
        self._window, self._room = window, room
        self._selected = ""
        self._parts = Refresher(self._table(), self)
        self._job = later(self, UPDATE_MS, self.show_job)
        self._place = later(self, _PLACE_MS, self.keep_place)
        self._card = later(self, _LAID_OUT_MS, self._show_selected)

    def _table(self) -> tuple[Part, ...]:
        """Each part with the events it hears, in the order in which they are brought up to date."""
        scans = (StudiesChanged, ScanProgressed, ScanEnded)
        changed = (FindingChanged, ReportChanged, ViewsChanged)
        judged = (FindingChanged, ReportChanged, SelectionChanged)
        over = (OverlaysChanged, ExternalChanged, ViewsChanged)
        return (
            Part(self.show_studies, (*_OTHER, *scans, *over)),
            Part(self.show_patient, (*_OTHER, StudiesChanged, ViewsChanged)),
            Part(self.show_analysis, (*_OTHER, *changed, GateChanged, JobsChanged, PacksChanged, BoxesChanged)),
            Part(self.show_overlays, (*_OTHER, *judged, *over, GateChanged, KeyMarksChanged)),
            Part(self.show_findings, (*_OTHER, *judged, OverlaysChanged, ExternalChanged)),
            Part(self.show_measurements, (SettingsChanged, ViewsChanged)),
            Part(self.show_report, (*_OTHER, *changed, KeyMarksChanged)),
            Part(self.show_status, (Activated, SettingsChanged)),
            Part(self.show_commands, (*_OTHER, *judged, *over, StudiesChanged, JobsChanged, GateChanged, PacksChanged)),
        )

    def on_event(self, event: Event) -> None:
        """Note what an event concerns; the running job is followed at most four times a second."""
        self._parts.on_event(event)
        if isinstance(event, JobProgressed) and not self._job.isActive():
            self._job.start()

    def refresh_all(self) -> None:
        """Refresh everything soon."""
        self._parts.refresh_all()

    # parts

    @property
    def _hides_names(self) -> bool:
        return self._room.context.settings.hide_patient_name

    def show_studies(self) -> None:
        """Studies, files, banner, and the start page or the views."""
        library, window = self._room.context.session.library, self._window
        shown = window.centre.shown
        states = {key: state_rows(self._room.presentations, key) for key in shown}
        window.browser.show_studies(library.studies, shown, self._hides_names, states)
        window.browser.show_files(library.files, library.refused, self._room.opening.is_busy)
        window.browser.show_hanging(window.centre.hanging_words)
        window.show_pictures(bool(library.studies))
        patients = self._room.context.session.patients_shown
        window.banner.show_patients(patients, self._hides_names)
        window.status.show_people(len(patients))
        if len(patients) > 1 and window.shows_report:
            window.show_report(False)

    def show_patient(self) -> None:
        """Patient block and window title."""
        library, window = self._room.context.session.library, self._window
        study = library.active_study
        if study is None:
            window.right.show_patient(None)
            window.setWindowTitle("SecondRead")
            return
        name = patient_name(study.patient, self._hides_names)
        lines = (name, patient_line(study.patient, study, self._hides_names), study_words(study))
        letter = shown_letters(library.studies, window.centre.shown).get(study.patient, "")
        window.right.show_patient(lines, letter)
        window.setWindowTitle(f"{name} – SecondRead")

    def show_analysis(self) -> None:
        """Packs, jobs and results of the active stack."""
        self._window.right.analysis.show_view(analysis.state(self._room.context.session, self._room))
        self.show_job()
        self._window.centre.over.show_boxes(self._window.centre.shown)

    @Slot()
    def show_job(self) -> None:
        """The running job in the status bar."""
        running = self._room.context.lane.running
        words = ""
        if running is not None:
            fraction = running.progress.fraction
            percent = f" {fraction * 100:.0f} %" if fraction is not None else ""
            words = tr("Cancelling") if running.state is JobState.CANCELLING else f"{tr('Analysing')}{percent}"
        self._window.status.show_job(words)
        self._window.status.show_device(self._room.analyses.device_words())

    def show_overlays(self) -> None:
        """Overlay section, and the overlays of every view."""
        self._window.right.segments.show_view(overlays.state(self._room.context.session, self._room))
        self._window.centre.show_over()

    def show_findings(self) -> None:
        """Findings in the right panel and beside the report."""
        view = findings.state(self._room.context.session, self._room)
        self._window.right.findings.show_view(view)
        if self._room.reviewing.selected != self._selected:
            self._selected = self._room.reviewing.selected
            self._card.start()
        if self._window.shows_report:
            self._window.side_findings.show_view(view)

    @Slot()
    def _show_selected(self) -> None:
        """Bring the selected card into sight."""
        card = self._window.right.findings.selected_card()
        if card is not None:
            self._window.right.show_section(card)

    def show_measurements(self) -> None:
        """What the reader drew on the shown series."""
        self._window.right.measurements.show_rows(self._window.centre.measure_rows())

    def show_report(self) -> None:
        """Report section and writer."""
        window = self._window
        blocked = tr("Off: two patients are on screen.") if self._room.context.session.two_patients else ""
        view = report.state(self._room.context.session, self._room, blocked)
        window.right.report.show_view(view)
        if window.shows_report:
            window.writer.show_view(view)

    def show_status(self) -> None:
        """Geometry verdict of the active stack."""
        library, status = self._room.context.session.library, self._window.status
        stack = library.stack(library.active)
        if stack is None:
            status.show_nothing()
        else:
            status.show_reading()
            status.show_pointer("", "")
            at_detector = stack.geometry is not None and stack.geometry.spacing_kind is SpacingKind.DETECTOR
            status.show_geometry(stack.verdict if stack.geometry is not None else None, at_detector)
        status.show_device(self._room.analyses.device_words())

    def show_commands(self) -> None:
        """Which actions may be used."""
        self._window.commands.update()

    # the place

    def place_moved(self) -> None:
        """Store where the window is, a moment later."""
        self._place.start()

    @Slot()
    def keep_place(self) -> None:
        """Store where the window is, now."""
        self._place.stop()
        place: dict[str, Any] = self._window.centre.place()
        if place:
            place["selected"] = self._room.reviewing.selected
            place["report"] = self._window.shows_report
            self._room.context.recorder.place(place)
