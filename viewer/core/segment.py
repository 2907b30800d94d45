"""A segment that a reader draws: voxels of one stack, kept as plain text so that the journal can hold it."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Box6 = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReaderSegment:
    """Voxels of a stack that belong together.

    Attributes:
        stack_key: the stack whose acquired grid it lies on; `shape` is that grid's (K, J, I).
        box: k0, k1, j0, j1, i0, i1, half-open: the part of the grid that `bits` holds; all 0 while it is empty.
        bits: the voxels of the box, k first, a bit each, zlib, base64.
        voxels: how many there are.
        volume_mm3: as the stack's geometry has it.
        sop_instance_uids: of the first and last slice of the grid, by which a copy of the files is known.
    """

    id: str
    name: str
    stack_key: str
    shape: tuple[int, int, int]
    box: Box6 = (0, 0, 0, 0, 0, 0)
    bits: str = ""
    voxels: int = 0
    volume_mm3: float = 0.0
    sop_instance_uids: tuple[str, str] = ("", "")

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """bool [K, J, I]."""
        out = np.zeros(self.shape, dtype=bool)
        k0, k1, j0, j1, i0, i1 = self.box
        size = (k1 - k0, j1 - j0, i1 - i0)
        count = size[0] * size[1] * size[2]
        if count:
            packed = np.frombuffer(zlib.decompress(base64.b64decode(self.bits)), dtype=np.uint8)
            out[k0:k1, j0:j1, i0:i1] = np.unpackbits(packed, count=count).reshape(size).astype(bool)
        return out


def packed(mask: npt.NDArray[np.bool_]) -> tuple[Box6, str]:
    """The box round a mask [K, J, I] and the voxels in it, as `ReaderSegment` keeps them."""
    if not mask.any():
        return (0, 0, 0, 0, 0, 0), ""
    ends: list[int] = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
        ends += [int(line[0]), int(line[-1]) + 1]
    k0, k1, j0, j1, i0, i1 = ends
    bits = np.packbits(mask[k0:k1, j0:j1, i0:i1])
    return (k0, k1, j0, j1, i0, i1), base64.b64encode(zlib.compress(bits.tobytes(), 6)).decode("ascii")
