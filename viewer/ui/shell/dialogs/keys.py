"""F1: every action with its key, and what the mouse does."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QWidget

from viewer.room.actions import ACTIONS, MENUS, conflicts, keys_of
from viewer.ui.kit.basic import button, column, frame, label, row
from viewer.ui.kit.keys import native
from viewer.words.i18n import tr

#: What the mouse does on a picture.
MOUSE: tuple[tuple[str, str], ...] = (
    ("Left drag", "the picked tool; at first window and level"),
    ("Middle drag", "pan"),
    ("Right drag", "zoom"),
    ("Right click", "menu"),
    ("Wheel", "scroll; with Ctrl faster"),
    ("Double click", "maximise the view, or back"),
)


class KeysDialog(QDialog):
    """A table in two columns; it blocks nothing."""

    def __init__(self, rebound: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        left.addWidget(self._group(tr("Mouse"), [(tr(who), tr(what)) for who, what in MOUSE]))
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
        foot.addWidget(label(tr("Keys can be changed in the settings."), "caption"), 1)
        foot.addWidget(button(tr("Close"), self.close))
        whole.addLayout(foot)

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
