"""Files that are dropped on the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrop(QObject):
    """Takes files, folders and archives.

    Args:
        on_files: given the paths; on_hover: whether something that can be taken is dragged over the window.
    """

    def __init__(
        self, window: QWidget, on_files: Callable[[list[str]], object], on_hover: Callable[[bool], object]
    ) -> None:
        super().__init__(window)
        self._on_files, self._on_hover = on_files, on_hover
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look at what is dragged over the window."""
        if isinstance(event, QDragEnterEvent):
            if paths_in(event.mimeData()):
                event.acceptProposedAction()
                self._on_hover(True)
            return True
        if isinstance(event, QDropEvent) and event.type() is QEvent.Type.Drop:
            self._on_hover(False)
            event.acceptProposedAction()
            self._on_files(paths_in(event.mimeData()))
            return True
        if event.type() is QEvent.Type.DragLeave:
            self._on_hover(False)
        return False


def paths_in(data: QMimeData) -> list[str]:
    """Paths of files on this computer."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
