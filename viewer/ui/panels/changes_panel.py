"""Change section: lesions paired between two studies, and a line to pair two more."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from viewer.room.panels.changes import ChangeRow, ChangesView
from viewer.ui.kit.basic import ElidedLabel, button, clear, column, label, row
from viewer.ui.kit.marks import Badge
from viewer.ui.kit.section import Card, Section, icon_button
from viewer.words.i18n import tr


class ChangesPanel(Section):
    """A card a pair; hidden while there is nothing to compare."""

    paired = Signal(str, str)
    parted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Change"), parent)
        self._view: ChangesView | None = None
        self.show_view(ChangesView())

    def show_view(self, view: ChangesView) -> None:
        """Show the pairs."""
        if view == self._view:
            return
        self._view = view
        clear(self.body)
        self.set_count(str(len(view.rows)) if view.rows else "")
        for entry in view.rows:
            self.body.addWidget(self._card(entry))
        if view.here and view.earlier:
            self._add_pairing(view)
        elif not view.rows:
            self.body.addWidget(label(tr("Measure a length in both studies to follow it."), "caption", wrap=True))
        self.setVisible(bool(view.rows or view.earlier))

    def _card(self, entry: ChangeRow) -> Card:
        card = Card()
        first, second = row(), row()
        first.addWidget(ElidedLabel(entry.name, "strong"), 1)
        first.addWidget(label(entry.lengths, "number"))
        first.addWidget(
            icon_button("close", tr("Part {name}", name=entry.name), partial(self.parted.emit, entry.later))
        )
        second.addWidget(label(entry.change, "number"))
        second.addStretch(1)
        if entry.within_error:
            tip = tr("The change is no larger than the errors of both measurements together.")
            second.addWidget(Badge("warned", tr("Within measurement error"), tip))
        for line in (first, second):
            card.body.addLayout(line)
        card.body.addWidget(label(entry.since, "caption", wrap=True))
        return card

    def _add_pairing(self, view: ChangesView) -> None:
        lines = column(spacing=6)
        boxes = []
        for words, choices in ((tr("Now"), view.here), (tr("Before"), view.earlier)):
            box = QComboBox()
            box.setAccessibleName(words)
            for number, text in choices:
                box.addItem(text, number)
            line = row()
            named = label(words, "caption")
            named.setFixedWidth(56)
            line.addWidget(named)
            line.addWidget(box, 1)
            lines.addLayout(line)
            boxes.append(box)
        here, before = boxes
        act = button(tr("Pair"), lambda: self.paired.emit(before.currentData(), here.currentData()), style="compact")
        foot = row()
        foot.addStretch(1)
        foot.addWidget(act)
        lines.addLayout(foot)
        self.body.addLayout(lines)
