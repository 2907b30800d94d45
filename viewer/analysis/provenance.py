"""Where a result comes from: what was analysed, with what, and when. Torch-free."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata

import numpy as np

import viewer
from viewer.core.analysis import Input
from viewer.core.volume import Volume
from viewer.core.waveform import Waveform

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


def input_hash(inputs: Mapping[str, Input]) -> str:
    """SHA-256 of everything a run read: a picture alone as `pixel_hash` has it, else every input by name."""
    image = inputs.get("image")
    if isinstance(image, Volume) and len(inputs) == 1:
        return pixel_hash(image)
    told = {name: _hash_of(one) for name, one in sorted(inputs.items())}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _hash_of(one: Input) -> str:
    """SHA-256 of one input: voxels, samples, letters, or the values of a table."""
    if isinstance(one, Volume):
        return pixel_hash(one)
    if isinstance(one, Waveform):
        return signal_hash(one)
    plain = one if isinstance(one, str) else json.dumps(dict(one), sort_keys=True)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def signal_hash(waveform: Waveform) -> str:
    """SHA-256 of every channel's name, rate, unit and samples (float64, little-endian)."""
    digest = hashlib.sha256()
    for channel in waveform.channels:
        digest.update(json.dumps([channel.name, channel.frequency_hz, channel.unit]).encode())
        digest.update(np.ascontiguousarray(channel.samples, dtype="<f8").data)
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
