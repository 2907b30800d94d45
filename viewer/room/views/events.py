"""What a view tells: to the arrangement it stands in, to what paints it, and to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.display.window import Window
from viewer.room.views.facts import CursorInfo, Message
from viewer.session.events import Event

if TYPE_CHECKING:
    from viewer.room.tools.base import Pointer
    from viewer.room.views.view import View


class ViewEvents:
    """What views tell the arrangement they stand in; what is not overridden is not heard."""

    def slice_moved(self, view: View) -> None:
        """Another slice is on show."""

    def window_moved(self, view: View, window: Window) -> None:
        """The reader chose another window."""

    def crosshair_moved(self, view: View, lps: PointLps) -> None:
        """The reader put the crosshair somewhere."""

    def box_moved(self, view: View, box: Box, finished: bool) -> None:
        """The reader's box was drawn or moved; `finished` when it was let go."""

    def pointer_moved(self, view: View, info: CursorInfo | None) -> None:
        """Something else lies under the pointer; None beside the picture."""

    def activated(self, view: View) -> None:
        """Keys go to this view now."""

    def maximise_wanted(self, view: View) -> None:
        """This view alone, or all of them again."""

    def menu_wanted(self, view: View, at: tuple[int, int]) -> None:
        """A right click, on the screen."""

    def files_dropped(self, view: View, paths: Sequence[Path]) -> None:
        """Files were dropped on the view."""


class Surface:
    """What paints a view; without a window nothing does."""

    def refresh(self) -> None:
        """Paint again, once in this turn."""

    def rename(self) -> None:
        """The words or badges above the picture changed."""

    def say(self, message: Message) -> None:
        """Show words in the view."""

    def ask_text(self, pointer: Pointer) -> None:
        """Let the reader type a text here."""

    def take_focus(self) -> None:
        """Take the keys."""


@dataclass(frozen=True, slots=True)
class ViewMoved(Event):
    """A slice, a window or the layout changed."""


@dataclass(frozen=True, slots=True)
class ViewActivated(Event):
    """Another view is the one that keys go to; `stack_key` is "" while it shows nothing."""

    stack_key: str


@dataclass(frozen=True, slots=True)
class PointerMoved(Event):
    """What lies under the pointer."""

    info: CursorInfo | None


@dataclass(frozen=True, slots=True)
class BoxPlaced(Event):
    """The reader let go of a box on a stack."""

    stack_key: str
    box: Box


@dataclass(frozen=True, slots=True)
class ViewsArranged(Event):
    """Views came, went or stand elsewhere."""


@dataclass(frozen=True, slots=True)
class MenuWanted(Event):
    """The active view's menu, at a place of the screen."""

    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FilesDropped(Event):
    """Files to open."""

    paths: tuple[str, ...]
