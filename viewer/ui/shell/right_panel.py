"""The right panel: patient, Analysis, Overlay or Segments, Findings, Measurements, Report."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from viewer.ui.kit.basic import ElidedLabel, column, frame, label
from viewer.ui.panels.analysis_panel import AnalysisPanel
from viewer.ui.panels.findings_panel import FindingsPanel
from viewer.ui.panels.measurements_panel import MeasurementsPanel
from viewer.ui.panels.report_panel import ReportSection
from viewer.ui.panels.segments_panel import SegmentsPanel
from viewer.words.i18n import tr

WIDTH, MIN_WIDTH, MAX_WIDTH = 360, 320, 480


class RightPanel(QFrame):
    """Patient on top, sections below that scroll, the report's state fixed at the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.analysis = AnalysisPanel()
        self.segments = SegmentsPanel()
        self.findings = FindingsPanel()
        self.measurements = MeasurementsPanel()
        self.report = ReportSection()
        self.segments.hide()
        whole = column(self)
        self._patient = frame("block")
        inside = column(self._patient, 12, 1)
        self._for = label("", "caption")
        self._name = ElidedLabel(role="title")
        self._who = ElidedLabel(role="caption2")
        self._study = ElidedLabel(role="caption2")
        for widget in (self._for, self._name, self._who, self._study):
            inside.addWidget(widget)
        whole.addWidget(self._patient)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = frame("panel")
        sections = column(page)
        for section in (self.analysis, self.segments, self.findings, self.measurements):
            sections.addWidget(section)
        sections.addStretch(1)
        scroll.setWidget(page)
        self._scroll = scroll
        whole.addWidget(scroll, 1)
        whole.addWidget(self.report)
        self.show_patient(None)

    def show_patient(self, lines: tuple[str, str, str] | None, letter: str = "") -> None:
        """Name, sex and age and ID, study: readable without a click at every moment."""
        self._patient.setVisible(lines is not None)
        if lines is None:
            return
        self._for.setText(tr("Active view: patient {letter}", letter=letter) if letter else tr("For patient"))
        name, who, study = lines
        self._name.set_whole(name)
        self._who.set_whole(who)
        self._study.set_whole(study)

    def show_section(self, section: QWidget) -> None:
        """Scroll a section into sight."""
        self._scroll.ensureWidgetVisible(section, 0, 12)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """360 wide."""
        return QSize(WIDTH, 700)
