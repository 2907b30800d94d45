"""The parts of the job, put together: what follows from what."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding
from viewer.core.study import Patient, ScanResult, Stack, Study
from viewer.display.hanging import pick
from viewer.reading.pixels.decoders import warm as warm_decoders
from viewer.room.analyses import Analyses
from viewer.room.annotations import Annotations
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.room.navigation import Navigation
from viewer.room.opening import Opening
from viewer.room.overlays import Overlays
from viewer.room.packs import Packs
from viewer.room.report import Reporting
from viewer.room.reviewing import Reviewing
from viewer.session import Event, FindingChanged, ReportChanged, ResultAdded, StudyClosed


class Room(QObject):
    """Opening, showing, analysing, reviewing, reporting of one window.

    Signals:
        findings_changed: verdicts, results or the selection; go_to: stack key and finding.
    """

    findings_changed = Signal()
    go_to = Signal(str, object)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.context = context
        self.packs = Packs(context)
        self.opening = Opening(context)
        self.loading = Loading(context)
        self.analyses = Analyses(context, self.packs)
        self.overlays = Overlays(context)
        self.reviewing = Reviewing(context)
        self.reporting = Reporting(context, self.packs)
        self.annotations = Annotations(context)
        self.navigation = Navigation(context, self.loading, self.overlays.presentations)
        self._place: str = ""
        self._waiting: tuple[str, Finding] | None = None
        context.told.connect(self._on_event)
        self.opening.scanned.connect(self._on_scanned)
        self.opening.found.connect(self._on_found)
        self.opening.restored.connect(self.annotations.restore)
        self.loading.loaded.connect(self.analyses.loaded)
        self.loading.dropped.connect(self.analyses.let_go)
        self.loading.ended.connect(self._on_ended)
        self.loading.loaded.connect(self.overlays.external.look)
        self.loading.dropped.connect(self.overlays.external.drop)
        self.loading.dropped.connect(self.overlays.presentations.drop)
        self.loading.ready.connect(self._on_ready)
        self.analyses.arrived.connect(self._on_arrived)
        self.reviewing.jump.connect(self._on_jump)
        self.reviewing.changed.connect(self.findings_changed)
        self.overlays.changed.connect(self.findings_changed)

    def start(self) -> None:
        """After the first paint: packs, then the decoder and the inference process."""
        self.packs.read()
        warm_decoders()
        self.analyses.start_process()

    def show_again(self) -> None:
        """Another window took the place of the old one: show there what was active."""
        active = self.context.session.library.active
        if active:
            self.loading.show(active)

    def open_at(self, key: str) -> None:
        """Show this stack as soon as a scan finds it (where the last run was)."""
        self._place = key

    @Slot()
    def _on_found(self) -> None:
        """The first picture is shown while the scan still runs."""
        library = self.context.session.library
        self.loading.renew(scan_over=not self.opening.is_busy)
        if self._place and library.stack(self._place) is not None:
            key, self._place = self._place, ""
            self.loading.show(key)
        elif not library.active and not self._place:
            self._show_first(library.studies, pictures_only=True)

    @Slot()
    def _on_ended(self) -> None:
        """A stack that grew while it was being read is read again, once the scan is over."""
        if not self.opening.is_busy:
            self.loading.renew(scan_over=True)

    @Slot(object)
    def _on_scanned(self, result: ScanResult) -> None:
        library = self.context.session.library
        self.loading.renew(scan_over=True)
        if not library.active or library.stack(library.active) is None:
            self._place = ""
            self._show_first(result.studies)

    def _show_first(self, studies: tuple[Study, ...], pictures_only: bool = False) -> None:
        """Show the newest study's first picture; a report or mask only where no picture can still come."""
        newest = sorted(studies, key=lambda s: (s.date, s.time), reverse=True)
        for study in newest:
            stack: Stack | None = pick(study.stacks)
            if stack is not None:
                self.loading.show(stack.key)
                return
        if pictures_only:
            return
        anything = next((stack for study in newest for stack in study.stacks), None)
        if anything is not None:
            self.loading.show(anything.key)

    def show_patient(self, patient: Patient) -> None:
        """Show the newest study of a patient."""
        self._show_first(tuple(s for s in self.context.session.library.studies if s.patient == patient))

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, StudyClosed):
            self.context.lane.drop_study(event.study_uid)
            self.opening.forget(event.study_uid)
        elif isinstance(event, (ResultAdded, FindingChanged, ReportChanged)):
            self.findings_changed.emit()
            self.analyses.changed.emit()

    @Slot(str)
    def _on_arrived(self, result_id: str) -> None:
        """A fresh result: select its first open finding, without moving the picture."""
        entry = self.context.session.review.result(result_id)
        if entry is None or entry.stack_key != self.context.session.library.active:
            return
        result: AnalysisResult = entry.result
        if result.findings and self.reviewing.current() is None:
            self.reviewing.select(result.findings[0].id, jump=False)

    @Slot(str, object)
    def _on_jump(self, key: str, finding: Finding) -> None:
        if self.context.session.library.active != key or self.loading.loader(key) is None:
            self._waiting = (key, finding)
            self.loading.show(key, finding.location.slice_index)
        else:
            self.go_to.emit(key, finding)

    @Slot(str, object)
    def _on_ready(self, key: str, _loader: object) -> None:
        if self._waiting is not None and self._waiting[0] == key:
            # Views are hung by whoever hears of the same news after us.
            QTimer.singleShot(0, self._go_on)

    @Slot()
    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.go_to.emit(*waiting)

    def close_study(self, uid: str) -> None:
        """Close a study and go on with what is left."""
        study = self.context.session.library.study(uid)
        if study is None:
            return
        for stack in study.stacks:
            if self.loading.loader(stack.key) is not None:
                self.loading.drop(stack.key)
        self.context.session.close_study(uid)
        self._show_first(self.context.session.library.studies)
