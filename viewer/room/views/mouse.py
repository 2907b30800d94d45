"""The mouse in one view: which tool a button holds, and what it does with the pointer."""

from __future__ import annotations

from enum import Enum

import numpy as np

from viewer.core.measurement import ReaderMeasurement
from viewer.room.tools import MEASURES, TOOLS
from viewer.room.tools.base import Cursor, Pointer, Tool
from viewer.room.tools.gather import MoveTool
from viewer.room.tools.measure import Grip
from viewer.room.tools.navigate import IdleTool, PanTool, ScrollTool, WindowTool, ZoomTool
from viewer.room.views.facts import cursor_at
from viewer.room.views.keyed import KeyedPointer
from viewer.room.views.view import View

#: What a button does that is not given the chosen tool.
_DRAGS: dict[str, type[Tool]] = {
    "window": WindowTool,
    "pan": PanTool,
    "zoom": ZoomTool,
    "scroll": ScrollTool,
    "nothing": IdleTool,
}
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
        grab: the tool that moves the selected drawing where the pointer takes hold of it, else None.
        keyed: the pointer that keys move.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._tools = {tool.id: tool() for tool in TOOLS}
        self._held: dict[Button, Tool] = {}
        self._pressed: dict[Button, Pointer] = {}
        self._notches = 0.0
        self.tool: Tool = self._tools[view.tool_id]
        self.grab: Tool | None = None
        self.keyed = KeyedPointer(view, self)

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
        self._pressed[button] = at
        self._find_grab(at)
        tool = self._tool_of(button)
        self._held[button] = tool
        tool.press(self._view, at)

    def click_or_hold(self, at: Pointer) -> None:
        """What a key does at a place: press and let go, or only press where the tool waits for another place."""
        if Button.LEFT in self._held:
            self.release(Button.LEFT, at)
            return
        self.press(Button.LEFT, at)
        held = self._held.get(Button.LEFT)
        if held is not None and not (held.holds or held is self.grab):
            self.release(Button.LEFT, at)

    def _tool_of(self, button: Button) -> Tool:
        wanted = self._view.options.buttons[list(Button).index(button)]
        if self.grab is not None and button is Button.LEFT:
            return self.grab
        return self.tool if wanted == "tool" else _DRAGS[wanted]()

    def move(self, at: Pointer) -> None:
        """Drag what is held, and say what lies under the pointer."""
        self._view.pointer = (at.x, at.y)
        if self._view.picture is None:
            return
        self._pressed = {button: start for button, start in self._pressed.items() if _near(start, at)}
        for tool in self._held.values():
            tool.drag(self._view, at)
        if not self._held:
            self._find_grab(at)
            self.tool.hover(self._view, at)
        self._view.events.pointer_moved(self._view, cursor_at(self._view.picture, at.pixel))

    def leave(self) -> None:
        """Nothing lies under the pointer."""
        self._view.pointer = None
        self._view.events.pointer_moved(self._view, None)

    def release(self, button: Button, at: Pointer) -> bool:
        """Let go; True where a right click that did not move asks for the menu."""
        tool, start = self._held.pop(button, None), self._pressed.pop(button, None)
        if tool is not None:
            tool.release(self._view, at)
        still = start is not None and _near(start, at)
        if still and button is not Button.MIDDLE and tool is not self.grab and self._may_select(button):
            self._select(at)
        return still and button is Button.RIGHT

    def _may_select(self, button: Button) -> bool:
        """A click selects what lies there, unless it meant something to the tool in hand."""
        return self._view.draft is None and (button is Button.RIGHT or not self.tool.clicks)

    def double_click(self, button: Button, at: Pointer) -> None:
        """Maximise, or back; drawing tools keep their second click, or finish with it."""
        navigating = self.tool.coarse or self.tool.id == "crosshair"
        if button is Button.LEFT and navigating:
            self._view.events.maximise_wanted(self._view)
        elif not (button is Button.LEFT and self.tool.finish(self._view)):
            self.press(button, at)

    def wheel(self, notches: float, fast: bool) -> int:
        """Whole slices to scroll; parts of a notch add up. A wheel that zooms scrolls none."""
        if self._view.options.wheel == "zoom":
            width, height = self._view.camera.canvas
            at = self._view.pointer or (width / 2, height / 2)
            self._view.set_camera(self._view.camera.zoomed(2.0 ** (notches / 4), at))
            return 0
        self._notches -= notches * (FAST if fast else 1)
        whole = int(self._notches)
        self._notches -= whole
        return whole

    def cancel(self) -> None:
        """Esc: drop what is not finished."""
        for tool in {self.tool, *self._held.values()}:
            tool.cancel(self._view)
        self._held.clear()

    def delete_selected(self) -> None:
        """Take away the selected drawing, where it is in sight."""
        if any(drawing.id == self._view.selected for drawing, _ in self._view.drawn()):
            self._view.drawings.remove(self._view.selected)
            self._view.selected, self.grab = "", None

    def _grip_at(self, at: Pointer, only: str = "") -> tuple[ReaderMeasurement, Grip] | None:
        """The newest drawing that the pointer touches, and where."""
        for drawing, points in reversed(self._view.drawn()):
            grip = MEASURES[drawing.tool].hit(points, np.array([at.x, at.y])) if only in ("", drawing.id) else None
            if grip is not None:
                return drawing, grip
        return None

    def _select(self, at: Pointer) -> None:
        """Select what lies there, or nothing."""
        found = self._grip_at(at)
        self._view.selected = found[0].id if found is not None else ""
        self._find_grab(at)
        self._view.surface.refresh()

    def _find_grab(self, at: Pointer) -> None:
        """Be ready to move the selected drawing; any other stays where it is."""
        found = self._grip_at(at, self._view.selected) if self._view.selected else None
        self.grab = None if found is None else MoveTool(MEASURES[found[0].tool], *found)


def _near(start: Pointer, at: Pointer) -> bool:
    """True while a press is still a click: a loop that ends where it began is none."""
    return abs(at.x - start.x) + abs(at.y - start.y) <= _CLICK_PX
