"""A picture in the order of axes that a model from outside was given when it was trained.

nnU-Net reads arrays as files store them and ignores their directions, so a model's answer depends on the order. Files
are taken as they are stored; DICOM as dcm2niix stores it, from which most training sets were made: rows reversed,
slices ascending along columns x rows. A model whose order is known has every picture turned to that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.preprocess import turn
from viewer.analysis.transforms import Unorient
from viewer.core.volume import SLICES_REVERSED, Volume

Array = npt.NDArray[Any]

_AS_THEY_ARE = (0, 1, 2)
_SLICES, _ROWS = 0, 1


def way(volume: Volume, letters: str) -> Unorient:
    """How axes (k, j, i) are turned for a model.

    Args:
        volume: the picture.
        letters: where columns, rows and slices must run ("LAS"); empty for the library's own habit.
    """
    if letters and volume.geometry.oriented:
        return Unorient(*turn(volume.geometry.affine, letters[::-1]))
    if volume.series_uid is None:
        return Unorient(_AS_THEY_ARE, (_SLICES,) if SLICES_REVERSED in volume.tags else ())
    axes = volume.geometry.affine[:3, :3]
    descends = float(np.cross(axes[:, 2], axes[:, 1]) @ axes[:, 0]) < 0
    return Unorient(_AS_THEY_ARE, (_SLICES, _ROWS) if descends else (_ROWS,))


def letters_of(volume: Volume, turned: Unorient) -> str:
    """Where columns, rows and slices run after the turn, as nearest letters ("LAS")."""
    axes = volume.geometry.affine[:3, :3][:, list(turned.order)].copy()
    axes[:, list(turned.flips)] *= -1
    names = (("L", "R"), ("P", "A"), ("S", "I"))
    tops = [int(np.argmax(np.abs(axes[:, n]))) for n in (2, 1, 0)]
    return "".join(names[top][int(axes[top, n] < 0)] for top, n in zip(tops, (2, 1, 0), strict=True))


def channels_of(volume: Volume) -> list[Array]:
    """Real values [K, J, I], one array a channel: three of a colour picture."""
    values = volume.values()
    return [values] if values.ndim == 3 else [np.ascontiguousarray(values[..., n]) for n in range(values.shape[-1])]
