"""Window and level: from stored values to grey, as PS3.3 C.11.2 (VOI LUT) has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.resources import resources_dir
from viewer.core.volume import Array, VoiLut, Volume

Grey8 = npt.NDArray[np.uint8]
Table32 = npt.NDArray[np.uint32]

#: Percentiles of the automatic window: two outliers in a thousand may clip.
AUTO_PERCENTILES = (0.1, 99.9)
#: Values looked at for the automatic window of a volume; more change the result by under a grey.
AUTO_SAMPLES = 500_000
#: 0xAARRGGBB with the three colours equal: grey g is g * _GREY_STEP | _OPAQUE.
_GREY_STEP = np.uint32(0x010101)
_OPAQUE = np.uint32(0xFF000000)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One way of showing values as grey.

    Attributes:
        center, width: in values after the modality LUT; width > 0.
        function: LINEAR, LINEAR_EXACT, SIGMOID (PS3.3 C.11.2.1) or LUT (then `lut` decides).
        name: preset name or the file's explanation; empty for a hand-made window.
        origin: "file", "preset", "auto" or "hand".
        key: the key that chooses it, for the corner text; may be empty.
        curve: a presentation LUT through which the greys go afterwards (PS3.3 C.11.6).
    """

    center: float
    width: float
    function: str = "LINEAR"
    name: str = ""
    origin: str = "hand"
    key: str = ""
    lut: VoiLut | None = None
    curve: VoiLut | None = None

    def moved(self, center: float, width: float) -> Window:
        """The same function at another place, now a hand-made window.

        A VOI LUT has no centre to move: it becomes LINEAR.
        """
        function = "LINEAR" if self.function == "LUT" else self.function
        return Window(center, max(width, smallest_width(function)), function, curve=self.curve)


def smallest_width(function: str) -> float:
    """LINEAR is defined from width 1 on, the others for every width above 0."""
    return 1.0 if function == "LINEAR" else 1e-6


def grey(values: Array, window: Window) -> npt.NDArray[np.float64]:
    """Map real values to 0..1 (PS3.3 C.11.2.1.2, .3; NaN is shown black)."""
    x = np.asarray(values, dtype=np.float64)
    if window.function == "LUT" and window.lut is not None:
        out = _through_lut(x, window.lut)
    elif window.function == "SIGMOID":
        out = 1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - window.center) / window.width, -700, 700)))
    elif window.function == "LINEAR_EXACT":
        out = (x - window.center) / window.width + 0.5
    else:
        out = _linear(x, window.center, window.width)
    shares = np.nan_to_num(np.clip(out, 0.0, 1.0), nan=0.0)
    return shares if window.curve is None else _through_curve(shares, window.curve)


def _linear(x: npt.NDArray[np.float64], center: float, width: float) -> npt.NDArray[np.float64]:
    if width <= 1:
        return np.where(np.isnan(x), np.nan, (x > center - 0.5).astype(np.float64))
    return (x - (center - 0.5)) / (width - 1.0) + 0.5


def _through_lut(x: npt.NDArray[np.float64], lut: VoiLut) -> npt.NDArray[np.float64]:
    index = np.clip(np.nan_to_num(x, nan=lut.first) - lut.first, 0, len(lut.table) - 1).astype(np.int64)
    return np.asarray(lut.table[index], dtype=np.float64) / max(lut.top, 1)


def _through_curve(shares: npt.NDArray[np.float64], curve: VoiLut) -> npt.NDArray[np.float64]:
    """Greys 0..1 through a presentation LUT, whose entries span the whole range of greys."""
    index = np.rint(shares * (len(curve.table) - 1)).astype(np.int64)
    return np.asarray(curve.table[index], dtype=np.float64) / max(curve.top, 1)


def grey8(values: Array, window: Window, inverted: bool = False) -> Grey8:
    """Map real values to 0..255; `inverted` turns the greys round (MONOCHROME1, or the reader)."""
    out = np.rint(grey(values, window) * 255.0).astype(np.uint8)
    return 255 - out if inverted else out


def fits_table(stored: Array) -> bool:
    """True for integers of at most 16 bit: each stored value has its own table entry."""
    return stored.dtype.kind in "iub" and stored.dtype.itemsize <= 2


def grey8_table(volume: Volume, window: Window, inverted: bool = False, k: int = 0) -> Grey8:
    """Greys of every stored bit pattern: uint8 [65536] (16 bit) or [256] (8 bit).

    Index with `pattern(stored)`. Padding is shown black whatever the photometric
    (PS3.3 C.7.5.1.1.2: padding is no part of the picture).

    Args:
        k: slice whose rescale is meant, where slices differ.
    """
    stored = stored_values(volume.stored.dtype)
    out = grey8(volume.real(stored, k), window, inverted != volume.inverted)
    if volume.padding is not None:
        low, high = sorted(volume.padding)
        out[(stored >= low) & (stored <= high)] = 0
    return out


def to_rgb32(greys: Grey8) -> Table32:
    """Grey bytes as 0xFFRRGGBB words of the same shape."""
    return np.asarray(greys.astype(np.uint32) * _GREY_STEP | _OPAQUE, dtype=np.uint32)


