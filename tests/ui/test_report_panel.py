"""The report's writer: a field for every section of the table."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from viewer.core.sections import SECTIONS
from viewer.room import guidelines
from viewer.room.panels.report import RemarkRow, ReportView
from viewer.ui.panels.guideline_form import GuidelineForm
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


def test_what_the_lint_asks_is_shown_found_in_the_text_and_let_stand_with_a_reason(qtbot: QtBot) -> None:
    writer = ReportWriter()
    qtbot.addWidget(writer)
    critical = RemarkRow("side_mismatch", "impression", "left nodule", "The side is not that of the finding.", True)
    view = ReportView(
        study_uid="1.2", sections=(("impression", "A left nodule."),), reader="A", organization="B", remarks=(critical,)
    )
    writer.show_view(view)
    sign = next(one for one in writer.findChildren(QPushButton) if one.accessibleName() == "Sign")
    assert not sign.isEnabled()
    buttons = {one.text(): one for one in writer.findChildren(QPushButton)}
    buttons["Show"].click()
    field = next(one for one in writer.findChildren(GrowingText) if one.accessibleName() == "Impression")
    assert field.textCursor().selectedText() == "left nodule"
    buttons["Let stand..."].click()
    reason = next(one for one in writer.findChildren(QLineEdit) if one.accessibleName() == "Why it stands")
    assert not reason.isHidden()
    reason.setText(" Checked on the films ")
    with qtbot.waitSignal(writer.stand_asked) as told:
        reason.returnPressed.emit()
    assert told.args == ["side_mismatch", "impression", "left nodule", "Checked on the films"]
    writer.show_view(replace(view, remarks=(replace(critical, reason="Checked on the films"),)))
    assert sign.isEnabled()
    assert any("Checked on the films" in one.text() for one in writer.findChildren(QLabel))


class Told:
    """Stands for the room: one guideline, one answer."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.kept: list[str] = []

    def names(self) -> tuple[str, ...]:
        return ("mine",)

    def form(self, name: str) -> guidelines.Form:
        item = (guidelines.Field("composition", ("solid", "ground_glass")), guidelines.Field("long_mm", value="8"))
        return guidelines.Form(name, "My guideline", (item,), (guidelines.Field("screening", is_flag=True),))

    def ask(self, name: str, items: object, case: object) -> guidelines.Told:
        self.asked.append((name, items, case))
        return guidelines.Told("CT in a year.", ("Rule: r1",), "CT in a year (rule r1)")

    def put(self, words: str) -> None:
        self.kept.append(words)


def test_a_guideline_is_asked_beside_the_recommendation(qtbot: QtBot) -> None:
    room = Told()
    form = GuidelineForm(cast(guidelines.Guidelines, room))
    qtbot.addWidget(form)
    boxes = {one.accessibleName(): one for one in form.findChildren(QComboBox)}
    boxes["Guideline"].setCurrentIndex(1)
    boxes["Guideline"].activated.emit(1)
    boxes = {one.accessibleName(): one for one in form.findChildren(QComboBox)}
    boxes["Composition"].setCurrentIndex(2)
    boxes["Screening CT"].setCurrentIndex(2)
    pressed = {one.text(): one for one in form.findChildren(QPushButton)}
    pressed["Ask"].click()
    assert room.asked == [("mine", [{"composition": "ground_glass", "long_mm": "8"}], {"screening": "no"})]
    assert {"CT in a year.", "Rule: r1"} <= {one.text() for one in form.findChildren(QLabel)}
    next(one for one in form.findChildren(QPushButton) if one.text() == "Put into the recommendation").click()
    assert room.kept == ["CT in a year (rule r1)"]
