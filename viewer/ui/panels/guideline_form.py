"""A guideline beside the recommendation: its inputs to choose, its answer with rule, edition and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLineEdit, QWidget

from viewer.room.guidelines import Field, Guidelines, field_words
from viewer.ui.kit.basic import button, clear, column, label, row
from viewer.words.i18n import tr

#: Fields side by side.
_ACROSS = 3


class GuidelineForm(QFrame):
    """Folded until it is asked for; an answer goes into the report only when the reader puts it there."""

    def __init__(self, guidelines: Guidelines) -> None:
        super().__init__()
        self.setProperty("kind", "footer")
        self._guidelines = guidelines
        self._name = ""
        self._items: list[dict[str, QWidget]] = []
        self._case: dict[str, QWidget] = {}
        inside = column(self, 0, 6)
        inside.setContentsMargins(16, 8, 16, 8)
        head = row()
        self._names = QComboBox()
        self._names.setAccessibleName(tr("Guideline"))
        self._names.addItem(tr("Ask a guideline..."), "")
        for name in guidelines.names():
            self._names.addItem(name, name)
        self._names.activated.connect(lambda _: self._open())
        head.addWidget(self._names)
        head.addStretch(1)
        inside.addLayout(head)
        self._body = column(spacing=6)
        inside.addLayout(self._body)
        self._answer = column(spacing=2)
        inside.addLayout(self._answer)

    def fold(self) -> None:
        """Back to the name alone: another study's inputs are others."""
        self._names.setCurrentIndex(0)
        self._open()

    def _open(self) -> None:
        self._name = str(self._names.currentData())
        clear(self._body)
        clear(self._answer)
        form = self._guidelines.form(self._name) if self._name else None
        if form is None:
            return
        self._body.addWidget(label(form.title, "caption", wrap=True))
        self._items = []
        for number, fields in enumerate(form.items, start=1):
            title = tr("Nodule {n}", n=number) if len(form.items) > 1 else ""
            self._items.append(self._grid(fields, title))
        self._case = self._grid(form.case, "")
        buttons = row()
        buttons.addWidget(button(tr("Ask"), self._on_ask, style="compact"))
        buttons.addStretch(1)
        holder = QWidget()
        holder.setLayout(buttons)
        self._body.addWidget(holder)

    def _grid(self, fields: Sequence[Field], title: str) -> dict[str, QWidget]:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        made: dict[str, QWidget] = {}
        if title:
            self._body.addWidget(label(title, "strong"))
        for across in range(_ACROSS):
            grid.setColumnStretch(across, 1)
        for number, field in enumerate(fields):
            line, across = divmod(number, _ACROSS)
            grid.addWidget(label(field_words(field.name), "caption"), 2 * line, across)
            made[field.name] = _widget(field)
            grid.addWidget(made[field.name], 2 * line + 1, across)
        self._body.addWidget(holder)
        return made

    def _on_ask(self) -> None:
        told = self._guidelines.ask(self._name, [_values(one) for one in self._items], _values(self._case))
        clear(self._answer)
        self._answer.addWidget(label(told.text, "strong", wrap=True, selectable=True))
        for line in told.trace:
            self._answer.addWidget(label(line, "caption", wrap=True, selectable=True))
        if told.words:
            words = told.words
            put = button(tr("Put into the recommendation"), lambda: self._guidelines.put(words), style="compact")
            self._answer.addWidget(put, 0, Qt.AlignmentFlag.AlignLeft)


def _widget(field: Field) -> QWidget:
    if not (field.words or field.is_flag):
        line = QLineEdit(field.value)
        line.setAccessibleName(field_words(field.name))
        line.setPlaceholderText(tr("not given"))
        return line
    box = QComboBox()
    box.setAccessibleName(field_words(field.name))
    box.addItem(tr("not asked") if field.is_flag else tr("not given"), "")
    for word in ("yes", "no") if field.is_flag else field.words:
        box.addItem(field_words(word), word)
    box.setCurrentIndex(max(0, box.findData(field.value)))
    return box


def _values(widgets: dict[str, QWidget]) -> dict[str, str]:
    return {
        name: str(one.currentData()) if isinstance(one, QComboBox) else one.text()
        for name, one in widgets.items()
        if isinstance(one, QComboBox | QLineEdit)
    }
