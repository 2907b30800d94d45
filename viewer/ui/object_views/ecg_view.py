"""A 12-lead ECG to read: layout, speed, gain, time, calipers and what the machine said."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QScrollBar, QWidget

from viewer.core.finding import Evidence
from viewer.core.waveform import Channel, Waveform
from viewer.display import ecg
from viewer.ui.kit.basic import button, column, frame, label, row
from viewer.ui.object_views.ecg_paper import EcgPaper
from viewer.words.i18n import tr

STANDARD, SIX, ROWS = "standard", "six", "rows"
#: Seconds of the recording on one sheet.
PAGE_S = 10.0
#: The scroll bar counts tenths of a second.
TENTHS = 10
#: Most height for the machine's statements, px; longer ones scroll.
STATEMENTS_PX = 96


class EcgView(QWidget):
    """One ECG object. A double click on a lead shows it alone; another one brings the sheet back."""

    def __init__(self, waveform: Waveform, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waveform = waveform
        self._groups = [group for group in ecg.groups(waveform) if ecg.is_ecg(group)]
        self._leads = ecg.leads_of(self._groups[0])
        self._alone: str | None = None
        self.paper = EcgPaper()
        self._zoomed = False
        self._build()
        self.paper.measured.connect(self._on_measured)
        self.paper.lead_wanted.connect(self._on_lead)
        self._choose_group(0)

    def _build(self) -> None:
        outer = column(self)
        outer.addWidget(self._controls())
        self._area = QScrollArea()
        self._area.setWidget(self.paper)
        self._area.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.viewport().installEventFilter(self)
        outer.addWidget(self._area, 1)
        self.time = QScrollBar(Qt.Orientation.Horizontal)
        self.time.setAccessibleName(tr("Time in the recording"))
        self.time.setPageStep(int(PAGE_S * TENTHS))
        self.time.setSingleStep(TENTHS)
        self.time.valueChanged.connect(self._on_time)
        outer.addWidget(self.time)
        outer.addWidget(self._footer())
        if self._waveform.annotations:
            outer.addWidget(_statements(self._waveform.annotations))

    def _controls(self) -> QFrame:
        bar = frame("header")
        line = row(bar)
        line.setContentsMargins(12, 6, 12, 6)
        self.group = _choices(
            tr("Recording"), [_group_words(n, g) for n, g in enumerate(self._groups)], self._choose_group
        )
        self.group.setVisible(len(self._groups) > 1)
        self.layout_box = _choices(tr("Layout"), [], self._on_choice)
        self.speed = _choices(tr("Paper speed"), [f"{speed:g} mm/s" for speed in ecg.SPEEDS], self._on_choice)
        self.speed.setCurrentIndex(ecg.SPEEDS.index(25.0))
        self.gain = _choices(tr("Gain"), [f"{gain:g} mm/mV" for gain in ecg.GAINS], self._on_choice)
        self.gain.setCurrentIndex(ecg.GAINS.index(10.0))
        self.march = button(
            tr("March out"), self._on_march, style="chip", tip=tr("Repeat the interval along the strip")
        )
        self.march.setCheckable(True)
        self.march.setEnabled(False)
        for widget in (self.group, self.layout_box, self.speed, self.gain, self.march):
            line.addWidget(widget)
        line.addStretch(1)
        self.result = label("", "strong", selectable=True)
        self.result.setAccessibleName(tr("Caliper"))
        line.addWidget(self.result)
        return bar

    def _footer(self) -> QFrame:
        foot = frame("footer")
        line = row(foot)
        line.setContentsMargins(12, 4, 12, 4)
        self.paper_words = label("", "caption2")
        self.hint = label(tr("Drag on a strip to measure. Double click shows one lead."), "caption")
        line.addWidget(self.paper_words)
        line.addStretch(1)
        line.addWidget(self.hint)
        return foot

    @property
    def leads(self) -> list[ecg.Lead]:
        """Leads of the recording on screen."""
        return self._leads

    def set_evidence(self, evidence: tuple[Evidence, ...]) -> None:
        """Mark the leads and beats that decided, and say what the marks are; () takes them away."""
        self.paper.set_evidence(evidence)
        marked = tr("AI draft: the marked leads and beats moved the score.")
        self.hint.setText(marked if evidence else tr("Drag on a strip to measure. Double click shows one lead."))

    def _choose_group(self, n: int) -> None:
        self._leads = ecg.leads_of(self._groups[n])
        self._alone = None
        longest = max(lead.seconds for lead in self._leads)
        names = [(ROWS, tr("One row a lead"))]
        if ecg.has_standard_leads(self._leads):
            columns = [(STANDARD, tr("3 x 4 and rhythm strip")), (SIX, tr("6 x 2"))]
            names = columns + names if longest >= PAGE_S else names
        self.layout_box.blockSignals(True)
        self.layout_box.clear()
        for key, words in names:
            self.layout_box.addItem(words, key)
        self.layout_box.blockSignals(False)
        self.time.setMaximum(max(0, round((longest - PAGE_S) * TENTHS)))
        self.time.setVisible(self.time.maximum() > 0)
        self._draw()

    @Slot(int)
    def _on_choice(self, _index: int) -> None:
        self._draw()

    @Slot(int)
    def _on_time(self, _tenths: int) -> None:
        self._draw()

    @Slot(str)
    def _on_lead(self, name: str) -> None:
        self._alone = None if self._alone else name
        self._draw()

    def _on_march(self) -> None:
        self.paper.set_march(self.march.isChecked())

    @Slot(str)
    def _on_measured(self, words: str) -> None:
        self.result.setText(words)
        self.march.setEnabled(bool(words))

    def _draw(self) -> None:
        paper = ecg.Paper(ecg.SPEEDS[self.speed.currentIndex()], ecg.GAINS[self.gain.currentIndex()])
        self.paper.set_sheet(self._sheet(paper))
        self._fit()
        self.paper_words.setText(self._words(paper))

    def _words(self, paper: ecg.Paper) -> str:
        rate = tr("sampled at {n} Hz", n=f"{self._leads[0].frequency_hz:g}")
        parts = [f"{paper.speed:g} mm/s", f"{paper.gain:g} mm/mV", rate]
        if self.time.maximum() > 0:
            start = self.time.value() / TENTHS
            parts.append(tr("from {start} s of {whole} s", start=f"{start:.1f}", whole=f"{self._leads[0].seconds:.0f}"))
        return "   ".join(parts)

    def _sheet(self, paper: ecg.Paper) -> ecg.Sheet:
        start = self.time.value() / TENTHS
        if self._alone is not None:
            chosen = [lead for lead in self._leads if lead.name == self._alone]
            return ecg.row_sheet(chosen, paper, start, PAGE_S)
        layout = self.layout_box.currentData()
        if layout == STANDARD:
            return ecg.standard_sheet(self._leads, paper, start)
        if layout == SIX:
            return ecg.two_column_sheet(self._leads, paper, start)
        return ecg.row_sheet(self._leads, paper, start, PAGE_S)

    def _fit(self) -> None:
        """Sheets that fit are shown whole at the normal speed; others are as wide as the view."""
        sheet = self.paper.sheet
        room = self._area.viewport().size()
        normal = ecg.LEFT_MM + min(PAGE_S, max(lead.seconds for lead in self._leads)) * 25.0
        scale = room.width() / max(1.0, min(normal, sheet.width))
        if len(sheet.strips) > 1 and self.layout_box.currentData() != ROWS:
            scale = min(scale, room.height() / sheet.height)
        self.paper.set_scale(scale)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit anew."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit when the room for the sheet changes."""
        if watched is self._area.viewport() and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)


def _choices(name: str, words: list[str], on_choice: Callable[[int], None]) -> QComboBox:
    box = QComboBox()
    box.addItems(words)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    box.activated.connect(on_choice)
    return box


def _group_words(n: int, group: tuple[Channel, ...]) -> str:
    seconds = len(group[0].samples) / group[0].frequency_hz
    return tr("Recording {n}: {seconds} s", n=n + 1, seconds=f"{seconds:.3g}")


def _statements(lines: tuple[str, ...]) -> QWidget:
    """What the cart wrote into the file, marked as its own word."""
    panel = frame("footer")
    inside = column(panel, margins=12, spacing=4)
    head = row()
    head.addWidget(label(tr("From the machine"), "strong"))
    head.addWidget(label(tr("Written by the recorder, not verified by a reader."), "caption"), 1)
    inside.addLayout(head)
    # A statement is not torn apart at a line's end.
    whole = [line.replace(" ", "\u00a0") for line in lines]
    inside.addWidget(label(" \u00a0·\u00a0 ".join(whole), "secondary", wrap=True, selectable=True))
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setMaximumHeight(STATEMENTS_PX)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
