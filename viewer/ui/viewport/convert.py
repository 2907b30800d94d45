"""Numbers of the views as Qt wants them: pictures, transforms and cursors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QTransform

from viewer.display.compose import Picture32
from viewer.room.tools.base import Cursor

CURSORS: dict[Cursor, Qt.CursorShape] = {
    Cursor.ARROW: Qt.CursorShape.ArrowCursor,
    Cursor.CROSS: Qt.CursorShape.CrossCursor,
    Cursor.HAND: Qt.CursorShape.OpenHandCursor,
    Cursor.UP_DOWN: Qt.CursorShape.SizeVerCursor,
    Cursor.MOVE: Qt.CursorShape.SizeAllCursor,
    Cursor.TEXT: Qt.CursorShape.IBeamCursor,
}


def transform_of(matrix: npt.NDArray[np.float64]) -> QTransform:
    """A 2x3 matrix (x, y, 1) -> (x, y) as Qt's transform."""
    (a, b, dx), (c, d, dy) = matrix.tolist()
    return QTransform(a, c, b, d, dx, dy)


def image_of(picture: Picture32) -> QImage:
    """A composed picture as an image on the same bytes: keep the array as long as the image."""
    rows, columns = picture.shape
    return QImage(picture.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
