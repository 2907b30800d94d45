"""Which pieces of a mask a pack keeps. Arrays are uint8 labels [K, J, I], 0 background."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def keep_largest(labels: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    """Keep each label's largest 6-connected component of [K, J, I]."""
    from scipy import ndimage

    out = np.zeros_like(labels)
    for label in range(1, count + 1):
        parts, found = ndimage.label(labels == label)
        if not found:
            continue
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        out[parts == sizes.argmax()] = label
    return out


def keep_large(labels: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.uint8]:
    """Keep the 6-connected pieces of [K, J, I] that reach `share` of the size of their label's largest."""
    from scipy import ndimage

    out = np.zeros_like(labels)
    for label in range(1, int(labels.max()) + 1):
        parts, _ = ndimage.label(labels == label)
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        out[(sizes >= share * sizes.max())[parts] & (parts > 0)] = label
    return out


def keep_near_middle(labels: npt.NDArray[np.uint8], probability: FloatArray, width: float) -> npt.NDArray[np.uint8]:
    """Keep the one piece of [K, J, I] with the most probability, counted less the further from the middle.

    A reader's box is placed around what is meant: a vessel at its rim is not. `width` is the
    standard deviation of the weight, in halves of the box's sides. The sum over a piece is divided
    by the root of its size, so that a large hilum does not beat a small nodule by its size alone.
    """
    from scipy import ndimage

    parts, found = ndimage.label(labels > 0)
    if found < 2:
        return labels
    far = np.zeros(labels.shape, dtype=np.float64)
    for axis, n in enumerate(labels.shape):
        if n > 1:
            shape = [1] * labels.ndim
            shape[axis] = n
            far = far + (np.linspace(-1, 1, n) ** 2).reshape(shape)
    weight = probability * np.exp(-far / (2 * width**2))
    numbers = np.arange(1, found + 1)
    mass = ndimage.sum_labels(weight, parts, numbers) / np.sqrt(ndimage.sum_labels(parts > 0, parts, numbers))
    return np.where(parts == 1 + int(np.argmax(mass)), labels, 0).astype(labels.dtype)
