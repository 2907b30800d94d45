"""The keys of all actions, to be changed: a conflict is said and cannot be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QHeaderView, QKeySequenceEdit, QLineEdit, QTableWidget, QTableWidgetItem, QWidget

from viewer.room.actions import ACTIONS, conflicts, keys_of
from viewer.room.actions import row as action_row
from viewer.ui.kit.basic import button, column, label, row
from viewer.ui.kit.keys import native
from viewer.words.i18n import tr

_HEIGHT = 360


class KeyTable(QWidget):
    """Actions with their keys, and a line to type a new one.

    Attributes:
        rebound: action id -> key, only what was changed; conflict: words on keys with two meanings.
    """

    def __init__(self, rebound: Mapping[str, str], on_change: Callable[[], object]) -> None:
        super().__init__()
        self.rebound = dict(rebound)
        self._on_change = on_change
        inside = column(self, 0, 8)
        self._table = QTableWidget(len(ACTIONS), 2)
        self._table.setHorizontalHeaderLabels([tr("Action"), tr("Key")])
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.setAccessibleName(tr("Keys"))
        self._table.setMinimumHeight(_HEIGHT)
        self._table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for number, action in enumerate(ACTIONS):
            self._table.setItem(number, 0, QTableWidgetItem(tr(action.text)))
        self._table.setCurrentCell(0, 0)
        inside.addWidget(self._table)
        self.conflict = label("", "warn", wrap=True)
        inside.addWidget(self.conflict)
        line = row()
        self._edit = QKeySequenceEdit()
        self._edit.setMaximumSequenceLength(1)
        self._edit.setAccessibleName(tr("New key"))
        typed = self._edit.findChild(QLineEdit)
        if typed is not None:  # its own words are English only
            typed.setPlaceholderText(tr("Press the new key"))
            typed.setAccessibleName(tr("New key"))
        line.addWidget(label(tr("New key"), "caption"))
        line.addWidget(self._edit, 1)
        line.addWidget(button(tr("Use it"), self._use_key, style="compact"))
        line.addWidget(button(tr("Default"), self._use_default, style="compact"))
        inside.addLayout(line)
        self._fill()

    def _chosen(self) -> str:
        return ACTIONS[max(self._table.currentRow(), 0)].id

    def _use_key(self) -> None:
        self.rebound[self._chosen()] = self._edit.keySequence().toString()
        self._edit.clear()
        self.show_keys()

    def _use_default(self) -> None:
        self.rebound.pop(self._chosen(), None)
        self.show_keys()

    def show_keys(self) -> None:
        """Every key as it would be, and what clashes; whoever shows the table is told."""
        self._fill()
        self._on_change()

    def _fill(self) -> None:
        clashes = conflicts(self.rebound)
        clashing = {action_id for ids in clashes.values() for action_id in ids}
        for number, action in enumerate(ACTIONS):
            keys = ", ".join(native(key) for key in keys_of(action, self.rebound))
            mark = "  ⚠" if action.id in clashing else ""
            self._table.setItem(number, 1, QTableWidgetItem(f"{keys}{mark}"))
        words = "; ".join(
            tr("{key} has two meanings: {names}", key=key, names=", ".join(_name(one) for one in ids))
            for key, ids in sorted(clashes.items())
        )
        self.conflict.setText(words)
        self.conflict.setVisible(bool(words))

    @property
    def has_conflict(self) -> bool:
        """True while a key has two meanings."""
        return bool(conflicts(self.rebound))

    def filter(self, words: str) -> bool:
        """Show the actions whose name or key holds these words; False where there are none."""
        shown = 0
        for number, action in enumerate(ACTIONS):
            key = self._table.item(number, 1)
            said = f"{tr(action.text)} {key.text() if key is not None else ''}".casefold()
            self._table.setRowHidden(number, words not in said)
            shown += words in said
        return shown > 0


def _name(action_id: str) -> str:
    return tr(action_row(action_id).text) if action_id else tr("Cancel")
