"""Settings a reader or a site can choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QWidget,
)

from viewer.core.settings import Settings
from viewer.room.actions import ACTIONS, conflicts, keys_of
from viewer.room.actions import row as action_row
from viewer.ui.kit.basic import button, column, label, row
from viewer.words.i18n import LANGUAGES, tr

_DEVICES = (("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "Graphics card"))


class SettingsDialog(QDialog):
    """Reader, program and keys; Save hands the new settings over, nothing changes before."""

    def __init__(self, settings: Settings, on_save: Callable[[Settings], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 560)
        self._settings, self._on_save = settings, on_save
        self._rebound = dict(settings.shortcuts)
        whole = column(self, 16, 12)
        tabs = QTabWidget()
        tabs.addTab(self._reader_page(), tr("Reader"))
        tabs.addTab(self._program_page(), tr("Program"))
        tabs.addTab(self._keys_page(), tr("Keys"))
        whole.addWidget(tabs, 1)
        foot = row()
        foot.addStretch(1)
        foot.addWidget(button(tr("Cancel"), self.close))
        self._save_button = button(tr("Save"), self._save, style="primary")
        foot.addWidget(self._save_button)
        whole.addLayout(foot)
        self._show_conflicts()

    def _reader_page(self) -> QWidget:
        page = QWidget()
        form = _form(page)
        self._name = QLineEdit(self._settings.reader_name)
        self._place = QLineEdit(self._settings.organization)
        self._letterhead = QPlainTextEdit("\n".join(self._settings.letterhead))
        self._letterhead.setFixedHeight(96)
        form.addRow(tr("Name"), self._name)
        form.addRow(tr("Organisation"), self._place)
        form.addRow(tr("Letterhead"), self._letterhead)
        form.addRow("", label(tr("Name and organisation are needed to sign a report."), "caption"))
        return page

    def _program_page(self) -> QWidget:
        page = QWidget()
        form = _form(page)
        self._language = _combo([(code, name) for code, name in LANGUAGES], self._settings.language)
        self._device = _combo([(code, tr(name)) for code, name in _DEVICES], self._settings.device)
        self._hide = QCheckBox(tr("Hide patient names everywhere"))
        self._hide.setChecked(self._settings.hide_patient_name)
        self._swap = QCheckBox(tr("Swap the axes of the window drag"))
        self._swap.setChecked(self._settings.swap_window_drag)
        self._research = QCheckBox(tr("Allow packs trained on non-commercial data"))
        self._research.setChecked(self._settings.research_packs)
        form.addRow(tr("Language"), self._language)
        form.addRow(tr("Analyses run on"), self._device)
        for box in (self._hide, self._swap, self._research):
            form.addRow("", box)
        return page

    def _keys_page(self) -> QWidget:
        page = QWidget()
        inside = column(page, 12, 8)
        self._table = QTableWidget(len(ACTIONS), 2)
        self._table.setHorizontalHeaderLabels([tr("Action"), tr("Key")])
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for number, action in enumerate(ACTIONS):
            self._table.setItem(number, 0, QTableWidgetItem(tr(action.text)))
        self._table.setCurrentCell(0, 0)
        inside.addWidget(self._table, 1)
        self._conflict = label("", "warn", wrap=True)
        inside.addWidget(self._conflict)
        line = row()
        self._edit = QKeySequenceEdit()
        self._edit.setMaximumSequenceLength(1)
        line.addWidget(label(tr("New key"), "caption"))
        line.addWidget(self._edit, 1)
        line.addWidget(button(tr("Use it"), self._use_key, style="compact"))
        line.addWidget(button(tr("Default"), self._use_default, style="compact"))
        inside.addLayout(line)
        return page

    def _chosen(self) -> str:
        return ACTIONS[max(self._table.currentRow(), 0)].id

    def _use_key(self) -> None:
        self._rebound[self._chosen()] = self._edit.keySequence().toString()
        self._edit.clear()
        self._show_conflicts()

    def _use_default(self) -> None:
        self._rebound.pop(self._chosen(), None)
        self._show_conflicts()

    def _show_conflicts(self) -> None:
        clashes = conflicts(self._rebound)
        clashing = {action_id for ids in clashes.values() for action_id in ids}
        for number, action in enumerate(ACTIONS):
            keys = ", ".join(QKeySequence(key).toString() for key in keys_of(action, self._rebound))
            mark = "  ⚠" if action.id in clashing else ""
            self._table.setItem(number, 1, QTableWidgetItem(f"{keys}{mark}"))
        words = "; ".join(
            tr(
                "{key} has two meanings: {names}",
                key=key,
                names=", ".join(tr(action_row(i).text) if i else tr("Cancel") for i in ids),
            )
            for key, ids in sorted(clashes.items())
        )
        self._conflict.setText(words)
        self._conflict.setVisible(bool(words))
        self._save_button.setEnabled(not clashes)
        self._save_button.setToolTip(tr("Give each action its own key.") if clashes else "")

    def _save(self) -> None:
        lines = tuple(line.strip() for line in self._letterhead.toPlainText().splitlines() if line.strip())
        self._on_save(
            replace(
                self._settings,
                language=str(self._language.currentData()),
                device=str(self._device.currentData()),
                reader_name=self._name.text().strip(),
                organization=self._place.text().strip(),
                letterhead=lines,
                hide_patient_name=self._hide.isChecked(),
                swap_window_drag=self._swap.isChecked(),
                research_packs=self._research.isChecked(),
                shortcuts=self._rebound,
            )
        )
        self.close()


def _form(page: QWidget) -> QFormLayout:
    form = QFormLayout(page)
    form.setContentsMargins(12, 16, 12, 12)
    form.setVerticalSpacing(12)
    form.setHorizontalSpacing(16)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    return form


def _combo(choices: list[tuple[str, str]], current: str) -> QComboBox:
    made = QComboBox()
    for code, name in choices:
        made.addItem(name, code)
    made.setCurrentIndex(max(0, made.findData(current)))
    return made
