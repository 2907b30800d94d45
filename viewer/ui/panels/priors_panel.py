"""Priors section: earlier series of the patient and body part, each with *Compare* (screen 09)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from viewer.room.panels.priors import PriorRow, PriorsView
from viewer.ui.kit.basic import ElidedLabel, button, clear, column, label, row
from viewer.ui.kit.section import Card, Section
from viewer.words.i18n import tr

_SIDE = 46
#: A small picture of a stack, RGB [row, column, 3].
Thumbnail = Callable[[str], npt.NDArray[np.uint8] | None]


class PriorsPanel(Section):
    """A card an earlier series; hidden while there is none."""

    compared = Signal(str, str)

    def __init__(self, thumbnail: Thumbnail, parent: QWidget | None = None) -> None:
        super().__init__(tr("Priors"), parent)
        self._thumbnail = thumbnail
        self._view: PriorsView | None = None
        self.show_view(PriorsView())

    def show_view(self, view: PriorsView) -> None:
        """Show the priors of another series."""
        if view == self._view:
            return
        self._view = view
        clear(self.body)
        self.set_title(view.whose or tr("Priors"))
        self.set_count(tr("same body part") if view.rows else "")
        for entry in view.rows:
            self.body.addWidget(self._card(entry, view))
        if view.off and view.rows:
            self.body.addWidget(label(view.off, "caption", wrap=True))
        self.setVisible(bool(view.rows))

    def _card(self, entry: PriorRow, view: PriorsView) -> Card:
        card = Card()
        line = row()
        line.addWidget(self._picture(entry.key))
        words = column(spacing=0)
        words.addWidget(ElidedLabel(entry.title, "strong"))
        words.addWidget(ElidedLabel(entry.when, "caption"))
        words.addWidget(ElidedLabel(entry.report, "caption"))
        line.addLayout(words, 1)
        name = tr("Compare with {title}, {when}", title=entry.title, when=entry.when)
        ask = button(tr("Compare"), partial(self.compared.emit, view.stack_key, entry.key), style="compact", name=name)
        ask.setEnabled(not view.off)
        ask.setToolTip(view.off)
        line.addWidget(ask)
        card.body.addLayout(line)
        return card

    def _picture(self, key: str) -> QLabel:
        made, pixels = QLabel(), self._thumbnail(key)
        made.setFixedSize(_SIDE, _SIDE)
        made.setStyleSheet("background: black;")
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        if pixels is not None:
            height, width, _ = pixels.shape
            image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
            smooth = Qt.TransformationMode.SmoothTransformation
            made.setPixmap(QPixmap.fromImage(image).scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        return made
