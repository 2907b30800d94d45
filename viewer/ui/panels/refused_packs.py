"""Packs that may not run on the series: near ones one by one, those for other pictures in one row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from viewer.room.analyses import PackState
from viewer.room.panels.analysis import fold_words, reason_words, refusals
from viewer.ui.kit import icons
from viewer.ui.kit.basic import column, label
from viewer.ui.kit.marks import Badge
from viewer.ui.kit.section import Card
from viewer.ui.panels.pack_cards import pack_head
from viewer.words.i18n import said, tr


def _words(state: PackState) -> list[str]:
    return [reason_words(r) for r in refusals(state)]


def _badge(state: PackState) -> Badge:
    return Badge("refused", tr("Refused"), "\n".join(_words(state)))


def refused_card(state: PackState) -> Card:
    """A pack that may not run: each rule, what this study has, the tag, and what helps."""
    card = Card("refused")
    card.body.addLayout(pack_head(state.pack, _badge(state), "refuse", "refuse"))
    words = _words(state)
    for text in words:
        card.body.addWidget(label(f"•  {text}" if len(words) > 1 else text, "caption2", wrap=True))
    helps = " ".join(dict.fromkeys(said(r.todo) for r in refusals(state) if r.todo))
    if helps:
        card.body.addWidget(label(tr("What helps: {todo}", todo=helps), "small", wrap=True))
    return card


def refused_row(state: PackState) -> QFrame:
    """The same in two lines, once another pack has run (screen 03)."""
    holder = QFrame()
    inside = column(holder, 0, 2)
    inside.addLayout(pack_head(state.pack, _badge(state)))
    inside.addWidget(label(next(iter(_words(state)), ""), "caption", wrap=True))
    return holder


class RefusedFold(QFrame):
    """One row with the number of packs for other pictures; it opens to each pack and its reason."""

    def __init__(self, packs: list[PackState], *, is_open: bool, on_toggle: Callable[[bool], object]) -> None:
        super().__init__()
        self._on_toggle = on_toggle
        whole = column(self, 0, 4)
        self.button = QPushButton(fold_words(packs))
        self.button.setProperty("fold", True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setIconSize(QSize(icons.BUTTON, icons.BUTTON))
        self.button.clicked.connect(self._toggle)
        whole.addWidget(self.button)
        self._reasons = QWidget()
        inside = column(self._reasons, 0, 8)
        inside.setContentsMargins(24, 0, 0, 4)
        for state in packs:
            inside.addWidget(refused_row(state))
        whole.addWidget(self._reasons)
        self._show(is_open)

    @property
    def is_open(self) -> bool:
        """True while the reasons show."""
        return not self._reasons.isHidden()

    def _toggle(self) -> None:
        self._show(not self.is_open)
        self._on_toggle(self.is_open)

    def _show(self, is_open: bool) -> None:
        self._reasons.setVisible(is_open)
        self.button.setIcon(icons.icon("chevron-down" if is_open else "chevron-right", "text_2", icons.BUTTON))
        tip = tr("Hide the reasons") if is_open else tr("Show the reasons")
        self.button.setToolTip(tip)
        self.button.setAccessibleName(f"{self.button.text()}. {tip}")
