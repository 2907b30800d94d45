"""The card of a running analysis (screen 02)."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QProgressBar, QWidget

from viewer.core.task import JobState
from viewer.room.analyses import PackState
from viewer.room.background import Job
from viewer.room.panels.analysis import gate_badge
from viewer.ui.kit.basic import button, clear, column, icon_label, label, restyle, row
from viewer.ui.kit.marks import badge
from viewer.ui.kit.section import Card
from viewer.ui.panels.pack_cards import pack_head
from viewer.words.i18n import tr
from viewer.words.people import eta_words, seconds_words


class RunningCard(Card):
    """Percent, stage, time left, the steps so far, and Cancel (screen 02)."""

    def __init__(self, state: PackState, job: Job, device: str, cancel: Callable[[str], object]) -> None:
        super().__init__()
        self._job = job
        self._steps: dict[str, float] = {}
        self.set_selected(True)
        self.body.addLayout(pack_head(state.pack, badge(gate_badge(state.gate))))
        numbers = row(spacing=8)
        self._percent = label("", "page")
        self._stage = label("", "small")
        self._left = label("", "small")
        numbers.addWidget(self._percent)
        numbers.addWidget(self._stage, 1)
        numbers.addWidget(self._left)
        self.body.addLayout(numbers)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the analysis"))
        self.body.addWidget(self._bar)
        self._list = column(spacing=4)
        self.body.addLayout(self._list)
        foot = row()
        foot.addWidget(label(device, "caption"), 1)
        self._cancel = button(tr("Cancel"), lambda: cancel(self._job.id), icon="close", style="compact")
        foot.addWidget(self._cancel)
        self.body.addLayout(foot)
        self._shown_stages: tuple[str, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Show the job's last step."""
        job = self._job
        fraction = job.progress.fraction
        self._percent.setText(tr("starting") if fraction is None else f"{fraction * 100:.0f} %")
        role = "page" if fraction is not None else "small"
        if self._percent.property("role") != role:
            self._percent.setProperty("role", role)
            restyle(self._percent)
        self._bar.setValue(0 if fraction is None else round(fraction * 1000))
        cancelling = job.state is JobState.CANCELLING
        self._stage.setText(tr("Cancelling") if cancelling else tr(job.progress.stage))
        eta = job.progress.eta_seconds
        self._left.setText(eta_words(eta) if eta is not None and not cancelling else "")
        self._cancel.setEnabled(not cancelling)
        self._note_step(job.progress.stage)

    def _note_step(self, stage: str) -> None:
        now = time.monotonic()
        self._steps.setdefault(stage, now)
        stages = tuple(self._steps)
        if stages != self._shown_stages:
            self._shown_stages = stages
            self._rebuild_steps(stages)
        last = self._list.itemAt(self._list.count() - 1)
        inside = last.widget() if last is not None else None
        clock = inside.findChild(QLabel, "seconds") if inside is not None else None
        if clock is not None:
            clock.setText(seconds_words(now - self._steps[stages[-1]]))

    def _rebuild_steps(self, stages: tuple[str, ...]) -> None:
        clear(self._list)
        for position, stage in enumerate(stages):
            done = position < len(stages) - 1
            holder = QWidget()
            inside = row(holder, 8)
            inside.addWidget(icon_label("accepted" if done else "proposed", "accepted" if done else "accent", 16))
            inside.addWidget(label(tr(stage), "caption2" if done else "small"), 1)
            clock = label("", "caption")
            clock.setObjectName("seconds")
            if done:
                clock.setText(seconds_words(self._steps[stages[position + 1]] - self._steps[stage]))
            inside.addWidget(clock)
            self._list.addWidget(holder)
