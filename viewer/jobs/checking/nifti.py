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
#: Its number for millimetres.
_MM = 2
#: No array of a result folder is larger (bytes).
_MAX_BYTES = 1 << 33


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An array as the file has it.

    Attributes:
        array: [I, J, K] as stored.
        affine_lps: (i, j, k, 1) -> LPS mm.
        scaled: True where the file says that its values are to be rescaled.
        sound: False where it counts in another unit than mm, or its second statement of place differs.
    """

    array: npt.NDArray[Any]
    affine_lps: npt.NDArray[np.float64]
    scaled: bool
    sound: bool = True


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
    return Stored(array.reshape(shape[:3], order="F"), affine, scaled, _is_sound(data, order, rows))


def _is_sound(data: bytes, order: str, rows: npt.NDArray[np.float64]) -> bool:
    """Units are mm or not stated; a qform, where there is one, is the place of the sform."""
    if data[123] & 7 not in (0, _MM):
        return False
    if struct.unpack_from(f"{order}h", data, 252)[0] < 1:
        return True
    sizes = struct.unpack_from(f"{order}4f", data, 76)
    b, c, d, x, y, z = struct.unpack_from(f"{order}6f", data, 256)
    a = max(0.0, 1.0 - (b * b + c * c + d * d)) ** 0.5
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    scale = np.array([sizes[1], sizes[2], sizes[3] * (sizes[0] if sizes[0] in (1.0, -1.0) else 1.0)])
    return bool(np.allclose(turn * scale, rows[:, :3], atol=1e-2) and np.allclose((x, y, z), rows[:, 3], atol=1e-2))
