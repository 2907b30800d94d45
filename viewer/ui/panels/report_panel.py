"""The report: a short section in the right panel, and the writer beside the findings (screen 07)."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QTextCursor
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QScrollArea, QWidget

from viewer.core.finding import Finding, Side
from viewer.core.sections import SECTIONS, Block, SectionSpec
from viewer.room.guidelines import Guidelines
from viewer.room.panels.report import ReportView
from viewer.ui.kit import icons
from viewer.ui.kit.basic import ElidedLabel, button, clear, column, frame, icon_label, label, row
from viewer.ui.kit.section import HEADER_HEIGHT, Message, Section, close_button
from viewer.ui.panels.guideline_form import GuidelineForm
from viewer.ui.panels.remarks_box import RemarksBox
from viewer.words.i18n import LANGUAGES, date_words, language, tr
from viewer.words.language import words_in
from viewer.words.verdicts import side_words

#: Typing is kept this long after the last key (ms), and at once when the field is left.
_KEEP_MS = 600
REPORT_WIDTH = 640
#: Folders the report was written to that are listed, the last ones.
_EXPORTS = 3


class ReportSection(Section):
    """State of the report and the way to the writer."""

    write_asked = Signal()
    export_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Report"), parent)

    def show_view(self, view: ReportView) -> None:
        """Show the state anew."""
        clear(self.body)
        self.set_count(view.state_words)
        if view.blocked:
            line = row()
            line.addWidget(icon_label("warn", "warn", 16), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(label(view.blocked, "small", wrap=True), 1)
            self.body.addLayout(line)
            return
        if not view.study_uid:
            words = tr("Starts when the first finding is accepted or written by you.")
            self.body.addWidget(label(words, "caption", wrap=True))
            return
        if view.key_images:
            words = tr("1 key image") if view.key_images == 1 else tr("{n} key images", n=view.key_images)
            self.body.addWidget(label(words, "small"))
        for name, words, sound in view.exports[:_EXPORTS]:
            self.body.addLayout(_export_line(name, words, sound))
        buttons = row()
        buttons.addWidget(button(tr("Write report"), self.write_asked.emit, icon="report", style="compact"))
        buttons.addWidget(button(tr("Export report..."), self.export_asked.emit, style="compact"))
        buttons.addStretch(1)
        self.body.addLayout(buttons)


def _export_line(name: str, words: str, sound: bool) -> QHBoxLayout:
    """A folder the report was written to, and what its seal says."""
    line = row()
    icon = icon_label("lock" if sound else "warn", "text_3" if sound else "warn", 16)
    line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(label(f"{name}: {words}", "caption" if sound else "small", wrap=True), 1, Qt.AlignmentFlag.AlignTop)
    return line


class GrowingText(QPlainTextEdit):
    """A text field as high as its text."""

    left = Signal()

    def __init__(self, text: str, hint: str) -> None:
        super().__init__()
        self.setProperty("bare", True)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.setPlainText(text)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        lines = max(1, round(self.document().size().height()))
        self.setFixedHeight(lines * QFontMetrics(self.font()).lineSpacing() + 6)

    def select(self, words: str) -> None:
        """Select some words, where they still stand."""
        start = self.toPlainText().find(words)
        if start >= 0:
            cursor = self.textCursor()
            cursor.setPosition(start)
            cursor.setPosition(start + len(words), QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Tell that the reader left the field."""
        super().focusOutEvent(event)
        self.left.emit()


