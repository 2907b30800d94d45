"""Learning curves as pictures (Pillow only)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from viewer.training.loop import Curve

_SIZE = (900, 420)
_MARGIN = 48
_INK, _GRID = (40, 40, 40), (220, 220, 220)
_COLOURS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189), (255, 127, 14))
#: Points of the loss line are averaged down to this many.
_POINTS = 200


def draw(curve: Curve, path: Path) -> None:
    """Draw loss (left axis) and measures (right axis, 0..1) against steps as a PNG."""
    if not curve.losses:
        return
    picture = Image.new("RGB", _SIZE, "white")
    pen = ImageDraw.Draw(picture)
    last = max(step for step, _ in curve.losses)
    steps, losses = _thinned(curve.losses)
    top = max(losses) or 1.0
    _frame(pen, last, top)
    _line(pen, [(s / last, v / top) for s, v in zip(steps, losses, strict=True)], _COLOURS[0])
    pen.text((_MARGIN + 8, 6), "loss", fill=_COLOURS[0])
    names = sorted({name for _, measures in curve.measures for name in measures})
    for index, name in enumerate(names, start=1):
        colour = _COLOURS[index % len(_COLOURS)]
        _line(pen, [(s / last, min(1.0, max(0.0, m[name]))) for s, m in curve.measures if name in m], colour)
        final = next(m[name] for _, m in reversed(curve.measures) if name in m)
        pen.text((_MARGIN + 8 + 200 * index, 6), f"{name} {final:.3f}", fill=colour)
    picture.save(path)


def _thinned(values: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
    parts = np.array_split(np.asarray(values, dtype=float), min(_POINTS, len(values)))
    return [float(p[:, 0].mean()) for p in parts], [float(p[:, 1].mean()) for p in parts]


def _place(x: float, y: float) -> tuple[float, float]:
    width, height = _SIZE
    return _MARGIN + x * (width - 2 * _MARGIN), height - _MARGIN - y * (height - 2 * _MARGIN)


def _frame(pen: ImageDraw.ImageDraw, last: int, top: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        pen.line([_place(0, share), _place(1, share)], fill=_GRID)
        pen.text((6, _place(0, share)[1] - 6), f"{share * top:.2f}", fill=_INK)
        pen.text((_place(1, share)[0] + 6, _place(1, share)[1] - 6), f"{share:.2f}", fill=_INK)
        pen.text((_place(share, 0)[0] - 12, _place(share, 0)[1] + 8), str(round(share * last)), fill=_INK)


def _line(pen: ImageDraw.ImageDraw, line: Sequence[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    spots = [_place(x, y) for x, y in line]
    if len(spots) > 1:
        pen.line(spots, fill=colour, width=2)
    for x, y in spots[:: max(1, len(spots) // 20)]:
        pen.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
