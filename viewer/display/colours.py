"""Colour tables of overlays, read from `resources/luts`."""

from __future__ import annotations

from enum import Enum
from functools import cache

import numpy as np
import numpy.typing as npt

from viewer.core.finding import FindingState
from viewer.core.resources import resources_dir

Rgb = tuple[int, int, int]


class Pattern(Enum):
    """Fills that back the colours, in the order segments take them."""

    PLAIN = 0
    DIAGONAL = 1
    DOTS = 2
    LINES = 3


#: The tokens of design.md that are drawn on pictures.
TEXT: Rgb = (230, 233, 236)
WARN: Rgb = (245, 172, 82)
DRAFT: Rgb = (195, 178, 250)
PANEL: Rgb = (21, 25, 30)
STATE_COLOURS: dict[FindingState, Rgb] = {
    FindingState.PROPOSED: DRAFT,
    FindingState.ACCEPTED: (116, 204, 152),
    FindingState.UNSURE: (226, 207, 124),
    FindingState.REJECTED: (158, 168, 179),
}

#: Colours by the token that the window's theme has too.
TOKENS: dict[str, Rgb] = {
    "text_1": TEXT,
    "text_2": (182, 190, 200),
    "warn": WARN,
    "accent": (108, 187, 232),
    "measure": (255, 227, 138),
    "bg_viewport": (0, 0, 0),
    **{state.value: colour for state, colour in STATE_COLOURS.items()},
}

#: Side of the pattern tile in screen pixels; the tile stands still while the image moves.
TILE = 8


@cache
def lut(name: str) -> npt.NDArray[np.uint8]:
    """Rows of `resources/luts/<name>.csv`: uint8 [n, 3] red, green, blue (read-only)."""
    table = np.loadtxt(resources_dir() / "luts" / f"{name}.csv", delimiter=",", dtype=np.uint8, comments="#")
    table.setflags(write=False)
    return table


def palette_colour(position: int) -> Rgb:
    """Colour of the segment at a 0-based position; from 12 on the colours come again."""
    table = lut("overlay")
    red, green, blue = table[position % len(table)]
    return int(red), int(green), int(blue)


def palette_size() -> int:
    """Number of different segment colours."""
    return len(lut("overlay"))


def palette_pattern(position: int) -> Pattern:
    """Fill of the segment at a 0-based position."""
    return Pattern(position % len(Pattern))


def hex_colour(text: str) -> Rgb | None:
    """Red, green, blue of "#RRGGBB", None where it is something else."""
    digits = text.removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        return None
    return red, green, blue


@cache
def tile(pattern: Pattern) -> npt.NDArray[np.bool_]:
    """The pattern's lines on its tile: bool [TILE, TILE], True = drawn (all False for plain)."""
    row, column = np.indices((TILE, TILE))
    if pattern is Pattern.DIAGONAL:
        drawn = (row + column) % TILE < 2
    elif pattern is Pattern.DOTS:
        drawn = (row % 4 < 2) & (column % 4 < 2) & ((row // 4 + column // 4) % 2 == 0)
    elif pattern is Pattern.LINES:
        drawn = row % (TILE // 2) == 0
    else:
        drawn = np.zeros((TILE, TILE), dtype=bool)
    return np.asarray(drawn)
