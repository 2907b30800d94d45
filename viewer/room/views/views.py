"""The arrangement of views, without a window: how many, which is active, what each shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from viewer.core.analysis import Box
from viewer.display.hanging import Layout
from viewer.room.views.arrangement import ARRANGEMENTS, FOUR, ONE, Arrangement, Place
from viewer.room.views.drawings import Drawings, DrawingStore
from viewer.room.views.events import ViewActivated, ViewMoved, ViewsArranged
from viewer.room.views.linking import Linking
from viewer.room.views.mouse import Mouse
from viewer.room.views.starting import fill_empty, share_start
from viewer.room.views.view import View, ViewOptions, ViewSpec
from viewer.session.events import Event


class Views:
    """Views side by side; one is active.

    Planes of one stack are linked: the crosshair of one moves the others, a window holds for all.

    Attributes:
        links: how views follow each other.
        options: what holds for every view.
        panel: the fourth cell of two by two holds a table, not a view.
        maximised: the view that has all of the place, else None.
    """

    def __init__(self, tell: Callable[[Event], None], drawings: DrawingStore | None = None) -> None:
        self._tell = tell
        self.drawings: DrawingStore = Drawings() if drawings is None else drawings
        self.links = Linking(self, tell)
        self.options = ViewOptions()
        self.panel = False
        self.maximised: View | None = None
        self.arrangement = ONE
        self.tool_id = "window"
        self._small = False
        self._all: list[View] = []
        self._mice: dict[View, Mouse] = {}
        self.active = self._view(0)
        self.active.active = True
        self.drawings.subscribe(self._repaint)

    # ---------------------------------------------------------------- which there are

    @property
    def views(self) -> tuple[View, ...]:
        """The views of this arrangement, the first is the main one."""
        return tuple(self._view(n) for n in range(len(self.arrangement.places) - self._has_panel))

    @property
    def _has_panel(self) -> bool:
        return self.panel and self.arrangement is FOUR

    @property
    def alone(self) -> View | None:
        """The view that is shown alone, maximised or for want of room; None while all are."""
        return self.maximised or (self.active if self._small else None)

    @property
    def places(self) -> tuple[tuple[View | None, Place], ...]:
        """What stands where; None is the panel."""
        if self.alone is not None:
            return ((self.alone, ONE.places[0]),)
        shown: list[View | None] = [*self.views, *([None] if self._has_panel else [])]
        return tuple(zip(shown, self.arrangement.places, strict=True))

    @property
    def stacks(self) -> tuple[str, ...]:
        """Keys of the stacks on screen, once each."""
        shown = (self.maximised,) if self.maximised is not None else self.views
        return tuple(dict.fromkeys(v.stack_key for v in shown if v.picture is not None))

    def of(self, stack_key: str) -> tuple[View, ...]:
        """Views that show a stack."""
        return tuple(v for v in self.views if v.picture is not None and v.stack_key == stack_key)

    def mouse(self, view: View) -> Mouse:
        """The mouse in a view."""
        return self._mice[view]

    def _view(self, number: int) -> View:
        while len(self._all) <= number:
            made = View(self.links, self.drawings)
            made.options, made.tool_id = self.options, self.tool_id
            self._all.append(made)
            self._mice[made] = Mouse(made)
        return self._all[number]

    # ---------------------------------------------------------------- arranging

    def arrange(self, arrangement: Arrangement) -> None:
        """Arrange the views; what they show stays, and empty ones take further planes of the active stack."""
        self._arrange(arrangement)
        fill_empty(self)
        self._arranged()

    def _arrange(self, arrangement: Arrangement) -> None:
        self.arrangement, self.maximised = arrangement, None
        if self.active not in self.views:
            self.activate(self._view(0))

    def _arranged(self) -> None:
        self.links.show_references()
        self._tell(ViewsArranged())
        self._tell(ViewMoved())

    def set_panel(self, panel: bool) -> None:
        """Whether the fourth cell of two by two holds a table."""
        self.panel = panel
        self._arrange(self.arrangement)
        self._arranged()

    def set_small(self, small: bool) -> None:
        """Where there is room for one only, views become tabs of the active one."""
        if small is not self._small:
            self._small = small
            self._tell(ViewsArranged())

    def maximise(self, view: View | None = None) -> None:
        """Give a view (default the active one) all of the place, or give it back."""
        if self.maximised is not None:
            self._arrange(self.arrangement)
        else:
            self.maximised = view or self.active
            self.activate(self.maximised)
        self._arranged()

    def activate(self, view: View) -> None:
        """Make a view the one that keys go to."""
        if view is self.active:
            return
        before, self.active = self.active, view
        for one in (before, view):
            one.active = one is view
            one.surface.refresh()
        self.links.show_references()
        if self._small and self.maximised is None:
            self._tell(ViewsArranged())
        self._tell(ViewActivated(view.stack_key))

    def next_view(self, by: int = 1) -> None:
        """Make the next view with a picture the active one, or the one before."""
        order = [v for v in self.views if v.picture is not None] or list(self.views)
        position = order.index(self.active) if self.active in order else -min(by, 1)
        following = order[(position + by) % len(order)]
        if self.maximised is not None:
            self.maximised = following
            self._tell(ViewsArranged())
        self.activate(following)
        following.surface.take_focus()

    # ---------------------------------------------------------------- showing

    def show(self, layout: Layout | Arrangement, specs: Sequence[ViewSpec | None]) -> None:
        """Hang these in this layout; views without a spec are emptied.

        Raises:
            GeometryError: a plane crosses tilted or uneven slices of its volume.
        """
        self._arrange(ARRANGEMENTS[layout] if isinstance(layout, Layout) else layout)
        for number, view in enumerate(self.views):
            spec = specs[number] if number < len(specs) else None
            if spec is None:
                view.clear()
            else:
                view.show(spec)
        self.forget()
        share_start(self)
        self.activate(self._view(0))
        self._arranged()

    def forget(self, stack_key: str | None = None) -> None:
        """Empty every view that holds a stack; of None what this arrangement has no place for.

        A larger arrangement must not bring back what was dropped, or another patient.
        """
        shown = self.views
        for view in self._all:
            if view not in shown if stack_key is None else view.stack_key == stack_key:
                view.clear()

    def put(self, number: int, spec: ViewSpec) -> View:
        """Show this in one view of the arrangement; the others stay as they are.

        Raises:
            GeometryError: the plane crosses tilted or uneven slices of its volume.
        """
        view = self.views[number]
        view.show(spec)
        if self.links.crosshair is not None and any(one is not view for one in self.links.linked(view)):
            view.set_crosshair(self.links.crosshair)
        self._arranged()
        return view

    def clear(self) -> None:
        """One empty view."""
        for view in self._all:
            view.clear()
        self._arrange(ONE)
        self._arranged()

    # ---------------------------------------------------------------- for every view

    def set_roi(self, stack_key: str, box: Box | None, label: str = "") -> None:
        """The reader's box on a stack, in all its planes."""
        for view in self.of(stack_key):
            view.set_roi(box, label)

    def set_tool(self, tool_id: str) -> None:
        """Choose the left button's tool in every view."""
        self.tool_id = tool_id
        for mouse in self._mice.values():
            mouse.set_tool(tool_id)

    def set_peek(self, peek: bool) -> None:
        """Hide overlays in every view while a key is held."""
        for view in self._all:
            view.set_peek(peek)

    def change(self, **options: Any) -> None:
        """Change what holds for every view (`ViewOptions`)."""
        self.options = replace(self.options, **options)
        for view in self._all:
            view.options = self.options
        self.links.show_references()
        self._repaint()

    def _repaint(self) -> None:
        for view in self._all:
            view.surface.refresh()
