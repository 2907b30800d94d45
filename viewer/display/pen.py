"""Lines, text and bars on a Pillow picture, in the sizes and colours of the viewport."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from viewer.core.resources import resources_dir
from viewer.display.colours import Rgb
from viewer.display.overlay import Line

Rgba = tuple[int, int, int, int]
Points = npt.NDArray[np.float64]

#: Lines are drawn this many times larger and then averaged, which smooths their edges.
OVERSAMPLE = 2
FONT_PX, LINE_PX = 12, 16
#: Dash and gap in screen px.
DASHES: dict[Line, tuple[float, float]] = {Line.DASHED: (5.0, 4.0), Line.DOTTED: (2.0, 4.0)}
LINE_WIDTH, HALO_WIDTH = 1.5, 3.5
HALO: Rgba = (0, 0, 0, 178)
PLATE: Rgba = (0, 0, 0, 191)
#: Where systems keep a font with Chinese, Japanese and Korean letters.
_CJK_FILES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Medium.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
_LATIN_FILES = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",)
#: Position of the simplified Chinese face in the Noto collection.
_NOTO_SC = 2


@cache
def font(wide: bool, size: int = FONT_PX) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The corner font; `wide` for text that Inter has no letters for."""
    own = resources_dir() / "fonts" / "Inter-Medium.otf"
    names = [str(own), *_LATIN_FILES] if not wide else [*_CJK_FILES, str(own), *_LATIN_FILES]
    for name in names:
        if Path(name).is_file():
            return ImageFont.truetype(name, size, index=_NOTO_SC if "NotoSansCJK" in name else 0)
    return ImageFont.load_default(size)


def is_wide(text: str) -> bool:
    """True for text beyond Latin, Greek and Cyrillic."""
    return any(ord(letter) > 0x2E7F for letter in text)


class Sketch:
    """A picture being drawn on: lines collect on a larger layer, text goes on at the end."""

    def __init__(self, picture: npt.NDArray[np.uint8]) -> None:
        self._image = Image.fromarray(picture)
        size = (self._image.width * OVERSAMPLE, self._image.height * OVERSAMPLE)
        self._layer = Image.new("RGBA", size)
        self._lines = ImageDraw.Draw(self._layer)
        self._used = False
        self._texts: list[tuple[float, float, str, Rgb]] = []

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self._image.width, self._image.height

    def polyline(self, points: Points, colour: Rgb, line: Line, *, closed: bool = False, halo: bool = True) -> None:
        """A line through screen points (x, y), with a dark halo below it."""
        if len(points) < 2 or line is Line.NONE:
            return
        path = np.concatenate([points, points[:1]]) if closed else points
        if halo:
            self._stroke(path, HALO, HALO_WIDTH)
        for piece in dashed(path, *DASHES[line]) if line in DASHES else [path]:
            self._stroke(piece, (*colour, 255), LINE_WIDTH)

    def _stroke(self, points: Points, colour: Rgba, width: float) -> None:
        self._used = True
        flat = [float(v) for v in (points * OVERSAMPLE).reshape(-1)]
        self._lines.line(flat, fill=colour, width=round(width * OVERSAMPLE), joint="curve")

    def box(self, corner: tuple[float, float], size: tuple[float, float], colour: Rgba) -> None:
        """A filled rectangle."""
        self._used = True
        x, y = corner[0] * OVERSAMPLE, corner[1] * OVERSAMPLE
        far = (x + size[0] * OVERSAMPLE - 1, y + size[1] * OVERSAMPLE - 1)
        self._lines.rectangle((x, y, *far), fill=colour)

    def text(self, x: float, y: float, text: str, colour: Rgb, anchor: str = "left", *, plate: bool = True) -> None:
        """One line of text on a plate; (x, y) is the middle of its left, centre or right end."""
        if not text:
            return
        width = text_width(text)
        left = x - (0 if anchor == "left" else width if anchor == "right" else width / 2)
        if plate:
            self.box((left - 4, y - LINE_PX / 2), (width + 8, LINE_PX), PLATE)
        self._texts.append((left, y, text, colour))

    def finish(self) -> npt.NDArray[np.uint8]:
        """The finished picture, uint8 RGB [rows, columns, 3]."""
        image = self._image.convert("RGB")
        if self._used:
            layer = self._layer.convert("RGBa").resize(image.size, Image.Resampling.BOX).convert("RGBA")
            image.paste(layer, mask=layer.getchannel("A"))
        draw = ImageDraw.Draw(image)
        for left, y, text, colour in self._texts:
            draw.text((left, y), text, fill=colour, font=font(is_wide(text)), anchor="lm")
        return np.asarray(image)


def text_width(text: str) -> float:
    """Width of a line of corner text in px."""
    return float(font(is_wide(text)).getlength(text))


def elided(text: str, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than `room` px."""
    if text_width(text) <= room:
        return text
    while text and text_width(text + "…") > room:
        text = text[:-1].rstrip()
    return text + "…" if text else ""


def dashed(path: Points, dash: float, gap: float) -> list[Points]:
    """Pieces of a polyline: `dash` px drawn, `gap` px left out, round its corners."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    total = float(along[-1])
    pieces = []
    for start in np.arange(0.0, total, dash + gap):
        end = min(start + dash, total)
        inner = path[(along > start) & (along < end)]
        ends = np.stack([np.interp([start, end], along, path[:, axis]) for axis in (0, 1)], axis=-1)
        pieces.append(np.concatenate([ends[:1], inner, ends[1:]]))
    return pieces
