"""The line a reader types a text into, right on the picture."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from viewer.room.tools import Pointer
from viewer.room.tools.text import TextTool
from viewer.ui.viewport.stage import Stage
from viewer.words.i18n import tr

_WIDTH = 200


class TextLine(QLineEdit):
    """Opens where the text tool clicked; Enter or leaving it keeps the text, Esc drops it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.canvas)
        self._stage = stage
        self._at: Pointer | None = None
        self.setFixedWidth(_WIDTH)
        self.setAccessibleName(tr("Text on the picture"))
        self.hide()
        stage.text_wanted.connect(self._open)
        self.editingFinished.connect(self._keep)

    def _open(self, pointer: Pointer) -> None:
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
            TextTool.keep(self._stage, at, text)
