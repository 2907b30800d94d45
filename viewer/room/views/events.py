"""What a view tells what paints it, and what views tell everybody."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.analysis import Box
from viewer.room.tools.base import Pointer
from viewer.room.views.facts import CursorInfo, Message
from viewer.session.events import Event


class Surface:
    """What paints a view; without a window nothing does."""

    def refresh(self) -> None:
        """Paint again, once in this turn."""

    def stir(self) -> None:
        """Something moves: what is costly may wait until it rests."""

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
class SeriesPut(Event):
    """A stack shall be shown in one view, by the number of the view."""

    view: int
    stack_key: str


@dataclass(frozen=True, slots=True)
class FilesDropped(Event):
    """Files to open."""

    paths: tuple[str, ...]
