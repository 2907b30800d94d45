"""Makes the text of Qt's PDFs findable.

Qt names a glyph in the ToUnicode map by the lowest character that has it. Fonts draw the radical
U+2EC5 and the ideograph U+89C1 alike, so the page would say the radical, and search and copy miss
the word. The names are put right in place; every entry keeps its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from PySide6.QtGui import QFont, QRawFont

_MAP = re.compile(rb"begincmap.*?endcmap", re.DOTALL)
_TARGETS = re.compile(rb"\[[^\]]*\]")
_CODE = re.compile(rb"<([0-9A-F]{4})>")


def restore_names(pdf: bytes, text: str, families: Sequence[str]) -> bytes:
    """Name the glyphs of a PDF by the characters of its own text.

    Args:
        pdf: as Qt's writer made it (its ToUnicode maps are not compressed).
        text: all text that was laid out.
        families: fonts it may have been laid out in.
    """
    targets = b"".join(_TARGETS.findall(b"".join(_MAP.findall(pdf))))
    strangers = {chr(int(code, 16)) for code in _CODE.findall(targets)} - set(text)
    names = _same_glyph(strangers, set(text), families)

    def renamed(entry: re.Match[bytes]) -> bytes:
        return _CODE.sub(lambda code: names.get(code.group(), code.group()), entry.group())

    return _MAP.sub(lambda found: _TARGETS.sub(renamed, found.group()), pdf) if names else pdf


def _same_glyph(strangers: Iterable[str], used: Iterable[str], families: Sequence[str]) -> dict[bytes, bytes]:
    """<character that is not in the text> -> <the one that is>, where a font draws both with one glyph."""
    names: dict[bytes, bytes] = {}
    for family in families:
        font = QRawFont.fromFont(QFont(family))
        if not font.isValid():
            continue
        own = {glyph: letter for letter in sorted(used) if (glyph := _glyph(font, letter))}
        for stranger in strangers:
            letter = own.get(_glyph(font, stranger))
            if letter is not None:
                names.setdefault(_hex(stranger), _hex(letter))
    return names


def _glyph(font: QRawFont, letter: str) -> int:
    """Glyph number of a character of the basic plane, 0 where the font has none."""
    if ord(letter) > 0xFFFF or "\ud800" <= letter <= "\udfff":
        return 0
    glyphs = font.glyphIndexesForString(letter)
    return int(glyphs[0]) if glyphs else 0


def _hex(letter: str) -> bytes:
    return f"<{ord(letter):04X}>".encode()
