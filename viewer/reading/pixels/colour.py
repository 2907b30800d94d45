"""Colour as stored -> RGB on the file's own bit scale (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.volume import Array

#: ITU-R BT.601 full range: R, G, B from Y, Cb - half, Cr - half.
_FROM_YBR = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], dtype=np.float32)


def to_rgb(pixels: Array, photometric: str, stored: int) -> Array:
    """RGB of [rows, columns, 3] samples in `photometric`; equal type.

    Raises:
        ReadError: a colour space that is not known.
    """
    if photometric == "RGB":
        return pixels
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        return _from_ybr(pixels, stored)
    if photometric == "YBR_RCT":
        return _from_rct(pixels, stored)
    if photometric in ("YBR_ICT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"):
        return _from_ybr(pixels, stored)
    raise ReadError(f"The colour space {photometric or '(none)'} is not known.", "Ask for an RGB copy.", "unsupported")


def _from_ybr(pixels: Array, stored: int) -> Array:
    half = np.float32(1 << (stored - 1))
    ybr = pixels.astype(np.float32)
    ybr[..., 1:] -= half
    rgb = np.rint(ybr @ _FROM_YBR.T)
    return np.asarray(np.clip(rgb, 0, (1 << stored) - 1).astype(pixels.dtype))


def _from_rct(pixels: Array, stored: int) -> Array:
    """Reversible colour transform (ISO/IEC 15444-1 G.2)."""
    y, cb, cr = (pixels[..., n].astype(np.int32) for n in range(3))
    half = 1 << (stored - 1)
    green = y - ((cb - half + cr - half) >> 2)
    rgb = np.stack([cr - half + green, green, cb - half + green], axis=-1)
    return np.asarray(np.clip(rgb, 0, (1 << stored) - 1).astype(pixels.dtype))


def spread_422(samples: Array, rows: int, columns: int) -> Array:
    """Uncompressed YBR_FULL_422 (Y1 Y2 Cb Cr) -> [rows, columns, 3]; chroma repeated."""
    quads = samples.reshape(-1, 4)
    spread = np.empty((len(quads), 2, 3), samples.dtype)
    spread[:, 0, 0], spread[:, 1, 0] = quads[:, 0], quads[:, 1]
    spread[..., 1], spread[..., 2] = quads[:, 2:3], quads[:, 3:4]
    return spread.reshape(rows, columns, 3)


def palette_table(dtype: np.dtype[Any], dataset: Any) -> tuple[int, Array]:
    """PALETTE COLOR: the lowest stored value of a type, and the RGB [n, 3] of every one from it on.

    In the palette's bits; pydicom applies the tables.

    Raises:
        ReadError: the palette is damaged, or the type has more than 16 bits (PS3.3 C.7.6.3.1.5).
    """
    if dtype.kind not in "iu" or dtype.itemsize > 2:
        raise ReadError("A picture with a colour table has more than 16 bits.", "Ask for a new copy.", "unsupported")
    span = np.iinfo(dtype)
    every = np.arange(span.min, int(span.max) + 1).astype(dtype)
    return int(span.min), _palette_rgb(every.reshape(1, -1), dataset)[0]


def _palette_rgb(stored: Array, dataset: Any) -> Array:
    from viewer.reading.header.lenient import PYDICOM_FAULTS, pydicom_lenient

    pydicom_lenient()
    from pydicom.pixels.processing import apply_color_lut

    try:
        _turn_bytes(dataset)
        return np.ascontiguousarray(apply_color_lut(stored, dataset))
    except PYDICOM_FAULTS as error:
        raise ReadError("The picture's colour table is damaged.", "Ask for a new copy.") from error


def _turn_bytes(dataset: Any) -> None:
    """Tables that a big endian file declares as words come with the bytes of each word turned (PS3.5 A.3)."""
    if dataset.original_encoding[1] is not False:
        return
    for colour in ("Red", "Green", "Blue"):
        name = f"{colour}PaletteColorLookupTableData"
        if name not in dataset:
            continue  # segmented tables: pydicom minds their order itself
        element = dataset[name]
        if element.VR == "OW" and len(element.value) % 2 == 0:
            element.value = np.frombuffer(element.value, np.uint16).byteswap().tobytes()
