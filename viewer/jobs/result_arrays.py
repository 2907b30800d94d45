"""Masks and heatmaps as NIfTI files on the input's grid, and back."""

from __future__ import annotations

import hashlib
import logging
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.geometry import Geometry
from viewer.core.study import Stack

Array = npt.NDArray[Any]

_log = logging.getLogger(__name__)

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Affines of one grid, written and read back, differ by no more than this (float32 header).
_AFFINE_TOLERANCE = 1e-2


def save(path: Path, array: Array, geometry: Geometry, *, reverse: bool = False) -> None:
    """Write [K, J, I] as .nii.gz with axes (i, j, k) and a RAS affine.

    Args:
        path: ends in .nii.gz.
        array: uint8, uint16 or float32.
        geometry: its grid; an uneven stack is written with its mean step.
        reverse: store the last slice first (the file the picture came from does).
    """
    import nibabel

    affine = geometry.affine.copy()
    if reverse:
        affine[:3, 3] += affine[:3, 0] * (geometry.shape[0] - 1)
        affine[:3, 0] *= -1
        array = array[::-1]
    ras = (_LPS_TO_RAS @ affine)[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(np.ascontiguousarray(array.transpose(2, 1, 0)), ras)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def digest(array: Array) -> str:
    """SHA-256 of an array's values in patient order [K, J, I], whatever way a file stores them."""
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode() + plain.tobytes()).hexdigest()


def load(path: Path, geometry: Geometry) -> Array:
    """Read back what `save` wrote, as [K, J, I] on `geometry`.

    Raises:
        ReadError: the file is missing, damaged or on another grid.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nibabel.load(path)
        if tuple(image.shape) != geometry.shape[::-1]:
            raise ValueError("another shape")
        reverse = _is_reversed(np.asarray(image.affine), geometry)
        array = np.asarray(image.dataobj).transpose(2, 1, 0)
    except (OSError, ValueError, KeyError, EOFError, zlib.error, ImageFileError) as error:
        _log.info("%s: %s", path.name, error)
        raise ReadError(f"The result file {path.name} is missing or damaged.", "Run the analysis again.") from error
    return np.ascontiguousarray(array[::-1] if reverse else array)


def _is_reversed(ras: npt.NDArray[np.float64], geometry: Geometry) -> bool:
    """Whether a file's slices run the other way; ValueError when it is another grid."""
    lps = (_LPS_TO_RAS @ ras)[:, [2, 1, 0, 3]]
    if np.allclose(lps, geometry.affine, atol=_AFFINE_TOLERANCE, rtol=1e-4):
        return False
    lps[:3, 3] += lps[:3, 0] * (geometry.shape[0] - 1)
    lps[:3, 0] *= -1
    if np.allclose(lps, geometry.affine, atol=_AFFINE_TOLERANCE, rtol=1e-4):
        return True
    raise ValueError("another grid")


def stored_reversed(stack: Stack, geometry: Geometry) -> bool:
    """True when the picture's own NIfTI file holds its last slice first.

    Masks are then written that way too, so that they match the file voxel by voxel.
    """
    path = stack.instances[0].path if stack.instances else None
    if path is None or stack.instances[0].sop_instance_uid or not path.name.lower().endswith((".nii", ".nii.gz")):
        return False
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        return _is_reversed(np.asarray(nibabel.load(path).affine), geometry)
    except (OSError, ValueError, ImageFileError):
        return False
