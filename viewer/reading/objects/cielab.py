"""Colours as DICOM stores them (PS3.3 C.10.7.1.1): CIE L*a*b* in 16 bits, D50 white."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: D50 white of the profile connection space.
_WHITE = np.array([0.9642, 1.0, 0.8249])
#: XYZ at D50 -> linear sRGB (Bradford adapted, IEC 61966-2-1).
_TO_RGB = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)


def cielab_hex(stored: npt.NDArray[np.float64]) -> str | None:
    """ "#RRGGBB" of three stored values 0..65535 (L* 0..100, a* and b* -128..127); None if out of range."""
    if stored.min() < 0 or stored.max() > 65535:
        return None
    lightness = stored[0] / 65535 * 100
    a, b = stored[1:] / 65535 * 255 - 128
    middle = (lightness + 16) / 116
    f = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = _WHITE * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(_TO_RGB @ xyz, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(channel * 255):02X}" for channel in rgb)
