"""The card of the tour: one step at a time, on top of the right panel; it covers no picture and takes no keys."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from viewer.room.tour import STEPS, TourView
from viewer.ui.kit.basic import button, clear, column, frame, icon_label, label, row
from viewer.ui.kit.keys import native
from viewer.ui.kit.section import close_button
from viewer.words.i18n import tr


class TourCard(QFrame):
    """Title, words with the keys that hold now, and the way on, back and out."""

    stepped = Signal(int)
    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._whole = column(self, 12)
        self._view = TourView()
        self.hide()

    def show_view(self, view: TourView) -> None:
        """Show a step, or nothing."""
        if view == self._view:
            return
        self._view = view
        clear(self._whole)
        self.setVisible(view.step is not None)
        if view.step is not None:
            self._whole.addWidget(self._card(view, view.step))

    def _card(self, view: TourView, number: int) -> QFrame:
        step = STEPS[number]
        card = frame("card")
        inside = column(card, 12, 8)
        head = row()
        if view.done:
            head.addWidget(icon_label("accepted", "accepted", 20, tr("Done")))
        head.addWidget(label(tr(step.title), "title"), 1)
        head.addWidget(label(tr("{n} of {count}", n=number + 1, count=len(STEPS)), "caption"))
        head.addWidget(close_button(self.ended.emit))
        inside.addLayout(head)
        words = tr(step.words).format(*(native(key) for key in view.keys))
        inside.addWidget(label(words, "small", wrap=True))
        inside.addLayout(self._foot(number))
        card.setAccessibleName(f"{tr(step.title)}. {words}")
        return card

    def _foot(self, number: int) -> QHBoxLayout:
        foot = row()
        last = number + 1 == len(STEPS)
        onward = button(
            tr("End the tour") if last else tr("Next step"), lambda: self.stepped.emit(1), style="primary compact"
        )
        foot.addWidget(onward)
        if number:
            foot.addWidget(button(tr("Back"), lambda: self.stepped.emit(-1), style="compact"))
        foot.addStretch(1)
        return foot
