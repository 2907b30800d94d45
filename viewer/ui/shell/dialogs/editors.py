"""A control for each kind of setting, made from its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from viewer.core.settings import LIMITS
from viewer.display.window import changed, preset, preset_rows
from viewer.room.preferences import Preference
from viewer.words.i18n import tr

_LINES_HEIGHT, _TABLE_HEIGHT = 96, 260


@dataclass(frozen=True, slots=True, eq=False)
class Editor:
    """A control and what it holds.

    Attributes:
        says: its words, for the search.
    """

    widget: QWidget
    value: Callable[[], object]
    says: str = ""


def editor_of(row: Preference, value: object) -> Editor:
    """The control of a setting, holding its value."""
    if isinstance(value, bool):
        made = _check(row, value)
    elif row.choices:
        made = _choice(row, str(value))
    elif isinstance(value, (int, float)):
        made = _number(row, value)
    elif isinstance(value, tuple):
        made = _lines(tuple(str(one) for one in value))
    elif isinstance(value, Mapping):
        made = _presets({str(key): str(one) for key, one in value.items()})
    else:
        made = _line(str(value))
    made.widget.setAccessibleName(tr(row.text))
    made.widget.setAccessibleDescription(tr(row.hint) if row.hint else "")
    return made


def _check(row: Preference, value: bool) -> Editor:
    box = QCheckBox(tr(row.text))
    box.setChecked(value)
    return Editor(box, box.isChecked)


def _choice(row: Preference, value: str) -> Editor:
    box = QComboBox()
    for word, text in row.choices.items():
        box.addItem(tr(text), word)
    box.setCurrentIndex(max(0, box.findData(value)))
    return Editor(box, lambda: str(box.currentData()), " ".join(tr(text) for text in row.choices.values()))


def _number(row: Preference, value: float) -> Editor:
    """A spin box; a share is told in percent."""
    low, high = LIMITS[row.name]
    times = 100 if isinstance(value, float) else 1
    box = QSpinBox()
    box.setRange(round(low * times), round(high * times))
    box.setValue(round(value * times))
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    box.setSuffix(f" {row.unit}" if row.unit else "")
    return Editor(box, lambda: box.value() / times if times > 1 else box.value())


def _line(value: str) -> Editor:
    field = QLineEdit(value)
    return Editor(field, lambda: field.text().strip())


def _lines(value: tuple[str, ...]) -> Editor:
    field = QPlainTextEdit("\n".join(value))
    field.setFixedHeight(_LINES_HEIGHT)
    field.setTabChangesFocus(True)
    return Editor(field, lambda: tuple(one.strip() for one in field.toPlainText().splitlines() if one.strip()))


def _presets(own: Mapping[str, str]) -> Editor:
    """Modality, name, width and level of every preset; what was typed over is kept where it is a window."""
    rows = preset_rows()
    table = QTableWidget(len(rows), 4)
    table.setHorizontalHeaderLabels([tr(word) for word in ("Modality", "Preset", "Width", "Level")])
    table.verticalHeader().hide()
    table.setTabKeyNavigation(False)
    table.setFixedHeight(_TABLE_HEIGHT)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    for n, (modality, name, width, level) in enumerate(rows):
        typed = own.get(f"{modality}/{name}", "").partition("/")
        cells = (modality, tr(name), typed[0] or f"{width:g}", typed[2] or f"{level:g}")
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            if column < 2:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            table.setItem(n, column, item)

    def value() -> dict[str, str]:
        kept = {}
        for n, (modality, name, width, level) in enumerate(rows):
            texts = [item.text().strip() for column in (2, 3) if (item := table.item(n, column)) is not None]
            usual = preset(modality, name)
            typed = "/".join(texts)
            if usual is not None and typed != f"{width:g}/{level:g}" and changed(usual, typed) is not usual:
                kept[f"{modality}/{name}"] = typed
        return kept

    return Editor(table, value, " ".join(tr(name) for _, name, _, _ in rows))
