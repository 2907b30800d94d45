"""Measurements section: what the reader drew, with a way there and away."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from viewer.room.panels.measurements import MeasureRow
from viewer.ui.kit.basic import ElidedLabel, clear, column, icon_label, label, row
from viewer.ui.kit.refresh import later
from viewer.ui.kit.section import Section, icon_button
from viewer.words.i18n import tr


class MeasurementsPanel(Section):
    """Lists what the reader drew on the shown series."""

    shown = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Measurements"), parent)
        self._rows: tuple[MeasureRow, ...] | None = None
        self.show_view(())

    def show_view(self, view: tuple[MeasureRow, ...]) -> None:
        """Show the measurements; the section hides when there are none."""
        if view == self._rows:
            return
        known = {entry.id for entry in self._rows or ()}
        self._rows = view
        clear(self.body)
        self.set_count(str(len(view)))
        made = [(entry, self._add(entry)) for entry in view]
        self.setVisible(bool(view))
        fresh = [row for entry, row in made if entry.id not in known]
        if len(fresh) == 1:  # several at once came with a study, not by the reader's hand
            self.set_open(True)
            later(fresh[0], 0, partial(self.sight_wanted.emit, fresh[0])).start()

    def _add(self, entry: MeasureRow) -> QWidget:
        holder = QWidget()
        line = row(holder)
        line.addWidget(icon_label(entry.icon, "measure", 20, entry.name))
        words = column(spacing=0)
        words.addWidget(ElidedLabel(entry.name))
        words.addWidget(ElidedLabel(entry.where, "caption"))
        line.addLayout(words, 1)
        line.addWidget(label(entry.value, "number"))
        line.addWidget(icon_button("crosshair", tr("Show {name}", name=entry.name), partial(self.shown.emit, entry.id)))
        line.addWidget(icon_button("close", tr("Remove {name}", name=entry.name), partial(self.removed.emit, entry.id)))
        self.body.addWidget(holder)
        return holder
