"""The ways back of preprocessing steps: masks and maps on the network's grid return to the input's.

Arrays are [K, J, I]; labels move by nearest voxel, float maps linearly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from viewer.analysis import resample

FloatArray = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
Shape = tuple[int, int, int]


class InverseTransform(Protocol):
    """The way back of one step, and the way there for labels."""

    def forward(self, labels: Array) -> Array:
        """Labels [K, J, I] before the step -> after it, nearest voxel (training's truth)."""
        ...

    def labels(self, array: Array) -> Array:
        """Labels [K, J, I] after the step -> before it, nearest voxel."""
        ...

    def values(self, array: FloatArray) -> FloatArray:
        """A float map [K, J, I] after the step -> before it, linear."""
        ...


@dataclass(frozen=True)
class Uncrop:
    """A box put back into a grid of zeros."""

    shape: Shape
    start: Shape
    stop: Shape

    def forward(self, labels: Array) -> Array:
        """Labels before the step -> after it."""
        a, b = self.start, self.stop
        return labels[a[0] : b[0], a[1] : b[1], a[2] : b[2]]

    def labels(self, array: Array) -> Array:
        """Labels after the step -> before it."""
        out = np.zeros(self.shape, dtype=array.dtype)
        a, b = self.start, self.stop
        out[a[0] : b[0], a[1] : b[1], a[2] : b[2]] = array
        return out

    values = labels


@dataclass(frozen=True)
class Unpad:
    """Padding cut off again."""

    shape: Shape
    before: Shape
    after: Shape

    def forward(self, labels: Array) -> Array:
        """Labels before the step -> after it."""
        return np.pad(labels, list(zip(self.before, self.after, strict=True)))

    def labels(self, array: Array) -> Array:
        """Labels after the step -> before it."""
        b, s = self.before, self.shape
        return array[b[0] : b[0] + s[0], b[1] : b[1] + s[1], b[2] : b[2] + s[2]]

    values = labels


@dataclass(frozen=True)
class Unorient:
    """Axes turned back."""

    order: tuple[int, ...]
    flips: tuple[int, ...]

    def forward(self, labels: Array) -> Array:
        """Labels before the step -> after it."""
        turned = np.transpose(labels, self.order)
        return np.ascontiguousarray(np.flip(turned, self.flips) if self.flips else turned)

    def labels(self, array: Array) -> Array:
        """Labels after the step -> before it."""
        unflipped = np.flip(array, self.flips) if self.flips else array
        return np.ascontiguousarray(np.transpose(unflipped, np.argsort(self.order)))

    values = labels


@dataclass(frozen=True)
class Unresample:
    """Spacing as it was."""

    shape: Shape
    step: tuple[float, float, float]
    reached: Shape

    def forward(self, labels: Array) -> Array:
        """Labels before the step -> after it."""
        step = (1 / self.step[0], 1 / self.step[1], 1 / self.step[2])
        return resample.resample_nearest(labels, step, self.reached)

    def labels(self, array: Array) -> Array:
        """Labels after the step -> before it."""
        return resample.resample_nearest(array, self.step, self.shape)

    def values(self, array: FloatArray) -> FloatArray:
        """A float map after the step -> before it."""
        return resample.resample_linear(array, self.step, self.shape)


@dataclass(frozen=True)
class Unresize:
    """Rows and columns as they were."""

    size: tuple[int, int]
    resized: tuple[int, int]

    def forward(self, labels: Array) -> Array:
        """Labels before the step -> after it."""
        return np.stack([resample.resize_labels(plane, self.resized) for plane in labels])

    def labels(self, array: Array) -> Array:
        """Labels after the step -> before it."""
        return np.stack([resample.resize_labels(plane, self.size) for plane in array])

    def values(self, array: FloatArray) -> FloatArray:
        """A float map after the step -> before it."""
        return np.stack([resample.resize_plane(plane, self.size) for plane in array])
