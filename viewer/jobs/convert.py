"""One stack as NIfTI: exact values, exact geometry (LPS -> RAS)."""

from __future__ import annotations

import errno
from os import PathLike
from pathlib import Path

import numpy as np

from viewer.core.atomic import replacing
from viewer.core.errors import GeometryError, OutputError, UsageError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Array, Volume
from viewer.jobs.open import files_of, open_one
from viewer.jobs.targets import check_target, try_place
from viewer.reading import resample_regular

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_ENDINGS = (".nii.gz", ".nii")


def convert(
    path: str | PathLike[str],
    out: str | PathLike[str],
    *,
    series: str | None = None,
    stack: int | None = None,
    resample: bool = False,
    force: bool = False,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write one picture stack as NIfTI-1.

    Values are those after the modality LUT, not windowed, MONOCHROME1 not inverted. The array is
    (column, row, slice). Without patient geometry the axes are column, row, frame in LPS.
    `force`: `out` may replace a file of the reader's; never a source, a DICOM file or a result.

    Raises:
        UsageError: no such stack, or `out` does not end in .nii or .nii.gz.
        ReadError: the stack cannot be read.
        GeometryError: tilted or unevenly spaced, and `resample` was not asked for.
        OutputError: the disk is full or the folder cannot be written; nothing half-written stays.
        Cancelled: the reader asked to stop.
    """
    target = Path(out)
    if not target.name.endswith(_ENDINGS):
        raise UsageError(f"{target.name} does not end in .nii.gz or .nii.", "Name the output so.")
    check_target(target, [Path(path)], force=force)
    try_place(target)
    found, _stack, volume = open_one(path, series=series, stack=stack, on_progress=on_progress, cancel=cancel)
    check_target(target, files_of(found), force=force)
    volume = _regular(volume, resample)
    on_progress(Progress("Writing", None))
    return _write(volume, target)


def _regular(volume: Volume, resample: bool) -> Volume:
    """The volume, on a right-angled even grid where that was asked for.

    Raises:
        GeometryError: the grid of a NIfTI file cannot say where these slices lie.
    """
    geometry = volume.geometry
    if not geometry.is_tilted and geometry.is_even:
        return volume
    if resample:
        return resample_regular(volume)
    what = "lean (gantry tilt)" if geometry.is_tilted else "are unevenly spaced or some are missing"
    raise GeometryError(
        f"The slices of this stack {what}: written as they are, every program would place them wrongly.",
        "Add --resample to write them on a right-angled, even grid.",
    )


def affine_ras(geometry: Geometry) -> Array:
    """(i, j, k, 1) -> RAS mm."""
    affine = geometry.affine
    if geometry.spacing_kind is SpacingKind.UNKNOWN and not geometry.oriented:
        affine = np.diag([1.0, *geometry.spacing[1:], 1.0])
    if not geometry.oriented:
        # Column, row, frame run along +x, +y, +z in LPS.
        columns = np.diag([geometry.spacing[2], geometry.spacing[1], geometry.spacing[0], 1.0])
        return np.asarray(_LPS_TO_RAS @ columns)
    return np.asarray(_LPS_TO_RAS @ affine[:, [2, 1, 0, 3]])


def voxels(volume: Volume) -> Array:
    """Values as [i, j, k] (colour: [i, j, k] of RGB triples) in a type that NIfTI-1 knows."""
    if volume.is_colour:
        return _colour(volume.stored)
    values = volume.values()
    if values.dtype == np.int32 and values.min() >= -32768 and values.max() <= 32767:
        values = values.astype(np.int16)
    if values.dtype in (np.int64, np.uint64):
        values = values.astype(np.float64)
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    return np.asarray(values.transpose(2, 1, 0))


def _colour(stored: Array) -> Array:
    """RGB24 as NIfTI has it: a record of three bytes; deeper colour keeps its upper eight bits."""
    if stored.dtype.itemsize > 1:
        stored = (stored >> (8 * (stored.dtype.itemsize - 1))).astype(np.uint8)
    record = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    return np.asarray(np.ascontiguousarray(stored).view(record)[..., 0].transpose(2, 1, 0))


def _write(volume: Volume, target: Path) -> Path:
    import nibabel

    image = nibabel.Nifti1Image(voxels(volume), affine_ras(volume.geometry))
    image.header.set_xyzt_units("mm")
    code = 1 if volume.geometry.oriented else 0
    image.set_sform(image.affine, code=max(code, 1))
    image.set_qform(image.affine, code=code)
    try:
        with replacing(target) as part:
            nibabel.save(image, part)
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


def _cannot_write(target: Path, error: OSError) -> OutputError:
    if error.errno == errno.ENOSPC:
        return OutputError("The disk is full: nothing was written.", "Free some space or choose another folder.")
    return OutputError(
        f"{target.name} cannot be written ({error.strerror}).", "Choose a folder that exists and that you may write to."
    )
