"""What a tool is, and what it may do to the view it is used in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

import numpy as np

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.core.measurement import ReaderMeasurement
from viewer.display.window import Window
from viewer.room.views.camera import Camera
from viewer.room.views.facts import Message
from viewer.room.views.picture import Picture


class Cursor(Enum):
    """What the mouse looks like while a tool is in hand."""

    ARROW = "arrow"
    CROSS = "cross"
    HAND = "hand"
    UP_DOWN = "up down"
    MOVE = "move"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is.

    Attributes:
        x, y: screen px on the canvas.
        pixel: (row, column) of the image there, fractional.
    """

    x: float
    y: float
    pixel: tuple[float, float]


class Host(Protocol):
    """The view, as tools see it."""

    @property
    def picture(self) -> Picture | None:
        """What is shown, None while the view is empty."""

    @property
    def camera(self) -> Camera:
        """Where the picture lies."""

    @property
    def swap_window_drag(self) -> bool:
        """True where the reader swapped the axes of the window drag."""

    def set_camera(self, camera: Camera) -> None:
        """Pan, zoom or turn."""

    def set_window(self, window: Window) -> None:
        """Show through another window."""

    def set_slice(self, index: int) -> None:
        """Show another slice."""

    def place_crosshair(self, lps: PointLps) -> None:
        """Put the crosshair here and tell the other views."""

    def show_draft(self, drawing: ReaderMeasurement | None) -> None:
        """A drawing that is not finished."""

    def commit(self, drawing: ReaderMeasurement) -> None:
        """A finished drawing, new or changed: one step of undo."""

    def ask_text(self, pointer: Pointer) -> None:
        """Let the reader type a text here."""

    def say(self, message: Message) -> None:
        """Show words in the view."""

    @property
    def roi(self) -> Box | None:
        """The reader's box on the acquired grid."""

    def place_roi(self, box: Box, finished: bool) -> None:
        """Move the box; `finished` when the mouse button went up."""


class Tool:
    """One tool: its row of the table, and what a drag or a click does. An instance belongs to one view.

    Attributes:
        id: as in the window's actions ("tool." + id).
        name: its words in menus, English; short: on the toolbar ("" = not there).
        icon: file of `resources/icons`; keys: default keys, the first is the one shown.
        menu: menu it stands in.
        coarse: True for tools that change how the picture is shown, which is then drawn
            quickly until the mouse rests.
        clicks: a click without a drag means something to it; else it selects what lies there.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    short: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    keys: ClassVar[tuple[str, ...]] = ()
    menu: ClassVar[str] = "Image"
    cursor: ClassVar[Cursor] = Cursor.ARROW
    coarse: ClassVar[bool] = False
    clicks: ClassVar[bool] = False

    @property
    def holds(self) -> bool:
        """True while a press waits for where it will be let go."""
        return False

    def press(self, host: Host, at: Pointer) -> None:
        """The button went down."""

    def drag(self, host: Host, at: Pointer) -> None:
        """The mouse moved with the button down."""

    def release(self, host: Host, at: Pointer) -> None:
        """The button went up."""

    def hover(self, host: Host, at: Pointer) -> None:
        """The mouse moved without a button."""

    def finish(self, host: Host) -> bool:
        """Two clicks: what is drawn is complete; True where that finished something."""
        return False

    def cancel(self, host: Host) -> None:
        """Esc: drop what is not finished."""


def as_point(world: np.typing.ArrayLike) -> PointLps:
    """An LPS point as plain numbers."""
    x, y, z = np.asarray(world, dtype=np.float64).tolist()
    return (x, y, z)


def point_at(picture: Picture, at: Pointer) -> PointLps:
    """The point under the pointer, LPS mm."""
    return as_point(picture.view.pixel_to_world(np.array(at.pixel)))
