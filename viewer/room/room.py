"""The parts of the job, put together: what follows from what."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from viewer.core.analysis import AnalysisResult
from viewer.core.finding import Finding
from viewer.core.study import Patient, ScanResult, Stack, Study
from viewer.display.hanging import pick
from viewer.reading.pixels.decoders import warm as warm_decoders
from viewer.room.analyses import Analysing
from viewer.room.annotations import Drawing
from viewer.room.context import Desk
from viewer.room.loading import Showing
from viewer.room.navigation import Jumping
from viewer.room.opening import Opening
from viewer.room.overlays import Overlaying
from viewer.room.packs import Packs
from viewer.room.report import Reporting
from viewer.room.reviewing import Reviewing
from viewer.session import Event, FindingChanged, ReportChanged, ResultAdded, StudyClosed


class Work(QObject):
    """Opening, showing, analysing, reviewing, reporting of one window.

    Signals:
        findings_changed: verdicts, results or the selection; go_to: stack key and finding.
    """

    findings_changed = Signal()
    go_to = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.desk = desk
        self.packs = Packs(desk)
        self.opening = Opening(desk)
        self.showing = Showing(desk)
        self.analysing = Analysing(desk, self.packs)
        self.overlaying = Overlaying(desk)
        self.reviewing = Reviewing(desk, self.overlaying, self.packs)
        self.reporting = Reporting(desk, self.packs)
        self.drawing = Drawing(desk)
        self.jumping = Jumping(desk, self.showing, self.overlaying.presenting)
        self._place: str = ""
        self._waiting: tuple[str, Finding] | None = None
        desk.told.connect(self._on_event)
        self.opening.scanned.connect(self._on_scanned)
        self.opening.found.connect(self._on_found)
        self.opening.restored.connect(self.drawing.restore)
        self.showing.loaded.connect(self.analysing.loaded)
        self.showing.dropped.connect(self.analysing.let_go)
        self.showing.ended.connect(self._on_ended)
        self.showing.loaded.connect(self.overlaying.borrowed.look)
        self.showing.dropped.connect(self.overlaying.borrowed.drop)
        self.showing.dropped.connect(self.overlaying.presenting.drop)
        self.showing.ready.connect(self._on_ready)
        self.analysing.arrived.connect(self._on_arrived)
        self.reviewing.jump.connect(self._on_jump)
        self.reviewing.changed.connect(self.findings_changed)
        self.overlaying.changed.connect(self.findings_changed)

    def start(self) -> None:
        """After the first paint: packs, then the decoder and the inference process."""
        self.packs.read()
        warm_decoders()
        self.analysing.start_process()

    def show_again(self) -> None:
        """Another window took the place of the old one: show there what was active."""
        active = self.desk.session.library.active
        if active:
            self.showing.show(active)

    def open_at(self, key: str) -> None:
        """Show this stack as soon as a scan finds it (where the last run was)."""
        self._place = key

    @Slot()
    def _on_found(self) -> None:
        """The first picture is shown while the scan still runs."""
        library = self.desk.session.library
        self.showing.renew(scan_over=not self.opening.is_busy)
        if self._place and library.stack(self._place) is not None:
            key, self._place = self._place, ""
            self.showing.show(key)
        elif not library.active and not self._place:
            self._show_first(library.studies, pictures_only=True)

    @Slot()
    def _on_ended(self) -> None:
        """A stack that grew while it was being read is read again, once the scan is over."""
        if not self.opening.is_busy:
            self.showing.renew(scan_over=True)

    @Slot(object)
    def _on_scanned(self, result: ScanResult) -> None:
        library = self.desk.session.library
        self.showing.renew(scan_over=True)
        if not library.active or library.stack(library.active) is None:
            self._place = ""
            self._show_first(result.studies)

    def _show_first(self, studies: tuple[Study, ...], pictures_only: bool = False) -> None:
        """Show the newest study's first picture; a report or mask only where no picture can still come."""
        newest = sorted(studies, key=lambda s: (s.date, s.time), reverse=True)
        for study in newest:
            stack: Stack | None = pick(study.stacks)
            if stack is not None:
                self.showing.show(stack.key)
                return
        if pictures_only:
            return
        anything = next((stack for study in newest for stack in study.stacks), None)
        if anything is not None:
            self.showing.show(anything.key)

    def show_patient(self, patient: Patient) -> None:
        """Show the newest study of a patient."""
        self._show_first(tuple(s for s in self.desk.session.library.studies if s.patient == patient))

    @Slot(object)
    def _on_event(self, event: Event) -> None:
        if isinstance(event, StudyClosed):
            self.desk.lane.drop_study(event.study_uid)
            self.opening.forget(event.study_uid)
        elif isinstance(event, (ResultAdded, FindingChanged, ReportChanged)):
            self.findings_changed.emit()
            self.analysing.changed.emit()

    @Slot(str)
    def _on_arrived(self, result_id: str) -> None:
        """A fresh result: select its first open finding, without moving the picture."""
        entry = self.desk.session.review.result(result_id)
        if entry is None or entry.stack_key != self.desk.session.library.active:
            return
        result: AnalysisResult = entry.result
        if result.findings and self.reviewing.current() is None:
            self.reviewing.select(result.findings[0].id, jump=False)

    @Slot(str, object)
    def _on_jump(self, key: str, finding: Finding) -> None:
        if self.desk.session.library.active != key or self.showing.loader(key) is None:
            self._waiting = (key, finding)
            self.showing.show(key, finding.location.slice_index)
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
        study = self.desk.session.library.study(uid)
        if study is None:
            return
        for stack in study.stacks:
            if self.showing.loader(stack.key) is not None:
                self.showing.drop(stack.key)
        self.desk.session.close_study(uid)
        self._show_first(self.desk.session.library.studies)
