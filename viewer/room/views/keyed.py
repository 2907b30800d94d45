"""A pointer that is moved by keys, so that everything the mouse draws can be drawn without one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from viewer.room.tools.base import Pointer
from viewer.room.views.view import View

#: Image pixels of a step, and of a long one.
_STEP, _LONG = 1.0, 10.0


class Hand(Protocol):
    """The mouse of a view, as the keys use it."""

    def pointer(self, x: float, y: float) -> Pointer:
        """A place on the canvas."""

    def move(self, at: Pointer) -> None:
        """Drag what is held, and say what lies there."""

    def leave(self) -> None:
        """Nothing lies under the pointer."""

    def click_or_hold(self, at: Pointer) -> None:
        """Press and let go, or only press where the tool waits for another place."""


class KeyedPointer:
    """Shows a point in a view, moves it by pixels of the picture, and does there what a click would."""

    def __init__(self, view: View, mouse: Hand) -> None:
        self._view, self._mouse = view, mouse

    @property
    def is_shown(self) -> bool:
        """True while keys move it."""
        return self._view.keyed is not None

    def act(self) -> None:
        """Show it in the middle of what is seen; once shown, set a point."""
        if self._view.picture is None:
            return
        if self._view.keyed is None:
            width, height = self._view.camera.canvas
            self._go_to(*self._held(self._mouse.pointer(width / 2, height / 2).pixel))
        else:
            self._click()

    def move(self, right: int, down: int, far: bool = False) -> None:
        """Move it on the screen by one pixel of the picture, or by ten."""
        at = self._view.keyed
        if at is not None:
            pixels = _LONG if far else _STEP
            x, y = self._view.camera.to_screen(np.array(at)).tolist()
            px = np.array(self._view.camera.mm) * self._view.camera.scale * pixels
            across, along = (px[1], px[0]) if self._view.camera.turn[0][0] else (px[0], px[1])
            self._go_to(*self._held(self._mouse.pointer(x + right * across, y + down * along).pixel))

    def hide(self) -> bool:
        """Put it away; False where it was not there."""
        was_shown, self._view.keyed = self.is_shown, None
        if was_shown:
            self._mouse.leave()
            self._view.surface.refresh()
        return was_shown

    def _held(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """Within the picture."""
        assert self._view.picture is not None
        row, column = np.clip(pixel, 0, np.array(self._view.picture.view.shape) - 1.0).tolist()
        return row, column

    def _go_to(self, row: float, column: float) -> None:
        self._view.keyed = (row, column)
        x, y = self._view.camera.to_screen(np.array([row, column])).tolist()
        self._mouse.move(self._mouse.pointer(x, y))
        self._view.surface.refresh()

    def _click(self) -> None:
        assert self._view.keyed is not None
        x, y = self._view.camera.to_screen(np.array(self._view.keyed)).tolist()
        self._mouse.click_or_hold(self._mouse.pointer(x, y))
