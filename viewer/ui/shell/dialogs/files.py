"""Every file that was not opened, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from viewer.core.study import Refusal
from viewer.ui.kit.basic import button, column, label, row
from viewer.words.i18n import said, tr


class RefusedDialog(QDialog):
    """A table: file, reason; it blocks nothing."""

    def __init__(self, refused: tuple[Refusal, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Files not opened"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(860, 480)
        whole = column(self, 16, 12)
        whole.addWidget(label(tr("{n} files not opened.", n=len(refused)), "strong"))
        table = QTableWidget(len(refused), 2)
        table.setHorizontalHeaderLabels([tr("File"), tr("Why, and what to do")])
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.setWordWrap(True)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(0, 300)
        for number, refusal in enumerate(refused):
            item = QTableWidgetItem(refusal.path.replace("\\", "/").rsplit("/", 1)[-1])
            item.setToolTip(refusal.path)
            table.setItem(number, 0, item)
            table.setItem(number, 1, QTableWidgetItem(said(refusal.text)))
        table.resizeRowsToContents()
        whole.addWidget(table, 1)
        foot = row()
        foot.addStretch(1)
        foot.addWidget(button(tr("Close"), self.close))
        whole.addLayout(foot)
