"""What a scan finds as JSON values and back: no code can hide in them, unlike in a pickle."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from enum import Enum
from typing import Any

import numpy as np

from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Instance, Kind, Patient, Refusal, ScanResult, Series, Stack, Study
from viewer.core.ultrasound import AxisUnit, RegionForm, UltrasoundRegion
from viewer.core.verdict import Caution, Safety, Verdict
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.frame import PixelSpec, Slice

_NOUNS = (ScanResult, Study, Patient, Series, Stack, Geometry, Verdict, Caution, Refusal, PixelSpec, UltrasoundRegion)
_WORDS = (Kind, SpacingKind, Safety, RegionForm, AxisUnit)
_BY_NAME: dict[str, type[Any]] = {one.__name__: one for one in (*_NOUNS, *_WORDS)}
_ARRAY = "array"
_TUPLE = ""
_FIELDS = {one: tuple(field.name for field in fields(one)) for one in _NOUNS}


def shape_of_nouns() -> str:
    """Digest of the fields of everything kept: what was kept before a field came or went is no longer read."""
    kept = [(one.__name__, [field.name for field in fields(one)]) for one in (*_NOUNS, Instance, Slice, ForeignSlice)]
    return hashlib.blake2b(repr(kept).encode(), digest_size=8).hexdigest()


def to_plain(value: Any) -> Any:
    """A value made of nouns, tuples, dicts and plain values, as JSON can hold it.

    Raises:
        TypeError: something else is in it.
    """
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    if isinstance(value, tuple):
        return [_TUPLE, *map(to_plain, value)]
    if isinstance(value, dict):
        return {key: to_plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return [_ARRAY, value.tolist()]
    name = type(value).__name__
    if name not in _BY_NAME:
        raise TypeError(f"{name} is not kept")
    if isinstance(value, Enum):
        return [name, value.value]
    return [name, *(to_plain(getattr(value, field)) for field in _FIELDS[type(value)])]


def from_plain(plain: Any) -> Any:
    """The value that `to_plain` wrote.

    Raises:
        KeyError, TypeError, ValueError, IndexError: it is not of that form.
    """
    if isinstance(plain, dict):
        return {key: one if isinstance(one, str) else from_plain(one) for key, one in plain.items()}
    if not isinstance(plain, list):
        return plain
    name, *parts = plain
    if name == _TUPLE:
        return tuple(map(from_plain, parts))
    if name == _ARRAY:
        return np.array(parts[0], dtype=np.float64)
    return _BY_NAME[name](*map(from_plain, parts))
