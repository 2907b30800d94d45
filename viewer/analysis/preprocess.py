"""Named preprocessing steps: one code path for training and for use.

A pack lists its steps as data (`inference.json`, `preprocess`). Each step takes the
picture on its way to the network and records how a mask or map gets back, so what a
network says always returns on the input volume's grid.

Arrays are float32 [K, J, I] inside; `Prepared.array` is what the network gets, still
[K, J, I]: 3-D packs read it as one block, 2-D packs as K pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from viewer.analysis import resample
from viewer.core.analysis import Box
from viewer.core.errors import AnalysisError, PackError, UsageError
from viewer.core.geometry import SpacingKind
from viewer.core.volume import Volume

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
Shape = tuple[int, int, int]

#: Red, green and blue shares of a grey value (ITU-R BT.601, as PIL's "L").
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
#: A film or slice larger than this many pixels a side is refused before memory runs out.
MAX_SIDE = 20_000
#: Spread below this share of the magnitude counts as a constant picture.
_FLAT = 1e-6


class Back(Protocol):
    """The way back of one step."""

    def ahead(self, labels: Array) -> Array:
        """Labels [K, J, I] before the step -> after it, nearest voxel (training's truth)."""
        ...

    def labels(self, array: Array) -> Array:
        """Labels [K, J, I] after the step -> before it, nearest voxel."""
        ...

    def values(self, array: FloatArray) -> FloatArray:
        """A float map [K, J, I] after the step -> before it, linear."""
        ...


@dataclass(frozen=True)
class Prepared:
    """A picture on its way to the network.

    Attributes:
        array: float32 [K, J, I].
        affine: (k, j, i, 1) -> LPS mm of `array`'s grid (4x4 float64).
        back: ways back, in the order the steps were taken.
        volume: where it came from; None for bare arrays.
        roi: the reader's box on the input grid, or None.
    """

    array: FloatArray
    affine: npt.NDArray[np.float64]
    back: tuple[Back, ...] = ()
    volume: Volume | None = None
    roi: Box | None = None

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between voxels along k, j, i."""
        k, j, i = (float(np.linalg.norm(self.affine[:3, axis])) for axis in range(3))
        return k, j, i

    def follow_labels(self, labels: Array) -> Array:
        """Labels on the input volume's grid -> the network's grid."""
        for step in self.back:
            labels = step.ahead(labels)
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


Step = Callable[[Prepared, Mapping[str, Any]], Prepared]


@dataclass(frozen=True)
class _Uncrop:
    shape: Shape
    start: Shape
    stop: Shape

    def ahead(self, labels: Array) -> Array:
        a, b = self.start, self.stop
        return labels[a[0] : b[0], a[1] : b[1], a[2] : b[2]]

    def labels(self, array: Array) -> Array:
        out = np.zeros(self.shape, dtype=array.dtype)
        a, b = self.start, self.stop
        out[a[0] : b[0], a[1] : b[1], a[2] : b[2]] = array
        return out

    values = labels


@dataclass(frozen=True)
class _Unpad:
    shape: Shape
    before: Shape
    after: Shape

    def ahead(self, labels: Array) -> Array:
        return np.pad(labels, list(zip(self.before, self.after, strict=True)))

    def labels(self, array: Array) -> Array:
        b, s = self.before, self.shape
        return array[b[0] : b[0] + s[0], b[1] : b[1] + s[1], b[2] : b[2] + s[2]]

    values = labels


@dataclass(frozen=True)
class _Unorient:
    order: tuple[int, ...]
    flips: tuple[int, ...]

    def ahead(self, labels: Array) -> Array:
        turned = np.transpose(labels, self.order)
        return np.ascontiguousarray(np.flip(turned, self.flips) if self.flips else turned)

    def labels(self, array: Array) -> Array:
        unflipped = np.flip(array, self.flips) if self.flips else array
        return np.ascontiguousarray(np.transpose(unflipped, np.argsort(self.order)))

    values = labels


@dataclass(frozen=True)
class _Unresample:
    shape: Shape
    step: tuple[float, float, float]
    reached: Shape

    def ahead(self, labels: Array) -> Array:
        step = (1 / self.step[0], 1 / self.step[1], 1 / self.step[2])
        return resample.resample_nearest(labels, step, self.reached)

    def labels(self, array: Array) -> Array:
        return resample.resample_nearest(array, self.step, self.shape)

    def values(self, array: FloatArray) -> FloatArray:
        return resample.resample_linear(array, self.step, self.shape)


@dataclass(frozen=True)
class _Unsquash:
    size: tuple[int, int]
    squashed: tuple[int, int]

    def ahead(self, labels: Array) -> Array:
        return np.stack([resample.resize_labels(plane, self.squashed) for plane in labels])

    def labels(self, array: Array) -> Array:
        return np.stack([resample.resize_labels(plane, self.size) for plane in array])

    def values(self, array: FloatArray) -> FloatArray:
        return np.stack([resample.resize_plane(plane, self.size) for plane in array])


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


def crop_roi(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Cut the reader's box out; args: `margin_mm` (default 0) kept around it."""
    if picture.roi is None:
        raise UsageError("This pack needs a box around the structure.", "Place a box and run it again.")
    first, last = picture.roi
    margin = float(args.get("margin_mm", 0.0))
    shape = picture.array.shape
    pads = [round(margin / s) for s in picture.spacing]
    low = [max(0, min(a, n)) for a, n in zip((f - p for f, p in zip(first, pads, strict=True)), shape, strict=True)]
    high = [max(0, min(a, n)) for a, n in zip((e + p for e, p in zip(last, pads, strict=True)), shape, strict=True)]
    if any(b - a < 2 for a, b, n in zip(low, high, shape, strict=True) if n > 1) or any(
        b <= a for a, b in zip(low, high, strict=True)
    ):
        raise UsageError("The box lies outside the image or is too thin.", "Place it around the structure again.")
    array = picture.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    affine = picture.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(low, dtype=np.float64)
    back = _Uncrop((shape[0], shape[1], shape[2]), (low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


def middle(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Keep the middle `args["size"]` (rows, columns) of every slice; smaller pictures stay whole."""
    k, rows, columns = picture.array.shape
    size = [min(int(n), have) for n, have in zip(args["size"], (rows, columns), strict=True)]
    first = [(have - n) // 2 for n, have in zip(size, (rows, columns), strict=True)]
    roi = ((0, first[0], first[1]), (k, first[0] + size[0], first[1] + size[1]))
    cut = crop_roi(replace(picture, roi=roi), {})
    return replace(cut, roi=picture.roi)


def orient(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Turn axes so that k, j, i run towards `args["axes"]`, e.g. "SAR" (nearest axes, no resampling)."""
    wanted = str(args["axes"])
    order, flips = _turn(picture.affine, wanted)
    turned = np.transpose(picture.array, order)
    array = np.ascontiguousarray(np.flip(turned, flips) if flips else turned)
    affine = picture.affine.copy()
    affine[:3, :3] = picture.affine[:3, :3][:, order]
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
    return replace(picture, array=array, affine=affine, back=(*picture.back, _Unorient(order, flips)))


def _turn(affine: npt.NDArray[np.float64], wanted: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
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


def resample_mm(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Linear resampling to `args["spacing_mm"]` (k, j, i; null keeps an axis).

    Kept where within `args["tolerance"]` (share), and, with `only_known`, where the file has no
    patient spacing.
    """
    have = picture.spacing
    if args.get("only_known") and not _known_spacing(picture):
        return picture
    target = [h if s is None else float(s) for s, h in zip(args["spacing_mm"], have, strict=True)]
    slack = float(args.get("tolerance", 0.02))
    target = [h if abs(h / t - 1) <= slack else t for h, t in zip(have, target, strict=True)]
    if tuple(target) == have:
        return picture
    old = picture.array.shape
    k, j, i = (resample.target_size(n, h, t) for n, h, t in zip(old, have, target, strict=True))
    step = (target[0] / have[0], target[1] / have[1], target[2] / have[2])
    array = resample.resample_linear(picture.array, step, (k, j, i))
    affine = picture.affine.copy()
    affine[:3, :3] *= np.array(step)
    back = _Unresample((old[0], old[1], old[2]), (1 / step[0], 1 / step[1], 1 / step[2]), (k, j, i))
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


def _known_spacing(picture: Prepared) -> bool:
    return picture.volume is not None and picture.volume.geometry.spacing_kind is SpacingKind.PATIENT


def film(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
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


def squash(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Every slice to `args["size"]` (rows, columns), aspect not kept, as the training sets are."""
    rows, columns = (int(n) for n in args["size"])
    old = picture.array.shape
    if (old[1], old[2]) == (rows, columns):
        return picture
    array = np.stack([resample.resize_plane(plane, (rows, columns)) for plane in picture.array])
    affine = picture.affine.copy()
    affine[:3, 1] *= old[1] / rows
    affine[:3, 2] *= old[2] / columns
    return replace(
        picture, array=array, affine=affine, back=(*picture.back, _Unsquash((old[1], old[2]), (rows, columns)))
    )


def normalise(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Scale-free intensities; args: `centre`, `low`, `high` percentiles, `clip`, `per` ("volume" or "slice").

    out = clip((x - P_centre) / (P_high - P_low)); maxima from 4 to 1.7 million all end alike.
    With `ground`, percentiles are taken of voxels brighter than that share of the 99th percentile
    alone: the air around a head would else decide them.
    """
    planes = picture.array if args.get("per") == "slice" else picture.array[None]
    out = np.empty_like(planes, dtype=np.float32)
    quantiles = (float(args.get("low", 5)), float(args.get("centre", 50)), float(args.get("high", 95)))
    reach = float(args.get("clip", 3.0))
    for index, plane in enumerate(planes):
        low, centre, high = (float(v) for v in np.percentile(_body(plane, args.get("ground")), quantiles))
        spread = high - low if high > low else float(np.ptp(plane)) or 1.0
        out[index] = np.clip((plane - centre) / spread, -reach, reach)
    return replace(picture, array=out.reshape(picture.array.shape))


def _body(plane: FloatArray, ground: float | None) -> FloatArray:
    """Voxels that are not dark ground; all of them where `ground` is None or hardly any are brighter."""
    if ground is None:
        return plane
    inside = plane[plane > ground * float(np.percentile(plane, 99))]
    return inside if inside.size > plane.size // 50 else plane


def pad(picture: Prepared, args: Mapping[str, Any]) -> Prepared:
    """Pad with edge values to at least `args["minimum"]` and to multiples of `args["multiple"]` (k, j, i)."""
    multiple = [int(n) for n in args.get("multiple", (1, 1, 1))]
    minimum = [int(n) for n in args.get("minimum", (1, 1, 1))]
    shape = picture.array.shape
    wanted = [max(-(-n // m) * m, least) for n, m, least in zip(shape, multiple, minimum, strict=True)]
    before = [(w - n) // 2 for w, n in zip(wanted, shape, strict=True)]
    widths = [(b, w - n - b) for b, w, n in zip(before, wanted, shape, strict=True)]
    if not any(sum(width) for width in widths):
        return picture
    array = np.pad(picture.array, widths, mode="edge")
    affine = picture.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(before, dtype=np.float64)
    back = _Unpad(
        (shape[0], shape[1], shape[2]),
        (before[0], before[1], before[2]),
        (widths[0][1], widths[1][1], widths[2][1]),
    )
    return replace(picture, array=array, affine=affine, back=(*picture.back, back))


#: Name in a pack's data -> step. To add a step: one function above, one line here.
STEPS: dict[str, Step] = {
    "crop_roi": crop_roi,
    "middle": middle,
    "orient": orient,
    "resample": resample_mm,
    "film": film,
    "squash": squash,
    "normalise": normalise,
    "pad": pad,
}


def prepare(
    volume: Volume,
    steps: Sequence[Mapping[str, Any]],
    roi: Box | None = None,
    skip: Sequence[str] = (),
) -> Prepared:
    """Take a volume through a pack's steps.

    Args:
        volume: the input; its grid is where results return to.
        steps: `[{"step": NAME, ...args}]` from `inference.json`.
        roi: the reader's box for packs that need one.
        skip: step names left out (training crops its own boxes).

    Raises:
        PackError: an unknown step. AnalysisError, UsageError: the input does not fit.
    """
    picture = start(volume, roi)
    for entry in steps:
        name = str(entry.get("step"))
        if name in skip:
            continue
        if name not in STEPS:
            raise PackError(f"The pack asks for an unknown step '{name}'.", "Install a pack made for this version.")
        picture = STEPS[name](picture, entry)
    return picture
