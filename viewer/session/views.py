"""What is on screen, as plain data: the layout, and of each view its stack, plane, slice and window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from viewer.core.annotation import PointLps
from viewer.core.oblique import ObliquePlane
from viewer.session.events import Bus, LayoutWanted, ViewsChanged, ViewsMoved
from viewer.session.history import History, Move, Step, Thing
from viewer.session.library import Library


class Follow(StrEnum):
    """What views share that follow each other."""

    POSITION = "position"
    OFFSET = "offset"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Link:
    """Views that follow each other's slices.

    Attributes:
        views: their numbers.
        offsets: LPS mm of each one's slice from the first one's, kept while they move; empty for none.
    """

    views: tuple[int, ...]
    by: Follow
    offsets: tuple[PointLps, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownView:
    """What one view shows.

    Attributes:
        plane: "native", "axial", "coronal" or "sagittal"; index: the slice in it, counted from 0.
        center, width: the window, in values after the modality LUT; None while it has none.
        turn: 2 x 2, (column, row) of the picture -> (x, y) of the screen; each entry -1, 0 or 1.
        oblique: the plane that is shown in place of the stack's own.
        preset: the window a hanging rule gave the view by name: views of one stack share a window where it is one.
        edge: the side of the view ("left", "right") that the picture lies at; "" for the middle.
        lps: LPS mm of the middle of the slice, by which it is found on another copy; None without a patient frame.
    """

    stack_key: str
    plane: str = "native"
    index: int = 0
    center: float | None = None
    width: float | None = None
    turn: tuple[tuple[int, int], tuple[int, int]] = ((1, 0), (0, 1))
    oblique: ObliquePlane | None = None
    preset: str = ""
    edge: str = ""
    lps: PointLps | None = None


@dataclass(frozen=True, slots=True)
class ShownLayout:
    """The arrangement of views.

    Attributes:
        name: of the layout ("three"), or "ROWSxCOLUMNS".
        views: the main one first; None where a view is empty.
        active: number of the view that keys go to; maximised: of the one that has all of the place.
        by_hand: the reader arranged it, no rule did.
        links: views that follow each other.
    """

    name: str = "1x1"
    views: tuple[ShownView | None, ...] = (None,)
    active: int = 0
    maximised: int | None = None
    by_hand: bool = False
    links: tuple[Link, ...] = ()

    @property
    def stacks(self) -> tuple[str, ...]:
        """Keys of the stacks that views show, once each."""
        shown = self.views if self.maximised is None else self.views[self.maximised : self.maximised + 1]
        return tuple(dict.fromkeys(view.stack_key for view in shown if view is not None))


class Views:
    """The layout as it stands; a change of the layout is one step of undo, scrolling is none."""

    def __init__(self, bus: Bus, library: Library, history: History) -> None:
        self._bus, self._library, self._history = bus, library, history
        self._layout = ShownLayout()
        self._shown: tuple[str, ...] = ()
        history.keep(Thing.LAYOUT, self._check, self._take)

    @property
    def layout(self) -> ShownLayout:
        """The arrangement of views, as it was noted last."""
        return self._layout

    @property
    def shown(self) -> tuple[str, ...]:
        """Keys of the stacks on screen, once each: of the views, or of the object in their place."""
        return self._shown

    def put_shown(self, keys: tuple[str, ...]) -> None:
        """These stacks are on screen now."""
        self._bus.check_thread()
        self._shown = keys
        self._bus.tell(ViewsChanged())

    def note(self, layout: ShownLayout) -> None:
        """Views went on: another slice, window, stack or active view."""
        self._bus.check_thread()
        if layout != self._layout:
            self._layout = layout
            self._bus.tell(ViewsMoved())

    def arrange(self, layout: ShownLayout, was: ShownLayout) -> None:
        """The reader arranged the views anew; one step of undo.

        Args:
            layout: what they show now, if they show it already; `was`: what `undo` goes back to.
        """
        if layout == was:
            return
        shown = (self._library.study_of(v.stack_key) for v in (*layout.views, *was.views) if v)
        study = next((s for s in (*shown, *self._library.studies) if s is not None), None)
        uid = "" if study is None else study.uid
        self._history.do(Thing.LAYOUT, uid, "Layout", before=was, after=layout)

    def _check(self, _step: Step) -> None:
        """Views may always be arranged."""

    def _take(self, move: Move) -> None:
        if move.state != self._layout:
            self._layout = move.state
            self._bus.tell(LayoutWanted())
