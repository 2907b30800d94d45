"""The banner while two patients are on screen (screen 09)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from viewer.room.panels.banner import BannerView
from viewer.ui.kit.basic import ElidedLabel, button, clear, icon_label, label, row
from viewer.words.i18n import tr


class PatientBanner(QFrame):
    """Says that sync, comparison and report are off, and offers to show one patient only."""

    only = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self._line = row(self, 8)
        self._line.setContentsMargins(12, 4, 12, 4)
        self._view = BannerView()
        self.hide()

    def show_view(self, view: BannerView) -> None:
        """Show the banner for two patients or more, hide it else."""
        self.setVisible(bool(view.patients))
        if view == self._view or not view.patients:
            return
        self._view = view
        clear(self._line)
        self._line.addWidget(icon_label("warn", "warn", 20, tr("Warning")))
        self._line.addWidget(label(tr("Two patients on screen"), "strong"))
        words = tr("Sync, comparison and report are off until only one is shown.")
        self._line.addWidget(ElidedLabel(words, "secondary"), 1)
        for key, name in view.patients:
            self._line.addWidget(button(tr("Show {name} only", name=name), self._tell(key), style="compact"))

    def _tell(self, key: str) -> Callable[[], None]:
        def tell() -> None:
            self.only.emit(key)

        return tell
