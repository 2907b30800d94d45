"""The picture area of a viewport: paints it and turns the mouse into tool calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QRegion, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.core.geometry import SpacingKind
from viewer.core.measurement import ReaderMeasurement
from viewer.display.window import Window
from viewer.room.tools.base import Cursor, Pointer, Tool, point_at
from viewer.room.tools.navigate import PanTool, ZoomTool
from viewer.room.views.camera import Camera
from viewer.room.views.drawings import DrawingStore
from viewer.room.views.facts import CursorInfo, Message
from viewer.room.views.picture import Picture
from viewer.ui.kit.theme import colour
from viewer.ui.viewport.canvas import Canvas
from viewer.ui.viewport.convert import CURSORS, image_of, transform_of
from viewer.ui.viewport.overpaint import Overpaint

#: The picture is drawn in full quality this long after the last move (ms).
REST_MS = 120
#: Neighbours whose overlays are prepared at rest, the nearest first.
_AHEAD = tuple(sign * n for n in range(1, 9) for sign in (1, -1))
#: Films with more pixels than this on a side are thinned while they are being moved.
LARGE_SIDE = 1024
_NOTCH = 120
#: Slices a wheel notch moves with Ctrl held.
FAST = 5
#: A right click that moves less than this (px) opens the menu.
_CLICK_PX = 3


class Stage(QObject):
    """Owner of the canvas and host of the tools."""

    slice_changed = Signal(int)
    window_changed = Signal(object)
    cursor_moved = Signal(object)
    crosshair_moved = Signal(object)
    roi_moved = Signal(object)
    roi_changed = Signal(object)
    measured = Signal(object)
    message = Signal(object)
    text_wanted = Signal(object)
    activated = Signal()
    maximise_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget, drawings: DrawingStore) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self, parent)
        self.drawings = drawings
        self.over = Overpaint()
        self.picture: Picture | None = None
        self.camera = Camera()
        self.tool: Tool | None = None
        self.swap_window_drag = False
        self.roi: Box | None = None
        self._held: dict[Qt.MouseButton, Tool] = {}
        self._right_start = QPoint()
        self._notches = 0.0
        self.moving = False
        self._scaled: tuple[int, int, int, QImage] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._come_to_rest)
        self._coming: list[int] = []
        self._ahead = QTimer(self)
        self._ahead.setInterval(0)
        self._ahead.timeout.connect(self._prepare_next)
        stop = drawings.subscribe(self.refresh)
        self.destroyed.connect(lambda *_: stop())

    # ---------------------------------------------------------------- Host

    def set_camera(self, camera: Camera) -> None:
        """Pan, zoom or turn."""
        if camera != self.camera:
            self.camera = camera
            self.refresh()

    def set_window(self, window: Window) -> None:
        """Show through another window and say so."""
        if self.picture is not None:
            self.picture.set_window(window)
            self.refresh()
            self.window_changed.emit(window)

    def set_slice(self, index: int) -> None:
        """Show another slice (held within the stack) and say so."""
        if self.picture is not None and self.picture.go_to(index):
            self.refresh()
            self.slice_changed.emit(self.picture.index)

    def place_crosshair(self, lps: PointLps) -> None:
        """Put the crosshair here and tell the other views."""
        self.over.crosshair = lps
        self.refresh()
        self.crosshair_moved.emit(lps)

    def show_draft(self, drawing: ReaderMeasurement | None) -> None:
        """A drawing that is not finished."""
        self.over.draft = drawing
        self.refresh()

    def commit(self, drawing: ReaderMeasurement) -> None:
        """A finished drawing: kept, and told."""
        self.drawings.put(drawing)
        self.measured.emit(drawing)

    def ask_text(self, pointer: Pointer) -> None:
        """Let the reader type a text here."""
        self.text_wanted.emit(pointer)

    def say(self, message: Message) -> None:
        """Show words in the view."""
        self.message.emit(message)

    def place_roi(self, box: Box, finished: bool) -> None:
        """Move the box; told when the button went up."""
        self.roi = box
        self.refresh()
        (self.roi_changed if finished else self.roi_moved).emit(box)

    # ---------------------------------------------------------------- painting

    def refresh(self) -> None:
        """Paint once in this turn of the event loop."""
        self.canvas.refresh()

    def _stir(self) -> None:
        """Something moves: draw quickly until it rests."""
        self.moving = True
        self._rest.start()

    def _come_to_rest(self) -> None:
        self.moving = False
        self.refresh()
        self._coming = [self.picture.index + n for n in _AHEAD] if self.picture is not None else []
        self._ahead.start()

    def _prepare_next(self) -> None:
        """Lay overlays on a neighbouring slice while nothing else is to be done."""
        while self._coming and self.picture is not None and not self.moving:
            if self.picture.prepare(self._coming.pop(0)):
                return
        self._ahead.stop()

    def canvas_resized(self, width: int, height: int) -> None:
        """The canvas has another size."""
        self.camera = self.camera.resized(width, height)

    def paint_picture(self, painter: QPainter) -> None:
        """The image, then everything over it."""
        self._paint_bare(painter)
        if self.picture is None:
            return
        rows, columns = self.picture.view.shape
        painter.save()
        painter.setTransform(transform_of(self.camera.matrix()), True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self.moving)
        step = self._step(rows, columns)
        image = self._image(step)
        covered = QRectF(-0.5, -0.5, columns, rows)
        if step > 1:
            covered = QRectF(-0.5, -0.5, image.width() * step, image.height() * step)
        painter.drawImage(covered, image)
        painter.restore()
        self.over.paint(painter, self)

    def _paint_bare(self, painter: QPainter) -> None:
        """Black where no image will be painted; filling below it too would cost a third of a step."""
        bare = QRegion(0, 0, *self.camera.canvas)
        if self.picture is not None:
            rows, columns = self.camera.image
            box = transform_of(self.camera.matrix()).mapRect(QRectF(-0.5, -0.5, columns, rows))
            inner = box.toAlignedRect().adjusted(1, 1, -1, -1)
            bare = bare.subtracted(QRegion(inner))
        for rect in cast(Iterable[QRect], bare):  # true, but not in the stubs
            painter.fillRect(rect, colour("bg_viewport"))

    def _step(self, rows: int, columns: int) -> int:
        """Every how many pixels are drawn: fewer for a large film while it moves."""
        zoom = self.camera.zoom
        if not self.moving or max(rows, columns) <= LARGE_SIDE or zoom >= 0.5:
            return 1
        return max(1, int(1.0 / max(zoom, 0.05)))

    def _image(self, step: int) -> QImage:
        """The composed image; shrunk by averaging where it would otherwise lose pixels."""
        if self.picture is None:
            return QImage()
        image = image_of(self.picture.image(step))
        zoom = self.camera.zoom * self.canvas.devicePixelRatioF()
        if self.moving or zoom >= 0.5:
            return image
        width, height = (
            round(image.width() * zoom),
            round(image.height() * zoom * self.camera.mm[0] / self.camera.mm[1]),
        )
        key = (self.picture.image_number, width, height)
        if self._scaled is None or self._scaled[:3] != key:
            smooth = Qt.TransformationMode.SmoothTransformation
            small = image.scaled(max(width, 1), max(height, 1), Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._scaled = (*key, small)
        return self._scaled[3]

    # ---------------------------------------------------------------- mouse

    def _pointer(self, event: QMouseEvent) -> Pointer:
        at = event.position()
        row, column = self.camera.to_pixel((at.x(), at.y()))
        return Pointer(at.x(), at.y(), (float(row), float(column)))

    def mouse_pressed(self, event: QMouseEvent) -> None:
        """Left: the tool; middle: pan; right: zoom, or the menu where it does not move."""
        self.activated.emit()
        if self.picture is None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self._right_start = event.position().toPoint()
        tool = self._tool_of(event.button())
        if tool is not None:
            self._held[event.button()] = tool
            tool.press(self, self._pointer(event))

    def _tool_of(self, button: Qt.MouseButton) -> Tool | None:
        if button == Qt.MouseButton.LeftButton:
            return self.over.grab or self.tool
        return {Qt.MouseButton.MiddleButton: PanTool(), Qt.MouseButton.RightButton: ZoomTool()}.get(button)

    def mouse_moved(self, event: QMouseEvent) -> None:
        """Drag what is held, and say what lies under the pointer."""
        if self.picture is None:
            return
        pointer = self._pointer(event)
        for tool in self._held.values():
            if tool.coarse:
                self._stir()
            tool.drag(self, pointer)
        if not self._held:
            self.over.hover(self, pointer)
            if self.tool is not None:
                self.tool.hover(self, pointer)
            self.canvas.viewport().setCursor(self._cursor())
        self.cursor_moved.emit(self.cursor_at(pointer))

    def _cursor(self) -> Qt.CursorShape:
        tool = self.over.grab or self.tool
        return CURSORS[Cursor.ARROW if tool is None else tool.cursor]

    def mouse_released(self, event: QMouseEvent) -> None:
        """Let go; a right click that did not move asks for the menu."""
        tool = self._held.pop(event.button(), None)
        if tool is not None:
            tool.release(self, self._pointer(event))
        if event.button() == Qt.MouseButton.RightButton and self.picture is not None:
            at = event.position().toPoint()
            if (at - self._right_start).manhattanLength() <= _CLICK_PX:
                self.menu_wanted.emit(event.globalPosition().toPoint())

    def mouse_double_clicked(self, event: QMouseEvent) -> None:
        """Maximise, or back; drawing tools keep their second click."""
        navigating = self.tool is None or self.tool.coarse or self.tool.id == "crosshair"
        if event.button() == Qt.MouseButton.LeftButton and navigating:
            self.maximise_wanted.emit()
        elif not (event.button() == Qt.MouseButton.LeftButton and self.tool is not None and self.tool.finish(self)):
            self.mouse_pressed(event)

    def mouse_left(self) -> None:
        """Nothing lies under the pointer."""
        self.cursor_moved.emit(None)

    def wheel_turned(self, event: QWheelEvent) -> None:
        """Scroll without looping; Ctrl faster; parts of a notch add up."""
        if self.picture is None:
            return
        fast = FAST if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
        self._notches -= event.angleDelta().y() / _NOTCH * fast
        whole = int(self._notches)
        self._notches -= whole
        if whole:
            self.scroll(whole)

    def scroll(self, slices: int) -> None:
        """Some slices on, drawn quickly until it rests."""
        if self.picture is not None:
            self._stir()
            self.set_slice(self.picture.index + slices)

    def focus_arrived(self) -> None:
        """Keys go to this view now."""
        self.activated.emit()

    def cursor_at(self, pointer: Pointer) -> CursorInfo | None:
        """What lies under the pointer, None beside the picture or before it is read."""
        picture = self.picture
        if picture is None or not picture.is_loaded or not picture.view.inside(pointer.pixel):
            return None
        row, column = round(pointer.pixel[0]), round(pointer.pixel[1])
        view, source = picture.view, picture.source
        kji = np.rint(view.pixel_to_index(np.array([row, column]))).astype(int).tolist()
        in_patient = source.native.spacing_kind is SpacingKind.PATIENT and source.native.oriented
        detector = source.native.spacing_kind is SpacingKind.DETECTOR
        value = picture.value_at(row, column)
        unit = "" if source.volume.unit == "1" or len(value) > 1 else source.volume.unit
        return CursorInfo(
            (kji[0], kji[1], kji[2]),
            point_at(picture, pointer) if in_patient else None,
            ((pointer.pixel[1] + 0.5) * view.mm[1], (pointer.pixel[0] + 0.5) * view.mm[0]) if detector else None,
            value,
            unit,
            _suv_factor(source.volume.tags),
        )


def _suv_factor(tags: Mapping[str, str]) -> float | None:
    factor = tags.get("SUVFactor")
    return None if factor is None else float(factor)
