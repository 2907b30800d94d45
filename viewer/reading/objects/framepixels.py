"""Stored frames of masks and maps, one at a time: bits, bytes, words and floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.task import CancelFlag
from viewer.reading.objects.dataset import truncated, whole
from viewer.reading.objects.framegrid import frame_count
from viewer.reading.pixels.codecs import NATIVE
from viewer.reading.pixels.decoder import Stream
from viewer.reading.pixels.decoders import decoders
from viewer.reading.stacking.frame import PixelSpec

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Largest picture side and frame count that are taken (DICOM's own limit is 65535).
MAX_SIDE = 65_535
#: Voxels of one object over all frames.
MAX_TOTAL = 1 << 31
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
#: Compressed frames are decoded so many at a time.
_RUN, _RUN_BYTES = 64, 16 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """How frames are stored: sizes, bits, numpy type (bool for single bits)."""

    rows: int
    columns: int
    frames: int
    bits: int
    dtype: np.dtype[Any]

    @property
    def pixels(self) -> int:
        """Pixels of one frame."""
        return self.rows * self.columns


def layout_of(dataset: Dataset) -> Layout:
    """Layout of the pixel element that the object holds.

    Raises:
        ReadError: sizes or bits that no such object can have.
    """
    rows, columns, frames = whole(dataset, "Rows"), whole(dataset, "Columns"), frame_count(dataset)
    if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE):
        raise ReadError("The object names no valid number of rows and columns.", "Ask the sender.", "corrupt")
    if rows * columns * frames > MAX_TOTAL:
        raise ReadError("The object claims more voxels than can be held.", "Check where it comes from.", "too_large")
    return Layout(rows, columns, frames, *_type(dataset))


def _type(dataset: Dataset) -> tuple[int, np.dtype[Any]]:
    order = ">" if _syntax(dataset) == _BIG_ENDIAN else "<"
    if "FloatPixelData" in dataset:
        return 32, np.dtype(order + "f4")
    if "DoubleFloatPixelData" in dataset:
        return 64, np.dtype(order + "f8")
    bits = whole(dataset, "BitsAllocated", 8)
    if bits == 1:
        return 1, np.dtype(bool)
    if bits not in {8, 16, 32}:
        raise ReadError(f"The object stores {bits} bits a pixel, which is not read.", "Ask the sender.", "unsupported")
    sign = "i" if whole(dataset, "PixelRepresentation") == 1 else "u"
    return bits, np.dtype(f"{order}{sign}{bits // 8}")


def _syntax(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    return str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""


class Frames(Sequence[npt.NDArray[Any]]):
    """Stored frames [rows, columns] in file order, each decoded when asked for; single bits as bool.

    Raises:
        ReadError: no pixels, too few of them, or a compression that is not read.
    """

    def __init__(self, dataset: Dataset, layout: Layout) -> None:
        self._layout = layout
        self._syntax = _syntax(dataset)
        data = _pixel_bytes(dataset)
        self._stored = np.frombuffer(data, np.uint8)
        if self._syntax == _BIG_ENDIAN and layout.bits <= 8 and dataset["PixelData"].VR == "OW":
            # Words of two bytes change places, whatever they hold (PS3.5 A.3).
            self._stored = np.frombuffer(data, "<u2").byteswap().view(np.uint8)
        self._packed: list[Stream] = []
        self._run = _Run(0, np.empty((0, layout.rows, layout.columns)), {})
        if self._syntax and self._syntax not in NATIVE:
            from pydicom.encaps import generate_frames

            spec = _spec(self._syntax, layout)
            self._packed = [Stream(one, spec) for one in generate_frames(data, number_of_frames=layout.frames)]
            if len(self._packed) < layout.frames:
                raise truncated()
        elif len(data) * 8 < layout.pixels * layout.frames * layout.bits:
            raise truncated()

    def __len__(self) -> int:
        return self._layout.frames

    @overload
    def __getitem__(self, n: int) -> npt.NDArray[Any]: ...
    @overload
    def __getitem__(self, n: slice) -> list[npt.NDArray[Any]]: ...
    def __getitem__(self, n: int | slice) -> Any:
        if isinstance(n, slice):
            return [self[i] for i in range(*n.indices(len(self)))]
        if not 0 <= n < len(self):
            raise IndexError(n)
        if self._packed:
            return self._decoded(n)
        return _native(self._stored, n, self._layout)

    def _decoded(self, n: int) -> npt.NDArray[Any]:
        """Frame n; those behind it are decoded with it and held, for frames are mostly asked for in order."""
        if not self._run.first <= n < self._run.first + len(self._run.pixels):
            self._run = _decode_run(self._packed, n, self._layout)
        at = n - self._run.first
        if at in self._run.failed:
            raise self._run.failed[at]
        pixels: npt.NDArray[Any] = self._run.pixels[at]
        return pixels.astype(bool) if self._layout.bits == 1 else pixels


def _pixel_bytes(dataset: Dataset) -> bytes:
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        data = dataset.get(keyword)
        if isinstance(data, bytes) and data:
            return data
    raise ReadError("The object holds no pixel data.", "Ask the sender for a new copy.", "no_pixels")


def _native(stored: npt.NDArray[np.uint8], n: int, layout: Layout) -> npt.NDArray[Any]:
    if layout.bits == 1:
        return _bits(stored, n * layout.pixels, layout)
    size = layout.pixels * layout.bits // 8
    return stored[n * size : (n + 1) * size].view(layout.dtype).reshape(layout.rows, layout.columns)


def _bits(stored: npt.NDArray[np.uint8], start: int, layout: Layout) -> npt.NDArray[np.bool_]:
    """Pixels of one bit from bit `start` on, lowest bit first; frames share bytes (PS3.5 8.1.1)."""
    stop = start + layout.pixels
    bits = np.unpackbits(stored[start // 8 : (stop + 7) // 8], bitorder="little")
    return bits[start % 8 : start % 8 + layout.pixels].astype(bool).reshape(layout.rows, layout.columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Decoded frames from `first` on, [n, rows, columns]; `failed`: why one of them is not there."""

    first: int
    pixels: npt.NDArray[Any]
    failed: dict[int, ReadError]


def _decode_run(packed: Sequence[Stream], first: int, layout: Layout) -> _Run:
    dtype = np.dtype(np.uint8) if layout.bits == 1 else layout.dtype
    count = max(1, min(_RUN, _RUN_BYTES // (layout.pixels * dtype.itemsize)))
    sources = packed[first : first + count]
    pixels = np.empty((len(sources), layout.rows, layout.columns), dtype)
    answers = decoders().frames(pixels, sources, range(len(sources)), CancelFlag())
    return _Run(first, pixels, {k: error for k, error in answers if error is not None})


def _spec(syntax: str, layout: Layout) -> PixelSpec:
    """The frame in the words of the picture decoders."""
    return PixelSpec(
        syntax,
        0,
        layout.rows,
        layout.columns,
        1,
        layout.bits,
        layout.bits,
        layout.bits - 1,
        layout.dtype.kind == "i",
        "MONOCHROME2",
        False,
        layout.frames,
    )
