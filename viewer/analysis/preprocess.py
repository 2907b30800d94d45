"""Named preprocessing steps: one code path for training and for use.

A pack lists its steps as data (`inference.json`, `preprocess`). Each step takes the
picture on its way to the network and records how a mask or map gets back, so what a
network says always returns on the input volume's grid.

Arrays are float32 [K, J, I] inside; `Prepared.array` is what the network gets, still
[K, J, I]: 3-D packs read it as one block, 2-D packs as K pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis import resample
from viewer.analysis.transforms import InverseTransform, Uncrop, Unorient, Unpad, Unresample, Unresize
from viewer.core import inference as steps
from viewer.core.analysis import Box
from viewer.core.errors import AnalysisError, UsageError
from viewer.core.geometry import SpacingKind
from viewer.core.volume import Volume

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

#: Red, green and blue shares of a grey value (ITU-R BT.601, as PIL's "L").
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
#: A film or slice larger than this many pixels a side is refused before memory runs out.
MAX_SIDE = 20_000
#: Steps may make a picture of so many voxels, or of eight times as many as it had.
MAX_VOXELS = 2**28
#: Spread below this share of the magnitude counts as a constant picture.
_FLAT = 1e-6


@dataclass(frozen=True)
class Prepared:
    """A picture on its way to the network.

    Attributes:
        array: float32 [K, J, I].
        affine: (k, j, i, 1) -> LPS mm of `array`'s grid (4x4 float64).
        back: ways back, in the order the steps were taken.
        volume: where it came from; None for bare arrays.
        roi: the reader's box on the input grid, or None.
        is_plan: `array` has a shape and no memory; steps only say what comes of the shape (see `plan`).
    """

    array: FloatArray
    affine: npt.NDArray[np.float64]
    back: tuple[InverseTransform, ...] = ()
    volume: Volume | None = None
    roi: Box | None = None
    is_plan: bool = False

    def made(self, shape: Sequence[int], make: Callable[[], FloatArray]) -> FloatArray:
        """An array of this shape; in a plan one without memory.

        Raises:
            AnalysisError: it would be larger than any picture.
        """
        most = max(MAX_VOXELS, 0 if self.volume is None else 8 * math.prod(self.volume.shape))
        if math.prod(shape) > most:
            raise AnalysisError(
                f"The pack would make a picture of {' x '.join(str(n) for n in shape)} voxels of this one.",
                "Analyse a smaller series or a box, or use another pack.",
                "too_large",
            )
        return _blank(shape) if self.is_plan else make()

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between voxels along k, j, i."""
        k, j, i = (float(np.linalg.norm(self.affine[:3, axis])) for axis in range(3))
        return k, j, i

    def apply_to_labels(self, labels: Array) -> Array:
        """Labels on the input volume's grid -> the network's grid."""
        for step in self.back:
            labels = step.forward(labels)
        return labels

    def restore_labels(self, labels: Array) -> Array:
        """Labels [K, J, I] on the network grid -> the input volume's grid."""
        for step in reversed(self.back):
            labels = step.labels(labels)
        return labels

    def restore_values(self, values: FloatArray) -> FloatArray:
        """A float32 map on the network grid -> the input volume's grid (0 outside a box)."""
        for step in reversed(self.back):
            values = step.values(values)
        return values


def start(volume: Volume, roi: Box | None = None) -> Prepared:
    """The volume's real values as float32, grey, with non-finite voxels refused.

    Raises:
        AnalysisError: a constant picture, NaN, or a side beyond `MAX_SIDE`.
    """
    if max(volume.shape[1:]) > MAX_SIDE:
        raise AnalysisError(
            f"This image is {volume.shape[2]} x {volume.shape[1]} pixels, more than a pack can take.",
            f"Crop or shrink it below {MAX_SIDE} pixels a side.",
        )
    values = volume.values().astype(np.float32)
    if volume.is_colour:
        values = values @ _LUMINANCE
    if not np.isfinite(values).all():
        raise AnalysisError("The image holds values that are not numbers.", "Ask for the series to be sent again.")
    low, high = float(values.min()), float(values.max())
    if high - low <= _FLAT * max(1.0, abs(high), abs(low)):
        raise AnalysisError("Every pixel of this image has the same value.", "Choose a series that shows anatomy.")
    return Prepared(values, volume.geometry.affine, (), volume, roi)


