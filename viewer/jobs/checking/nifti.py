"""A reader of NIfTI-1 files of its own: `check` must not trust the library that wrote them.

Only what result folders hold: one file (.nii, .nii.gz), three axes, whole numbers or floats, sform.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError

_HEADER = 348
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
#: No array of a result folder is larger (bytes).
_MAX_BYTES = 1 << 33


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An array as the file has it.

    Attributes:
        array: [I, J, K] as stored.
        affine_lps: (i, j, k, 1) -> LPS mm.
        scaled: True where the file says that its values are to be rescaled.
    """

    array: npt.NDArray[Any]
    affine_lps: npt.NDArray[np.float64]
    scaled: bool


def read(path: Path) -> Stored:
    """Read one file.

    Raises:
        ReadError: it is missing, damaged or of a kind that no result folder holds.
    """
    try:
        data = _bytes(path)
        return _parsed(data)
    except (OSError, EOFError, zlib.error, ValueError, struct.error) as error:
        raise ReadError(f"The result file {path.name} is missing or damaged.", "Run the analysis again.") from error


def _bytes(path: Path) -> bytes:
    raw = path.read_bytes()
    if raw[:2] != b"\x1f\x8b":
        return raw
    with gzip.open(path) as file:
        data = file.read(_MAX_BYTES)
        if file.read(1):
            raise ValueError("too large")
    return data


def _parsed(data: bytes) -> Stored:
    order = "<" if struct.unpack_from("<i", data)[0] == _HEADER else ">"
    if struct.unpack_from(f"{order}i", data)[0] != _HEADER or data[344:348] != b"n+1\0":
        raise ValueError("no NIfTI-1")
    rank, *shape = struct.unpack_from(f"{order}8h", data, 40)
    kind = struct.unpack_from(f"{order}h", data, 70)[0]
    offset, slope, intercept = struct.unpack_from(f"{order}3f", data, 108)
    if rank != 3 or min(shape[:3]) < 1 or kind not in _TYPES:
        raise ValueError("of another kind")
    array = np.frombuffer(data, np.dtype(order + _TYPES[kind]), int(np.prod(shape[:3], dtype=np.int64)), int(offset))
    if struct.unpack_from(f"{order}h", data, 254)[0] < 1:
        raise ValueError("no sform")
    rows = np.array(struct.unpack_from(f"{order}12f", data, 280), dtype=np.float64).reshape(3, 4)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.vstack([rows, [0, 0, 0, 1.0]])
    scaled = bool(np.isfinite(slope) and slope != 0 and (slope, intercept) != (1.0, 0.0))
    return Stored(array.reshape(shape[:3], order="F"), affine, scaled)
