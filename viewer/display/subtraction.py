"""Frames of X-ray angiography with a mask subtracted, for looking at; values stay native (PS3.3 C.7.6.10)."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from viewer.core.subtraction import Pair, Step, Subtraction
from viewer.core.volume import Volume
from viewer.display.window import AUTO_PERCENTILES, AUTO_SAMPLES, Window

Frame = npt.NDArray[np.float32]
#: Masks that are kept; one file seldom has more than one.
_KEPT = 4


class Subtractor:
    """Subtracts masks from the frames of one run; frame n of the file is slice n - 1 of the volume."""

    def __init__(self, volume: Volume, subtraction: Subtraction) -> None:
        self._volume = volume
        self.subtraction = subtraction
        self._masks: OrderedDict[tuple[object, ...], Frame] = OrderedDict()

    def is_of(self, volume: Volume) -> bool:
        """True for the run it was made for."""
        return volume is self._volume

    def at(self, k: int) -> tuple[Step, Pair] | None:
        """The step and the frames of slice k; None where the file subtracts nothing there."""
        if self.subtraction.problem or self._volume.is_colour:
            return None
        return self.subtraction.step_at(k + 1, self._volume.shape[0])

    def frame(self, k: int) -> Frame | None:
        """Slice k minus its mask, float32 [rows, columns]; below 0 where more X-rays were held back.

        Values that grow with the X-rays (LIN) are subtracted as natural logarithms, so that a
        vessel looks alike over bone and over air.
        """
        found = self.at(k)
        if found is None:
            return None
        step, pair = found
        return np.asarray(self._mean(pair.contrast) - self._mask(pair.mask, step.shift), dtype=np.float32)

    def window(self, k: int) -> Window | None:
        """A window with "no change" in the middle, from the percentiles of slice k."""
        frame = self.frame(k)
        if frame is None:
            return None
        flat = frame.reshape(-1)
        low, high = np.percentile(flat[:: max(1, flat.size // AUTO_SAMPLES)], AUTO_PERCENTILES)
        half = max(abs(float(low)), abs(float(high))) or 1.0
        return Window(0.0, 2 * half, "LINEAR_EXACT", "Subtracted", "auto", "0")

    def _mask(self, frames: tuple[int, ...], shift: tuple[float, float]) -> Frame:
        key = (frames, shift)
        if key not in self._masks:
            self._masks[key] = moved(self._mean(frames), shift)
            if len(self._masks) > _KEPT:
                self._masks.popitem(last=False)
        return self._masks[key]

    def _mean(self, frames: tuple[int, ...]) -> Frame:
        total = np.zeros(self._volume.shape[1:], dtype=np.float64)
        for frame in frames:
            values = np.asarray(self._volume.values(frame - 1), dtype=np.float64)
            total += values if self.subtraction.logarithmic else np.log(np.maximum(values, 1.0))
        return np.asarray(total / len(frames), dtype=np.float32)


def moved(frame: Frame, shift: tuple[float, float]) -> Frame:
    """A frame moved by (down, right) pixels, interpolated linearly; its rim repeats what was there."""
    if shift == (0.0, 0.0):
        return frame
    from scipy import ndimage

    return np.asarray(ndimage.shift(frame, shift, order=1, mode="nearest"), dtype=np.float32)
