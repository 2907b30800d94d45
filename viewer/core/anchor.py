"""Where something that was drawn lies on the copy of the pictures that is open: by SOP Instance UID and patient mm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Instance
from viewer.core.volume import Volume

#: A point belongs to an acquired slice within this share of the usual gap.
_REACH = 0.5
#: Rounding of positions in files (mm).
_ROUNDING_MM = 0.02

#: SOP Instance UID and frame of a stored picture.
PictureName = tuple[str, int | None]


def named(instances: Iterable[Instance]) -> dict[PictureName, int]:
    """Slice of each stored picture of a stack."""
    return {(one.sop_instance_uid, one.frame): k for k, one in enumerate(instances) if one.sop_instance_uid}


def copy_digest(instances: Iterable[Instance]) -> str:
    """By which the very pictures of a stack are known again, whatever folder they lie in; "" outside DICOM."""
    names = [f"{one.sop_instance_uid} {one.frame}" for one in instances if one.sop_instance_uid]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16] if names else ""


def in_patient(geometry: Geometry | None) -> bool:
    """True where the millimetres of a grid are those of the patient."""
    return geometry is not None and geometry.oriented and geometry.spacing_kind is SpacingKind.PATIENT


def reaches(geometry: Geometry, points: npt.ArrayLike) -> bool:
    """True where an acquired slice lies within half a gap of every point (LPS mm, [n, 3])."""
    k = geometry.world_to_index(np.asarray(points, dtype=np.float64).reshape(-1, 3))[:, 0]
    margin = _REACH + 1e-6
    if (k < -margin).any() or (k > geometry.shape[0] - 1 + margin).any():
        return False
    if geometry.slice_positions is None:
        return True
    positions = np.asarray(geometry.slice_positions)
    depth = np.interp(k, np.arange(len(positions)), positions)
    away = np.abs(depth[:, None] - positions[None, :]).min(axis=1)
    return bool((away <= _REACH * geometry.spacing[0] + _ROUNDING_MM).all())


def index_among(depths: npt.ArrayLike, before: int) -> int:
    """The slice of something whose points lie at these slice numbers: the one it was drawn on where that still fits."""
    found = np.asarray(depths, dtype=np.float64)
    fits = found.min() - _REACH <= before <= found.max() + _REACH
    return before if fits else round(float(found.mean()))


def picture_digest(volume: Volume, k: int) -> str:
    """What an acquired slice holds and where it lies, in short."""
    corners = volume.geometry.index_to_world([[k, 0, 0], [k, 1, 0], [k, 0, 1]])
    facts = repr((volume.slice_rescale(k), np.round(corners, 3).tolist())).encode()
    return hashlib.sha256(np.ascontiguousarray(volume.stored[k]).tobytes() + facts).hexdigest()[:16]
