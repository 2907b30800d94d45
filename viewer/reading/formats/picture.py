"""PNG, JPEG and TIFF pictures through Pillow: no calibration, no orientation."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Kind, Series, Stack
from viewer.core.verdict import Caution, judge
from viewer.core.volume import Array, Volume
from viewer.reading.header.identity import made_up_uid
from viewer.reading.header.limits import check_claim, check_compressed
from viewer.reading.stacking.foreign import ForeignSlice

_FAULTS = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    RuntimeError, struct.error, MemoryError,
)  # fmt: skip
#: Pillow modes that are read as they are; others are converted to RGB.
_GREY = frozenset({"L", "I;16", "I;16B", "I", "F", "1"})
_FORMATS = ("PNG", "JPEG", "TIFF")
#: More pages than this in a TIFF are refused.
_MOST_PAGES = 4096


def describe(path: str) -> Series:
    """One stack; the pages of a TIFF are its slices.

    Raises:
        ReadError: damaged or larger than its file allows.
    """
    try:
        with _open(path) as image:
            pages = min(int(getattr(image, "n_frames", 1)), _MOST_PAGES)
            width, height = image.size
            grey = image.mode in _GREY
            kind = str(image.format)
    except _FAULTS as error:
        raise ReadError("The picture is damaged or cut short.", "Ask for a new copy.") from error
    geometry = Geometry((pages, height, width), np.eye(4), spacing_kind=SpacingKind.UNKNOWN, oriented=False)
    text = "A picture without calibration: lengths in mm and the patient's sides are unknown."
    cautions = [Caution("no_spacing", text, "No calibration")]
    if kind == "JPEG":
        cautions.append(Caution("lossy", "The picture was compressed with loss: fine detail may be gone.", "Lossy"))
    stack = Stack(
        series_uid=made_up_uid(path),
        kind=Kind.IMAGE if pages == 1 else Kind.STACK,
        modality="OT",
        instances=tuple(ForeignSlice(Path(path), frame=k, reader="picture") for k in range(pages)),
        description=Path(path).name,
        geometry=geometry,
        verdict=judge(geometry, tuple(cautions)),
        warnings=tuple(cautions),
        samples=1 if grey else 3,
        photometric="MONOCHROME2" if grey else "RGB",
        lossy=kind == "JPEG",
        frames=pages,
        header={"SeriesDescription": Path(path).name},
    )
    return Series(stack.series_uid, (stack,))


def _open(path: str) -> Any:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_FORMATS)
    except (*_FAULTS, Image.DecompressionBombError) as error:
        raise ReadError("The picture is damaged or cut short.", "Ask for a new copy.") from error
    claimed = image.size[0] * image.size[1] * 4
    check_claim(claimed)
    check_compressed(claimed, Path(path).stat().st_size)
    return image


def load(stack: Stack) -> Volume:
    """Pixels as stored; RGB pictures whose channels are equal come as grey.

    Raises:
        ReadError: damaged or cut short.
    """
    path = str(stack.instances[0].path)
    try:
        with _open(path) as image:
            pages = [_page(image, k) for k in range(len(stack.instances))]
        stored = np.stack(pages)
    except _FAULTS as error:
        raise ReadError("The picture is damaged or cut short.", "Ask for a new copy.", "truncated") from error
    if (
        stored.ndim == 4
        and np.array_equal(stored[..., 0], stored[..., 1])
        and np.array_equal(stored[..., 1], stored[..., 2])
    ):
        stored = np.ascontiguousarray(stored[..., 0])
    shape = (stored.shape[0], stored.shape[1], stored.shape[2])
    geometry = Geometry(shape, np.eye(4), spacing_kind=SpacingKind.UNKNOWN, oriented=False)
    return Volume(stored, geometry, modality=stack.modality, tags=dict(stack.header))


def _page(image: Any, index: int) -> Array:
    """One page as [J, I] or [J, I, 3], upright as its EXIF orientation says."""
    from PIL import ImageOps

    if index:
        image.seek(index)
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "1":
        upright = upright.convert("L")
    if upright.mode in ("LA", "La"):
        upright = upright.convert("L")
    if upright.mode not in _GREY:
        upright = upright.convert("RGB")
    pixels = np.asarray(upright)
    return pixels.astype(pixels.dtype.newbyteorder("="))
