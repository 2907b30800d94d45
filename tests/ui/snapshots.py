"""Pictures of the window held against pictures that somebody looked at.

    python3 run.py test tests/ui/test_screens.py                      compare
    SECONDREAD_AUDIT=show python3 run.py test tests/ui/test_screens.py   also write expected | now | difference
                                                                              side by side into out/audit
    SECONDREAD_AUDIT=accept ...                                             take today's pictures as the expected ones

Compared is what an eye would see: means over squares of `SQUARE` px, so that a font that is hinted a little
differently passes and a missing word, colour or panel does not.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

EXPECTED = Path(__file__).resolve().parent / "expected"
AUDIT = Path(__file__).resolve().parents[2] / "out" / "audit"
#: Side of the squares whose means are compared (px).
SQUARE = 20
#: Grey levels (of 255) by which the mean of a square may differ.
FAR = 14.0
#: Share of squares that may differ by more.
FEW = 0.002
#: A window is at rest after this long (ms); it is looked at a few times until then.
REST_MS, TRIES = 800, 20

Rgb = npt.NDArray[np.uint8]


def grabbed(widget: QWidget) -> Rgb:
    """What a widget shows: uint8 [rows, columns, 3]."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows, columns = image.height(), image.width()
    flat = np.frombuffer(image.constBits(), np.uint8)[: rows * image.bytesPerLine()]
    return flat.reshape(rows, image.bytesPerLine())[:, : columns * 3].reshape(rows, columns, 3).copy()


def share_of_squares_that_differ(one: Rgb, other: Rgb) -> float:
    """0 = alike; 1 where the sizes differ."""
    if one.shape != other.shape:
        return 1.0
    rows, columns = (side - side % SQUARE for side in one.shape[:2])
    means = [
        picture[:rows, :columns].astype(np.float64).reshape(rows // SQUARE, SQUARE, columns // SQUARE, SQUARE, 3)
        .mean(axis=(1, 3))
        for picture in (one, other)
    ]  # fmt: skip
    return float((np.abs(means[0] - means[1]).max(axis=2) > FAR).mean())


def check(widget: QWidget, name: str, qtbot: QtBot) -> None:
    """Fail where a widget does not come to look as in `expected/<name>.png`."""
    file, mode = EXPECTED / f"{name}.png", os.environ.get("SECONDREAD_AUDIT", "")
    if mode == "accept":
        qtbot.wait(REST_MS)
        EXPECTED.mkdir(exist_ok=True)
        Image.fromarray(grabbed(widget)).save(file, optimize=True)
        return
    assert file.is_file(), f"no expected picture {file.name}: look at it, then SECONDREAD_AUDIT=accept"
    expected = np.asarray(Image.open(file).convert("RGB"))
    share = 1.0
    for _ in range(TRIES):
        share = share_of_squares_that_differ(expected, now := grabbed(widget))
        if share <= FEW:
            break
        qtbot.wait(REST_MS // 4)
    if mode == "show":
        _write_audit(expected, now, name)
    assert share <= FEW, f"{name}: {share:.1%} of the picture changed; SECONDREAD_AUDIT=show writes what, {AUDIT}"


def _write_audit(expected: Rgb, now: Rgb, name: str) -> None:
    AUDIT.mkdir(parents=True, exist_ok=True)
    panes = [expected, now]
    if expected.shape == now.shape:
        panes.append((255 - np.abs(expected.astype(np.int16) - now)).astype(np.uint8))
    height = max(pane.shape[0] for pane in panes)
    padded = [np.pad(pane, ((0, height - pane.shape[0]), (0, 8), (0, 0))) for pane in panes]
    Image.fromarray(np.concatenate(padded, axis=1)).save(AUDIT / f"{name}.png")
