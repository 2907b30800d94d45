"""Fill a volume slice by slice: the slice that is looked at first, then outward from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Array, ModalityLut, VoiLut, Volume
from viewer.reading.formats.readers import reader_named
from viewer.reading.header.details import dataset_of
from viewer.reading.header.head import DEFLATED
from viewer.reading.header.limits import check_claim, check_compressed
from viewer.reading.header.sop_classes import PARAMETRIC_MAP
from viewer.reading.objects.parametric import real_world
from viewer.reading.pixels.codecs import CODECS, NATIVE, codec_for
from viewer.reading.pixels.colour import palette_table
from viewer.reading.pixels.decoder import Palette
from viewer.reading.pixels.decoders import decoders
from viewer.reading.pixels.luts import modality_lut, voi_lut, windows_of
from viewer.reading.pixels.stored import dtype_of, read_frame
from viewer.reading.pixels.suv import suv_factor
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.frame import PixelSpec, Slice

log = logging.getLogger(__name__)

#: Uncompressed files must hold at least one byte in so many of what they claim.
_LEAST_HELD = 50
_SHRUNK = frozenset(CODECS) | {DEFLATED}

OnSlice = Callable[[int], None]

PALETTE = "PALETTE COLOR"


class StackLoader:
    """A stack while it loads.

    Attributes:
        stack: what is loaded.
        volume: its array exists at once and is filled by `load`; readers treat it as read-only.
        loaded: bool [K], True where a slice is there.
        failed: slice -> why it could not be read; such a slice holds zeros, and `volume.unread` names it.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.failed: dict[int, ReadError] = {}
        first = stack.instances[0] if stack.instances else None
        if isinstance(first, ForeignSlice):
            self.volume = reader_named(first.reader).load(stack)
            self.loaded = np.ones(self.volume.shape[0], bool)
            return
        self._slices = _slices_of(stack)
        self._palette = _palette_of(stack, self._slices)
        dtype, shape = _checked(stack, self._slices, self._palette)
        self.volume = _volume(stack, self._slices, np.empty(shape, dtype))
        self.loaded = np.zeros(len(self._slices), bool)

    def load(
        self, on_slice: OnSlice | None = None, cancel: CancelToken | None = None, first: int | None = None
    ) -> Volume:
        """Read what is not there yet; a second call goes on where a cancelled one stopped.

        Args:
            on_slice: told of each slice k as it arrives, on the calling thread.
            cancel: asked at each slice.
            first: slice to begin with; the middle one by default.

        Raises:
            Cancelled: the reader asked to stop; what was read stays.
            ReadError: no slice at all could be read.
        """
        told, token = on_slice or _ignore, cancel or CancelFlag()
        order = [k for k in outward(len(self.loaded), first) if not self.loaded[k]]
        if order:
            self._load_in(order, told, token)
        else:
            for k in range(len(self.loaded)):
                told(k)
        if self.failed and len(self.failed) == len(self.loaded):
            raise next(iter(self.failed.values()))
        return self.volume

    def _load_in(self, order: list[int], told: OnSlice, cancel: CancelToken) -> None:
        if any(_is_compressed(one) for one in self._slices):
            for k, error in decoders().frames(self.volume.stored, self._slices, order, cancel, self._palette):
                self._arrived(k, error)
                told(k)
            return
        for k in order:
            cancel.check()
            self._arrived(k, self._read(k))
            told(k)

    def _read(self, k: int) -> ReadError | None:
        target = self.volume.stored[k]
        try:
            if self._palette is None:
                read_frame(self._slices[k], target)
            else:
                target[...] = _coloured(self._slices[k], self._palette)
        except ReadError as error:
            return error
        return None

    def _arrived(self, k: int, error: ReadError | None) -> None:
        if error is not None:
            self.failed[k] = error
            self.volume.stored[k].fill(0)
            assert self.volume.missing is not None
            self.volume.missing[k] = True
            log.warning("slice %d could not be read: %s", k, error.code)
        self.loaded[k] = True


def _coloured(where: Slice, palette: Palette) -> Array:
    """Palette indices of one picture as RGB."""
    assert where.spec is not None
    indices = np.empty((where.spec.rows, where.spec.columns), dtype_of(where.spec))
    read_frame(where, indices)
    colours: Array = palette.table[indices.astype(np.intp) - palette.lowest]
    return colours


def _palette_of(stack: Stack, slices: tuple[Slice, ...]) -> Palette | None:
    if stack.photometric != PALETTE:
        return None
    return Palette(*palette_table(_common_dtype(slices), dataset_of(slices[0].path)))


def _is_compressed(where: Slice) -> bool:
    return where.spec is not None and where.spec.syntax not in NATIVE


def _ignore(_k: int) -> None:
    """Nobody wants to know."""