def crop_roi(picture: Prepared, step: steps.CropRoi) -> Prepared:
    """Cut the reader's box out, with a margin kept around it."""
    if picture.roi is None:
        raise UsageError("This pack needs a box around the structure.", "Place a box and run it again.")
    first, last = picture.roi
    shape = picture.array.shape
    pads = [round(step.margin_mm / s) for s in picture.spacing]
    low = [max(0, min(a, n)) for a, n in zip((f - p for f, p in zip(first, pads, strict=True)), shape, strict=True)]
    high = [max(0, min(a, n)) for a, n in zip((e + p for e, p in zip(last, pads, strict=True)), shape, strict=True)]
    if any(b - a < 2 for a, b, n in zip(low, high, shape, strict=True) if n > 1) or any(
        b <= a for a, b in zip(low, high, strict=True)
    ):
        raise UsageError("The box lies outside the image or is too thin.", "Place it around the structure again.")
    array = picture.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    affine = picture.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(low, dtype=np.float64)
    back = Uncrop((shape[0], shape[1], shape[2]), (low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


def center_crop(picture: Prepared, step: steps.CenterCrop) -> Prepared:
    """Keep the middle rows and columns of every slice; smaller pictures stay whole."""
    k, rows, columns = picture.array.shape
    size = [min(n, have) for n, have in zip(step.size, (rows, columns), strict=True)]
    first = [(have - n) // 2 for n, have in zip(size, (rows, columns), strict=True)]
    roi = ((0, first[0], first[1]), (k, first[0] + size[0], first[1] + size[1]))
    cut = crop_roi(replace(picture, roi=roi), steps.CropRoi())
    return replace(cut, roi=picture.roi)


def orient(picture: Prepared, step: steps.Orient) -> Prepared:
    """Turn axes so that k, j, i run towards the letters, e.g. "SAR" (nearest axes, no resampling)."""
    order, flips = turn(picture.affine, step.axes)
    turned = np.transpose(picture.array, order)
    array = picture.made(turned.shape, lambda: np.ascontiguousarray(np.flip(turned, flips) if flips else turned))
    affine = picture.affine.copy()
    affine[:3, :3] = picture.affine[:3, :3][:, order]
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
    return replace(picture, array=array, affine=affine, back=(*picture.back, Unorient(order, flips)))


def turn(affine: npt.NDArray[np.float64], wanted: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Axis order and flips that bring the grid nearest to the wanted letters."""
    letters = {"R": (0, -1), "L": (0, 1), "A": (1, -1), "P": (1, 1), "I": (2, -1), "S": (2, 1)}
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order: list[int] = []
    flips: list[int] = []
    for place, letter in enumerate(wanted):
        world, sign = letters[letter]
        free = [axis for axis in range(3) if axis not in order]
        axis = max(free, key=lambda a: abs(unit[world, a]))
        order.append(axis)
        if unit[world, axis] * sign < 0:
            flips.append(place)
    return tuple(order), tuple(flips)


def resample_mm(picture: Prepared, step: steps.Resample) -> Prepared:
    """Linear resampling to mm along k, j, i, as far as the step asks for it."""
    have = picture.spacing
    if step.only_known and not _known_spacing(picture):
        return picture
    target = [h if s is None else s for s, h in zip(step.spacing_mm, have, strict=True)]
    target = [h if abs(h / t - 1) <= step.tolerance else t for h, t in zip(have, target, strict=True)]
    if tuple(target) == have:
        return picture
    old = picture.array.shape
    k, j, i = (resample.target_size(n, h, t) for n, h, t in zip(old, have, target, strict=True))
    ratio = (target[0] / have[0], target[1] / have[1], target[2] / have[2])
    array = picture.made((k, j, i), lambda: resample.resample_linear(picture.array, ratio, (k, j, i)))
    affine = picture.affine.copy()
    affine[:3, :3] *= np.array(ratio)
    back = Unresample((old[0], old[1], old[2]), (1 / ratio[0], 1 / ratio[1], 1 / ratio[2]), (k, j, i))
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


def _known_spacing(picture: Prepared) -> bool:
    return picture.volume is not None and picture.volume.geometry.spacing_kind is SpacingKind.PATIENT


def window_radiograph(picture: Prepared, _step: steps.WindowRadiograph) -> Prepared:
    """A radiograph as a reader sees it, 0 (black) to 1 (white): window, then MONOCHROME1 inversion.

    The file's own linear window is used where there is one; 8-bit pictures stay as they are;
    else percentiles 0.1 and 99.9.
    """
    volume = picture.volume
    low, high = 0.0, 255.0
    if volume is not None and volume.windows:
        window = volume.windows[0]
        low, high = window.center - window.width / 2, window.center + window.width / 2
    elif volume is None or volume.stored.dtype != np.uint8 or picture.array.max() > 255:
        low, high = (float(v) for v in np.percentile(picture.array, (0.1, 99.9)))
    array = np.clip((picture.array - low) / max(high - low, 1e-6), 0.0, 1.0)
    if volume is not None and volume.inverted:
        array = 1.0 - array
    return replace(picture, array=array.astype(np.float32))


def resize(picture: Prepared, step: steps.Resize) -> Prepared:
    """Every slice to the step's rows and columns, aspect not kept, as the training sets are."""
    rows, columns = step.size
    old = picture.array.shape
    if (old[1], old[2]) == (rows, columns):
        return picture
    planes = picture.array
    array = picture.made(
        (old[0], rows, columns), lambda: np.stack([resample.resize_plane(plane, (rows, columns)) for plane in planes])
    )
    affine = picture.affine.copy()
    affine[:3, 1] *= old[1] / rows
    affine[:3, 2] *= old[2] / columns
    return replace(
        picture, array=array, affine=affine, back=(*picture.back, Unresize((old[1], old[2]), (rows, columns)))
    )


def normalise(picture: Prepared, step: steps.Normalise) -> Prepared:
    """Scale-free intensities.

    out = clip((x - P_centre) / (P_high - P_low)); maxima from 4 to 1.7 million all end alike.
    With `ground`, percentiles are taken of voxels brighter than that share of the 99th percentile
    alone: the air around a head would else decide them.
    """
    planes = picture.array if step.per == "slice" else picture.array[None]
    out = np.empty_like(planes, dtype=np.float32)
    quantiles = (step.low, step.centre, step.high)
    for index, plane in enumerate(planes):
        low, centre, high = (float(v) for v in np.percentile(_body(plane, step.ground), quantiles))
        spread = high - low if high > low else float(np.ptp(plane)) or 1.0
        out[index] = np.clip((plane - centre) / spread, -step.clip, step.clip)
    return replace(picture, array=out.reshape(picture.array.shape))


def _body(plane: FloatArray, ground: float | None) -> FloatArray:
    """Voxels that are not dark ground; all of them where `ground` is None or hardly any are brighter."""
    if ground is None:
        return plane
    inside = plane[plane > ground * float(np.percentile(plane, 99))]
    return inside if inside.size > plane.size // 50 else plane


def pad(picture: Prepared, step: steps.Pad) -> Prepared:
    """Pad with edge values to at least the step's minimum and to its multiples (k, j, i)."""
    shape = picture.array.shape
    wanted = [max(-(-n // m) * m, least) for n, m, least in zip(shape, step.multiple, step.minimum, strict=True)]
    before = [(w - n) // 2 for w, n in zip(wanted, shape, strict=True)]
    widths = [(b, w - n - b) for b, w, n in zip(before, wanted, shape, strict=True)]
    if not any(sum(width) for width in widths):
        return picture
    array = picture.made(wanted, lambda: np.pad(picture.array, widths, mode="edge"))
    affine = picture.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(before, dtype=np.float64)
    back = Unpad(
        (shape[0], shape[1], shape[2]),
        (before[0], before[1], before[2]),
        (widths[0][1], widths[1][1], widths[2][1]),
    )
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


#: A pack's step -> what it does. A new step: a struct in `core.inference`, one function above, one line here.
STEPS: dict[type[steps.Step], Callable[[Prepared, Any], Prepared]] = {
    steps.CropRoi: crop_roi,
    steps.CenterCrop: center_crop,
    steps.Orient: orient,
    steps.Resample: resample_mm,
    steps.WindowRadiograph: window_radiograph,
    steps.Resize: resize,
    steps.Normalise: normalise,
    steps.Pad: pad,
}


#: Steps that change what voxels say and leave their grid alone.
_ON_VALUES = (steps.WindowRadiograph, steps.Normalise)


def plan(volume: Volume, asked: Sequence[steps.Step], roi: Box | None = None) -> tuple[int, int, int]:
    """The size [K, J, I] that a pack's steps bring a volume to, told without touching a voxel.

    Raises:
        AnalysisError, UsageError: the input does not fit.
    """
    picture = Prepared(_blank(volume.shape), volume.geometry.affine, (), volume, roi, is_plan=True)
    for step in asked:
        if not isinstance(step, _ON_VALUES):
            picture = STEPS[type(step)](picture, step)
    k, j, i = picture.array.shape
    return k, j, i


def _blank(shape: Sequence[int]) -> FloatArray:
    """Zeros that take no memory."""
    return np.broadcast_to(np.float32(0), tuple(shape))


def prepare(
    volume: Volume,
    asked: Sequence[steps.Step],
    roi: Box | None = None,
    skip: tuple[type[steps.Step], ...] = (),
) -> Prepared:
    """Take a volume through a pack's steps.

    Args:
        volume: the input; its grid is where results return to.
        asked: the pack's steps.
        roi: the reader's box for packs that need one.
        skip: steps left out (training crops its own boxes).

    Raises:
        AnalysisError, UsageError: the input does not fit.
    """
    picture = start(volume, roi)
    for step in asked:
        if not isinstance(step, skip):
            picture = STEPS[type(step)](picture, step)
    return picture
