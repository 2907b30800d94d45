"""Volumes of segments, left beside right, in the fourth cell of three planes (screen 05)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from viewer.core.cine import CineFunction
from viewer.core.finding import Measurement, Side
from viewer.room.panels.volumes import VolumeRow, VolumesView
from viewer.ui.kit.basic import clear, column, frame, label, row
from viewer.ui.kit.curve import BeatCurve
from viewer.ui.kit.marks import Badge
from viewer.ui.kit.section import Message
from viewer.ui.panels.finding_card import NOT_VALIDATED, not_validated_line
from viewer.words.i18n import named, said, tr
from viewer.words.numbers import value_words


class VolumesPanel(QFrame):
    """The table, what its ± means, and the way to the other side."""

    box_asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "window")
        self._view: VolumesView | None = None
        whole = column(self)
        self._strip = frame("header")
        self._strip.setFixedHeight(28)
        self._head = row(self._strip)
        self._head.setContentsMargins(8, 0, 8, 0)
        whole.addWidget(self._strip)
        # in a scroll area: wrapped words get the height they need, and a small cell loses nothing
        self._page = QFrame()
        self._body = column(self._page, 12, 12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._page)
        whole.addWidget(area, 1)

    def show_view(self, view: VolumesView) -> None:
        """Show the volumes anew."""
        if view == self._view:
            return
        self._view = view
        clear(self._head)
        self._head.addWidget(label(tr("Volumes"), "small"))
        unit = tr("from masks, in mm³") if view.cine is None else tr("from masks of every heart phase")
        self._head.addWidget(label(unit, "caption"))
        self._head.addStretch(1)
        if view.draft:
            self._head.addWidget(Badge("proposed", tr("AI draft"), tr("Not every segment is accepted.")))
        clear(self._body)
        if view.cine is not None:
            self._add_beat(view, view.cine)
            return
        self._body.addWidget(self._table(view))
        words = tr("± is half the range over the boundary band where the mask score lies between 0.3 and 0.7.")
        self._body.addWidget(label(f"{words} {tr('Scores are not probabilities.')}", "caption", wrap=True))
        for side in view.missing:
            self._body.addWidget(self._missing(view, side))
        norms = tr("No age or sex norms are shown: this pack has none.")
        self._body.addWidget(Message("info", norms))
        self._body.addStretch(1)

    def _add_beat(self, view: VolumesView, cine: CineFunction) -> None:
        """Volumes over the beat: numbers, curve, and what they are worth."""
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for line, one in enumerate(view.measured):
            grid.addWidget(label(tr(one.name), "number", wrap=True), line, 0)
            mark = "" if one.validated else " *"
            value = label(f"{value_words(one)}{mark}", "number")
            value.setAlignment(_side_of(1))
            grid.addWidget(value, line, 1)
        self._body.addWidget(holder)
        self._body.addWidget(BeatCurve(cine))
        if not all(one.validated for one in view.measured):
            self._body.addWidget(not_validated_line())
            self._body.addWidget(label(tr(NOT_VALIDATED), "caption", wrap=True))
        for note in view.notes:
            self._body.addWidget(label(said(note), "caption", wrap=True))
        self._body.addStretch(1)

    def _table(self, view: VolumesView) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(0, 1)
        for number, words in enumerate((tr("Segment"), tr("Left"), tr("Right"), tr("Left − right"))):
            cell = label(words, "caption", wrap=number == 3)
            cell.setAlignment(_side_of(number))
            grid.addWidget(cell, 0, number)
        for line, entry in enumerate(_with_sum(view.rows), start=1):
            difference = entry.left.value - entry.right.value if entry.left and entry.right else None
            words_of = (named(entry.name), _value(entry.left), _value(entry.right), _signed(difference))
            for number, words in enumerate(words_of):
                cell = label(words, "number", wrap=number == 0)
                cell.setProperty("quiet", words in (tr("no box"), "–"))
                cell.setAlignment(_side_of(number))
                grid.addWidget(cell, line, number)
        return holder

    def _missing(self, view: VolumesView, side: Side) -> QWidget:
        words = {
            Side.RIGHT: (tr("Right side: no box yet."), tr("Place right box")),
            Side.LEFT: (tr("Left side: no box yet."), tr("Place left box")),
        }[side]
        return Message(
            "info",
            words[0],
            tr("Drag a box around the structure on one view and check it on the other two."),
            ((words[1], self._ask(view.pack_id, side)),),
        )

    def _ask(self, pack_id: str, side: Side) -> Callable[[], None]:
        def ask() -> None:
            self.box_asked.emit(pack_id, side.value)

        return ask


def _side_of(column_number: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignLeft if column_number == 0 else Qt.AlignmentFlag.AlignRight


def _value(measurement: Measurement | None) -> str:
    if measurement is None:
        return tr("no box")
    if measurement.plus_minus is None:
        return f"{measurement.value:.0f}"
    return f"{measurement.value:.0f} ± {measurement.plus_minus:.0f}"


def _signed(difference: float | None) -> str:
    return "–" if difference is None else f"{difference:+.0f}".replace("-", "−")


def _with_sum(rows: tuple[VolumeRow, ...]) -> tuple[VolumeRow, ...]:
    """The rows and, where there are several, their sum; ± of a sum is the sum of the ±."""
    if len(rows) < 2:
        return rows
    return (*rows, VolumeRow(tr("Whole"), _sum([r.left for r in rows]), _sum([r.right for r in rows])))


def _sum(parts: list[Measurement | None]) -> Measurement | None:
    there = [part for part in parts if part is not None]
    if len(there) != len(parts):
        return None
    ranges = [part.plus_minus for part in there]
    total = sum(r for r in ranges if r is not None) if None not in ranges else None
    return Measurement("Volume", sum(part.value for part in there), "mm3", plus_minus=total)
