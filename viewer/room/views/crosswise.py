"""Second copies of volumes, columns first: a sagittal slice is then one run of memory (decision 22)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from viewer.core.memory import available_memory
from viewer.core.task import CancelFlag, CancelToken
from viewer.core.volume import Array, Volume
from viewer.room.background import Priority
from viewer.room.context import Context
from viewer.room.events import StackDropped, StackLoaded
from viewer.room.views.events import ViewsArranged
from viewer.room.views.picture import Picture
from viewer.room.views.views import Views
from viewer.session import Event, ViewsChanged

#: A copy may take this share of the memory that is to spare.
SHARE = 0.25
#: Columns copied between two looks at whether it is still wanted.
_COLUMNS = 16
#: A slice's column axis.
_ACROSS_COLUMNS = 2


class Crosswise:
    """Keeps a copy of each volume that a view cuts across its columns, for as long as it does."""

    def __init__(self, context: Context, views: Views) -> None:
        self._pool, self._views = context.pool, views
        self._copies: dict[str, tuple[Volume, Array]] = {}
        self._making: dict[str, CancelFlag] = {}
        context.session.subscribe(self._on_event)

    @property
    def kept(self) -> tuple[str, ...]:
        """Keys of the stacks that have a copy."""
        return tuple(self._copies)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, (ViewsArranged, ViewsChanged, StackLoaded, StackDropped)):
            self._look()

    def _look(self) -> None:
        """Hand copies out, ask for those that are missing, let go of those that nobody wants."""
        wanted = {p.source.stack.key: p.source.volume for p in self._pictures()}
        for key in [k for k, (volume, _) in self._copies.items() if wanted.get(k) is not volume]:
            del self._copies[key]
        for key in [k for k in self._making if k not in wanted]:
            self._making.pop(key).cancel()
        for picture in self._pictures():
            self._hand_out(picture)
        for key, volume in wanted.items():
            if key not in self._copies and key not in self._making and _fits(volume):
                self._making[key] = self._ask(key, volume)

    def _pictures(self) -> list[Picture]:
        """Whole pictures that are cut across the columns."""
        shown = [view.picture for view in self._views.views if view.picture is not None]
        return [p for p in shown if p.view.across == _ACROSS_COLUMNS and not p.view.is_real and p.source.is_whole]

    def _hand_out(self, picture: Picture) -> None:
        volume, copy = self._copies.get(picture.source.stack.key, (None, None))
        if volume is picture.source.volume and copy is not None:
            picture.crosswise = copy

    def _ask(self, key: str, volume: Volume) -> CancelFlag:
        def work(_tell: Callable[[object], None], cancel: CancelToken) -> Array:
            return columns_first(volume.stored, cancel)

        def done(copy: Array) -> None:
            self._making.pop(key, None)
            self._copies[key] = (volume, copy)
            self._look()

        return self._pool.submit(work, done, lambda _error: None, priority=Priority.PREFETCH)


def _fits(volume: Volume) -> bool:
    free = available_memory()
    return free is not None and volume.stored.nbytes <= SHARE * free


def columns_first(stored: Array, cancel: CancelToken) -> Array:
    """A copy [i, k, j (, 3)] of an array [k, j, i (, 3)].

    Raises:
        Cancelled: it is no longer wanted.
    """
    turned = np.moveaxis(stored, _ACROSS_COLUMNS, 0)
    out = np.empty(turned.shape, stored.dtype)
    for first in range(0, len(out), _COLUMNS):
        cancel.check()
        out[first : first + _COLUMNS] = turned[first : first + _COLUMNS]
    return out
