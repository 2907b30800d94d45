"""The picture area of a viewport: paints its view and hands the mouse on to it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import perf_counter
from typing import cast

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QRegion, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.display.scene import draw
from viewer.room.tools.base import Pointer
from viewer.room.views.camera import MIN_ZOOM
from viewer.room.views.mouse import Button, Mouse
from viewer.room.views.picture import Picture
from viewer.room.views.scene import scene_of
from viewer.room.views.view import Screen, View
from viewer.ui.kit.theme import colour
from viewer.ui.viewport.canvas import Canvas
from viewer.ui.viewport.convert import CURSORS, image_of, transform_of
from viewer.ui.viewport.pen import OutlinePaths, QtPen

_LOG = logging.getLogger(__name__)

#: The picture is drawn in full quality this long after the last move (ms).
REST_MS = 120
#: While something moves it keeps full quality where the last picture drawn in it took less than this (ms).
FRAME_MS = 12.0
#: Neighbours whose overlays are prepared at rest, the nearest first.
_AHEAD = tuple(sign * n for n in range(1, 9) for sign in (1, -1))
#: Films with more pixels than this on a side are averaged in blocks, then composed, while they are being moved.
LARGE_SIDE = 1024
_NOTCH = 120
_BUTTONS = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
    Qt.MouseButton.RightButton: Button.RIGHT,
}


class ViewController(QObject):
    """Owner of the canvas.

    Attributes:
        held: where the canvas stood on the screen when its picture was to stay; None else.
        moving: something moves, so what is not known yet waits until it rests.
        full_ms: what the last picture in full quality took; at rest, when overlays are laid too, the image alone.
    """

    def __init__(self, parent: QWidget, view: View, mouse: Mouse) -> None:
        super().__init__(parent)
        self.view, self.mouse = view, mouse
        self.canvas = Canvas(self, parent)
        self.moving = False
        self.held: QPoint | None = None
        self.full_ms = 0.0
        self._outlines = OutlinePaths()
        self._scaled: tuple[int, int, int, QImage] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._come_to_rest)
        self._coming: list[int] = []
        self._ahead = QTimer(self)
        self._ahead.setInterval(0)
        self._ahead.timeout.connect(self._prepare_next)

    # ---------------------------------------------------------------- painting

    def stir(self) -> None:
        """Something moves: draw quickly until it rests."""
        self.moving = True
        self._rest.start()

    def _come_to_rest(self) -> None:
        self.moving = False
        self.canvas.refresh()
        self._coming = [self.view.picture.index + n for n in _AHEAD] if self.view.picture is not None else []
        self._ahead.start()

    def _prepare_next(self) -> None:
        """Lay overlays on a neighbouring slice while nothing else is to be done."""
        while self._coming and self.view.picture is not None and not self.moving:
            if self.view.picture.prepare(self._coming.pop(0)):
                return
        self._ahead.stop()

    def hold(self, hold: bool) -> None:
        """Keep the picture where it is on the screen while something beside it comes or goes."""
        self.held = self.canvas.mapToGlobal(QPoint(0, 0)) if hold else None

    def canvas_resized(self, width: int, height: int) -> None:
        """The canvas has another size, or came to another screen."""
        if self.held is None:
            self.view.camera = self.view.camera.resized(width, height)
        else:
            here = self.canvas.mapToGlobal(QPoint(0, 0))
            shift = here - self.held
            self.view.camera = self.view.camera.canvas_moved(width, height, (shift.x(), shift.y()))
            self.held = here
        self.view.screen = Screen(self.canvas.devicePixelRatioF(), self.canvas.screen().physicalDotsPerInch())

    @property
    def quick(self) -> bool:
        """True where pictures are drawn without interpolation, because with it they would come late."""
        return self.moving and self.full_ms >= FRAME_MS

    def paint_picture(self, painter: QPainter) -> None:
        """The image, then everything over it; told how long that took."""
        begun, quick = perf_counter(), self.quick
        self._paint_bare(painter)
        picture = self.view.picture
        if picture is None:
            return
        picture.quick = self.moving
        pen = QtPen(painter, self._outlines, quick=quick)
        over = tuple(scene_of(self.view, pen))
        laid = perf_counter()
        self._paint_image(painter, picture, quick)
        drawn = perf_counter()
        draw(pen, over)
        if not quick:
            self.full_ms = ((perf_counter() - begun) if self.moving else (drawn - laid)) * 1000
        if picture.is_loaded:
            _LOG.debug("painted in %.1f ms", (perf_counter() - begun) * 1000)

    def _paint_image(self, painter: QPainter, picture: Picture, quick: bool) -> None:
        rows, columns = picture.view.shape
        painter.save()
        painter.setTransform(transform_of(self.view.camera.matrix()), True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not quick)
        step = self._step(rows, columns)
        image = self._image(step)
        covered = QRectF(-0.5, -0.5, columns, rows)
        if step > 1:
            covered = QRectF(-0.5, -0.5, image.width() * step, image.height() * step)
        painter.drawImage(covered, image)
        painter.restore()

    def _paint_bare(self, painter: QPainter) -> None:
        """Black where no image will be painted; filling below it too would cost a third of a step."""
        camera = self.view.camera
        bare = QRegion(0, 0, *camera.canvas)
        if self.view.picture is not None:
            rows, columns = camera.image
            box = transform_of(camera.matrix()).mapRect(QRectF(-0.5, -0.5, columns, rows))
            bare = bare.subtracted(QRegion(box.toAlignedRect().adjusted(1, 1, -1, -1)))
        for rect in cast(Iterable[QRect], bare):  # true, but not in the stubs
            painter.fillRect(rect, colour("bg_viewport"))

    def _step(self, rows: int, columns: int) -> int:
        """Every how many pixels are drawn: fewer for a large film while it moves."""
        zoom = self.view.camera.zoom
        if not self.moving or max(rows, columns) <= LARGE_SIDE:
            return 1
        return max(1, int(1.0 / max(zoom * self.canvas.devicePixelRatioF(), MIN_ZOOM)))

    def _image(self, step: int) -> QImage:
        """The composed image; shrunk by averaging where it has more pixels than the screen, so that none is dropped."""
        picture, camera = self.view.picture, self.view.camera
        if picture is None:
            return QImage()
        image = image_of(picture.image(step))
        across = camera.zoom * self.canvas.devicePixelRatioF() * step
        down = across * camera.mm[0] / camera.mm[1]
        if min(across, down) >= 1:
            return image
        width, height = round(image.width() * min(across, 1.0)), round(image.height() * min(down, 1.0))
        key = (picture.image_number, width, height)
        if self._scaled is None or self._scaled[:3] != key:
            smooth = Qt.TransformationMode.SmoothTransformation
            small = image.scaled(max(width, 1), max(height, 1), Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            self._scaled = (*key, small)
        return self._scaled[3]

    # ---------------------------------------------------------------- mouse

    def _pointer(self, event: QMouseEvent) -> Pointer:
        at = event.position()
        return self.mouse.pointer(at.x(), at.y())

    def mouse_pressed(self, event: QMouseEvent) -> None:
        """Hand on."""
        button = _BUTTONS.get(event.button())
        if button is not None:
            self.mouse.press(button, self._pointer(event))

    def mouse_moved(self, event: QMouseEvent) -> None:
        """Hand on; what changes the view is drawn quickly."""
        if self.mouse.stirs:
            self.stir()
        self.mouse.move(self._pointer(event))
        self.canvas.setCursor(CURSORS[self.mouse.cursor])

    def mouse_released(self, event: QMouseEvent) -> None:
        """Hand on; a right click that did not move asks for the menu."""
        button = _BUTTONS.get(event.button())
        if button is not None and self.mouse.release(button, self._pointer(event)):
            at = event.globalPosition().toPoint()
            self.view.events.menu_wanted(self.view, (at.x(), at.y()))

    def mouse_double_clicked(self, event: QMouseEvent) -> None:
        """Hand on."""
        button = _BUTTONS.get(event.button())
        if button is not None:
            self.mouse.double_click(button, self._pointer(event))

    def mouse_left(self) -> None:
        """Hand on."""
        self.mouse.leave()

    def wheel_turned(self, event: QWheelEvent) -> None:
        """Scroll without looping; Ctrl faster; parts of a notch add up."""
        fast = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        slices = self.mouse.wheel(event.angleDelta().y() / _NOTCH, fast) if self.view.picture is not None else 0
        if slices:
            self.scroll(slices)

    def scroll(self, slices: int) -> None:
        """Some slices on, drawn quickly until it rests."""
        if self.view.picture is not None:
            self.stir()
            self.view.set_slice(self.view.picture.index + slices)

    def focus_arrived(self) -> None:
        """The keyboard came here, perhaps by itself: which view is active is the reader's choice alone."""
