"""Several views side by side, linked by position in the patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.display.hanging import Layout
from viewer.display.overlay import OverlaySet
from viewer.display.slicing import Plane, needs_resampling, upright_plane
from viewer.display.window import Window
from viewer.room.views.drawings import Drawings, DrawingStore
from viewer.room.views.links import same_cut, same_space
from viewer.ui.viewport.arrangement import PLACES, ViewSpec, is_small
from viewer.ui.viewport.view import LEAST_SIZE, Viewport

#: Share of the width the large view of three has (per mille).
_LARGE, _SMALL = 605, 395
_GAP = 1
#: Planes that empty views take, in this order.
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


class ViewGrid(QWidget):
    """Up to four views; one is active.

    Planes of one stack are linked: the crosshair of one moves the others, a window holds for all.
    Views of other stacks in the same frame of reference follow each other's slices while `sync`.

    Signals (of any view): active_changed(Viewport), cursor_moved, crosshair_moved, slice_changed(int),
        window_changed, roi_changed, measured, annotation_removed, message, menu_wanted(QPoint),
        files_dropped; layout_changed(Layout).
    """

    active_changed = Signal(object)
    cursor_moved = Signal(object)
    crosshair_moved = Signal(object)
    slice_changed = Signal(int)
    window_changed = Signal(object)
    roi_changed = Signal(object)
    measured = Signal(object)
    annotation_removed = Signal(object)
    message = Signal(object)
    menu_wanted = Signal(QPoint)
    files_dropped = Signal(object)
    layout_changed = Signal(object)

    def __init__(self, drawings: DrawingStore | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawings: DrawingStore = Drawings() if drawings is None else drawings
        self.sync = True
        self._views: list[Viewport] = []
        self._arrangement = Layout.ONE
        self._maximised: Viewport | None = None
        self._alone = False
        self._panel: QWidget | None = None
        self._tool = "window"
        self._crosshair: PointLps | None = None
        self._corners, self._hidden_name, self._swap = True, False, False
        self.setMinimumSize(LEAST_SIZE)
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setSpacing(_GAP)
        self._active = self._view(0)
        self._active.set_active(True)
        self._arrange(Layout.ONE)

    # ---------------------------------------------------------------- views

    @property
    def active(self) -> Viewport:
        """The view that keys go to."""
        return self._active

    @property
    def arrangement(self) -> Layout:
        """How the views are arranged."""
        return self._arrangement

    @property
    def views(self) -> tuple[Viewport, ...]:
        """The views of this arrangement, the first is the main one."""
        return tuple(self._view(n) for n in range(self._view_count()))

    @property
    def maximised(self) -> bool:
        """True while one view has the whole grid."""
        return self._maximised is not None

    def views_of(self, stack_key: str) -> tuple[Viewport, ...]:
        """Views that show a stack."""
        return tuple(v for v in self.views if v.picture is not None and v.picture.source.stack.key == stack_key)

    def _view_count(self) -> int:
        places = len(PLACES[self._arrangement])
        return places - 1 if self._arrangement is Layout.FOUR and self._panel is not None else places

    def _view(self, number: int) -> Viewport:
        while len(self._views) <= number:
            self._views.append(self._made())
        return self._views[number]

    def _made(self) -> Viewport:
        view = Viewport(self, self.drawings)
        view.set_tool(self._tool)
        view.set_corners_visible(self._corners)
        view.set_hidden_name(self._hidden_name)
        view.set_swap_drag(self._swap)
        view.activated.connect(self._activated)
        view.maximise_wanted.connect(self._maximise_sender)
        view.crosshair_moved.connect(self._crosshair_moved)
        view.slice_changed.connect(self._slice_changed)
        view.window_changed.connect(self._window_changed)
        view.roi_moved.connect(self._roi_moved)
        view.roi_changed.connect(self._roi_changed)
        for name in ("cursor_moved", "measured", "annotation_removed", "message", "menu_wanted", "files_dropped"):
            getattr(view, name).connect(getattr(self, name))
        return view

    # ---------------------------------------------------------------- arranging

    def set_panel(self, panel: QWidget | None) -> None:
        """A widget for the fourth cell of the 2 x 2 arrangement (a table of volumes); None = a view."""
        if self._panel is not None and self._panel is not panel:
            self._panel.hide()
            self._cells.removeWidget(self._panel)
        self._panel = panel
        if panel is not None:
            panel.setParent(self)  # before it is shown, else it flashes up as a window of its own
        self._arrange(self._arrangement)

    def set_arrangement(self, arrangement: Layout) -> None:
        """Arrange the views; what they show stays, and empty ones take further planes of the active stack."""
        self._arrange(arrangement)
        self._fill_empty()

    def _fill_empty(self) -> None:
        model = self._active.picture
        if model is None:
            return
        source, over = model.source, self._active.stage.over
        seen = {view.plane for view in self.views_of(source.stack.key)}
        if upright_plane(source.volume.geometry) is Plane.NATIVE and Plane.NATIVE in seen:
            return  # a film, or slices askew: there are no further planes to name
        wanted = [p for p in PLANES if p not in seen and not needs_resampling(source.volume.geometry, p)]
        empty = [view for view in self.views if view.picture is None]
        for view, plane in zip(empty, wanted, strict=False):
            view.set_stack(source.stack, source.volume, plane, over.patient, when=over.when, loaded=source.loaded)
            view.set_window(model.window)
            view.set_overlays(model.overlays)
            view.set_roi(self._active.stage.roi, over.roi_label)
            view.set_crosshair(self._crosshair)

    def _arrange(self, arrangement: Layout) -> None:
        self._arrangement, self._maximised = arrangement, None
        self._alone = is_small(self._arrangement, self.size())
        self._show_some(self._active if self._alone else None)
        large = arrangement is Layout.THREE
        self._cells.setColumnStretch(0, _LARGE if large else 1)
        self._cells.setColumnStretch(1, _SMALL if large else 1 if arrangement is Layout.FOUR else 0)
        for row in (0, 1):
            self._cells.setRowStretch(row, 1)
        if self._active not in self.views:
            self._activate(self._view(0))
        self.layout_changed.emit(arrangement)

    def maximise(self, view: Viewport | None = None) -> None:
        """Give a view (default the active one) the whole grid, or give it back."""
        if self._maximised is not None:
            self._arrange(self._arrangement)
            return
        self._maximised = view or self._active
        self._show_some(self._maximised)
        self._activate(self._maximised)

    def _show_some(self, alone: Viewport | None) -> None:
        """Show one view alone on all of the place, or every view of the arrangement in its own."""
        widgets: list[QWidget] = [alone] if alone is not None else list(self.views)
        if alone is None and self._arrangement is Layout.FOUR and self._panel is not None:
            widgets.append(self._panel)
        for view in self._views:
            self._cells.removeWidget(view)
            view.setVisible(view in widgets)
        if self._panel is not None:
            self._panel.setVisible(self._panel in widgets)
        for widget, place in zip(widgets, PLACES[Layout.ONE if alone is not None else self._arrangement], strict=True):
            self._cells.addWidget(widget, *place)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Small views become tabs of the active one (Tab goes on to the next), and back."""
        super().resizeEvent(event)
        small = is_small(self._arrangement, self.size())
        if small is not self._alone:
            self._alone = small
            if self._maximised is None:
                self._show_some(self._active if small else None)

    def next_view(self) -> None:
        """Make the next view with a picture the active one."""
        order = [v for v in self.views if v.picture is not None] or list(self.views)
        position = order.index(self._active) if self._active in order else -1
        following = order[(position + 1) % len(order)]
        if self._maximised is not None:
            self._arrange(self._arrangement)
            self.maximise(following)
        self._activate(following)
        following.stage.canvas.setFocus()

    def _maximise_sender(self) -> None:
        view = self.sender()
        if isinstance(view, Viewport):
            self.maximise(view)

    def _activated(self) -> None:
        view = self.sender()
        if isinstance(view, Viewport):
            self._activate(view)

    def _activate(self, view: Viewport) -> None:
        if view is self._active:
            return
        self._active.set_active(False)
        self._active = view
        view.set_active(True)
        if self._alone and self._maximised is None:
            self._show_some(view)
        self.active_changed.emit(view)

    # ---------------------------------------------------------------- showing

    def show_views(self, arrangement: Layout, specs: Sequence[ViewSpec]) -> None:
        """Hang these in this arrangement; views without a spec are emptied.

        Raises:
            GeometryError: a plane crosses tilted or uneven slices of its volume.
        """
        self._arrange(arrangement)
        for number, view in enumerate(self.views):
            if number < len(specs):
                spec = specs[number]
                view.set_stack(
                    spec.stack, spec.volume, spec.plane, spec.patient_lines, when=spec.when, loaded=spec.loaded
                )
            else:
                view.clear()
        self._share_start()
        self._activate(self._view(0))

    def clear(self) -> None:
        """One empty view."""
        for view in self._views:
            view.clear()
        self._arrange(Layout.ONE)

    def _share_start(self) -> None:
        """Planes of one stack start at one point, with one window."""
        first = self._view(0).picture
        if first is None:
            return
        shape = np.array(first.source.native.shape)
        middle = first.source.native.index_to_world((shape - 1) / 2)
        x, y, z = (float(v) for v in middle)
        self._crosshair = (x, y, z)
        for view in self.views_of(first.source.stack.key):
            view.set_window(first.window)
            view.set_crosshair(self._crosshair)

    def refresh(self, stack_key: str) -> None:
        """More slices of a stack have been read."""
        for view in self.views_of(stack_key):
            view.refresh()

    def set_overlays(self, stack_key: str, overlays: OverlaySet | None) -> None:
        """Overlays of a stack, in all its planes."""
        for view in self.views_of(stack_key):
            view.set_overlays(overlays)

    def set_roi(self, stack_key: str, box: Box | None, label: str = "") -> None:
        """The reader's box on a stack, in all its planes."""
        for view in self.views_of(stack_key):
            view.set_roi(box, label)

    def set_window(self, window: Window) -> None:
        """A window for the active view and the other planes of its stack."""
        self._active.stage.set_window(window)

    def show_lps(self, lps: PointLps) -> None:
        """Take every linked view to a point of the patient."""
        self._crosshair = lps
        for view in self._linked(self._active):
            view.show_lps(lps)

    def set_tool(self, tool_id: str) -> None:
        """Choose the left button's tool in every view."""
        self._tool = tool_id
        for view in self._views:
            view.set_tool(tool_id)

    def set_peek(self, peek: bool) -> None:
        """Hide overlays in every view while a key is held."""
        for view in self._views:
            view.set_peek(peek)

    def set_corners_visible(self, visible: bool) -> None:
        """Corner texts of every view."""
        self._corners = visible
        for view in self._views:
            view.set_corners_visible(visible)

    def set_hidden_name(self, hidden: bool) -> None:
        """The patient's name in every view."""
        self._hidden_name = hidden
        for view in self._views:
            view.set_hidden_name(hidden)

    def set_swap_drag(self, swap: bool) -> None:
        """Axes of the window drag in every view."""
        self._swap = swap
        for view in self._views:
            view.set_swap_drag(swap)

    # ---------------------------------------------------------------- linking

    def _linked(self, view: Viewport) -> tuple[Viewport, ...]:
        """Views whose millimetres are those of `view` (itself included)."""
        return tuple(other for other in self.views if other is view or same_space(view.picture, other.picture))

    def _crosshair_moved(self, lps: PointLps) -> None:
        sender = self.sender()
        self._crosshair = lps
        for view in self.views:
            if isinstance(sender, Viewport) and view is not sender and same_space(sender.picture, view.picture):
                view.show_lps(lps)
        self.crosshair_moved.emit(lps)

    def _slice_changed(self, index: int) -> None:
        view = self.sender()
        if isinstance(view, Viewport) and view.picture is not None:
            self._follow_slice(view)
        self.slice_changed.emit(index)

    def _follow_slice(self, view: Viewport) -> None:
        """Scrolling one view moves the crosshair in the other planes, and synchronised stacks."""
        picture = view.picture
        if picture is None:
            return
        here = picture.view.pixel_to_world((np.array(picture.view.shape) - 1) / 2)
        if self._crosshair is not None:
            pixel = picture.view.world_to_pixel(np.array(self._crosshair))
            x, y, z = (float(v) for v in picture.view.pixel_to_world(pixel))
            self._crosshair = (x, y, z)
        for other in self._linked(view):
            other.set_crosshair(self._crosshair)
            if other is not view and other.picture is not None and self.sync and same_cut(view.picture, other.picture):
                nearest = round(float(other.picture.view.slice_of(here)))
                if other.picture.go_to(nearest):
                    other.stage.refresh()

    def _window_changed(self, window: Window) -> None:
        sender = self.sender()
        if isinstance(sender, Viewport) and sender.picture is not None:
            for view in self.views_of(sender.picture.source.stack.key):
                view.set_window(window)
        self.window_changed.emit(window)

    def _roi_moved(self, box: Box) -> None:
        self._share_roi(box)

    def _roi_changed(self, box: Box) -> None:
        self._share_roi(box)
        self.roi_changed.emit(box)

    def _share_roi(self, box: Box) -> None:
        sender = self.sender()
        if isinstance(sender, Viewport) and sender.picture is not None:
            for view in self.views_of(sender.picture.source.stack.key):
                view.set_roi(box, view.stage.over.roi_label)