class ReportWriter(QFrame):
    """Sections to type in, accepted findings, the AI statement, and the sign area that stays."""

    text_changed = Signal(str, object)
    reader_changed = Signal(str, str)
    language_changed = Signal(str)
    export_asked = Signal()
    sign_asked = Signal(str, str)
    finding_asked = Signal(str)
    stand_asked = Signal(str, str, str, str)
    closed = Signal()

    def __init__(self, guidelines: Guidelines | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._view = ReportView()
        self._texts: dict[str, GrowingText] = {}
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(_KEEP_MS)
        self._keep.timeout.connect(self.keep_text)
        whole = column(self)
        whole.addWidget(self._make_header())
        self._patient = frame("block")
        self._patient_row = row(self._patient)
        self._patient_row.setContentsMargins(16, 8, 16, 8)
        whole.addWidget(self._patient)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = frame("panel")
        self._body = column(self._page)
        self._scroll.setWidget(self._page)
        whole.addWidget(self._scroll, 1)
        self._guideline = GuidelineForm(guidelines) if guidelines is not None else None
        if self._guideline is not None:
            whole.addWidget(self._guideline)
        self._remarks = RemarksBox()
        self._remarks.show_asked.connect(lambda key, words: _go_to(self._texts.get(key), words, self._scroll))
        self._remarks.stand_asked.connect(self.stand_asked)
        whole.addWidget(self._remarks)
        whole.addWidget(self._make_sign_area())

    def _make_header(self) -> QFrame:
        header = frame("header")
        header.setFixedHeight(HEADER_HEIGHT + 4)
        inside = row(header)
        inside.setContentsMargins(12, 0, 12, 0)
        inside.addWidget(label(tr("Report"), "title"))
        self._state = ElidedLabel(role="caption")
        inside.addWidget(self._state, 1)
        self._language = QComboBox()
        self._language.setAccessibleName(tr("Language of the report"))
        for code, name in LANGUAGES:
            self._language.addItem(tr("In: {name}", name=name), code)
        self._language.activated.connect(lambda _: self.language_changed.emit(self._language.currentData()))
        inside.addWidget(self._language)
        self._export = button(tr("Export report..."), self._on_export, icon="report", style="compact")
        inside.addWidget(self._export)
        inside.addWidget(close_button(self._on_close))
        return header

    def _make_sign_area(self) -> QFrame:
        area = frame("footer")
        inside = column(area, 16, 8)
        self._steps = row(spacing=12)
        inside.addLayout(self._steps)
        fields = row(spacing=8)
        name_side, place_side = column(spacing=4), column(spacing=4)
        self._name, self._place = QLineEdit(), QLineEdit()
        self._name.setAccessibleName(tr("Name"))
        self._place.setAccessibleName(tr("Organisation"))
        for side, words, field in ((name_side, tr("Name"), self._name), (place_side, tr("Organisation"), self._place)):
            side.addWidget(label(words, "caption"))
            side.addWidget(field)
            field.editingFinished.connect(self._on_reader)
            field.textChanged.connect(self._show_blocks)
            fields.addLayout(side, 1)
        self._sign = button(tr("Sign"), self._on_sign, icon="lock", style="primary")
        fields.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignBottom)
        inside.addLayout(fields)
        self._blocks = row()
        inside.addLayout(self._blocks)
        return area

    def show_view(self, view: ReportView) -> None:
        """Show the report of a study; fields the reader is typing in are left alone."""
        fresh = view.study_uid != self._view.study_uid or (view.signature is None) != (self._view.signature is None)
        typed_elsewhere = dict(view.sections) != self.sections() and not self._keep.isActive()
        if self._guideline is not None and view.study_uid != self._view.study_uid:
            self._guideline.fold()
        old, self._view = self._view, view
        self._state.set_whole(view.state_words)
        self._language.setCurrentIndex([code for code, _ in LANGUAGES].index(view.language))
        self._show_patient(view)
        if fresh or typed_elsewhere or _listed(view) != _listed(old):
            self._build(view)
        for field, text in ((self._name, view.reader), (self._place, view.organization)):
            if not field.hasFocus() and field.text() != text:
                field.setText(text)
        self._remarks.show_rows(view.remarks, view.signature is not None)
        self._show_steps(view)
        self._show_blocks()

    def show_exporting(self, running: bool) -> None:
        """The button waits while the files are written."""
        self._export.setEnabled(not running)
        self._export.setText(tr("Writing...") if running else tr("Export report..."))

    def sections(self) -> dict[str, str]:
        """What the reader typed, by section; empty ones are left out."""
        return {name: text.toPlainText() for name, text in self._texts.items() if text.toPlainText().strip()}

    def keep_text(self) -> None:
        """Tell what was typed, if it differs from what is stored."""
        self._keep.stop()
        typed = self.sections()
        if self._view.study_uid and self._view.signature is None and typed != dict(self._view.sections):
            self.text_changed.emit(self._view.study_uid, typed)

    def _show_patient(self, view: ReportView) -> None:
        clear(self._patient_row)
        self._patient_row.addWidget(label(tr("For"), "caption"))
        self._patient_row.addWidget(ElidedLabel(view.patient, "strong"))
        words = " · ".join(part for part in (view.patient_line, view.study) if part)
        self._patient_row.addWidget(ElidedLabel(words, "caption2"), 1)

    def _build(self, view: ReportView) -> None:
        kept = {name: text.hasFocus() for name, text in self._texts.items()}
        typed = self.sections() if self._keep.isActive() else dict(view.sections)
        clear(self._body)
        self._texts = {}
        for section in SECTIONS:
            self._add_section(view, section, typed.get(section.key, ""))
            if section.block is Block.FINDINGS:
                self._add_open_message(view)
        self._add_statement(view)
        self._body.addStretch(1)
        for name, had_focus in kept.items():
            if had_focus:
                self._texts[name].setFocus()

    def _add_section(self, view: ReportView, section: SectionSpec, text: str) -> None:
        block = frame("block")
        inside = column(block, 0, 2)
        inside.setContentsMargins(16, 10, 16, 8)
        inside.addWidget(label(tr(section.heading), "strong"))
        if section.block is Block.FINDINGS:
            for number, finding in view.accepted:
                inside.addWidget(self._finding_line(number, finding))
            if not view.accepted:
                inside.addWidget(label(tr("No accepted finding yet."), "caption"))
        field = GrowingText(text, tr("Empty. Type here."))
        field.setAccessibleName(tr(section.heading))
        field.setReadOnly(view.signature is not None)
        field.textChanged.connect(self._keep.start)
        field.left.connect(self.keep_text)
        self._texts[section.key] = field
        inside.addWidget(field)
        self._body.addWidget(block)

    def _add_open_message(self, view: ReportView) -> None:
        """What must be settled before signing, and the way there."""
        if not view.open_numbers or view.signature is not None:
            return
        numbers = ", ".join(str(n) for n in view.open_numbers)
        what = tr("Must be settled before signing: finding {numbers} is still open.", numbers=numbers)
        first = view.open_ids[0]
        go = (tr("Go to finding {n}", n=view.open_numbers[0]), lambda: self.finding_asked.emit(first))
        holder = frame("block")
        inside = column(holder, 12)
        inside.addWidget(Message("refuse", what, tr("Accept, reject or mark it not sure."), (go,)))
        self._body.addWidget(holder)

    def _finding_line(self, number: int, finding: Finding) -> QWidget:
        holder = QWidget()
        line = row(holder, 8)
        line.addWidget(icon_label("accepted", "accepted", 16))
        # the place names the pack's side: beside another one it would contradict the reader
        place = "" if finding.side_edited else finding.location.text
        side = "" if _says_side(place, finding.side) else side_words(finding.side)
        words = ", ".join(part for part in (finding.label, side, place) if part)
        sizes = ", ".join(words_in(language()).measurement(m) for m in finding.measurements)
        line.addWidget(label(f"{words}. {sizes}".strip(), "", wrap=True), 1)
        finding_id = finding.id
        tag = button(str(number), lambda: self.finding_asked.emit(finding_id), style="number")
        tag.setToolTip(tr("Show finding {n}", n=number))
        line.addWidget(tag)
        return holder

    def _add_statement(self, view: ReportView) -> None:
        block = frame("block")
        inside = column(block, 0, 4)
        inside.setContentsMargins(16, 10, 16, 10)
        head = row()
        head.addWidget(label(tr("AI statement"), "strong"))
        head.addStretch(1)
        head.addWidget(label(tr("written by the program"), "caption"))
        inside.addLayout(head)
        for words in view.statement:
            inside.addWidget(label(words, "caption2", wrap=True))
        self._body.addWidget(block)

    def _show_steps(self, view: ReportView) -> None:
        clear(self._steps)
        signed = view.signature is not None
        self._steps.addWidget(icon_label("report", "text_3" if signed else "accent", icons.LIST))
        self._steps.addWidget(label(tr("Draft"), "caption" if signed else "strong"))
        rule = frame("line")
        rule.setFixedHeight(1)
        self._steps.addWidget(rule, 1)
        self._steps.addWidget(icon_label("lock", "accent" if signed else "text_3", icons.LIST))
        self._steps.addWidget(label(tr("Final, signed"), "strong" if signed else "caption"))
        for field in (self._name, self._place):
            field.setReadOnly(signed)

    def _show_blocks(self) -> None:
        clear(self._blocks)
        view = self._view
        if view.signature is not None:
            when = f"{date_words(view.signature.when[:10])} {view.signature.when[11:16]}"
            words = tr(
                "Signed by {name}, {place}, {when}.",
                name=view.signature.name,
                place=view.signature.organization,
                when=when,
            )
            self._sign.setEnabled(False)
            self._blocks.addWidget(icon_label("lock", "accent", 16))
            self._blocks.addWidget(label(words, "small", wrap=True), 1)
            return
        waits = self._waits(view)
        self._sign.setEnabled(not waits and bool(view.study_uid))
        self._sign.setToolTip(tr("Signing waits for: {what}.", what=", ".join(waits)) if waits else "")
        self._blocks.addWidget(icon_label("refuse" if waits else "accepted", "refuse" if waits else "accepted", 16))
        words = tr("Signing waits for: {what}.", what=", ".join(waits)) if waits else tr("Ready to sign.")
        locks = tr("Signing locks findings and text and stores name and time.")
        self._blocks.addWidget(label(f"{words} {locks}", "caption2", wrap=True), 1)

    def _waits(self, view: ReportView) -> list[str]:
        waits = []
        if view.open_numbers:
            numbers = ", ".join(str(n) for n in view.open_numbers)
            waits.append(tr("a verdict on finding {numbers}", numbers=numbers))
        if view.critical:
            waits.append(tr("what is marked above ({n})", n=view.critical))
        if not self._name.text().strip():
            waits.append(tr("your name"))
        if not self._place.text().strip():
            waits.append(tr("your organisation"))
        return waits

    def _on_reader(self) -> None:
        self.reader_changed.emit(self._name.text().strip(), self._place.text().strip())

    def _on_export(self) -> None:
        self.keep_text()
        self.export_asked.emit()

    def _on_sign(self) -> None:
        self.keep_text()
        self.sign_asked.emit(self._name.text().strip(), self._place.text().strip())

    def _on_close(self) -> None:
        self.keep_text()
        self.closed.emit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """640 wide."""
        return QSize(REPORT_WIDTH, 700)


def _listed(view: ReportView) -> object:
    return view.accepted, view.statement, view.open_numbers


def _go_to(field: GrowingText | None, words: str, page: QScrollArea) -> None:
    """Show some words of a section and select them."""
    if field is None:
        return
    field.select(words)
    page.ensureWidgetVisible(field)
    field.setFocus()


def _says_side(place: str, side: Side) -> bool:
    """True where the words of the place name the side already."""
    return bool(side.value) and side.value in place.casefold().split()
