"""Packs that may not run on the series: near ones one by one, those for other pictures in one row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from viewer.core.analysis import GateReason, Suitability
from viewer.room.analyses import PackState
from viewer.room.panels.analysis import reason_words
from viewer.ui.kit import icons
from viewer.ui.kit.basic import column, label
from viewer.ui.kit.marks import Badge
from viewer.ui.kit.section import Card
from viewer.ui.panels.pack_cards import pack_head
from viewer.words.i18n import said, tr

#: Rules by which a pack is for another kind of picture: then further reasons add nothing.
_KIND_RULES = ("modality", "body_part", "view")
#: So many packs for other modalities, or more, are one row.
_FOLD_FROM = 2


def told(state: PackState) -> list[GateReason]:
    """The reasons of a refusal that a reader needs."""
    if state.gate is None:
        return []
    spoken = [r for r in state.gate.reasons if r.verdict is Suitability.REFUSE and r.rule != "roi"]
    wrong_kind = [r for r in spoken if r.rule in _KIND_RULES]
    return wrong_kind[:1] or spoken


def parted(refused: list[PackState]) -> tuple[list[PackState], list[PackState]]:
    """(packs made for pictures like this one, packs for other modalities): the latter fold."""
    far = [s for s in refused if any(r.rule == "modality" for r in told(s))]
    if len(far) < _FOLD_FROM:
        return refused, []
    return [s for s in refused if s not in far], far


def _words(state: PackState) -> list[str]:
    return [reason_words(r) for r in told(state)]


def _badge(state: PackState) -> Badge:
    return Badge("refused", tr("Refused"), "\n".join(_words(state)))


def refused_card(state: PackState) -> Card:
    """A pack that may not run: each rule, what this study has, the tag, and what helps."""
    card = Card("refused")
    card.body.addLayout(pack_head(state.pack, _badge(state), "refuse", "refuse"))
    words = _words(state)
    for text in words:
        card.body.addWidget(label(f"•  {text}" if len(words) > 1 else text, "caption2", wrap=True))
    helps = " ".join(dict.fromkeys(said(r.todo) for r in told(state) if r.todo))
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
        self.button = QPushButton(_fold_words(packs))
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


def _fold_words(packs: list[PackState]) -> str:
    """ "5 refused: for CR or DX, CT": how many, and what they are for."""
    kinds = ", ".join(dict.fromkeys(modality for state in packs for modality in state.pack.match.modality))
    return tr("{n} refused: for other pictures ({kinds})", n=len(packs), kinds=kinds)
