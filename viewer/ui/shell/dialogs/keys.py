"""F1: every action with its key, and what the mouse does."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QGridLayout, QScrollArea, QWidget

from viewer.core.settings import Settings
from viewer.room.actions import ACTIONS, MENUS, conflicts, keys_of
from viewer.room.preferences import mouse_rows
from viewer.ui.kit.basic import button, column, frame, label, row
from viewer.ui.kit.keys import native
from viewer.ui.shell.dialogs.key_card import write_key_card
from viewer.words.i18n import tr


class KeysDialog(QDialog):
    """A table in two columns; it blocks nothing."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, rebound = settings, settings.shortcuts
        self.setWindowTitle(tr("All keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(880, 640)
        whole = column(self, 16, 12)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        page = frame("window")
        columns = row(page, 32)
        columns.setContentsMargins(0, 0, 16, 0)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left, right = column(spacing=12), column(spacing=12)
        for menu in MENUS:
            target = left if menu in ("File", "View", "Measure", "Help") else right
            target.addWidget(self._group(tr(menu), self._rows(menu, rebound)))
        left.addWidget(self._group(tr("Mouse"), [(tr(who), tr(what)) for who, what in mouse_rows(settings)]))
        for side in (left, right):
            side.addStretch(1)
            columns.addLayout(side, 1)
        scroll.setWidget(page)
        whole.addWidget(scroll, 1)
        clashes = conflicts(rebound)
        if clashes:
            words = tr("Keys with two meanings: {keys}", keys=", ".join(sorted(clashes)))
            whole.addWidget(label(words, "warn", wrap=True))
        foot = row()
        self._said = label(tr("Keys can be changed in the settings."), "caption")
        foot.addWidget(self._said, 1)
        foot.addWidget(button(tr("Save as PDF..."), self._save_card))
        foot.addWidget(button(tr("Close"), self.close))
        whole.addLayout(foot)

    def _save_card(self) -> None:
        """Choose a file for the card."""
        name, _ = QFileDialog.getSaveFileName(self, tr("Save as PDF..."), "keys.pdf", "PDF (*.pdf)")
        if not name:
            return
        try:
            write_key_card(name, self._settings)
            self._said.setText(tr("Saved."))
        except OSError:
            self._said.setText(tr("The card could not be written. Choose another folder."))

    def _rows(self, menu: str, rebound: Mapping[str, str]) -> list[tuple[str, str]]:
        made = []
        for action in ACTIONS:
            if action.menu == menu:
                keys = (native(key) for key in keys_of(action, rebound))
                made.append((tr(action.text), ", ".join(keys) or "–"))
        return made

    def _group(self, title: str, rows: list[tuple[str, str]]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(16)
        grid.addWidget(label(title, "title"), 0, 0, 1, 2)
        for number, (what, keys) in enumerate(rows, start=1):
            grid.addWidget(label(what, "secondary"), number, 0)
            grid.addWidget(label(keys, "small"), number, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        return holder
