"""Puts stacks into views: at once where they are held, else as soon as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from viewer.core.annotation import PointLps
from viewer.display.hanging import Cell
from viewer.display.slicing import Plane
from viewer.room.loading import Loading
from viewer.room.views.arrangement import Arrangement
from viewer.room.views.camera import UPRIGHT, Turn
from viewer.room.views.picture import slice_at, window_at
from viewer.room.views.specs import Specs
from viewer.room.views.view import View, ViewSpec
from viewer.room.views.views import Views
from viewer.session import ShownView


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a view shall show, and how it was left: slice, window and turn are None where it opens anew.

    Attributes:
        preset, edge, mirror: as `ViewSpec` has them.
        lps: LPS mm of the middle of its slice, which says where it was on a copy with other slices.
    """

    stack_key: str
    plane: Plane
    preset: str = ""
    edge: str = ""
    mirror: bool = False
    index: int | None = None
    window: tuple[float, float] | None = None
    turn: Turn | None = None
    lps: PointLps | None = None


def of_cell(cell: Cell | None) -> Wanted | None:
    """What a hanging rule wants in a view."""
    return None if cell is None else Wanted(cell.stack_key, cell.plane, cell.window, cell.justify, cell.mirror)


def of_shown(shown: ShownView | None) -> Wanted | None:
    """What a view showed, as it was left."""
    if shown is None:
        return None
    window = None if shown.center is None or shown.width is None else (shown.center, shown.width)
    plane = Plane(shown.plane)
    return Wanted(shown.stack_key, plane, shown.preset, shown.edge, False, shown.index, window, shown.turn, shown.lps)


def as_left(wanted: Wanted, left: Iterable[Wanted]) -> Wanted:
    """What a view shall show, on the slice and through the window that the same view was left with."""
    same = (wanted.stack_key, wanted.plane, wanted.preset)
    found = next((one for one in left if (one.stack_key, one.plane, one.preset) == same), None)
    return (
        wanted
        if found is None
        else replace(
            wanted,
            index=found.index,
            window=found.window,
            turn=found.turn if found.edge == wanted.edge else None,
            lps=found.lps,
        )
    )


class Filling:
    """Fills views, and gives each the window it opens with as soon as a slice is there to judge by."""

    def __init__(self, loading: Loading, views: Views, specs: Specs, filled: Callable[[], None]) -> None:
        self._loading, self._views, self._specs, self._filled = loading, views, specs, filled
        self._wanted: dict[int, Wanted] = {}
        #: Views that wait for their first window; True where the reader's own is in use.
        self._bare: dict[View, bool] = {}

    def show(self, arrangement: Arrangement, wanted: Sequence[Wanted | None], active: int = 0) -> None:
        """Arrange the views; those whose stack is not held yet are filled when it is."""
        self._wanted = {n: one for n, one in enumerate(wanted) if one is not None}
        self._bare.clear()
        specs = [None if one is None else self._spec(one) for one in wanted]
        self._views.show(arrangement, specs)
        for number, spec in enumerate(specs):
            if spec is not None:
                self._begin(number)
        self._views.activate(self._views.views[min(active, len(self._views.views) - 1)])
        self._ask()

    def put(self, number: int, wanted: Wanted) -> None:
        """Show something in one view; the others stay."""
        self._wanted[number] = wanted
        self._fill()
        self._ask()

    def more(self, key: str) -> None:
        """A stack is held now, or more of its slices are there."""
        self._fill()
        for view in self._views.of(key):
            view.arrived()
        self._first_windows(key)

    def forget(self, key: str, again: bool, left: Iterable[Wanted] = ()) -> None:
        """A stack's pictures were dropped: no view may go on showing them.

        Args:
            again: it is being read anew, and its views are filled again when it is there.
            left: how views were left by an earlier run.
        """
        self._specs.forget(key)
        for number, view in enumerate(self._views.views):
            if view.stack_key == key:
                wanted = Wanted(key, view.plane, view.preset, view.camera.edge, view.opening != UPRIGHT)
                view.clear()
                self._bare.pop(view, None)
                self._wanted.pop(number, None)
                self._views.links.drop(number)  # how far it was off holds for the slices that are gone
                if again:
                    self._wanted[number] = as_left(wanted, left)

    def shows(self, view: View, cell: Cell) -> bool:
        """True where a view shows what a rule wants in it, in the words of the reader's language."""
        spec = self._specs.of(cell.stack_key, cell.plane, cell.window)
        return (
            spec is not None
            and (view.stack_key, view.plane, view.preset) == (cell.stack_key, cell.plane, cell.window)
            and (view.patient, view.when) == (spec.patient_lines, spec.when)
        )

    @property
    def waits(self) -> bool:
        """True while a view waits for its stack."""
        return bool(self._wanted)

    def drop(self) -> None:
        """Nothing is waited for any more."""
        self._wanted.clear()
        self._bare.clear()

    def _spec(self, wanted: Wanted) -> ViewSpec | None:
        spec = self._specs.of(wanted.stack_key, wanted.plane, wanted.preset)
        return spec and replace(spec, edge=wanted.edge, mirror=wanted.mirror)

    def _ask(self) -> None:
        """Have read what is waited for, and copies made for cuts across tilted slices."""
        for wanted in tuple(self._wanted.values()):
            if self._loading.loader(wanted.stack_key) is None:
                self._loading.hold(wanted.stack_key)
            else:
                self._specs.want_copy(wanted.stack_key, wanted.plane, self._fill)

    def _fill(self) -> None:
        for number, wanted in tuple(self._wanted.items()):
            spec = self._spec(wanted) if number < len(self._views.views) else None
            if spec is not None:
                self._views.put(number, spec)
                self._begin(number)
        self._ask()

    def _begin(self, number: int) -> None:
        """A view has its picture: it is seen as it was left, or as its stack opens."""
        wanted, view = self._wanted.pop(number), self._views.views[number]
        if view.picture is None:
            return
        if wanted.index is not None:
            view.picture.go_to(slice_at(view.picture, wanted.index, wanted.lps))
        if wanted.turn is not None:
            view.set_camera(replace(view.camera, turn=wanted.turn).fit())
        if wanted.window is not None:
            view.take_window(window_at(view.picture, *wanted.window))
        if view.picture.opened is None:
            self._bare[view] = wanted.window is not None
        self._filled()

    def _first_windows(self, key: str) -> None:
        """The window a view opens with, as soon as one of its slices is there to judge by."""
        for view in self._views.of(key):
            window = self._specs.window(key, view.preset) if view in self._bare else None
            if window is not None and view.picture is not None:
                view.picture.opened = window
                if not self._bare.pop(view):
                    view.take_window(window)
