"""Pictures one after the other as an animated GIF."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from viewer.core.task import CancelToken

#: GIF counts hundredths of a second, and viewers show nothing faster than two of them.
_STEP_MS, _LEAST_MS = 10, 20


def gif(frames: Sequence[npt.NDArray[np.uint8]], times_ms: Sequence[float], cancel: CancelToken) -> bytes:
    """An endless GIF; grey frames keep each of their greys.

    Args:
        frames: uint8 RGB [rows, columns, 3], all of one size; times_ms: how long each is shown.

    Raises:
        Cancelled: the reader asked to stop.
    """
    pictures = []
    for frame in frames:
        cancel.check()
        grey = bool((frame[..., 0] == frame[..., 1]).all() and (frame[..., 1] == frame[..., 2]).all())
        pictures.append(Image.fromarray(frame[..., 0] if grey else frame).convert("P", palette=Image.Palette.ADAPTIVE))
    out = BytesIO()
    shown = [max(_LEAST_MS, _STEP_MS * round(time / _STEP_MS)) for time in times_ms]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=shown, loop=0, optimize=False)
    return out.getvalue()
