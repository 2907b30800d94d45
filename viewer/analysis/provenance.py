"""Where a result comes from: what was analysed, with what, and when. Torch-free."""

from __future__ import annotations

import hashlib
import platform
from datetime import datetime
from importlib import metadata

import numpy as np

import viewer
from viewer.core.volume import Volume

#: Seed of every random choice in an analysis.
SEED = 20260302
#: Packages whose version can change a result.
_PACKAGES = ("torch", "openvino", "numpy", "scipy")


def now() -> str:
    """This moment, ISO 8601 with offset."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def pixel_hash(volume: Volume) -> str:
    """SHA-256 of the stored voxels (C order, little-endian) and the affine (float64)."""
    digest = hashlib.sha256()
    for plane in volume.stored:
        little = plane.astype(plane.dtype.newbyteorder("<"), copy=False)
        digest.update(np.ascontiguousarray(little).data)
    digest.update(np.ascontiguousarray(volume.geometry.affine, dtype="<f8").data)
    return digest.hexdigest()


def software() -> dict[str, str]:
    """Versions of this program, Python and the libraries that compute."""
    versions = {"secondread": viewer.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
