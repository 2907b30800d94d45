"""What views tell, kept for a test; and a view as a widget that stands alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from viewer.room.views.view import ViewEvents
from viewer.ui.viewport.view import Viewport


class Heard(ViewEvents):
    """Keeps everything a view tells, by name."""

    def __init__(self) -> None:
        self.said: dict[str, list[Any]] = {}

    def _keep(self, name: str, value: Any) -> None:
        self.said.setdefault(name, []).append(value)

    def slice_moved(self, view: Any) -> None:
        self._keep("slice_moved", view.picture.index)

    def window_moved(self, view: Any, window: Any) -> None:
        self._keep("window_moved", window)

    def crosshair_moved(self, view: Any, lps: Any) -> None:
        self._keep("crosshair_moved", lps)

    def box_moved(self, view: Any, box: Any, finished: bool) -> None:
        self._keep("box_placed" if finished else "box_moved", box)

    def pointer_moved(self, view: Any, info: Any) -> None:
        self._keep("pointer_moved", info)

    def activated(self, view: Any) -> None:
        self._keep("activated", view)

    def maximise_wanted(self, view: Any) -> None:
        self._keep("maximise_wanted", view)

    def menu_wanted(self, view: Any, at: Any) -> None:
        self._keep("menu_wanted", at)

    def files_dropped(self, view: Any, paths: Any) -> None:
        self._keep("files_dropped", paths)


def caught(view: Viewport, name: str) -> list[Any]:
    """Everything a view tells under a name from now on."""
    events = view.view.events
    assert isinstance(events, Heard)
    events.said[name] = []
    return events.said[name]


def choose(view: Viewport, **options: bool) -> None:
    """Change the options of a view."""
    view.view.options = replace(view.view.options, **options)
    view.view.surface.refresh()
