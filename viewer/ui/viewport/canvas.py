"""The pyqtgraph view that holds one item: the whole picture of a viewport."""

from __future__ import annotations

from typing import Any, Protocol

from pyqtgraph.widgets.GraphicsView import GraphicsView
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QStyleOptionGraphicsItem, QWidget


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


class _PictureItem(QGraphicsItem):
    """The one item; scene coordinates are canvas px."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self._rect = QRectF(0, 0, 1, 1)

    def resize(self, width: int, height: int) -> None:
        """Cover a canvas of this size."""
        self.prepareGeometryChange()
        self._rect = QRectF(0, 0, width, height)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The whole canvas."""
        return self._rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Let the owner draw."""
        self._owner.paint_picture(painter)


class Canvas(GraphicsView):  # type: ignore[misc] # pyqtgraph has no types
    """A raster view in px; pyqtgraph's own mouse handling is not used."""

    def __init__(self, owner: Owner, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self._owner = owner
        self._item = _PictureItem(owner)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setAntialiasing(False)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)  # there is no background to keep
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setAcceptDrops(False)
        self.scene().addItem(self._item)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def refresh(self) -> None:
        """Paint again in this turn of the event loop; several calls make one paint."""
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Keep scene px = canvas px."""
        super().resizeEvent(event)
        if event is not None and hasattr(self, "_item"):
            self._item.resize(self.width(), self.height())
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

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Keys belong to the window's actions."""
        event.ignore()
