"""One finding: what, where, how sure, whose verdict, and the buttons to judge it (screens 03, 04)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from viewer.core.finding import Finding, FindingState, Side
from viewer.room.panels.findings import FindingLook
from viewer.ui.kit.basic import ElidedLabel, button, column, icon_label, label, row
from viewer.ui.kit.flow import FlowRow
from viewer.ui.kit.keys import native
from viewer.ui.kit.marks import STATE_ICONS, Badge, ScoreBar, Swatch
from viewer.ui.kit.section import Card
from viewer.words.i18n import named, said, tr
from viewer.words.numbers import value_words
from viewer.words.verdicts import side_words, state_words

_BADGES = {
    FindingState.PROPOSED: "proposed",
    FindingState.ACCEPTED: "accepted",
    FindingState.UNSURE: "unsure",
    FindingState.REJECTED: "rejected",
}
NOT_VALIDATED = "Not validated on patients: proved on drawn shapes only, or known to be off; see the card of the pack."
_SIDES = (Side.NONE, Side.LEFT, Side.RIGHT, Side.BOTH)


def not_validated_line() -> QWidget:
    """What the star beside a number means."""
    line = QWidget()
    cells = row(line)
    cells.addWidget(label("*", "small"))
    cells.addWidget(Badge("warned", tr("not validated"), tr(NOT_VALIDATED)))
    cells.addStretch(1)
    return line


def verdict_words(finding: Finding) -> str:
    """ "Dr. A. Reader, 10:21 · not edited"."""
    clock = finding.when[11:16]
    who = ", ".join(part for part in (finding.reader or tr("reader not named"), clock) if part)
    return f"{who} · {tr('edited') if finding.edited else tr('not edited')}"


class FindingCard(Card):
    """Shows a finding; verdict buttons appear when it is selected."""

    judged = Signal(str, object)
    edit_asked = Signal(str)

    def __init__(self, look: FindingLook, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.look = look
        self.set_clickable()
        finding = look.finding
        self.setAccessibleName(f"{look.number} {named(finding.label)}, {state_words(finding.state)}, {look.place}")
        self.body.addLayout(self._head())
        inner = column(spacing=4)
        inner.setContentsMargins(28, 0, 0, 0)
        if look.brief and not look.selected:
            inner.addWidget(ElidedLabel(self._brief_words(), "caption2"))
        else:
            self._add_details(inner)
        self.body.addLayout(inner)
        if look.selected and not look.locked:
            self._add_buttons()
        self.set_selected(look.selected)

    def _head(self) -> QHBoxLayout:
        finding = self.look.finding
        head = row()
        icon, token = STATE_ICONS[finding.state]
        head.addWidget(icon_label(icon, token, 20, state_words(finding.state)))
        if self.look.swatch is not None:
            head.addWidget(Swatch(*self.look.swatch))
        title = ElidedLabel(f"{self.look.number} {named(finding.label)}", "strong")
        if finding.state is FindingState.REJECTED:
            face = title.font()
            face.setStrikeOut(True)
            title.setFont(face)
        head.addWidget(title, 1)
        if self.look.locked:
            head.addWidget(icon_label("lock", "text_3", 16, tr("Locked: the report is signed")))
        head.addWidget(Badge(_BADGES[finding.state], state_words(finding.state)))
        return head

    def _brief_words(self) -> str:
        finding = self.look.finding
        score = tr("score {score:.2f}", score=finding.score) if finding.score is not None else ""
        size = value_words(finding.measurements[0]) if finding.measurements else ""
        return " · ".join(part for part in (self.look.place, size, score) if part)

    def _add_details(self, inner: QVBoxLayout) -> None:
        finding = self.look.finding
        if self.look.place:
            inner.addWidget(label(self.look.place, "small", wrap=True))
        for measurement in finding.measurements:
            line = QWidget()
            cells = row(line)
            mark = "" if measurement.validated else " *"
            cells.addWidget(label(named(measurement.name), "caption", wrap=True), 1)
            cells.addWidget(label(f"{value_words(measurement)}{mark}", "small"))
            inner.addWidget(line)
        if not all(measurement.validated for measurement in finding.measurements):
            inner.addWidget(not_validated_line())
        for note in finding.notes:
            inner.addWidget(label(said(note), "caption", wrap=True))
        if finding.score is not None:
            self._add_score(inner, finding)
        if finding.comment:
            inner.addWidget(label(f"“{finding.comment}”", "caption2", wrap=True))
        if finding.edited and finding.original is not None and finding.original.label != finding.label:
            inner.addWidget(label(tr("Proposed as: {label}", label=finding.original.label), "caption", wrap=True))
        if finding.state is not FindingState.PROPOSED or finding.edited:
            inner.addWidget(ElidedLabel(verdict_words(finding), "caption2"))

    def _add_score(self, inner: QVBoxLayout, finding: Finding) -> None:
        assert finding.score is not None
        point = finding.operating_point
        line = QWidget()
        cells = row(line)
        cells.addWidget(label(tr("Score"), "small"))
        value = label(f"{finding.score:.2f}", "small")
        value.setStyleSheet("font-weight: 600;")
        cells.addWidget(value)
        cells.addStretch(1)
        if point is not None:
            words = tr("threshold {value:.2f}, {name}", value=point.threshold, name=tr(point.name.replace("_", " ")))
            cells.addWidget(ElidedLabel(words, "caption"))
        inner.addWidget(line)
        inner.addWidget(ScoreBar(finding.score, point.threshold if point else None))

    def _add_buttons(self) -> None:
        finding = self.look.finding
        buttons = FlowRow(spacing=4)
        verdicts = (
            (tr("Accept"), FindingState.ACCEPTED, "accepted"),
            (tr("Not sure"), FindingState.UNSURE, "unsure"),
            (tr("Reject"), FindingState.REJECTED, "rejected"),
        )
        open_still = finding.state is FindingState.PROPOSED
        for text, state, icon in verdicts:
            if state is finding.state:
                continue
            style = "primary compact" if open_still and state is FindingState.ACCEPTED else "compact"
            made = button(text, None, icon=icon, style=style)
            made.setProperty("verdict", state.value)
            made.clicked.connect(self._on_verdict)
            buttons.addWidget(made)
        buttons.addWidget(button(tr("Edit"), lambda: self.edit_asked.emit(finding.id), style="quiet compact"))
        self.body.addLayout(buttons)
        if open_still:
            self.body.addWidget(label(self._key_words(), "caption", wrap=True))

    def _key_words(self) -> str:
        """Keys beside what they do, where they have one."""
        names = tr("accept"), tr("reject"), tr("edit"), tr("next")
        keys = (native(key) for key in self.look.keys)
        return " · ".join(f"{key} {name}" for key, name in zip(keys, names, strict=True) if key)

    def _on_verdict(self) -> None:
        state = FindingState(self.sender().property("verdict"))
        self.judged.emit(self.look.finding.id, state)


class EditForm(Card):
    """Label, side and comment of a finding, edited in place."""

    saved = Signal(str, str, object, str)
    cancelled = Signal()

    def __init__(self, finding: Finding, number: int, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._finding = finding
        self.set_selected(True)
        self.body.addWidget(label(tr("Edit finding {n}", n=number), "strong"))
        self._label = QLineEdit(finding.label)
        self._label.setAccessibleName(tr("Name of the finding"))
        self._side = QComboBox()
        self._side.setAccessibleName(tr("Side"))
        for side in _SIDES:
            self._side.addItem(side_words(side) or tr("no side"), side)
        self._side.setCurrentIndex(_SIDES.index(finding.side))
        self._comment = QLineEdit(finding.comment)
        self._comment.setAccessibleName(tr("Comment"))
        for words, widget in ((tr("Name"), self._label), (tr("Side"), self._side), (tr("Comment"), self._comment)):
            self.body.addWidget(label(words, "caption"))
            self.body.addWidget(widget)
        if finding.pack:
            self.body.addWidget(label(tr("The proposal is kept beside your words."), "caption", wrap=True))
        buttons = row()
        buttons.addWidget(button(tr("Save"), self._save, style="primary compact"))
        buttons.addWidget(button(tr("Cancel"), self.cancelled.emit, style="compact"))
        buttons.addStretch(1)
        self.body.addLayout(buttons)
        self._label.returnPressed.connect(self._save)
        self._comment.returnPressed.connect(self._save)

    def start(self) -> None:
        """Put the keyboard into the name."""
        self._label.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._label.selectAll()

    def _save(self) -> None:
        side = self._side.currentData()
        self.saved.emit(self._finding.id, self._label.text().strip(), Side(side), self._comment.text().strip())
