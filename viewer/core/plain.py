"""Nouns as plain JSON data and back: dataclasses, enums, tuples, dicts; no arrays.

The journal keeps findings and run passports this way, so one reader serves every version
that only adds fields.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A noun as JSON data.

    Raises:
        TypeError: it holds something JSON cannot (an array, a set).
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be kept as plain data")


def from_plain(kind: type[T], data: Any) -> T:
    """Build a `kind` from what `to_plain` made of one; unknown keys are ignored.

    Raises:
        TypeError, ValueError, KeyError: the data does not fit.
    """
    made: T = _build(kind, data)
    return made


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, data: Any) -> Any:  # noqa: PLR0911 - one return for each kind of thing
    origin = get_origin(kind)
    if kind is Any:
        return data
    if origin in (Union, types.UnionType):
        return None if data is None else _build(_member(kind, data), data)
    if origin is tuple:
        return _build_tuple(get_args(kind), data)
    if origin is Sequence:
        return _build_tuple((*get_args(kind), Ellipsis), data)
    if origin is dict:
        return {key: _build(get_args(kind)[1], item) for key, item in data.items()}
    if is_dataclass(kind):
        return _build_dataclass(kind, data)
    return kind(data)  # str, int, float, bool, Enum, Path


def _member(union: Any, data: Any) -> Any:
    """The member of a union that the data fits: of several dataclasses the one whose needed fields are all there."""
    members = [a for a in get_args(union) if a is not type(None)]
    for member in members:
        if is_dataclass(member) and isinstance(data, dict) and _needed(member) <= data.keys():
            return member
    return members[0]


def _needed(kind: Any) -> set[str]:
    return {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}


def _build_tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_build(args[0], item) for item in data)
    if len(args) != len(data):
        raise ValueError(f"expected {len(args)} values, found {len(data)}")
    return tuple(_build(a, item) for a, item in zip(args, data, strict=True))


def _build_dataclass(kind: Any, data: dict[str, Any]) -> Any:
    if not isinstance(data, dict):
        raise TypeError(f"{kind.__name__} expects named fields")
    hints = _hints(kind)
    given = {f.name: _build(hints[f.name], data[f.name]) for f in fields(kind) if f.name in data}
    return kind(**given)
