"""Icons: SVG files drawn in `currentColor`, coloured from the tokens and cached.

Qt's SVG renderer knows no `currentColor` from a style sheet, so the word is swapped
for a token's colour before drawing.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from viewer.core.resources import resources_dir
from viewer.ui.kit.theme import TOKENS

#: Sizes in px: toolbar and lists, buttons, badges, empty states.
LIST, BUTTON, BADGE, EMPTY = 20, 16, 14, 32
#: Below this size lines are drawn a little thicker (design.md).
_THICK_BELOW: Final = 20
_RATIOS: Final = (1.0, 2.0)


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


@lru_cache(maxsize=256)
def icon(name: str, token: str = "text_2", size: int = LIST, checked: str = "text_1") -> QIcon:
    """A QIcon with its normal, disabled and checked colours, sharp at pixel ratios 1 and 2."""
    made = QIcon()
    for ratio in _RATIOS:
        made.addPixmap(pixmap(name, token, size, ratio), QIcon.Mode.Normal, QIcon.State.Off)
        made.addPixmap(pixmap(name, checked, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
        made.addPixmap(pixmap(name, "text_disabled", size, ratio), QIcon.Mode.Disabled)
    return made
