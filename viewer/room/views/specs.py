"""What a view is given to show of a stack that is held: its pixels, whose they are, and the window it opens with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewer.core.volume import Volume
from viewer.display.hanging import window_of
from viewer.display.slicing import Plane, needs_resampling
from viewer.display.window import Window, default_window
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.room.views.view import ViewSpec
from viewer.words.i18n import date_words, time_words
from viewer.words.people import corner_lines

if TYPE_CHECKING:
    from viewer.reading import StackLoader


class Specs:
    """Makes what views show; keeps right-angled copies and opening windows of the stacks that are held."""

    def __init__(self, context: Context, loading: Loading) -> None:
        self._context, self._loading = context, loading
        self._copies: dict[str, Volume] = {}
        self._asked: set[str] = set()
        self._windows: dict[tuple[str, str], Window] = {}

    def of(self, key: str, plane: Plane, preset: str = "") -> ViewSpec | None:
        """What a view shall show of a stack; None while it is not held, or a cut across its slices waits.

        Args:
            preset: name of the window that a rule gives the view.
        """
        loader = self._loading.loader(key)
        if loader is None:
            return None
        volume: Volume | None = loader.volume
        whole = bool(loader.loaded.all())
        if needs_resampling(loader.volume.geometry, plane):
            volume, whole = self._copies.get(key), True
        return None if volume is None else self._made(loader, volume, plane, whole, preset)

    def window(self, key: str, preset: str) -> Window | None:
        """The window that a stack opens with: a preset, else judged once, on the first slice that is there."""
        loader = self._loading.loader(key)
        if (key, preset) not in self._windows and loader is not None and loader.loaded.any():
            middle = len(loader.loaded) // 2
            k = middle if loader.loaded[middle] else int(loader.loaded.argmax())
            self._windows[key, preset] = window_of(loader.volume, preset) or default_window(loader.volume, k)
        return self._windows.get((key, preset))

    def _made(self, loader: StackLoader, volume: Volume, plane: Plane, whole: bool, preset: str) -> ViewSpec:
        study = self._context.session.library.study_of(loader.stack.key)
        who = corner_lines(study) if study is not None else ()
        when = ", ".join(p for p in (date_words(study.date), time_words(study.time)) if p) if study else ""
        loaded, window = None if whole else loader.loaded, self.window(loader.stack.key, preset)
        return ViewSpec(loader.stack, volume, plane, who, when, loaded, window, preset)

    def want_copy(self, key: str, plane: Plane, done: Callable[[], None]) -> None:
        """Cuts across tilted or uneven slices need a right-angled copy, made in a thread once all are there."""
        loader = self._loading.loader(key)
        if loader is None or not self._loading.is_loaded(key) or key in self._copies or key in self._asked:
            return
        if not needs_resampling(loader.volume.geometry, plane):
            return
        self._asked.add(key)

        def work(_tell: object, _cancel: object) -> Volume:
            from viewer.reading import resample_regular

            return resample_regular(loader.volume)

        def end(volume: Volume) -> None:
            self._asked.discard(key)
            if self._loading.loader(key) is loader:
                self._copies[key] = volume
                done()

        self._context.pool.submit(work, end, self._context.complain)

    def forget(self, key: str) -> None:
        """A stack's pictures were dropped."""
        self._copies.pop(key, None)
        self._asked.discard(key)
        self._windows = {asked: window for asked, window in self._windows.items() if asked[0] != key}
