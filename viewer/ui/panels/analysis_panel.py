"""Analysis section: which packs suit, what runs, what ran, and in words why not."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from viewer.core.task import JobState
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.panels.analysis import AnalysisView, Asks, split_refused
from viewer.ui.kit.basic import button, clear, icon_label, label, line, row
from viewer.ui.kit.keys import native
from viewer.ui.kit.section import Message, Section
from viewer.ui.panels.pack_cards import failed_card, idle_card, ran_row, waiting_card
from viewer.ui.panels.refused_packs import RefusedFold, refused_card, refused_row
from viewer.ui.panels.running_card import RunningCard
from viewer.words.i18n import tr

#: Packs that cannot be used and are named; their number is always said.
_BROKEN_SHOWN = 3
#: The bar moves at most this often (design.md, "Motion").
UPDATE_MS = 250


class AnalysisPanel(Section):
    """Lists packs for the active series and drives the lane through its signals."""

    analyse_asked = Signal(str)
    all_asked = Signal()
    on_cpu_asked = Signal(str)
    cancel_asked = Signal(str)
    dismiss_asked = Signal(str)
    box_asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Analysis"), parent)
        self._view = AnalysisView()
        self._asks = Asks(
            analyse=self.analyse_asked.emit,
            key=lambda: native(self._view.key),
            on_cpu=self.on_cpu_asked.emit,
            cancel=self.cancel_asked.emit,
            dismiss=self.dismiss_asked.emit,
            box=self.box_asked.emit,
        )
        self._running: RunningCard | None = None
        self._unfolded = False
        self._clock = QTimer(self)
        self._clock.setInterval(UPDATE_MS)
        self._clock.timeout.connect(self._on_tick)

    def show_view(self, view: AnalysisView) -> None:
        """Show packs, queue and results anew."""
        self._view = view
        clear(self.body)
        self._running = None
        self._clock.stop()
        self.set_count(view.counts)
        if not view.has_series:
            self._show_empty(view)
            return
        if view.blocked:
            self.body.addWidget(label(view.blocked, "caption2" if view.no_picture else "warn", wrap=True))
        self._add_all(view)
        states = view.in_order
        for state in states:
            if not state.is_only_refused:
                self._add_pack(state)
        self._add_refused([s for s in states if s.is_only_refused])
        self._add_broken(view)
        self._add_notes(view)

    def _show_empty(self, view: AnalysisView) -> None:
        self.body.addWidget(label(tr("Nothing to analyse yet"), "strong"))
        words = tr("Open a study and this list says which packs suit it, and in words why the others do not.")
        self.body.addWidget(label(words, "caption", wrap=True))
        if view.verified:
            self.body.addWidget(line())
            note = row(spacing=8)
            note.addWidget(icon_label("accepted", "accepted", 16), 0, Qt.AlignmentFlag.AlignTop)
            note.addWidget(label(view.verified, "small", wrap=True), 1)
            self.body.addLayout(note)
        self._add_broken(view)

    def _add_broken(self, view: AnalysisView) -> None:
        """Packs that are damaged or incomplete: one message for all."""
        count = len(view.broken)
        if count:
            head = tr("1 pack cannot be used.") if count == 1 else tr("{n} packs cannot be used.", n=count)
            self.body.addWidget(Message("warn", head, "\n".join(words for _, words in view.broken[:_BROKEN_SHOWN])))

    def _add_pack(self, state: PackState) -> None:
        job = state.job
        if job is not None and job.state in (JobState.RUNNING, JobState.CANCELLING):
            self._running = RunningCard(state, job, self._view.device, self.cancel_asked.emit)
            self.body.addWidget(self._running)
            self._clock.start()
        elif job is not None and job.state is JobState.QUEUED:
            place = next((n for n, j in enumerate(self._queue()) if j.id == job.id), 0)
            self.body.addWidget(waiting_card(state.pack, state.gate, place, lambda: self.cancel_asked.emit(job.id)))
        elif job is not None and job.state is JobState.FAILED:
            self.body.addWidget(failed_card(self._asks, state, job))
        elif state.entries:
            self.body.addWidget(ran_row(self._asks, state))
        else:
            self.body.addWidget(idle_card(self._asks, state, primary=not self._primary_taken(state)))

    def _add_refused(self, refused: list[PackState]) -> None:
        """Refused packs: the near ones with their reasons, those for other pictures in one row."""
        near, far = split_refused(refused)
        if far and len(far) == len(self._view.packs):
            self.body.addWidget(label(tr("No pack is made for this kind of picture"), "strong", wrap=True))
        shape = refused_row if any(s.entries for s in self._view.packs) else refused_card
        for state in near:
            self.body.addWidget(shape(state))
        if far:
            self.body.addWidget(RefusedFold(far, is_open=self._unfolded, on_toggle=self._on_fold))

    def _on_fold(self, is_open: bool) -> None:
        self._unfolded = is_open

    def _add_all(self, view: AnalysisView) -> None:
        """One button for all packs that suit, where there are several."""
        if len(view.suiting) > 1:
            made = button(
                tr("Analyse with all {n} that suit", n=len(view.suiting)), self.all_asked.emit, style="primary compact"
            )
            made.setToolTip(tr("{what} (Shift+F5)", what=tr("Analyse with all that suit")))
            self.body.addWidget(made)

    def _primary_taken(self, state: PackState) -> bool:
        """True unless `state` is the first pack that can be run: one primary button a section."""
        if len(self._view.suiting) > 1:
            return True
        runnable = [s for s in self._view.in_order if not s.refused and not s.entries and s.job is None]
        return not runnable or runnable[0].pack.id != state.pack.id

    def _queue(self) -> list[Job]:
        return [j for j in self._view.jobs if j.state is JobState.QUEUED]

    def _add_notes(self, view: AnalysisView) -> None:
        if not view.packs and not view.broken and not view.no_picture:
            self.body.addWidget(label(tr("No packs are installed"), "strong"))
            words = tr("Install one with: secondread packs install FILE. The rest of the program works without packs.")
            self.body.addWidget(label(words, "caption", wrap=True))
        elif self._running is not None:
            words = tr(
                "Go on reading: window, zoom and measuring stay live. "
                "Cancel takes effect within 2 s and keeps the earlier results."
            )
            self.body.addWidget(label(words, "caption", wrap=True))
        elif any(s.refused for s in view.packs):
            words = tr("Refused packs cannot be forced. A refusal is not a negative result: nothing was looked at.")
            self.body.addWidget(label(words, "caption", wrap=True))
        if view.others:
            words = tr("{n} analyses of other series run or wait.", n=view.others)
            self.body.addWidget(label(words, "caption", wrap=True))
        self.body.addStretch(0)

    @Slot()
    def _on_tick(self) -> None:
        if self._running is not None:
            self._running.refresh()
