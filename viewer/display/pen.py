"""Lines, text and bars on a Pillow picture, in the sizes and colours of the viewport."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from viewer.core.resources import resources_dir
from viewer.display.colours import TOKENS, Rgb
from viewer.display.overlay import Line
from viewer.display.scene import (
    DASHES,
    HALO_WIDTH,
    HANDLE,
    LINE_PX,
    LINE_WIDTH,
    PLATE_PX,
    Block,
    Fill,
    Handle,
    Ink,
    Outlines,
    Points,
    Stroke,
    Text,
)

Rgba = tuple[int, int, int, int]

#: Lines are drawn this many times larger and then averaged, which smooths their edges.
OVERSAMPLE = 2
FONT_PX = 12
HALO: Rgba = (0, 0, 0, 178)
PLATE: Rgba = (0, 0, 0, 191)
#: Width of the outer of two lines.
_DOUBLE_WIDTH = 4.5
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

    def text_width(self, text: str) -> float:
        """Width of a line of text in px."""
        return text_width(text)

    def elided(self, text: str, room: float) -> str:
        """The text, cut with an ellipsis where it is wider than `room` px."""
        return elided(text, room)

    def stroke(self, item: Stroke) -> None:
        """Lines, with a dark halo below them."""
        if item.line is Line.NONE:
            return
        for points in item.lines if item.halo else ():
            self._polyline(points, HALO, HALO_WIDTH)
        for points in item.lines:
            for piece in dashed(points, *DASHES[item.line]) if item.line in DASHES else [points]:
                self._polyline(piece, (*_rgb(item.ink), 255), item.width)

    def _polyline(self, points: Points, colour: Rgba, width: float) -> None:
        if len(points) > 1:
            self._used = True
            flat = [float(v) for v in (points * OVERSAMPLE).reshape(-1)]
            self._lines.line(flat, fill=colour, width=round(width * OVERSAMPLE), joint="curve")

    def outlines(self, item: Outlines) -> None:
        """Outlines of segments; reused colours have a second line."""
        for outline in item.overlay.outlines:
            at = outline.points[:, ::-1] @ item.matrix[:, :2].T + item.matrix[:, 2]
            style = outline.style
            self.stroke(Stroke((at,), style.colour, style.line))
            if style.double:
                self.stroke(Stroke((at,), style.colour, style.line, _DOUBLE_WIDTH, halo=False))
                self.stroke(Stroke((at,), "bg_viewport", halo=False))

    def text(self, item: Text) -> None:
        """A line of text on its plate."""
        if item.text:
            left = item.at[0] - item.align.value * text_width(item.text)
            self._plate(left - PLATE_PX, item.at[1] - LINE_PX / 2, text_width(item.text) + 2 * PLATE_PX, LINE_PX)
            self.words(left, item.at[1], item.text, item.ink)

    def words(self, left: float, middle: float, text: str, ink: Ink) -> None:
        """A line of text without a plate."""
        self._texts.append((left, middle, text, _rgb(ink)))

    def block(self, item: Block) -> None:
        """Lines of text on one plate."""
        width = max(text_width(line) for line in item.lines) + 2 * PLATE_PX
        height = LINE_PX * len(item.lines)
        left = item.at[0] - width if item.right else item.at[0]
        top = item.at[1] - height if item.bottom else item.at[1]
        self._plate(left, top, width, height)
        for number, line in enumerate(item.lines):
            at = left + width - PLATE_PX - text_width(line) if item.right else left + PLATE_PX
            self.words(at, top + LINE_PX * (number + 0.5), line, "text_1")

    def _plate(self, left: float, top: float, width: float, height: float) -> None:
        self._rectangle((left, top), (width, height), PLATE)

    def fill(self, item: Fill) -> None:
        """A filled rectangle."""
        self._rectangle(item.corner, item.size, PLATE if item.ink == "plate" else (*_rgb(item.ink), 255))

    def handle(self, item: Handle) -> None:
        """A square with a dark middle."""
        x, y = round(item.at[0]) - HANDLE / 2, round(item.at[1]) - HANDLE / 2
        self._rectangle((x, y), (HANDLE, HANDLE), (*TOKENS["bg_viewport"], 255))
        around = np.array([[x, y], [x + HANDLE, y], [x + HANDLE, y + HANDLE], [x, y + HANDLE], [x, y]])
        self._polyline(around, (*TOKENS["measure"], 255), LINE_WIDTH)

    def _rectangle(self, corner: tuple[float, float], size: tuple[float, float], colour: Rgba) -> None:
        self._used = True
        x, y = corner[0] * OVERSAMPLE, corner[1] * OVERSAMPLE
        far = (x + size[0] * OVERSAMPLE - 1, y + size[1] * OVERSAMPLE - 1)
        self._lines.rectangle((x, y, *far), fill=colour)

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


def _rgb(ink: Ink) -> Rgb:
    return TOKENS[ink] if isinstance(ink, str) else ink


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
