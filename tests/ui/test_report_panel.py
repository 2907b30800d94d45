"""The report's writer: a field for every section of the table."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from viewer.core.sections import SECTIONS
from viewer.room.panels.report import ReportView
from viewer.ui.panels.report_panel import GrowingText, ReportWriter


def test_every_section_can_be_typed_and_is_told(qtbot: QtBot) -> None:
    writer = ReportWriter()
    qtbot.addWidget(writer)
    writer.show_view(ReportView(study_uid="1.2"))
    fields = {field.accessibleName(): field for field in writer.findChildren(GrowingText)}
    assert list(fields) == [section.heading for section in SECTIONS]
    fields["Image quality"].setPlainText("Motion")
    fields["Critical result"].setPlainText("None to report")
    with qtbot.waitSignal(writer.text_changed) as told:
        writer.keep_text()
    assert told.args == ["1.2", {"quality": "Motion", "critical": "None to report"}]
