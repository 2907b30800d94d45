"""Views that follow each other: crosshair, slices by position, window and box of one stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.display.window import Window
from viewer.room.views.events import BoxPlaced, FilesDropped, MenuWanted, PointerMoved, SeriesPut, ViewMoved
from viewer.room.views.facts import CursorInfo, cursor_at
from viewer.room.views.links import corners_of, link_between, same_cut, same_space, slice_that_follows
from viewer.room.views.view import View, ViewEvents
from viewer.session.events import Event
from viewer.session.views import Follow, Link


class Arranger(Protocol):
    """Who holds the views."""

    @property
    def views(self) -> tuple[View, ...]:
        """The views of the arrangement."""

    @property
    def active(self) -> View:
        """The one that keys go to."""

    def activate(self, view: View) -> None:
        """Make it the one that keys go to."""

    def maximise(self, view: View | None = None) -> None:
        """Give it all of the place, or give it back."""


def follow(view: View, lps: PointLps) -> None:
    """Show the slice nearest to a point of the patient, without telling anybody."""
    picture = view.picture
    if picture is not None and picture.go_to(round(float(picture.view.slice_of(np.array(lps))))):
        view.surface.stir()
        view.surface.refresh()


class Linking(ViewEvents):
    """Hears what views tell, moves the others with them, and tells the rest of the program.

    Attributes:
        sync: views of other stacks in the same frame of reference follow each other's slices, and those in `links`.
        links: views that follow each other though their frames of reference differ, by number.
        crosshair: LPS mm, shared by linked views.
        apart: tells views that never follow each other: those of two patients.
    """

    def __init__(self, arranger: Arranger, tell: Callable[[Event], None]) -> None:
        self._arranger = arranger
        self._tell = tell
        self.sync = True
        self.links: tuple[Link, ...] = ()
        self.crosshair: PointLps | None = None
        self.apart: Callable[[View, View], bool] = lambda _one, _other: False
        self._under: CursorInfo | None = None

    def linked(self, view: View) -> tuple[View, ...]:
        """Views whose millimetres are those of `view` (itself included)."""
        views = (v for v in self._arranger.views if v is view or same_space(view.picture, v.picture))
        return tuple(v for v in views if v is view or not self.apart(view, v))

    def _of(self, view: View) -> tuple[View, ...]:
        """Views of the stack that a view shows."""
        return tuple(v for v in self._arranger.views if view.picture is not None and v.stack_key == view.stack_key)

    def crosshair_moved(self, view: View, lps: PointLps) -> None:
        """The other planes go to the point."""
        self.crosshair = lps
        for other in self.linked(view):
            other.set_crosshair(lps)
            if other is not view:
                follow(other, lps)
        self._read_again()
        self.show_references()
        self._tell(ViewMoved())

    def show_references(self) -> None:
        """Each linked view shows where the active one cuts it; nothing where that is switched off."""
        active = self._arranger.active
        corners = corners_of(active.picture) if active.options.references and active.picture is not None else ()
        linked = self.linked(active)
        for view in self._arranger.views:
            cuts = view is not active and view in linked and not same_cut(active.picture, view.picture)
            wanted = corners if cuts else ()
            if wanted != view.reference:
                view.reference = wanted
                view.surface.refresh()

    def slice_moved(self, view: View) -> None:
        """Scrolling one view moves the crosshair in the other planes, and synchronised stacks."""
        picture = view.picture
        if picture is not None:
            here = picture.view.pixel_to_world((np.array(picture.view.shape) - 1) / 2)
            if self.crosshair is not None:
                pixel = picture.view.world_to_pixel(np.array(self.crosshair))
                x, y, z = picture.view.pixel_to_world(pixel).tolist()
                self.crosshair = (x, y, z)
            for other in self.linked(view):
                other.set_crosshair(self.crosshair)
                if other is not view and self.sync and same_cut(picture, other.picture):
                    x, y, z = here.tolist()
                    follow(other, (x, y, z))
            self._follow_links(view)
        self._read_again()
        self.show_references()
        self._tell(ViewMoved())

    def _follow_links(self, view: View) -> None:
        """Views that are linked by offset go to the slice that lies as far off as it did."""
        views = self._arranger.views
        if not self.sync or view not in views:
            return
        number = views.index(view)
        for link in self.links:
            for other in link.views if number in link.views else ():
                picture = views[other].picture if other < len(views) else None
                if other == number or picture is None or view.picture is None or self.apart(view, views[other]):
                    continue
                if picture.go_to(slice_that_follows(link, (number, view.picture), (other, picture), None)):
                    views[other].surface.stir()
                    views[other].surface.refresh()

    def join(self, words: Sequence[str]) -> None:
        """Views with the same word follow the first of them: where frames differ, as far apart as they are now."""
        views = self._arranger.views
        linked = {number for link in self.links for number in link.views[1:]}
        for word in dict.fromkeys(word for word in words if word):
            first, *others = [n for n, one in enumerate(words) if one == word and n < len(views)] or [0]
            for number in others:
                if number not in linked and views[first].picture is not None:
                    self._link_by_offset(first, number)

    def _link_by_offset(self, first: int, number: int) -> None:
        views = self._arranger.views
        made = link_between(first, views[first].picture, number, views[number].picture)
        if made is None or self.apart(views[first], views[number]):
            return
        if made.by is Follow.OFFSET:  # by position they follow each other without being told
            self.links = (*self.links, made)

    def why_none(self) -> str:
        """Why no view follows another one, in English words; "" where one does."""
        views = [view for view in self._arranger.views if view.picture is not None]
        if len(views) < 2:
            return "There is one view: nothing follows it."
        pairs = [(a, b) for a, b in combinations(views, 2) if not self.apart(a, b)]
        if not pairs:
            return "Two patients are never scrolled together."
        numbers = {view: n for n, view in enumerate(self._arranger.views)}
        if any({numbers[a], numbers[b]} <= set(link.views) for a, b in pairs for link in self.links):
            return ""
        pairs = [(a, b) for a, b in pairs if same_space(a.picture, b.picture)]
        if not pairs:
            return "The series lie in different frames of reference: their positions do not compare."
        if not any(same_cut(a.picture, b.picture) for a, b in pairs):
            return "The views cut the patient in different directions."
        return ""

    def drop(self, number: int) -> None:
        """A view shows something else: it follows nothing any more."""
        self.links = tuple(link for link in self.links if number not in link.views)

    def window_moved(self, view: View, window: Window) -> None:
        """One window for all planes of a stack that were hung with one."""
        for other in self._of(view):
            if other.preset == view.preset:
                other.take_window(window)
        self._read_again()
        self._tell(ViewMoved())

    def box_moved(self, view: View, box: Box, finished: bool) -> None:
        """The box shows in all planes while it is dragged; told when it is let go."""
        for other in self._of(view):
            other.set_roi(box, view.roi_label)
        if finished:
            self._tell(BoxPlaced(view.stack_key, box))

    def pointer_moved(self, view: View, info: CursorInfo | None) -> None:
        """Told."""
        self._under = info
        self._tell(PointerMoved(info))

    def seen_anew(self, view: View) -> None:
        """The readout follows what is on show, not the mouse alone."""
        if view.pointer is not None:
            self._read_again()

    def _read_again(self) -> None:
        view = next((v for v in self._arranger.views if v.pointer is not None), None)
        if view is None or view.pointer is None:
            return
        row, column = view.camera.to_pixel(view.pointer).tolist()
        info = None if view.picture is None else cursor_at(view.picture, (row, column))
        if info != self._under:
            self.pointer_moved(view, info)

    def activated(self, view: View) -> None:
        """Keys go there."""
        self._arranger.activate(view)

    def maximise_wanted(self, view: View) -> None:
        """Alone, or back."""
        self._arranger.maximise(view)

    def menu_wanted(self, view: View, at: tuple[int, int]) -> None:
        """Told."""
        self._tell(MenuWanted(at))

    def stack_put(self, view: View, stack_key: str) -> None:
        """Told."""
        self._tell(SeriesPut(self._arranger.views.index(view), stack_key))

    def files_dropped(self, view: View, paths: Sequence[Path]) -> None:
        """Told."""
        self._tell(FilesDropped(tuple(str(path) for path in paths)))
