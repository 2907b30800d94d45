"""The frame of a view: its border, which never moves the picture, and files that are dropped on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from viewer.ui.kit.basic import STACK_MIME
from viewer.ui.kit.theme import colour

#: The border lies in this frame, so that it never moves the picture.
FRAME = 2


class Bordered(QWidget):
    """A widget with an accent border while it is active, that takes files."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    @property
    def active(self) -> bool:
        """True for the view that keys go to."""
        return False

    def stack_arrived(self, key: str) -> None:
        """A series was dropped here."""

    def files_arrived(self, paths: Sequence[Path]) -> None:
        """Files were dropped here."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The border in its own frame."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("bg_window"))
        width, ink = (FRAME, colour("accent")) if self.active else (1, colour("line"))
        self._draw_border(painter, width, ink)

    def _draw_border(self, painter: QPainter, width: int, ink: QColor) -> None:
        w, h = self.width(), self.height()
        for rect in ((0, 0, w, width), (0, h - width, w, width), (0, 0, width, h), (w - width, 0, width, h)):
            painter.fillRect(*rect, ink)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and series."""
        if event.mimeData().hasUrls() or event.mimeData().hasFormat(STACK_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Say which files were dropped, or which series."""
        if event.mimeData().hasFormat(STACK_MIME):
            event.acceptProposedAction()
            self.stack_arrived(event.mimeData().data(STACK_MIME).toStdString())
            return
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_arrived(paths)
