"""The fields of one hanging rule, and a table of its views."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QWidget,
)

from viewer.room.panels.rules import LAYOUTS, PLANES, RuleDraft, ViewDraft, windows_for, with_view_count
from viewer.ui.kit.basic import column, label
from viewer.words.i18n import tr

#: Fields of a view: name of the field, heading.
_COLUMNS = (
    ("description", "Series"),
    ("position", "Position"),
    ("side", "Side"),
    ("prior", "Study"),
    ("plane", "Plane"),
    ("window", "Preset"),
    ("sync", "Follows"),
    ("optional", "Optional"),
)
_PRIORS = ("Current", "Prior", "2nd prior")
_WIDTHS = (0, 84, 84, 108, 112, 118, 74, 74)


class RuleForm(QWidget):
    """Edits a draft; `changed` tells the new one."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = RuleDraft("")
        self._showing = False
        inside = column(self, 0, 8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        self._name, self._modality = self._line("name"), self._line("modality")
        self._body, self._description = self._line("body_part"), self._line("description")
        self._layout = self._combo([(name, _layout_words(name)) for name in LAYOUTS], "layout")
        self._slices, self._thickest = QSpinBox(), QDoubleSpinBox()
        self._slices.setRange(0, 9999)
        self._thickest.setRange(0.0, 50.0)
        self._thickest.setDecimals(1)
        for box, words in ((self._slices, tr("any number")), (self._thickest, tr("any distance"))):
            box.setSpecialValueText(words)
            box.setStyleSheet("QAbstractSpinBox { padding-left: 8px; }")
        self._slices.valueChanged.connect(partial(self._put, "slices"))
        self._thickest.valueChanged.connect(partial(self._put, "thickest_mm"))
        fields = (
            (tr("Name of the rule"), self._name),
            (tr("Layout"), self._layout),
            (tr("Modality (one of, with commas)"), self._modality),
            (tr("Body part contains"), self._body),
            (tr("Slices at least"), self._slices),
            (tr("Slices at most apart (mm)"), self._thickest),
            (tr("Description contains"), self._description),
        )
        for number, (words, field) in enumerate(fields):
            named = label(words, "caption")
            named.setBuddy(field)
            field.setAccessibleName(words)
            grid.addWidget(named, 2 * (number // 2), number % 2)
            grid.addWidget(field, 2 * (number // 2) + 1, number % 2)
        inside.addLayout(grid)
        hint = tr("Words are patterns: t1|mprage means either. A view without words shows the series that was opened.")
        inside.addWidget(label(hint, "caption", wrap=True))
        self._table = QTableWidget(0, len(_COLUMNS))
        self._table.setHorizontalHeaderLabels([tr(words) for _, words in _COLUMNS])
        self._table.setAccessibleName(tr("Views of the rule"))
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for number, width in enumerate(_WIDTHS):
            if width:
                self._table.setColumnWidth(number, width)
        self._table.verticalHeader().setDefaultSectionSize(38)
        self._table.setMinimumHeight(190)
        inside.addWidget(self._table, 1)

    def show_draft(self, draft: RuleDraft, editable: bool) -> None:
        """Show a rule; one of the program's own is only looked at."""
        self._showing = True
        self._draft = draft
        for field, text in (
            (self._name, draft.name),
            (self._modality, draft.modality),
            (self._body, draft.body_part),
            (self._description, draft.description),
        ):
            if field.text() != text:
                field.setText(text)
        self._layout.setCurrentIndex(max(0, self._layout.findData(draft.layout)))
        self._slices.setValue(draft.slices)
        self._thickest.setValue(draft.thickest_mm)
        self._fill_table()
        for field in (self._name, self._modality, self._body, self._description):
            field.setReadOnly(not editable)
        for part in (self._layout, self._slices, self._thickest, self._table):
            part.setEnabled(editable)
        self._showing = False

    def _line(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.textEdited.connect(partial(self._put, name))
        return made

    def _combo(self, choices: list[tuple[str, str]], name: str) -> QComboBox:
        made = QComboBox()
        for code, words in choices:
            made.addItem(words, code)
        made.currentIndexChanged.connect(lambda _index: self._put(name, made.currentData()))
        return made

    def _put(self, name: str, value: object) -> None:
        if self._showing:
            return
        self._draft = replace(self._draft, **{name: value})  # type: ignore[arg-type]
        if name == "layout":
            self._draft = with_view_count(self._draft)
        if name in ("layout", "modality"):
            self._fill_table()
        self.changed.emit(self._draft)

    # the views

    def _fill_table(self) -> None:
        self._table.setRowCount(0)
        self._table.setRowCount(len(self._draft.views))
        for number, view in enumerate(self._draft.views):
            for at, (name, words) in enumerate(_COLUMNS):
                field = self._field(number, name, view)
                field.setAccessibleName(tr("{field} of view {n}", field=tr(words), n=number + 1))
                self._table.setCellWidget(number, at, field)

    def _field(self, number: int, name: str, view: ViewDraft) -> QWidget:
        value, put = getattr(view, name), partial(self._put_view, number, name)
        if name == "optional":
            tick = QCheckBox()
            tick.setChecked(bool(value))
            tick.toggled.connect(put)
            return tick
        choices = self._choices(name)
        if not choices:
            line = QLineEdit(str(value))
            line.textEdited.connect(put)
            return line
        combo = QComboBox()
        for code, words in choices:
            combo.addItem(words, code)
        if combo.findData(value) < 0:
            combo.addItem(str(value), value)
        combo.setCurrentIndex(combo.findData(value))
        combo.currentIndexChanged.connect(lambda _index: put(combo.currentData()))
        combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return combo

    def _choices(self, name: str) -> list[tuple[object, str]]:
        if name == "plane":
            return [(plane, tr(plane.capitalize())) for plane in PLANES]
        if name == "prior":
            return [(n, tr(words)) for n, words in enumerate(_PRIORS)]
        if name == "side":
            return [("", tr("any")), ("R", tr("right")), ("L", tr("left"))]
        if name == "window":
            return [("", tr("own")), *((one, tr(one)) for one in windows_for(self._draft.modality))]
        return []

    def _put_view(self, number: int, name: str, value: object) -> None:
        if self._showing:
            return
        views = list(self._draft.views)
        views[number] = replace(views[number], **{name: value})  # type: ignore[arg-type]
        self._draft = replace(self._draft, views=tuple(views))
        self.changed.emit(self._draft)


def _layout_words(name: str) -> str:
    return tr("One tall beside two") if name == "three" else name.replace("x", " × ")
