"""The page on which a report is written: findings beside the writer (screen 07)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSplitter

from viewer.room.guidelines import Guidelines
from viewer.room.panels import findings, report
from viewer.room.room import Room
from viewer.ui.kit.basic import column
from viewer.ui.kit.refresh import Part
from viewer.ui.panels.report_panel import REPORT_WIDTH, ReportWriter
from viewer.ui.shell.right_panel import Acts, findings_panel, part_of

FINDINGS_WIDTH = 296


class ReportPage(QSplitter):
    """Follows the room while it is open.

    Attributes:
        parts: what in it follows the room.
    """

    def __init__(self, room: Room, acts: Acts) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.is_open = False
        self.findings = findings_panel(room, acts)
        self.writer = _writer(room, acts)
        holder = QFrame()
        holder.setProperty("kind", "panel")
        inside = column(holder)
        inside.addWidget(self.findings)
        inside.addStretch(1)
        self.addWidget(holder)
        self.addWidget(self.writer)
        self.setStretchFactor(1, 1)
        self.setSizes([FINDINGS_WIDTH, REPORT_WIDTH])
        followed = (
            part_of(room, self.findings, findings.state, findings.HEARS),
            part_of(room, self.writer, report.state, report.HEARS),
        )
        self.parts = tuple(Part(self._while_open(part), part.hears) for part in followed)

    def _while_open(self, part: Part) -> Callable[[], None]:
        def update() -> None:
            if self.is_open:
                part.update()

        return update


def _writer(room: Room, acts: Acts) -> ReportWriter:
    made, reporting = ReportWriter(Guidelines(room.context)), room.reporting
    made.text_changed.connect(reporting.put_text)
    made.reader_changed.connect(reporting.put_reader)
    made.language_changed.connect(lambda code: room.context.change_settings(language=code))
    made.export_asked.connect(acts["report.export"])
    made.sign_asked.connect(reporting.sign)
    made.stand_asked.connect(reporting.overrule)
    made.finding_asked.connect(room.reviewing.select)
    made.closed.connect(acts["report.write"])
    return made
