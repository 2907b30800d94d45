"""NRRD through SimpleITK (already LPS), one stack per volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.errors import ReadError
from viewer.core.geometry import FloatArray, Geometry, SpacingKind
from viewer.core.study import Kind, Series, Stack
from viewer.core.verdict import Caution, judge
from viewer.core.volume import Volume
from viewer.reading.header.identity import made_up_uid
from viewer.reading.header.limits import check_claim, check_slices
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.placing import tilt_caution

#: Bytes in which the text header is looked for.
_HEADER = 64 << 10
#: gzip and bzip2 cannot shrink by more than about this.
_MOST_SHRINKING = 1100


def describe(path: str) -> Series:
    """One stack per volume; reads no voxels.

    Raises:
        ReadError: damaged or of more than four dimensions.
    """
    reader = _information(path)
    shape, affine, _flip = _grid(reader)
    size = reader.GetSize()
    times = int(size[3]) if len(size) > 3 else 1
    check_slices(times * shape[0])
    uid = made_up_uid(path)
    known = _spacing_known(path)
    colour = reader.GetNumberOfComponents() == 3
    stacks = tuple(
        _stack(path, uid, Geometry(shape, affine, spacing_kind=known), t if times > 1 else None, colour)
        for t in range(times)
    )
    return Series(uid, stacks)


def _information(path: str) -> Any:
    import SimpleITK as sitk  # noqa: N813 - the library's own habit

    reader = sitk.ImageFileReader()
    reader.SetImageIO("NrrdImageIO")
    reader.SetFileName(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ReadError("The NRRD header is damaged.", "Ask for a new copy of this file.") from error
    if len(reader.GetSize()) not in (2, 3, 4) or reader.GetNumberOfComponents() not in (1, 3):
        raise ReadError("This NRRD file holds vectors or more than four dimensions.", "", "unsupported")
    _check_size(path, reader)
    return reader


def _check_size(path: str, reader: Any) -> None:
    import SimpleITK as sitk  # noqa: N813 - the library's own habit

    voxel = np.dtype(sitk.extra._get_numpy_dtype(sitk.Image([1] * len(reader.GetSize()), reader.GetPixelID())))
    claimed = int(np.prod(reader.GetSize(), dtype=object)) * voxel.itemsize * int(reader.GetNumberOfComponents())
    header = _header(path)
    raw = "encoding: raw" in header and "data file" not in header
    if "data file" not in header and claimed > Path(path).stat().st_size * (1 if raw else _MOST_SHRINKING):
        raise ReadError("The NRRD file is cut short: it holds less than it claims.", "Ask for a new copy.", "truncated")
    check_claim(claimed)


def _header(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_HEADER).split(b"\n\n")[0].decode("latin-1").lower()


def _spacing_known(path: str) -> SpacingKind:
    header = _header(path)
    known = "space directions:" in header or "spacings:" in header
    return SpacingKind.PATIENT if known else SpacingKind.UNKNOWN


def _grid(reader: Any) -> tuple[tuple[int, int, int], FloatArray, bool]:
    size, spacing, origin = reader.GetSize(), reader.GetSpacing(), reader.GetOrigin()
    dimensions = len(size)
    direction = np.array(reader.GetDirection()).reshape(dimensions, dimensions)
    matrix, place = np.eye(3), np.zeros(3)
    used = min(3, dimensions)
    matrix[:used, :used] = direction[:used, :used] * np.array(spacing[:used])
    place[:used] = origin[:used]
    shape = (int(size[2]) if dimensions > 2 else 1, int(size[1]), int(size[0]))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix[:, ::-1], place
    flip = float(np.cross(affine[:3, 2], affine[:3, 1]) @ affine[:3, 0]) < 0
    if flip:
        affine[:3, 3] += affine[:3, 0] * (shape[0] - 1)
        affine[:3, 0] *= -1
    return shape, affine, flip


def _stack(path: str, uid: str, geometry: Geometry, time: int | None, colour: bool) -> Stack:
    warnings = tilt_caution(geometry)
    if geometry.spacing_kind is SpacingKind.UNKNOWN:
        warnings += (Caution("no_spacing", "The file gives no voxel size: lengths are unknown.", "No calibration"),)
    if time is not None:
        text = "The file holds several volumes; each is a stack of its own."
        warnings += (Caution("time_points", text, "Time points"),)
    slices = geometry.shape[0]
    return Stack(
        series_uid=uid,
        number=None if time is None else time + 1,
        kind=Kind.VOLUME if slices > 1 else Kind.IMAGE,
        modality="OT",
        instances=tuple(ForeignSlice(Path(path), frame=k, reader="nrrd") for k in range(slices)),
        description=Path(path).name,
        geometry=geometry,
        verdict=judge(geometry, warnings),
        warnings=warnings,
        samples=3 if colour else 1,
        photometric="RGB" if colour else "MONOCHROME2",
        frames=slices,
        header={"SeriesDescription": Path(path).name},
    )


def load(stack: Stack) -> Volume:
    """Voxels of one stack in the file's own type.

    Raises:
        ReadError: the voxels are cut short or damaged.
    """
    import SimpleITK as sitk  # noqa: N813 - the library's own habit

    reader = _information(str(stack.instances[0].path))
    shape, affine, flip = _grid(reader)
    try:
        data = sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise ReadError("The voxels of this NRRD file are cut short or damaged.", "Ask for a new copy.") from error
    colour = reader.GetNumberOfComponents() == 3
    if len(reader.GetSize()) == 4:
        data = data[(stack.number or 1) - 1]
    data = data.reshape((*shape, 3) if colour else shape)
    if flip:
        data = np.ascontiguousarray(data[::-1])
    return Volume(data, stack.geometry or Geometry(shape, affine), modality=stack.modality, tags=dict(stack.header))
