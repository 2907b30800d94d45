"""What the actions of the active view do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from viewer.display.hanging import Layout

if TYPE_CHECKING:
    from viewer.ui.viewport.grid import ViewGrid

_LAYOUTS = (Layout.ONE, Layout.THREE, Layout.FOUR)
#: Pictures a second while cine runs.
CINE_HZ = 12
#: Slices of a long step.
_LONG = 10
#: Action -> method of the active view and what it is called with.
_ON_ACTIVE: dict[str, tuple[Any, ...]] = {
    "view.reset": ("reset",),
    "slice.up": ("step", -1),
    "slice.down": ("step", 1),
    "slice.up10": ("step", -_LONG),
    "slice.down10": ("step", _LONG),
    "slice.first": ("set_slice", 0),
    "window.auto": ("auto_window",),
    "window.file": ("file_window",),
    "image.flip_h": ("flip", True),
    "image.flip_v": ("flip", False),
    "image.rotate": ("rotate", True),
    "image.rotate_back": ("rotate", False),
    "image.invert": ("invert",),
    **{f"window.preset{n}": ("preset_window", n) for n in range(2, 10)},
}


class ViewCommands(QObject):
    """Actions by id, on the active view of a grid."""

    def __init__(self, grid: ViewGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._corners = True
        self._cine = QTimer(self)
        self._cine.setInterval(round(1000 / CINE_HZ))
        self._cine.timeout.connect(self._next_picture)
        self._handlers = self._make()

    def act(self, action_id: str) -> bool:
        """Do it; False where it is none of the view's actions."""
        handler = self._handlers.get(action_id)
        if handler is None:
            return False
        if action_id != "image.cine":
            self._cine.stop()
        handler()
        return True

    def knows(self, action_id: str) -> bool:
        """True for actions of the view."""
        return action_id in self._handlers

    def _make(self) -> dict[str, Callable[[], object]]:
        made: dict[str, Callable[[], object]] = {
            "view.layout": self.next_layout,
            "view.sync": self._toggle_sync,
            "view.next": self._grid.next_view,
            "view.maximise": self._grid.maximise,
            "view.corners": self._toggle_corners,
            "slice.last": self._last,
            "image.cine": self._toggle_cine,
        }
        made |= {name: self._on_active(method, *values) for name, (method, *values) in _ON_ACTIVE.items()}
        return made

    def _on_active(self, method: str, *values: object) -> Callable[[], None]:
        """A call on whichever view is active when it is made."""

        def call() -> None:
            getattr(self._grid.active, method)(*values)

        return call

    def _last(self) -> None:
        self._grid.active.set_slice(self._grid.active.slice_count - 1)

    def next_layout(self) -> None:
        """The next arrangement; what the views show stays."""
        at = _LAYOUTS.index(self._grid.arrangement)
        self._grid.set_arrangement(_LAYOUTS[(at + 1) % len(_LAYOUTS)])

    def _toggle_sync(self) -> None:
        self._grid.sync = not self._grid.sync

    def _toggle_corners(self) -> None:
        self._corners = not self._corners
        self._grid.set_corners_visible(self._corners)

    def _toggle_cine(self) -> None:
        if self._cine.isActive():
            self._cine.stop()
        elif self._grid.active.slice_count > 1:
            self._cine.start()

    def _next_picture(self) -> None:
        """Round and round: cine is the one thing that loops."""
        view = self._grid.active
        if view.slice_count:
            view.set_slice((view.slice_index + 1) % view.slice_count)