def outward(count: int, first: int | None = None) -> Iterator[int]:
    """0..count-1, beginning at `first` (the middle by default), then alternately after and before it."""
    middle = count // 2 if first is None else min(max(first, 0), count - 1)
    for distance in range(count):
        if middle + distance < count:
            yield middle + distance
        if distance and middle - distance >= 0:
            yield middle - distance


def _slices_of(stack: Stack) -> tuple[Slice, ...]:
    slices = tuple(one for one in stack.instances if isinstance(one, Slice) and one.spec is not None)
    if not slices or len(slices) != len(stack.instances) or stack.geometry is None:
        raise ReadError("This series holds no picture.", "Open another series.", "no_pixels")
    return slices


def _checked(
    stack: Stack, slices: tuple[Slice, ...], palette: Palette | None
) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    """Type and shape of the volume, once what it claims was found to be in proportion."""
    spec = _one_spec(slices)
    if spec.syntax not in NATIVE:
        codec_for(spec.syntax)
    assert stack.geometry is not None
    shape: tuple[int, ...] = stack.geometry.shape
    dtype = palette.table.dtype if palette is not None else _common_dtype(slices)
    if spec.samples == 3 or palette is not None:
        shape = (*shape, 3)
    claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
    check_claim(claimed)
    _check_backed(slices, claimed)
    return dtype, shape


def _one_spec(slices: tuple[Slice, ...]) -> PixelSpec:
    spec = slices[0].spec
    assert spec is not None
    return spec


def _common_dtype(slices: tuple[Slice, ...]) -> np.dtype[np.generic]:
    """One type that holds every slice exactly (a series may mix signs)."""
    kinds = {dtype_of(spec) for spec in {one.spec for one in slices} if spec is not None}
    return kinds.pop() if len(kinds) == 1 else np.result_type(*kinds)


def _check_backed(slices: tuple[Slice, ...], claimed: int) -> None:
    """What the files hold must be worth the memory that is taken for it.

    Raises:
        ReadError: the files hold almost nothing of what they claim.
    """
    spec = _one_spec(slices)
    try:
        held = sum(Path(path).stat().st_size for path in {one.path for one in slices})
    except OSError as error:
        raise ReadError(f"A file cannot be read ({error.strerror}).", "Is the disk there?", "unreadable") from error
    if spec.syntax in _SHRUNK:
        check_compressed(claimed, held)
    elif held * _LEAST_HELD < claimed:
        raise ReadError(
            f"The file claims {claimed / 1e6:.1f} MB of pixels and holds {held / 1e6:.2f} MB.",
            "Ask for a new copy.",
            "truncated",
        )


def _volume(stack: Stack, slices: tuple[Slice, ...], stored: npt.NDArray[np.generic]) -> Volume:
    assert stack.geometry is not None
    slopes = {(one.slope, one.intercept) for one in slices}
    slope: float | npt.NDArray[np.float64] = slices[0].slope
    intercept: float | npt.NDArray[np.float64] = slices[0].intercept
    if len(slopes) > 1:
        slope = np.array([one.slope for one in slices])
        intercept = np.array([one.intercept for one in slices])
    lut, voi, tags = _details(stack, slices)
    unit = stack.unit
    if slices[0].sop_class_uid == PARAMETRIC_MAP:
        meaning = real_world(slices[0].path)
        slope, intercept, unit = meaning.slope, meaning.intercept, meaning.unit
        tags |= {"Quantity": meaning.quantity} if meaning.quantity else {}
    paddings = {one.padding for one in slices if one.padding is not None}
    padding = (float(min(p[0] for p in paddings)), float(max(p[1] for p in paddings))) if paddings else None
    return Volume(
        stored=stored,
        geometry=stack.geometry,
        slope=slope,
        intercept=intercept,
        lut=lut,
        unit=unit,
        modality=stack.modality,
        series_uid=stack.series_uid if not stack.series_uid.startswith("file:") else None,
        inverted=stack.photometric == "MONOCHROME1" or stack.header.get("PresentationLUTShape") == "INVERSE",
        padding=padding,
        windows=windows_of(stack.header),
        voi_lut=voi,
        tags=tags,
        missing=np.zeros(len(slices), bool),
    )


def _details(stack: Stack, slices: tuple[Slice, ...]) -> tuple[ModalityLut | None, VoiLut | None, dict[str, str]]:
    """LUT sequences and dose facts, read only where a header named them."""
    tags = dict(stack.header)
    middle = slices[len(slices) // 2]
    if not middle.special:
        return None, None, tags
    dataset = dataset_of(middle.path)
    factor = suv_factor(dataset)
    if factor is not None:
        tags["SUVFactor"], tags["SUVFactorFrom"] = repr(factor[0]), factor[1]
    return modality_lut(dataset), voi_lut(dataset), tags
