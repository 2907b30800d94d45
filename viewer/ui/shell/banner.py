"""The banner while two patients are on screen (screen 09)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QMenuBar, QPushButton

from viewer.room.panels.banner import BannerView
from viewer.ui.kit.basic import ElidedLabel, button, clear, icon_label, label, row
from viewer.words.i18n import tr

#: Room between the menus and the banner, and what is left for the program's name beside it where there is room.
_GAP, _NAME = 24, 104
#: Room for the warning itself, and round the words of a button.
_WORDS, _BUTTON = 190, 28
#: The banner is this wide at least, and then stands over the name.
_LEAST = 560


class PatientBanner(QFrame):
    """Says that sync, comparison and report are off, and offers to show one patient only.

    It stands in the free part of the menu bar: when it comes or goes no picture moves.
    """

    only = Signal(str)

    def __init__(self, bar: QMenuBar) -> None:
        super().__init__(bar)
        self._bar = bar
        self.setProperty("kind", "banner")
        self._line = row(self, 8)
        self._line.setContentsMargins(8, 0, 4, 0)
        self._view = BannerView()
        self._buttons: list[QPushButton] = []
        self.hide()

    def show_view(self, view: BannerView) -> None:
        """Show the banner for two patients or more, hide it else."""
        self._fill(view)
        self.setVisible(bool(view.patients))
        self.fit()

    def fit(self) -> None:
        """Take the room beside the menus."""
        actions = self._bar.actions()
        left = self._bar.actionGeometry(actions[-1]).right() + _GAP if actions else _GAP
        right = self._bar.width() - 8
        right = right - _NAME if right - _NAME - left >= _LEAST else right
        self.setGeometry(left, 1, max(right - left, 0), self._bar.height() - 2)
        self._shorten()
        self.raise_()

    def _shorten(self) -> None:
        """What the buttons say gives way before it is cut; their tooltips and names keep it whole."""
        room = (self.width() - _WORDS) // max(len(self._buttons), 1) - _BUTTON
        for made in self._buttons:
            metrics = QFontMetrics(made.font())
            made.setText(metrics.elidedText(made.accessibleName(), Qt.TextElideMode.ElideMiddle, max(room, 24)))

    def _fill(self, view: BannerView) -> None:
        if view == self._view or not view.patients:
            return
        self._view = view
        clear(self._line)
        self._line.addWidget(icon_label("warn", "warn", 16, tr("Warning")))
        self._line.addWidget(label(tr("Two patients on screen"), "strong"))
        words = tr("Sync, comparison and report are off until only one is shown.")
        self._line.addWidget(ElidedLabel(words, "secondary"), 1)
        self._buttons = []
        for key, name in view.patients:
            words = tr("Show {name} only", name=name)
            self._buttons.append(button(words, self._tell(key), style="chip", tip=words))
            self._line.addWidget(self._buttons[-1])

    def _tell(self, key: str) -> Callable[[], None]:
        def tell() -> None:
            self.only.emit(key)

        return tell
