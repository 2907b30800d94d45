"""A view as a picture to pass on: without patient text unless it is asked for, with its badges always."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QIODevice, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QImage, QPainter

from viewer.room.views.picture import Picture
from viewer.room.views.playing import Cine
from viewer.ui.viewport.view import Viewport

#: Pixels of all frames of a film together; larger ones are made smaller.
MOST_PIXELS = 120_000_000
_QUALITY = 95


def picture_of(viewport: Viewport, patient: bool = False) -> QImage:
    """The strip with its badges, and the picture with all that lies on it, as on the screen.

    Args:
        patient: name, ID, sex, age and dates stand in the corners too.
    """
    strip, ratio = viewport.strip, viewport.devicePixelRatioF()
    size = viewport.canvas.size()
    image = QImage(round(size.width() * ratio), round((size.height() + strip.height()) * ratio), _FORMAT)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    strip.render(painter, QPoint(0, 0))
    painter.translate(0, strip.height())
    painter.setClipRect(0, 0, size.width(), size.height())
    _paint(viewport, painter, patient)
    painter.end()
    return image


_FORMAT = QImage.Format.Format_RGB32


def _paint(viewport: Viewport, painter: QPainter, patient: bool) -> None:
    """Paint at rest, with nothing selected."""
    view, controller = viewport.view, viewport.controller
    kept = view.patient, view.when, view.selected, view.keyed, controller.moving
    try:
        view.selected, view.keyed, controller.moving = "", None, False
        if not patient:
            view.patient, view.when = (), ""
        controller.paint_picture(painter)
    finally:
        view.patient, view.when, view.selected, view.keyed, controller.moving = kept


def coded(image: QImage, jpeg: bool = False) -> bytes:
    """A picture as a PNG or JPEG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    kind: Any = "JPEG" if jpeg else "PNG"  # the stubs want bytes, which are refused
    image.save(buffer, kind, _QUALITY if jpeg else -1)
    return bytes(buffer.data().data())


def rgb_of(image: QImage) -> npt.NDArray[np.uint8]:
    """uint8 RGB [rows, columns, 3] of a picture."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return lines[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Frames uint8 RGB [rows, columns, 3], and how long each is shown (ms)."""

    frames: list[npt.NDArray[np.uint8]]
    times_ms: list[float]


class Filming(QObject):
    """Goes through all frames of a view, one a turn of the event loop, and tells when it has them.

    Args:
        done: is called with the film; not at all where the view shows something else meanwhile.
    """

    def __init__(self, viewport: Viewport, patient: bool, done: Callable[[Film], None]) -> None:
        super().__init__(viewport)
        self._viewport, self._patient, self._done = viewport, patient, done
        self._picture: Picture | None = viewport.view.picture
        self._film = Film([], [])
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        if self._picture is not None:
            viewport.stand_still()
            bar = viewport.cine_bar
            cine = Cine() if bar is None else bar.cine
            self._back, self._film = self._picture.index, Film([], cine.times_of(self._picture))
            self._timer.start(0)

    def _next(self) -> None:
        picture, view = self._picture, self._viewport.view
        number = len(self._film.frames)
        if picture is None or view.picture is not picture:
            self._timer.stop()
            return
        if number == picture.count:
            self._timer.stop()
            view.set_slice(self._back)
            self._done(self._film)
            return
        view.set_slice(number)
        self._film.frames.append(rgb_of(_held(picture_of(self._viewport, self._patient), picture.count)))


def _held(image: QImage, count: int) -> QImage:
    """Small enough that so many of them fit."""
    pixels = image.width() * image.height()
    if pixels * count <= MOST_PIXELS:
        return image
    width = max(64, int(image.width() * (MOST_PIXELS / (pixels * count)) ** 0.5))
    return image.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
