"""Showing a stack: its pictures are read in a thread, the slice that is looked at first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from viewer.core.errors import ViewerError
from viewer.core.study import Kind, Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.room.context import Context
from viewer.room.events import ObjectWanted, SlicesArrived, StackDropped, StackHeld, StackLoaded, StackOpened
from viewer.room.opening import Opening
from viewer.session import Event
from viewer.words.i18n import error_words, tr

if TYPE_CHECKING:
    from viewer.reading import StackLoader

#: News of slices crosses the thread at most this often (s).
_NEWS_SECONDS = 0.04
#: Stacks kept in memory that no view shows.
_KEPT = 2


class Loading:
    """Loads stacks and keeps the last few.

    Tells `StackHeld`, `StackOpened`, `SlicesArrived`, `StackLoaded` and `StackDropped`.
    """

    def __init__(self, context: Context, opening: Opening) -> None:
        self._context, self._opening = context, opening
        self._loaders: OrderedDict[str, StackLoader] = OrderedDict()
        self._reading: dict[str, CancelFlag] = {}
        self._complete: set[str] = set()
        self._seen: dict[str, int] = {}

    @property
    def loaded(self) -> tuple[str, ...]:
        """Keys of the stacks that are held with every slice."""
        return tuple(key for key in self._loaders if key in self._complete)

    def is_loaded(self, key: str) -> bool:
        """True when every slice of a stack is there."""
        return key in self._complete

    def loader(self, key: str) -> StackLoader | None:
        """The loader of a stack that is held."""
        return self._loaders.get(key)

    def show(self, key: str, first: int | None = None) -> None:
        """Bring a stack on screen: at once where it is held, else as soon as it is open."""
        from viewer.reading import is_picture

        stack = self._context.session.library.stack(key)
        if stack is None:
            return
        self._context.session.library.activate(key)
        if not is_picture(stack):
            if stack.kind in (Kind.VOLUME, Kind.STACK, Kind.IMAGE, Kind.CINE):
                self._context.trouble(tr("This series holds no picture that can be shown."))
            else:
                self._tell(ObjectWanted(key))
            return
        held = self._loaders.get(key)
        if held is not None:
            self._loaders.move_to_end(key)
            self._tell(StackOpened(key))
        elif key not in self._reading:
            self._read(stack, first)

    def hold(self, key: str) -> None:
        """Read a stack that shall stand beside the active one; nothing to do where it is held or no picture."""
        from viewer.reading import is_picture

        stack = self._context.session.library.stack(key)
        if stack is not None and is_picture(stack) and key not in self._loaders and key not in self._reading:
            self._read(stack, None)

    def _read(self, stack: Stack, first: int | None) -> None:
        key = stack.key

        def work(tell: Callable[[object], None], cancel: CancelToken) -> object:
            from viewer.reading import open_stack

            loader = open_stack(stack)
            tell(loader)
            last = 0.0

            def on_slice(_k: int) -> None:
                nonlocal last
                now = time.monotonic()
                if now - last > _NEWS_SECONDS:
                    last = now
                    tell(None)

            loader.load(on_slice, cancel, first)
            return loader

        def told(news: StackLoader | None) -> None:
            if news is not None:
                self._begin(key, news)
            else:
                self._tell(SlicesArrived(key))

        self._reading[key] = self._context.pool.submit(work, self._end(key), self._failed(key), told=told)

    def _begin(self, key: str, loader: StackLoader) -> None:
        self._loaders[key] = loader
        self._context.session.library.put_volume(key, loader.volume)
        self._tell(StackHeld(key))
        if self._context.session.library.active == key:  # else the reader chose another meanwhile: no view is taken
            self._tell(StackOpened(key))

    def _end(self, key: str) -> Callable[[StackLoader], None]:
        def end(loader: StackLoader) -> None:
            self._reading.pop(key, None)
            if key not in self._loaders:
                return
            self._complete.add(key)
            if not self._opening.is_busy:
                self.renew(scan_over=True)
            if self._loaders.get(key) is not loader:
                return  # it had grown meanwhile and is being read again
            self._tell(SlicesArrived(key))
            self._tell(StackLoaded(key))
            if loader.failed:
                k, error = min(loader.failed.items())
                self._context.trouble(
                    tr("{n} of {all} images could not be read; the first is image {k} ({file}): {why}",
                       n=len(loader.failed), all=len(loader.loaded), k=k + 1,
                       file=loader.stack.instances[k].path.name, why=error_words(error))
                )  # fmt: skip

        return end

    def _failed(self, key: str) -> Callable[[ViewerError], None]:
        def failed(error: ViewerError) -> None:
            self._reading.pop(key, None)
            self._context.complain(error)

        return failed

    def renew(self, scan_over: bool) -> None:
        """A scan found more slices of a stack that is held: read it anew.

        While the scan runs only once the stack has stopped growing.
        """
        shown = self._context.session.views.shown
        for key, loader in list(self._loaders.items()):
            now = self._context.session.library.stack(key)
            if now is None or now.instances == loader.stack.instances:
                continue
            settled = scan_over or self._seen.get(key) == len(now.instances)
            self._seen[key] = len(now.instances)
            if settled:
                was_active = self._context.session.library.active == key
                self.drop(key, again=True)
                if was_active:
                    self.show(key)
                elif key in shown:
                    self.hold(key)

    def let_go(self, shown: tuple[str, ...]) -> None:
        """Drop what no view shows, but for the last few."""
        spare = [key for key in self._loaders if key not in shown and key != self._context.session.library.active]
        for key in spare[: max(0, len(spare) - _KEPT)]:
            self.drop(key)

    def drop(self, key: str, again: bool = False) -> None:
        """Stop reading a stack and let its pictures go; `again` where it is read anew."""
        flag = self._reading.pop(key, None)
        if flag is not None:
            flag.cancel()
        self._loaders.pop(key, None)
        self._complete.discard(key)
        self._context.session.library.drop_volume(key)
        self._tell(StackDropped(key, again))

    def _tell(self, event: Event) -> None:
        self._context.session.tell(event)
