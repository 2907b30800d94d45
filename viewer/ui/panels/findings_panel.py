"""Findings section: cards with filters, the selected one with its verdict buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from viewer.core.finding import FindingKind, FindingState, Side
from viewer.room.panels.findings import FindingLook, FindingsView
from viewer.ui.kit import icons
from viewer.ui.kit.basic import button, clear, column, label, row
from viewer.ui.kit.marks import STATE_ICONS
from viewer.ui.kit.refresh import later
from viewer.ui.kit.section import Section
from viewer.ui.panels.finding_card import EditForm, FindingCard
from viewer.words.i18n import tr
from viewer.words.verdicts import state_words

#: Cards made anew have their sizes by then (ms).
_LAID_OUT_MS = 60


class FindingsPanel(Section):
    """Cards of a study's findings; it asks for verdicts through its signals."""

    selected = Signal(str)
    judged = Signal(str, object)
    edited = Signal(str, str, object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Findings"), parent)
        self._view = FindingsView()
        self._filter: FindingState | None = None
        self._editing = ""
        self._selected = ""
        self._laid_out = later(self, _LAID_OUT_MS, self._show_selected)
        self._chips = QFrame()
        self._chip_row = row(self._chips, 4)
        self.body.addWidget(self._chips)
        self._holder = QFrame()
        self._cards = column(self._holder, 0, 8)
        self.body.addWidget(self._holder)

    def show_view(self, view: FindingsView) -> None:
        """Show findings anew; the one being edited keeps its form."""
        self._view = view
        if self._editing and all(look.finding.id != self._editing for look in view.looks):
            self._editing = ""
        focused = QApplication.focusWidget()
        had_keyboard = focused is not None and self._holder.isAncestorOf(focused)
        self.set_count(self._count_words(view))
        self._show_chips(view)
        clear(self._cards)
        for look in _of(view, FindingKind.FINDING):
            if self._filter in (None, look.finding.state) or look.selected:
                self._add(look)
        self._add_words(view)
        self._add_structures(_of(view, FindingKind.ANATOMY))
        if had_keyboard and not self._editing:
            self._give_keyboard_back()
        selected = next((look.finding.id for look in view.looks if look.selected), "")
        if selected != self._selected:
            self._selected = selected
            self._laid_out.start()

    def _add_structures(self, looks: tuple[FindingLook, ...]) -> None:
        """Outlined anatomy: measured, with its picture, and owed no verdict."""
        if not looks:
            return
        self._cards.addWidget(label(tr("Measured structures"), "strong"))
        words = tr("They need no verdict. What you accept is printed with the measurements of the report.")
        self._cards.addWidget(label(words, "caption", wrap=True))
        for look in looks:
            self._add(look)

    def _show_selected(self) -> None:
        """Bring the selected card into sight."""
        card = self.selected_card()
        if card is not None:
            self.sight_wanted.emit(card)

    def _give_keyboard_back(self) -> None:
        """The card that had the keyboard was made anew: the selected one takes it again."""
        card = self.selected_card()
        if card is not None:
            card.setFocus()

    def selected_card(self) -> FindingCard | None:
        """The card of the selected finding, if it is shown."""
        cards = self._holder.findChildren(FindingCard)
        return next((c for c in cards if c.look.selected and not c.isHidden()), None)

    def _add(self, look: FindingLook) -> None:
        if look.finding.id == self._editing:
            form = EditForm(look.finding, look.number)
            form.saved.connect(self._on_saved)
            form.cancelled.connect(self._on_cancelled)
            self._cards.addWidget(form)
            form.start()
            later(form, 0, lambda: self.sight_wanted.emit(form)).start()
            return
        card = FindingCard(look)
        card.clicked.connect(self._emit_selected(look.finding.id))
        card.double_clicked.connect(self._emit_edit(look.finding.id))
        card.judged.connect(self.judged)
        card.edit_asked.connect(self.edit)
        self._cards.addWidget(card)

    def _emit_selected(self, finding_id: str) -> Callable[[], None]:
        def tell() -> None:
            self.selected.emit(finding_id)

        return tell

    def _emit_edit(self, finding_id: str) -> Callable[[], None]:
        def tell() -> None:
            self.edit(finding_id)

        return tell

    def edit_selected(self) -> None:
        """Open the form of the selected finding."""
        self.edit(self._selected)

    def edit(self, finding_id: str) -> None:
        """Open the form of a finding in place of its card."""
        look = next((entry for entry in self._view.looks if entry.finding.id == finding_id), None)
        if look is not None and not look.locked:
            self._editing = finding_id
            self.set_open(True)
            self.show_view(self._view)

    def _on_saved(self, finding_id: str, words: str, side: Side, comment: str) -> None:
        self._editing = ""
        self.edited.emit(finding_id, words, side, comment)
        self.show_view(self._view)

    def _on_cancelled(self) -> None:
        self._editing = ""
        self.show_view(self._view)

    def _show_chips(self, view: FindingsView) -> None:
        clear(self._chip_row)
        looks = _of(view, FindingKind.FINDING)
        self._chips.setVisible(bool(looks))
        states = [look.finding.state for look in looks]
        everything = button(tr("All {n}", n=len(states)), self._filter_by(None), style="chip")
        everything.setCheckable(True)
        everything.setChecked(self._filter is None)
        self._chip_row.addWidget(everything)
        for state, (icon, token) in STATE_ICONS.items():
            count = states.count(state)
            chip = button(str(count), self._filter_by(state), style="chip", name=f"{state_words(state)}: {count}")
            chip.setIcon(icons.icon(icon, token, icons.BADGE, token))
            chip.setToolTip(state_words(state))
            chip.setCheckable(True)
            chip.setChecked(self._filter is state)
            self._chip_row.addWidget(chip)
        self._chip_row.addStretch(1)

    def _filter_by(self, state: FindingState | None) -> Callable[[], None]:
        def choose() -> None:
            self._filter = state
            self.show_view(self._view)

        return choose

    def _count_words(self, view: FindingsView) -> str:
        if not view.analysed:
            return tr("not analysed")
        if not view.looks and not view.hidden:
            return tr("none")
        return tr("{n} below threshold hidden", n=view.hidden)

    def _add_words(self, view: FindingsView) -> None:
        looks = _of(view, FindingKind.FINDING)
        for words in view.nothing:
            self._cards.addWidget(label(words, "caption2", wrap=True))
        if not view.analysed:
            words = tr("Proposed findings wait here for your judgement. Only what you accept enters a report.")
            self._cards.addWidget(label(words, "caption", wrap=True))
        elif looks and all(self._filter not in (None, look.finding.state) for look in looks):
            self._cards.addWidget(label(tr("No finding has this verdict."), "caption", wrap=True))


def _of(view: FindingsView, kind: FindingKind) -> tuple[FindingLook, ...]:
    return tuple(look for look in view.looks if look.finding.kind is kind)
