"""The pictures of a stack, kept field by field.

A stack of thousands of slices holds a few columns, and what all share only once; an `Instance` is
made when somebody asks for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, overload

from viewer.core.study import Instance
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.frame import FIELDS, Frame, Slice, path_of

#: Classes of instances that may stand in columns, by the name kept for them.
KINDS: dict[str, type[Instance]] = {"slice": Slice, "foreign": ForeignSlice, "plain": Instance}


@dataclass(frozen=True, slots=True)
class Columns:
    """Instances field by field; a value that all share stands once, in a tuple of one.

    Attributes:
        kind: key of `KINDS`.
        paths: one for each.
        values: the other fields of that class, in their order.
    """

    kind: str
    paths: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]


class Slices(Sequence[Instance]):
    """The instances of a stack (one at least), made on demand.

    Args:
        count: how many there are.
        columns: their fields, or what fetches them at first use.
    """

    __slots__ = ("_columns", "_count")

    def __init__(self, count: int, columns: Columns | Callable[[], Columns]) -> None:
        self._count, self._columns = count, columns

    @property
    def columns(self) -> Columns:
        """The fields, fetched at first use."""
        if not isinstance(self._columns, Columns):
            self._columns = self._columns()
        return self._columns

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Instance: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Instance, ...]: ...
    def __getitem__(self, index: int | slice) -> Instance | tuple[Instance, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        columns = self.columns
        values = (column[index if len(column) > 1 else 0] for column in columns.values)
        return KINDS[columns.kind](path_of(columns.paths[index]), *values)

    def __iter__(self) -> Iterator[Instance]:
        columns = self.columns
        spread: list[Iterable[Any]] = [c if len(c) > 1 else itertools.repeat(c[0]) for c in columns.values]
        return map(KINDS[columns.kind], map(path_of, columns.paths), *spread)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Slices):
            return self is other or (len(self) == len(other) and self.columns == other.columns)
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as a list of what may be compared


def slices_of(frames: Sequence[Frame]) -> Slices:
    """The pictures as instances of a stack."""
    paths = tuple(frame.head.path for frame in frames)
    values = tuple(_shared(tuple(map(field, frames))) for field in FIELDS.values())
    return Slices(len(paths), Columns("slice", paths, values))


def columns_of(instances: Sequence[Instance]) -> Columns:
    """The fields of instances of one class."""
    if isinstance(instances, Slices):
        return instances.columns
    kind = next((name for name, one in KINDS.items() if instances and type(instances[0]) is one), "plain")
    names = [one.name for one in fields(KINDS[kind])][1:]
    values = tuple(_shared(tuple(getattr(one, name) for one in instances)) for name in names)
    return Columns(kind, tuple(str(one.path) for one in instances), values)


def _shared(column: tuple[Any, ...]) -> tuple[Any, ...]:
    return column[:1] if column.count(column[0]) == len(column) else column
