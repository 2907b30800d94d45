"""From a picture to what nnU-Net's network sees: transpose, crop, normalise, resample, in this order.

Normalising comes before resampling, else the region outside a mask would bleed into it.
Source: nnU-Net v2's default preprocessing (Isensee et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace
from scipy import ndimage

from viewer.analysis.nnunet import grid
from viewer.analysis.nnunet.grid import Shape
from viewer.core.errors import AnalysisError
from viewer.core.nnunet import Normalisation, Resizing, Scheme, Stage

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
Bool = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]

_EPS = 1e-8


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as one stage's network sees it, and the way back.

    Attributes:
        channels: float32 [C, K, J, I] on the stage's grid.
        full: the transposed picture's shape; `box`: the part of it that is not zero.
        have, want: mm along each axis before and after resampling.
    """

    channels: FloatArray
    full: Shape
    box: Box
    have: tuple[float, ...]
    want: tuple[float, ...]

    @property
    def cropped(self) -> Shape:
        """Shape of the box."""
        k, j, i = (one.stop - one.start for one in self.box)
        return k, j, i


def prepare(channels: Sequence[Array], spacing: Sequence[float], stage: Stage, before: Array | None = None) -> Seen:
    """Take channels [K, J, I] as stored to a stage's grid.

    Args:
        channels: real values, one array a channel.
        spacing: mm between voxels along k, j, i.
        before: label map of the stage that stands before this one, on the same grid.

    Raises:
        AnalysisError: values outside what the model's normalisation allows.
    """
    turned = [np.transpose(one, stage.transpose) for one in channels]
    have = tuple(float(spacing[axis]) for axis in stage.transpose)
    want = (have[0], *stage.spacing_mm) if len(stage.spacing_mm) == 2 else stage.spacing_mm
    inside = _not_zero(turned)
    box = _box_of(inside)
    cut = [normalised(np.array(one[box], dtype=np.float32), how, inside[box]) for one, how in _pairs(turned, stage)]
    shape = grid.new_shape(cut[0].shape, have, want)
    if min(shape) < 1:
        raise AnalysisError(
            "The picture is thinner than one voxel of the model's grid.", "Choose a series that covers more."
        )
    made = [grid.resample(one, shape, stage.image, have, want) for one in cut]
    if before is not None:
        made += _one_hot(np.transpose(before, stage.transpose)[box], inside[box], shape, stage, (have, tuple(want)))
    full = turned[0].shape
    return Seen(np.stack(made), (full[0], full[1], full[2]), box, have, tuple(want))


def _pairs(turned: Sequence[Array], stage: Stage) -> list[tuple[Array, Normalisation]]:
    if len(turned) != len(stage.channels):
        raise AnalysisError(
            f"The model reads {len(stage.channels)} pictures of one person at a time, and was given {len(turned)}.",
            "Use it on series that hold all of them.",
        )
    return list(zip(turned, stage.channels, strict=True))


def _not_zero(channels: Sequence[Array]) -> Bool:
    """True where any channel is not zero, holes filled."""
    mask = channels[0] != 0
    for one in channels[1:]:
        mask |= one != 0
    if mask.all():
        return np.asarray(mask)
    return np.asarray(ndimage.binary_fill_holes(mask))


def _box_of(mask: Bool) -> Box:
    """The smallest box round what is true; all of it where nothing is."""
    cuts = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        cuts.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, mask.shape[axis]))
    return cuts[0], cuts[1], cuts[2]


def normalised(values: FloatArray, how: Normalisation, inside: Bool) -> FloatArray:
    """A channel's values in the network's range; changed in place.

    Args:
        values: float32 [K, J, I].
        how: as plans.json says.
        inside: the region that is not zero.

    Raises:
        AnalysisError: no colours where colours are read.
    """
    if how.scheme is Scheme.CT:
        np.clip(values, how.low, how.high, out=values)
        values -= np.float32(how.mean)
        values /= np.float32(max(how.spread, _EPS))
    elif how.scheme is Scheme.Z_SCORE:
        _z_score(values, inside if how.in_mask else None)
    elif how.scheme is Scheme.ZERO_TO_ONE:
        values -= values.min()
        values /= max(float(values.max()), _EPS)
    elif how.scheme is Scheme.RGB:
        if values.min() < 0 or values.max() > 255:
            raise AnalysisError("The model reads colours from 0 to 255.", "Choose a colour picture of 8 bits.")
        values /= np.float32(255)
    return values


def _z_score(values: FloatArray, inside: Bool | None) -> None:
    """Mean 0 and standard deviation 1, within a region where one is given."""
    if inside is None:
        mean, spread = values.mean(), values.std()
        values -= mean
        values /= max(spread, np.float32(_EPS))
        return
    some = values[inside]
    values[inside] = (some - some.mean()) / max(some.std(), np.float32(_EPS))


def _labels_before(stage: Stage) -> int:
    """How many labels of the stage before are channels here."""
    return stage.network.takes - len(stage.channels)


def _one_hot(
    labels: Array, inside: Bool, shape: Shape, stage: Stage, spacings: tuple[Sequence[float], Sequence[float]]
) -> list[FloatArray]:
    """A label map on another grid, one channel a label.

    Each label (what lies outside the region that is not zero is one too) is resized linearly and the largest
    share wins; where shares are equal, the nearest voxel's label.
    """
    how = Resizing(order=1, across_apart=stage.image.across_apart)
    numbers = np.where((labels == 0) & ~inside, -1, labels.astype(np.int32))
    best = grid.resample(numbers, shape, replace(how, order=0), *spacings).astype(np.int32)
    near, most = best.copy(), np.full(shape, -1.0, dtype=np.float32)
    for label in np.unique(numbers):
        share = grid.resample((numbers == label).astype(np.float32), shape, how, *spacings)
        wins = (share > most) | ((share == most) & (near == label))
        best[wins] = label
        np.maximum(most, share, out=most)
    return [(best == number).astype(np.float32) for number in range(1, _labels_before(stage) + 1)]
