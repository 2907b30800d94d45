"""The middle slice only, for thumbnails."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.errors import ReadError
from viewer.core.geometry import Geometry
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.reading.loader import StackLoader
from viewer.reading.stacking.foreign import ForeignSlice


def preview(stack: Stack) -> Volume:
    """A one-slice volume of the stack's middle slice, read alone where the format allows.

    Raises:
        ReadError: the slice cannot be read.
    """
    middle = len(stack.instances) // 2
    if stack.instances and isinstance(stack.instances[0], ForeignSlice):
        return _cut(StackLoader(stack).volume, middle)
    if stack.geometry is None or not stack.instances:
        raise ReadError("This series holds no picture.", "", "no_pixels")
    geometry = _one(stack.geometry, middle)
    loader = StackLoader(replace(stack, instances=(stack.instances[middle],), geometry=geometry))
    return loader.load()


def _one(geometry: Geometry, k: int) -> Geometry:
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.slice_origin(k)
    return replace(geometry, shape=(1, *geometry.shape[1:]), affine=affine, slice_positions=None)


def _cut(volume: Volume, k: int) -> Volume:
    return replace(volume, stored=volume.stored[k : k + 1], geometry=_one(volume.geometry, k))
