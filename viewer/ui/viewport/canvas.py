"""The widget that holds the whole picture of a viewport."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Owner(Protocol):
    """Who paints, and who is told of the mouse."""

    def paint_picture(self, painter: QPainter) -> None:
        """Draw everything."""

    def mouse_pressed(self, event: QMouseEvent) -> None:
        """A button went down."""

    def mouse_moved(self, event: QMouseEvent) -> None:
        """The pointer moved, with or without a button."""

    def mouse_released(self, event: QMouseEvent) -> None:
        """A button went up."""

    def mouse_double_clicked(self, event: QMouseEvent) -> None:
        """Two clicks."""

    def mouse_left(self) -> None:
        """The pointer left the picture."""

    def wheel_turned(self, event: QWheelEvent) -> None:
        """The wheel turned."""

    def canvas_resized(self, width: int, height: int) -> None:
        """The canvas has another size."""

    def focus_arrived(self) -> None:
        """Keys go to this view now."""


class Canvas(QWidget):
    """A raster widget in px."""

    def __init__(self, owner: Owner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._owner = owner
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def refresh(self) -> None:
        """Paint again in this turn of the event loop; several calls make one paint."""
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Let the owner draw."""
        painter = QPainter(self)
        try:
            self._owner.paint_picture(painter)
        finally:
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Tell the owner."""
        super().resizeEvent(event)
        self._owner.canvas_resized(self.width(), self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.mouse_pressed(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.mouse_moved(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.mouse_released(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.mouse_double_clicked(event)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.wheel_turned(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.mouse_left()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Hand on to the owner."""
        self._owner.focus_arrived()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keys belong to the window's actions."""
        event.ignore()
