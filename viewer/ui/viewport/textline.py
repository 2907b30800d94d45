"""The line a reader types a text into, right on the picture."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from viewer.room.tools import Pointer
from viewer.room.tools.text import TextTool
from viewer.room.views.view import View
from viewer.words.i18n import tr

_WIDTH = 200


class TextLine(QLineEdit):
    """Opens where the text tool clicked; Enter or leaving it keeps the text, Esc drops it."""

    def __init__(self, view: View, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._at: Pointer | None = None
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(tr("Text on the picture"))
        self.hide()
        self.editingFinished.connect(self._keep)

    def open_at(self, pointer: Pointer) -> None:
        """Take a text for a place."""
        self._at = pointer
        self.clear()
        self.move(round(pointer.x), round(pointer.y) - self.sizeHint().height() // 2)
        self.show()
        self.setFocus()

    def drop(self) -> None:
        """Forget what was typed."""
        self._at = None
        self.hide()

    def _keep(self) -> None:
        at, self._at = self._at, None
        text = self.text().strip()
        self.hide()
        if at is not None:
            TextTool.keep(self._view, at, text)
