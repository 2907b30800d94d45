"""What a view shall show of a stack that is loaded: its pixels, whose they are, and the window it opens with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from viewer.core.volume import Volume
from viewer.display.hanging import hang, hung_window
from viewer.display.slicing import Plane, needs_resampling
from viewer.display.window import Window, default_window
from viewer.reading import resample_regular
from viewer.room.context import Context
from viewer.room.loading import Loading
from viewer.room.views.view import ViewSpec
from viewer.words.i18n import date_words, time_words
from viewer.words.people import corner_lines


class Specs:
    """Makes them, and keeps right-angled copies and opening windows of the stacks that are held."""

    def __init__(self, context: Context, loading: Loading) -> None:
        self._context, self._loading = context, loading
        self._resampled: dict[str, Volume] = {}
        self._windows: dict[str, Window] = {}

    def spec(self, key: str, plane: Plane = Plane.NATIVE) -> ViewSpec | None:
        """One plane of a stack; None where it is not held, or while a cut across tilted slices waits."""
        loader = self._loading.loader(key)
        if loader is None:
            return None
        volume: Volume | None = loader.volume
        whole = bool(loader.loaded.all())
        if needs_resampling(loader.volume.geometry, plane):
            volume, whole = self._resampled.get(key), True
        if volume is None:
            return None
        study = self._context.session.library.study_of(key)
        who = corner_lines(study) if study is not None else ()
        when = ", ".join(p for p in (date_words(study.date), time_words(study.time)) if p) if study else ""
        loaded = None if whole else loader.loaded
        return ViewSpec(loader.stack, volume, plane, who, when, loaded, self._windows.get(key))

    def first_window(self, key: str) -> Window | None:
        """The window that a stack opens with, by its own rule: judged once, on the first slice that is there."""
        loader = self._loading.loader(key)
        if key not in self._windows and loader is not None and loader.loaded.any():
            middle = len(loader.loaded) // 2
            k = middle if loader.loaded[middle] else int(loader.loaded.argmax())
            hung = hung_window(loader.volume, hang(loader.stack))
            self._windows[key] = hung or default_window(loader.volume, k)
        return self._windows.get(key)

    def want_resampled(self, key: str, planes: Iterable[Plane], done: Callable[[], None]) -> None:
        """Cuts across tilted or uneven slices need a right-angled copy, made in a thread."""
        loader = self._loading.loader(key)
        if loader is None or key in self._resampled:
            return
        if not any(needs_resampling(loader.volume.geometry, plane) for plane in planes):
            return

        def work(_tell: object, _cancel: object) -> Volume:
            return resample_regular(loader.volume)

        def keep(volume: Volume) -> None:
            self._resampled[key] = volume
            done()

        self._context.pool.submit(work, keep, self._context.complain)

    def forget(self, key: str) -> None:
        """The pictures of a stack were dropped."""
        self._resampled.pop(key, None)
        self._windows.pop(key, None)
