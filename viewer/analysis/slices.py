"""What a pack that scores every slice of a stack says about its slices, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.finding import OperatingPoint

Array = npt.NDArray[Any]

#: A slice is named among those that decided from this share of the attention on.
_HEARD = 0.05


def deciding(scores: Array, top: int, attention: Array | None, point: OperatingPoint | None) -> tuple[str, ...]:
    """In words: which images reach the threshold, and which neighbours the highest score listened to.

    Args:
        scores: calibrated score of each slice [K].
        top: index of the slice whose score is given.
        attention: [K, n], how much slice k listened to each slice of its part of n slices
            (n = K for short stacks); None where the network gives none.
        point: the operating point in use.

    Returns:
        Sentences in English; images are counted from 1.
    """
    told = []
    if point is not None:
        named = _runs(np.flatnonzero(scores >= point.threshold))
        told.append(f"Images at or above the threshold: {named}." if named else "No image reaches the threshold.")
    if attention is not None:
        weights = attention[top]
        first = top // len(weights) * len(weights)
        order = [int(k) for k in np.argsort(-weights)[:3]]
        heard = order[:1] + [k for k in order[1:] if weights[k] >= _HEARD]
        named = ", ".join(f"{first + k + 1} ({weights[k]:.0%})" for k in heard)
        told.append(f"The score of image {top + 1} listened most to images {named}.")
    return tuple(told)


def _runs(numbers: npt.NDArray[np.intp]) -> str:
    """Indices as image numbers: "2-4, 7"."""
    parts = np.split(numbers + 1, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts if len(p))
