"""Words, days and chips above the studies list."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from viewer.room.panels.studies import StudiesView
from viewer.session.progress import Progress
from viewer.ui.kit.basic import button, column, restyle, row
from viewer.ui.kit.flow import FlowRow
from viewer.words.i18n import tr

_CHIPS: tuple[tuple[Progress | None, str], ...] = (
    (None, "All"),
    (Progress.UNREAD, "Unread"),
    (Progress.DRAFT, "Draft"),
    (Progress.SIGNED, "Signed"),
)


class StudySearch(QFrame):
    """Tells what is looked for; shown where there are studies to choose among."""

    words_changed = Signal(str)
    days_changed = Signal(str, str)
    progress_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inside = column(self, 12, 8)
        self._words = self._line(tr("Name, ID, date, modality"), tr("Search the studies"))
        self._words.textEdited.connect(self.words_changed)
        inside.addWidget(self._words)
        days = row(spacing=6)
        self._since = self._line(tr("From day"), tr("Studies from this day on, as 2026-01-31"))
        self._until = self._line(tr("To day"), tr("Studies until this day, as 2026-03-31"))
        for field in (self._since, self._until):
            field.editingFinished.connect(self._tell_days)
            days.addWidget(field)
        inside.addLayout(days)
        holder = QWidget()
        chips = FlowRow(holder, 6)
        self._chips = {}
        for progress, _words in _CHIPS:
            chip = button("", partial(self.progress_chosen.emit, progress), style="chip")
            chip.setCheckable(True)
            self._chips[progress] = chip
            chips.addWidget(chip)
        inside.addWidget(holder)
        self.hide()

    def _line(self, placeholder: str, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setPlaceholderText(placeholder)
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.setClearButtonEnabled(True)
        return made

    def _tell_days(self) -> None:
        self.days_changed.emit(self._since.text().strip(), self._until.text().strip())

    def show_view(self, view: StudiesView) -> None:
        """Show what is looked for, and how many studies there are of each kind."""
        wanted = view.filter
        if not self._words.hasFocus() and self._words.text() != wanted.words:
            self._words.setText(wanted.words)
        total = sum(view.counts.values())
        for progress, words in _CHIPS:
            chip, count = self._chips[progress], total if progress is None else view.counts.get(progress, 0)
            chip.setText(tr(words) if progress is None else f"{tr(words)} {count}")
            chip.setAccessibleName(chip.text())
            chip.setChecked(progress is wanted.progress)
            restyle(chip)
