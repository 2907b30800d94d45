"""The line at the bottom: where the pointer is, what is there, how far lengths can be trusted, device, jobs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QStatusBar, QWidget

from viewer.core.report import INTENDED_USE
from viewer.core.verdict import Safety, Verdict
from viewer.room.panels.status import StatusView
from viewer.ui.kit import icons
from viewer.ui.kit.basic import ElidedLabel, icon_label, label, restyle, row
from viewer.words.i18n import said, tr

_MARKS = {Safety.OK: ("accepted", "accepted"), Safety.WARN: ("warn", "warn"), Safety.UNSAFE: ("refuse", "refuse")}

#: From this width (px) an empty part keeps its place.
_ROOMY = 1000


class StatusBar(QStatusBar):
    """Parts between hairlines; the sentence at the right never leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        whole = QFrame()
        self._line = row(whole, 0)
        self._line.setContentsMargins(4, 0, 16, 0)
        self._where = self._part()
        self._where.setMinimumWidth(210)
        self._value = self._part()
        self._value.setMinimumWidth(90)
        self._geometry_mark = icon_label("accepted", "accepted", 14)
        self._geometry = self._part()
        self._device = self._part()
        self._job_mark = icon_label("proposed", "accent", 14)
        self._job = self._part()
        self._people_mark = icon_label("warn", "warn", 14)
        self._people = self._part()
        for mark, part in (
            (None, self._where),
            (None, self._value),
            (self._geometry_mark, self._geometry),
            (None, self._device),
            (self._job_mark, self._job),
            (self._people_mark, self._people),
        ):
            if mark is not None:
                self._line.addSpacing(12)
                self._line.addWidget(mark)
                mark.hide()
            self._line.addWidget(part)
        self._rule = ElidedLabel(role="caption2")
        self._line.addSpacing(12)
        self._rule.hide()
        self._names_rule = False
        self._line.addWidget(self._rule, 8)
        self._line.addStretch(1)
        self._right = ElidedLabel(tr(INTENDED_USE), "caption2")
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line.addWidget(self._right, 4)
        self.addWidget(whole, 1)
        self._stack_key = ""
        self._whole: tuple[Safety | None, str] = (None, "")
        self._under: tuple[Safety, str] | None = None
        self._show_stack(False)

    def _part(self) -> QLabel:
        made = label("")
        made.setProperty("part", True)
        made.hide()
        return made

    def _put(self, part: QLabel, text: str) -> None:
        part.setText(text)
        part.setVisible(bool(text))

    def show_view(self, view: StatusView) -> None:
        """Show what is known; where another stack is active the pointer is nowhere yet."""
        if view.stack_key != self._stack_key:
            self._stack_key = view.stack_key
            self._show_stack(bool(view.stack_key))
        self._show_geometry(view.verdict, view.at_detector)
        self._put(self._device, view.device)
        self._job_mark.setVisible(bool(view.job))
        self._put(self._job, view.job)
        self._people_mark.setVisible(view.patients > 1)
        self._put(self._people, tr("Two patients") if view.patients > 1 else "")
        self._rule.set_whole(view.hanging)
        self._rule.setVisible(self._names_rule and bool(view.hanging))

    def name_rule(self, names: bool) -> None:
        """Whether the hanging rule stands here, while the studies panel has no room for it."""
        self._names_rule = names
        self._rule.setVisible(names and bool(self._rule.whole))

    def _show_stack(self, is_open: bool) -> None:
        if is_open:
            self.show_pointer("", "")
            self._right.set_whole(tr("AI draft, not for diagnosis"))
            return
        self._put(self._where, tr("No study open"))
        self._put(self._value, "")
        self._right.set_whole(tr(INTENDED_USE))

    def show_pointer(self, where: str, value: str) -> None:
        """Position and value under the pointer; an empty one keeps its place, so that nothing beside it moves."""
        for part, words in ((self._where, where), (self._value, value)):
            self._put(part, words or " ")
            part.setVisible(bool(words) or self.width() >= _ROOMY)
            if part.property("blank") is not (not words):
                part.setProperty("blank", not words)
                restyle(part)

    def show_scale(self, under: tuple[Safety, str] | None) -> None:
        """How far lengths under the pointer can be trusted; None: as on the whole picture."""
        self._under = under
        self._say_geometry()

    def _say_geometry(self) -> None:
        safety, words = self._under or self._whole
        self._geometry_mark.setVisible(bool(words) and safety is not None)
        self._put(self._geometry, words)
        if safety is not None:
            icon, token = _MARKS[safety]
            self._geometry_mark.setPixmap(icons.pixmap(icon, token, 14, self.devicePixelRatioF()))

    def _show_geometry(self, verdict: Verdict | None, at_detector: bool) -> None:
        """Whether lengths can be trusted; the tooltip says why not."""
        if verdict is None:
            self._whole = (None, "")
        elif at_detector:
            self._whole = (None, tr("Geometry: detector plane only"))
        else:
            self._whole = (verdict.safety, tr(verdict.text))
        reasons = verdict.reasons if verdict is not None else ()
        self._geometry.setToolTip("\n".join(said(caution.text) for caution in reasons))
        self._say_geometry()
