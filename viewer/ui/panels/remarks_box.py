"""What the lint asks before signing: each remark with the way to its words and a field for why they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QWidget

from viewer.core.sections import SECTIONS
from viewer.room.panels.report import RemarkRow
from viewer.ui.kit.basic import button, clear, column, frame, icon_label, label, row
from viewer.words.i18n import tr

#: The box never takes more of the page than this (px); what is more is scrolled.
_HIGHEST = 188
_HEADINGS = {section.key: section.heading for section in SECTIONS}


class RemarksBox(QFrame):
    """A list that is there while there is something to ask; it never covers the text."""

    show_asked = Signal(str, str)
    stand_asked = Signal(str, str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "footer")
        self._rows: tuple[RemarkRow, ...] = ()
        self._locked = False
        whole = column(self, 0, 4)
        whole.setContentsMargins(16, 8, 16, 8)
        self._title = label("", "strong")
        whole.addWidget(self._title)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = frame("panel")
        self._list = column(inner, 0, 8)
        self._scroll.setWidget(inner)
        whole.addWidget(self._scroll)
        self.hide()

    def show_rows(self, rows: tuple[RemarkRow, ...], locked: bool) -> None:
        """Show the remarks anew; a reason that is being typed is left alone."""
        if (rows, locked) == (self._rows, self._locked):
            return
        self._rows, self._locked = rows, locked
        clear(self._list)
        for one in rows:
            self._list.addWidget(self._line(one))
        self._list.addStretch(1)
        waiting = sum(not one.reason for one in rows)
        self._title.setText(tr("Look again before signing: {n}", n=waiting) if waiting else tr("Looked at again"))
        self.setVisible(bool(rows))
        content = self._scroll.widget()
        if content is not None:
            content.adjustSize()
            self._scroll.setFixedHeight(min(_HIGHEST, content.sizeHint().height() + 2))

    def _line(self, one: RemarkRow) -> QWidget:
        holder = QWidget()
        line = row(holder, 8)
        mark = ("accepted", "accepted") if one.reason else ("refuse", "refuse") if one.is_critical else ("warn", "warn")
        line.addWidget(icon_label(*mark, 16), 0, Qt.AlignmentFlag.AlignTop)
        words = column(spacing=2)
        words.addWidget(label(one.words, "small", wrap=True))
        words.addWidget(label(self._caption(one), "caption", wrap=True))
        reason = QLineEdit()
        reason.setPlaceholderText(tr("Why it stands"))
        reason.setAccessibleName(tr("Why it stands"))
        reason.hide()
        words.addWidget(reason)
        line.addLayout(words, 1)
        show = button(tr("Show"), lambda: self.show_asked.emit(one.section, one.quote), style="compact")
        line.addWidget(show, 0, Qt.AlignmentFlag.AlignTop)
        if not self._locked and not one.reason:
            stand = button(tr("Let stand..."), lambda: self._ask(reason), style="compact")
            line.addWidget(stand, 0, Qt.AlignmentFlag.AlignTop)
            reason.returnPressed.connect(
                lambda: self.stand_asked.emit(one.code, one.section, one.quote, reason.text().strip())
            )
        return holder

    def _caption(self, one: RemarkRow) -> str:
        section = tr(_HEADINGS.get(one.section, one.section))
        return f"{section} · {tr('stands: {reason}', reason=one.reason)}" if one.reason else section

    def _ask(self, field: QLineEdit) -> None:
        field.show()
        field.setFocus()
        content = self._scroll.widget()
        if content is not None:
            self._scroll.setFixedHeight(min(_HIGHEST, content.sizeHint().height() + 2))
            self._scroll.ensureWidgetVisible(field)
