"""Measurements section: what the reader drew, with a picture, a name to type over, a way there and away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from viewer.room.measuring import SIDE
from viewer.room.panels.measurements import MeasureRow
from viewer.ui.kit.bars import HistogramBars
from viewer.ui.kit.basic import ElidedLabel, button, clear, column, icon_label, row
from viewer.ui.kit.refresh import later
from viewer.ui.kit.section import Section, icon_button
from viewer.words.i18n import tr


class NameField(QLineEdit):
    """A name that reads as a label until it is typed over; Enter or leaving it keeps it."""

    def __init__(self, name: str, keep: Callable[[str], object]) -> None:
        super().__init__(name)
        self._name, self._keep = name, keep
        self.setProperty("bare", True)
        self.setMinimumWidth(48)
        self.setTextMargins(-2, 0, 0, 0)
        self.setAccessibleName(tr("Name of {name}", name=name))
        self.setToolTip(tr("Type to rename"))
        self.setCursorPosition(0)
        self.editingFinished.connect(self._on_finished)

    def _on_finished(self) -> None:
        words = self.text().strip()
        if not words:
            self.setText(self._name)
        elif words != self._name:
            self._name = words
            self._keep(words)


class MeasurementsPanel(Section):
    """Lists what the reader drew on the shown series."""

    shown = Signal(str)
    removed = Signal(str)
    renamed = Signal(str, str)
    table_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Measurements"), parent)
        self._rows: tuple[MeasureRow, ...] | None = None
        self._unfolded: set[str] = set()
        self.show_view(())

    def show_view(self, view: tuple[MeasureRow, ...]) -> None:
        """Show the measurements; the section hides when there are none."""
        if view == self._rows:
            return
        known = {entry.id for entry in self._rows or ()}
        self._rows = view
        self._build()
        fresh = [n for n, entry in enumerate(view) if entry.id not in known]
        if len(fresh) == 1:  # several at once came with a study, not by the reader's hand
            self.set_open(True)
            holder = self._holders[fresh[0]]
            later(holder, 0, partial(self.sight_wanted.emit, holder)).start()

    def _build(self) -> None:
        view = self._rows or ()
        clear(self.body)
        self.set_count(str(len(view)))
        self._holders = [self._add(entry) for entry in view]
        if view:
            foot = row()
            foot.addWidget(button(tr("Export as CSV..."), self.table_asked.emit, style="compact"))
            foot.addStretch(1)
            self.body.addLayout(foot)
        self.setVisible(bool(view))

    def _add(self, entry: MeasureRow) -> QWidget:
        holder = QWidget()
        whole = column(holder, spacing=4)
        line = row()
        line.addWidget(_picture(entry))
        words = column(spacing=0)
        words.addWidget(NameField(entry.name, partial(self.renamed.emit, entry.id)))
        if entry.value:
            words.addWidget(ElidedLabel(entry.value, "strong"))
        words.addWidget(ElidedLabel(" · ".join(part for part in (entry.where, entry.when) if part), "caption"))
        line.addLayout(words, 1)
        if entry.histogram is not None:
            line.addWidget(self._unfold_button(entry))
        line.addWidget(icon_button("crosshair", tr("Show {name}", name=entry.name), partial(self.shown.emit, entry.id)))
        line.addWidget(icon_button("close", tr("Remove {name}", name=entry.name), partial(self.removed.emit, entry.id)))
        whole.addLayout(line)
        if entry.histogram is not None and entry.id in self._unfolded:
            whole.addWidget(HistogramBars(entry.histogram))
        self.body.addWidget(holder)
        return holder

    def _unfold_button(self, entry: MeasureRow) -> QWidget:
        is_open = entry.id in self._unfolded
        words = tr("Hide the histogram of {name}", name=entry.name)
        if not is_open:
            words = tr("Histogram of {name}", name=entry.name)
        return icon_button("chevron-up" if is_open else "chevron-down", words, partial(self._unfold, entry.id))

    def _unfold(self, drawing_id: str) -> None:
        self._unfolded ^= {drawing_id}
        self._build()


def _picture(entry: MeasureRow) -> QLabel:
    """The picture round a drawing, or the icon of its tool while there is none."""
    if not entry.thumbnail:
        return icon_label(entry.icon, "measure", 20, entry.name)
    made = QLabel()
    image = QImage(entry.thumbnail, SIDE, SIDE, SIDE * 3, QImage.Format.Format_RGB888)
    made.setPixmap(QPixmap.fromImage(image.copy()))
    made.setFixedSize(SIDE, SIDE)
    made.setAccessibleName(tr("Picture round {name}", name=entry.name))
    return made
