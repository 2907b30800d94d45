"""NIfTI-1 and -2 through nibabel: exact affine (RAS -> LPS), stored type kept, one stack per volume."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.geometry import FloatArray, Geometry, SpacingKind
from viewer.core.study import Kind, Series, Stack
from viewer.core.verdict import Caution, judge
from viewer.core.volume import SLICES_REVERSED, Array, Volume
from viewer.reading.header.identity import made_up_uid
from viewer.reading.header.limits import check_claim, check_slices
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.placing import tilt_caution

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Deflate cannot shrink by more (zlib's documented bound is about 1032 : 1).
_MOST_SHRINKING = 1040
_TO_MM = {"meter": 1000.0, "micron": 0.001}


def is_nifti(start: bytes) -> bool:
    """True for a NIfTI header (plain or gzip) at the start of a file."""
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 1024)
        except zlib.error:
            return False
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def describe(path: str) -> Series:
    """One stack per volume of a 3-D or 4-D file; reads no voxels.

    Raises:
        ReadError: damaged, cut short, or of a kind that is no picture.
    """
    image = _open(path)
    uid = made_up_uid(path)
    shape, affine, flip = grid(image)
    times = int(np.prod(image.shape[3:])) if len(image.shape) > 3 else 1
    check_slices(times * shape[0])
    geometry = Geometry(shape, affine, spacing_kind=SpacingKind.PATIENT)
    colour = image.get_data_dtype().fields is not None
    header = {"SeriesDescription": Path(path).name} | ({SLICES_REVERSED: "yes"} if flip else {})
    stacks = tuple(
        replace(_stack(path, uid, geometry, colour, t if times > 1 else None), header=header) for t in range(times)
    )
    return Series(uid, stacks)


def _open(path: str) -> Any:
    import nibabel

    try:
        image = nibabel.load(path)
        if not hasattr(image, "affine"):
            raise ReadError("This file holds values on a brain surface (CIFTI), no picture.", "", "unsupported")
        dtype = image.get_data_dtype()
        if dtype.kind == "c" or len(image.shape) < 2 or 0 in image.shape:
            raise ReadError("This NIfTI file holds complex numbers or no picture.", "", "unsupported")
        _check_size(path, image, int(np.prod(image.shape, dtype=object)) * dtype.itemsize)
    except _faults() as error:
        raise ReadError("The NIfTI header is damaged.", "Ask for a new copy of this file.") from error
    return image


def _faults() -> tuple[type[Exception], ...]:
    """What nibabel raises on damaged files."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError, ImageDataError
    from nibabel.wrapstruct import WrapStructError

    own = (ImageFileError, HeaderDataError, ImageDataError, WrapStructError)
    return (*own, OSError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError, zlib.error)


def _check_size(path: str, image: Any, claimed: int) -> None:
    pixels = Path(image.file_map["image"].filename or path)
    size = pixels.stat().st_size
    with pixels.open("rb") as file:
        shrinks = file.read(2) == b"\x1f\x8b"
    if claimed > size * (_MOST_SHRINKING if shrinks else 1):
        raise ReadError(
            "The NIfTI file is cut short: it holds less than its header claims.", "Ask for a new copy.", "truncated"
        )
    check_claim(claimed)


def grid(image: Any) -> tuple[tuple[int, int, int], FloatArray, bool]:
    """Shape (K, J, I), affine (k, j, i) -> LPS mm, and whether slices must be reversed to ascend.

    Raises:
        ReadError: the file says nothing usable of where its voxels lie.
    """
    size = (*image.shape, 1, 1)[:3]
    shape = (int(size[2]), int(size[1]), int(size[0]))
    try:
        unit = str(image.header.get_xyzt_units()[0]) if hasattr(image.header, "get_xyzt_units") else "mm"
        affine = (_RAS_TO_LPS @ np.asarray(image.affine, np.float64))[:, [2, 1, 0, 3]]
    except _faults() as error:
        raise ReadError("The NIfTI file gives no usable orientation.", "Ask for a new copy.", "geometry") from error
    affine[:3] *= _TO_MM.get(unit, 1.0)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise ReadError("The NIfTI file gives no usable orientation.", "Ask for a new copy.", "geometry")
    flip = float(np.cross(affine[:3, 2], affine[:3, 1]) @ affine[:3, 0]) < 0
    if flip:
        affine[:3, 3] += affine[:3, 0] * (shape[0] - 1)
        affine[:3, 0] *= -1
    return shape, affine, flip


def _stack(path: str, uid: str, geometry: Geometry, colour: bool, time: int | None) -> Stack:
    shape = geometry.shape
    warnings = tilt_caution(geometry)
    if time is not None:
        text = "The file holds several volumes; each is a stack of its own."
        warnings += (Caution("time_points", text, "Time points"),)
    return Stack(
        series_uid=uid,
        number=None if time is None else time + 1,
        kind=Kind.VOLUME if shape[0] > 1 else Kind.IMAGE,
        modality="OT",
        instances=tuple(ForeignSlice(Path(path), frame=k, reader="nifti") for k in range(shape[0])),
        description=Path(path).name,
        geometry=geometry,
        verdict=judge(geometry, warnings),
        warnings=warnings,
        samples=3 if colour else 1,
        photometric="RGB" if colour else "MONOCHROME2",
        frames=shape[0],
    )


def load(stack: Stack) -> Volume:
    """Voxels of one stack in the file's own type.

    Raises:
        ReadError: the voxels are cut short or damaged.
    """
    path = str(stack.instances[0].path)
    image = _open(path)
    shape, affine, flip = grid(image)
    try:
        stored = _voxels(image, (stack.number or 1) - 1, shape, flip)
    except _faults() as error:
        raise ReadError("The voxels of this NIfTI file are cut short or damaged.", "Ask for a new copy.") from error
    return Volume(
        stored=stored,
        geometry=stack.geometry or Geometry(shape, affine),
        slope=float(image.dataobj.slope),
        intercept=float(image.dataobj.inter),
        modality=stack.modality,
        tags=dict(stack.header),
    )


def _voxels(image: Any, time: int, shape: tuple[int, int, int], flip: bool) -> Array:
    """[K, J, I] (or [K, J, I, 3]) of one volume, ascending, C order, native byte order."""
    proxy = image.dataobj
    if len(image.shape) > 3:
        where = np.unravel_index(time, image.shape[3:], order="F")
        part = proxy.get_unscaled()[(..., *where)]
    else:
        part = proxy.get_unscaled()
    data = np.asarray(part).reshape((*image.shape, 1, 1)[:3], order="F")
    if data.dtype.fields is not None:
        data = np.stack([data[name] for name in ("R", "G", "B")], axis=-1)
        data = data.transpose(2, 1, 0, 3)
    else:
        data = data.transpose(2, 1, 0)
    if flip:
        data = data[::-1]
    return np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("="))
