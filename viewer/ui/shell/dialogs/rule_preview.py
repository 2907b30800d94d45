"""A small picture of what a hanging rule would put where."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.room.panels.rules import Preview
from viewer.ui.kit.theme import colour

_GAP = 2


class RulePreview(QWidget):
    """The views of a rule as boxes with the words of what stands in them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = Preview("")
        self.setMinimumSize(QSize(280, 190))

    def show_view(self, view: Preview) -> None:
        """Show another preview."""
        self._view = view
        self.setAccessibleName(" ".join((view.words, *(cell.replace("\n", ", ") for cell in view.cells))))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the boxes; nothing where the rule does not hold."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("bg_window"))
        view = self._view
        for place, words in zip(view.places, view.cells, strict=False):
            box = self._box(place, view.shape)
            painter.fillRect(box, colour("bg_viewport"))
            painter.setPen(colour("line_control" if words else "line"))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
            painter.setPen(colour("text_1"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(box.adjusted(8, 6, -6, -6), flags, words)
        painter.end()

    def _box(self, place: tuple[int, int, int, int], shape: tuple[int, int]) -> QRect:
        row, column, rows, columns = place
        width, height = self.width() / shape[1], self.height() / shape[0]
        left, top = round(column * width), round(row * height)
        right, bottom = round((column + columns) * width), round((row + rows) * height)
        return QRect(left, top, right - left - _GAP, bottom - top - _GAP)
