"""Tools that change how a picture is shown: window, pan, zoom, scroll, crosshair."""

from __future__ import annotations

from viewer.display.window import Window
from viewer.room.tools.base import Cursor, Host, Pointer, Tool, point_at

#: A drag over this many px doubles (or halves) the width, and moves the level by one width.
WINDOW_PX = 250.0
#: A drag over this many px doubles the zoom.
ZOOM_PX = 150.0
#: Scrolling by drag: px a slice, held between these.
_LEAST_PX, _MOST_PX = 2.0, 24.0


class WindowTool(Tool):
    """Right = wider, up = brighter."""

    id, name, short, icon, keys = "window", "Window tool", "W/L", "window-level", ("W",)
    coarse = True

    def __init__(self) -> None:
        self._start: tuple[Pointer, Window] | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """Remember where the drag began."""
        self._start = None if host.picture is None else (at, host.picture.window)

    def drag(self, host: Host, at: Pointer) -> None:
        """Width by the horizontal, level by the vertical part of the drag."""
        if self._start is None or host.picture is None:
            return
        start, window = self._start
        dx, dy = at.x - start.x, at.y - start.y
        if host.swap_window_drag:
            dx, dy = -dy, -dx
        dark_is_low = host.picture.inverted == host.picture.source.volume.inverted
        level = window.center + (dy if dark_is_low else -dy) * window.width / WINDOW_PX
        width = window.width * 2.0 ** (dx / WINDOW_PX * 2)
        host.set_window(_rounded(window.moved(level, width), window.width))

    def release(self, host: Host, at: Pointer) -> None:
        """Forget the drag."""
        self._start = None


def _rounded(window: Window, size: float) -> Window:
    """Whole numbers where the values are large enough for them."""
    if size < 20:
        return window
    return window.moved(float(round(window.center)), max(1.0, float(round(window.width))))


class IdleTool(Tool):
    """A drag that does nothing."""

    id, name = "nothing", "Nothing"


class PanTool(Tool):
    """The picture follows the mouse."""

    id, name, short, icon, keys = "pan", "Pan", "Pan", "pan", ("T",)
    cursor = Cursor.HAND
    coarse = True

    def __init__(self) -> None:
        self._last: Pointer | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """Take hold."""
        self._last = at

    def drag(self, host: Host, at: Pointer) -> None:
        """Move by as much as the mouse moved."""
        if self._last is not None:
            host.set_camera(host.camera.panned(at.x - self._last.x, at.y - self._last.y))
            self._last = at

    def release(self, host: Host, at: Pointer) -> None:
        """Let go."""
        self._last = None


class ZoomTool(Tool):
    """Up = larger; the point where the drag began stays."""

    id, name, short, icon, keys = "zoom", "Zoom", "Zoom", "zoom", ("Z",)
    cursor = Cursor.UP_DOWN
    coarse = True

    def __init__(self) -> None:
        self._anchor: Pointer | None = None
        self._last_y = 0.0

    def press(self, host: Host, at: Pointer) -> None:
        """Remember the anchor."""
        self._anchor, self._last_y = at, at.y

    def drag(self, host: Host, at: Pointer) -> None:
        """Zoom about the anchor."""
        if self._anchor is not None:
            factor = 2.0 ** ((self._last_y - at.y) / ZOOM_PX)
            host.set_camera(host.camera.zoomed(factor, (self._anchor.x, self._anchor.y)))
            self._last_y = at.y

    def release(self, host: Host, at: Pointer) -> None:
        """Forget the anchor."""
        self._anchor = None


class ScrollTool(Tool):
    """Down = next slice; the whole stack fits the height of the view, without looping."""

    id, name, short, icon, keys = "scroll", "Scroll", "Scroll", "scroll", ("S",)
    cursor = Cursor.UP_DOWN
    coarse = True

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None

    def press(self, host: Host, at: Pointer) -> None:
        """Remember the slice."""
        self._start = None if host.picture is None else (at.y, host.picture.index)

    def drag(self, host: Host, at: Pointer) -> None:
        """Slices by the length of the drag."""
        if self._start is None or host.picture is None:
            return
        y, index = self._start
        px = min(max(host.camera.canvas[1] / max(host.picture.count, 1), _LEAST_PX), _MOST_PX)
        host.set_slice(index + round((at.y - y) / px))

    def release(self, host: Host, at: Pointer) -> None:
        """Forget the slice."""
        self._start = None


class CrosshairTool(Tool):
    """A click or drag shows the point in every linked view."""

    id, name, short, icon, keys = "crosshair", "Crosshair", "Crosshair", "crosshair", ("X",)
    cursor = Cursor.CROSS
    clicks = True

    def press(self, host: Host, at: Pointer) -> None:
        """Show the point."""
        self.drag(host, at)

    def drag(self, host: Host, at: Pointer) -> None:
        """Show the point, held to the picture."""
        if host.picture is None:
            return
        rows, columns = host.picture.view.shape
        row = min(max(at.pixel[0], 0.0), rows - 1.0)
        column = min(max(at.pixel[1], 0.0), columns - 1.0)
        host.place_crosshair(point_at(host.picture, Pointer(at.x, at.y, (row, column))))