def stored_values(dtype: np.dtype[Any]) -> Array:
    """Stored value of every bit pattern, in the order of `pattern`."""
    count = 256 if dtype.itemsize == 1 else 65536
    unsigned = np.arange(count, dtype=np.uint8 if count == 256 else np.uint16)
    return unsigned if dtype.kind == "b" else unsigned.view(dtype.newbyteorder("="))


def pattern(stored: Array) -> Array:
    """Stored integers as unsigned bit patterns, without a copy where the byte order is ours."""
    native = stored if stored.dtype.isnative else stored.astype(stored.dtype.newbyteorder("="))
    return native.view(np.uint8 if native.dtype.itemsize == 1 else np.uint16)


def windows_of(volume: Volume) -> tuple[Window, ...]:
    """The file's own windows, VOI LUT first as the standard prefers either; may be empty."""
    out = []
    if volume.voi_lut is not None:
        out.append(_lut_window(volume.voi_lut))
    for own in volume.windows:
        function = own.function if own.function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR"
        if function == "LINEAR" and own.width < 1:  # not allowed, but written for pictures of fractions
            function = "LINEAR_EXACT"
        if np.isfinite(own.center) and own.width > 0:
            out.append(Window(own.center, own.width, function, own.explanation, "file", "1"))
    return tuple(out)


def _lut_window(lut: VoiLut) -> Window:
    width = float(max(len(lut.table) - 1, 1))
    return Window(lut.first + width / 2, width, "LUT", lut.explanation or "VOI LUT", "file", "1", lut)


def presets(modality: str, unit: str = "") -> tuple[Window, ...]:
    """Presets of a modality in order; the first eight carry the keys 2 to 9."""
    rows = [row for row in _preset_rows().get(modality, ()) if row.get("unit", unit) == unit]
    return tuple(
        Window(float(row["level"]), float(row["width"]), "LINEAR", str(row["name"]), "preset", str(n) if n < 10 else "")
        for n, row in enumerate(rows, start=2)
    )


def changed(usual: Window, own: str) -> Window:
    """A preset with the reader's width and level ("1500/-600"); as it is where these are none."""
    width, _, level = own.partition("/")
    try:
        found = replace(usual, center=float(level), width=float(width))
    except ValueError:
        return usual
    return found if found.width > 0 and np.isfinite([found.center, found.width]).all() else usual


def preset_rows() -> tuple[tuple[str, str, float, float], ...]:
    """Every preset there is: modality, name, width, level."""
    rows = ((modality, row) for modality, found in _preset_rows().items() for row in found)
    return tuple((m, str(row["name"]), float(row["width"]), float(row["level"])) for m, row in rows)


@cache
def _preset_rows() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((resources_dir() / "window_presets.toml").read_text(encoding="utf-8"))


def preset(modality: str, name: str) -> Window | None:
    """The preset of that name, or None."""
    return next((p for p in presets(modality) if p.name == name), None)


def auto_window(values: Array) -> Window:
    """Percentiles 0.1 to 99.9 of real values (any shape; not finite ones are left out)."""
    flat = np.asarray(values).reshape(-1)
    flat = flat[:: max(1, flat.size // AUTO_SAMPLES)]
    if flat.dtype.kind == "f":
        flat = flat[np.isfinite(flat)]
    if flat.size == 0:
        return Window(0.5, 1.0, "LINEAR_EXACT", "Auto", "auto", "0")
    low, high = (float(v) for v in np.percentile(flat, AUTO_PERCENTILES))
    if high <= low:
        low, high = float(flat.min()), float(flat.max())
    width = high - low if high > low else 1.0
    return Window((low + high) / 2, width, "LINEAR_EXACT", "Auto", "auto", "0")


def auto_window_of(volume: Volume, k: int) -> Window:
    """Automatic window of one slice, padding left out."""
    values = volume.values(k)
    if volume.padding is not None and not volume.is_colour:
        low, high = sorted(volume.padding)
        kept = values[(volume.stored[k] < low) | (volume.stored[k] > high)]
        values = kept if kept.size else values
    return auto_window(values)


def default_window(volume: Volume, k: int = 0) -> Window:
    """What a picture opens with: the file's window, else its modality's preset, else percentiles.

    CT without a window opens as soft tissue, PET in SUV as 5/2.5; colour pictures as stored.
    """
    if volume.is_colour:
        return colour_window(volume)
    own = windows_of(volume)
    if own:
        return own[0]
    if volume.modality == "CT" and volume.unit == "HU":
        return preset("CT", "Soft tissue") or auto_window_of(volume, k)
    listed = presets(volume.modality, volume.unit) if volume.modality == "PT" else ()
    return listed[0] if listed else auto_window_of(volume, k)


def colour_window(volume: Volume) -> Window:
    """The window that leaves the colours of an RGB picture as they are stored."""
    top = 255.0 if volume.stored.dtype.itemsize == 1 else float(max(255, volume.stored.max(initial=0)))
    return Window(top / 2, top, "LINEAR_EXACT", "As stored", "preset", "1")
