"""The mouse in one view: which tool a button holds, and what it does with the pointer."""

from __future__ import annotations

from enum import Enum

import numpy as np

from viewer.room.tools import MEASURES, TOOLS
from viewer.room.tools.base import Cursor, Pointer, Tool
from viewer.room.tools.gather import MoveTool
from viewer.room.tools.navigate import PanTool, ZoomTool
from viewer.room.views.facts import cursor_at
from viewer.room.views.view import View

#: Slices a wheel notch moves with Ctrl held.
FAST = 5
#: A right click that moves less than this (px) opens the menu.
_CLICK_PX = 3


class Button(Enum):
    """A button of the mouse."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class Mouse:
    """Turns the mouse into calls of tools.

    Attributes:
        grab: the tool that moves the drawing under the pointer, None where there is none.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._tools = {tool.id: tool() for tool in TOOLS}
        self._held: dict[Button, Tool] = {}
        self._right: Pointer | None = None
        self._notches = 0.0
        self.tool: Tool = self._tools[view.tool_id]
        self.grab: Tool | None = None

    @property
    def cursor(self) -> Cursor:
        """What it looks like here."""
        return (self.grab or self.tool).cursor

    @property
    def stirs(self) -> bool:
        """True while a held tool changes how the picture is shown."""
        return any(tool.coarse for tool in self._held.values())

    def pointer(self, x: float, y: float) -> Pointer:
        """A place on the canvas."""
        row, column = self._view.camera.to_pixel((x, y))
        return Pointer(x, y, (float(row), float(column)))

    def set_tool(self, tool_id: str) -> None:
        """Choose the left button's tool by its id; what is not finished is dropped."""
        self.tool.cancel(self._view)
        self.tool = self._tools[tool_id]
        self._view.tool_id = tool_id
        self._view.surface.refresh()

    def press(self, button: Button, at: Pointer) -> None:
        """Left: the tool; middle: pan; right: zoom, or the menu where it does not move."""
        self._view.events.activated(self._view)
        if self._view.picture is None:
            return
        if button is Button.RIGHT:
            self._right = at
        tool = self._tool_of(button)
        self._held[button] = tool
        tool.press(self._view, at)

    def _tool_of(self, button: Button) -> Tool:
        if button is Button.LEFT:
            return self.grab or self.tool
        return PanTool() if button is Button.MIDDLE else ZoomTool()

    def move(self, at: Pointer) -> None:
        """Drag what is held, and say what lies under the pointer."""
        self._view.pointer = (at.x, at.y)
        if self._view.picture is None:
            return
        for tool in self._held.values():
            tool.drag(self._view, at)
        if not self._held:
            self._hover(at)
            self.tool.hover(self._view, at)
        self._view.events.pointer_moved(self._view, cursor_at(self._view.picture, at.pixel))

    def leave(self) -> None:
        """Nothing lies under the pointer."""
        self._view.pointer = None
        self._view.events.pointer_moved(self._view, None)

    def release(self, button: Button, at: Pointer) -> bool:
        """Let go; True where a right click that did not move asks for the menu."""
        tool = self._held.pop(button, None)
        if tool is not None:
            tool.release(self._view, at)
        start, self._right = (self._right, None) if button is Button.RIGHT else (None, self._right)
        return start is not None and abs(at.x - start.x) + abs(at.y - start.y) <= _CLICK_PX

    def double_click(self, button: Button, at: Pointer) -> None:
        """Maximise, or back; drawing tools keep their second click, or finish with it."""
        navigating = self.tool.coarse or self.tool.id == "crosshair"
        if button is Button.LEFT and navigating:
            self._view.events.maximise_wanted(self._view)
        elif not (button is Button.LEFT and self.tool.finish(self._view)):
            self.press(button, at)

    def wheel(self, notches: float, fast: bool) -> int:
        """Whole slices to scroll; parts of a notch add up."""
        self._notches -= notches * (FAST if fast else 1)
        whole = int(self._notches)
        self._notches -= whole
        return whole

    def cancel(self) -> None:
        """Esc: drop what is not finished."""
        self.tool.cancel(self._view)

    def delete_selected(self) -> None:
        """Take away the drawing under the pointer."""
        self._view.drawings.remove(self._view.selected)
        self._view.selected, self.grab = "", None

    def _hover(self, at: Pointer) -> None:
        """Show the handles of the drawing under the pointer, and be ready to move it."""
        found, self.grab = "", None
        for drawing, points in self._view.drawn():
            tool = MEASURES[drawing.tool]
            grip = tool.hit(points, np.array([at.x, at.y]))
            if grip is not None:
                found, self.grab = drawing.id, MoveTool(tool, drawing, grip)
        if found != self._view.selected:
            self._view.selected = found
            self._view.surface.refresh()
