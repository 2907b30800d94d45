"""Icons: SVG files drawn in `currentColor`, coloured from the tokens and cached.

Qt's SVG renderer knows no `currentColor` from a style sheet, so the word is swapped
for a token's colour before drawing.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from viewer.core.resources import resources_dir
from viewer.ui.kit.theme import TOKENS

#: Sizes in px: toolbar and lists, buttons, badges, empty states.
LIST, BUTTON, BADGE, EMPTY = 20, 16, 14, 32
#: Below this size lines are drawn a little thicker (design.md).
_THICK_BELOW: Final = 20


@cache
def _source(name: str) -> str:
    return (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, token: str = "text_1", size: int = LIST, ratio: float = 1.0) -> QPixmap:
    """Draw icon `name` in the colour `token`, `size` logical px, for a screen of pixel ratio `ratio`.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    text = _source(name).replace("currentColor", QColor(getattr(TOKENS, token)).name())
    if size < _THICK_BELOW:
        text = text.replace('stroke-width="1.5"', 'stroke-width="1.8"')
    made = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


class _Engine(QIconEngine):
    """Draws an icon when it is first seen, in the colour of its mode, sharp at every pixel ratio."""

    def __init__(self, name: str, token: str, size: int, checked: str) -> None:
        super().__init__()
        self._parts = (name, token, size, checked)

    def clone(self) -> QIconEngine:
        """Another engine for the same icon."""
        return _Engine(*self._parts)

    def actualSize(self, size: QSize, _mode: QIcon.Mode, _state: QIcon.State) -> QSize:  # noqa: N802 - Qt's name
        """Never larger than it was made for."""
        own = self._parts[2]
        return size.boundedTo(QSize(own, own))

    def scaledPixmap(  # noqa: N802 - Qt's name
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """The icon for a screen of pixel ratio `scale`; `size` is in device px."""
        name, token, own, checked = self._parts
        ink = checked if state is QIcon.State.On else token
        if mode is QIcon.Mode.Disabled:
            ink = "text_disabled"
        return pixmap(name, ink, min(own, round(size.width() / scale)), scale)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon at pixel ratio 1."""
        return self.scaledPixmap(size, mode, state, 1.0)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """The icon in the middle of `rect`."""
        ratio = painter.device().devicePixelRatio()
        drawn = self.scaledPixmap(rect.size() * ratio, mode, state, ratio)
        size = drawn.deviceIndependentSize()
        left, top = (rect.width() - size.width()) / 2, (rect.height() - size.height()) / 2
        painter.drawPixmap(QPointF(rect.x() + round(left), rect.y() + round(top)), drawn)


@lru_cache(maxsize=256)
def icon(name: str, token: str = "text_2", size: int = LIST, checked: str = "text_1") -> QIcon:
    """A QIcon with its normal, disabled and checked colours, drawn when it is first seen."""
    return QIcon(_Engine(name, token, size, checked))
