"""The middle of the window: the views, or the view of an object that is no picture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QStackedWidget, QWidget

from viewer.core.study import Stack
from viewer.room.panels import volumes
from viewer.room.room import Room
from viewer.room.views.arrangement import FOUR
from viewer.ui.kit.keyguard import ARROWS
from viewer.ui.kit.refresh import later
from viewer.ui.kit.regions import step_inside
from viewer.ui.panels.volumes_panel import VolumesPanel
from viewer.words.i18n import said
from viewer.words.people import corner_lines

if TYPE_CHECKING:
    from viewer.ui.object_views.pane import ObjectPane
    from viewer.ui.viewport.grid import ViewGrid


class ViewArea(QStackedWidget):
    """Paints the room's views.

    Widgets that paint pictures are imported with the first of them, so that the window stands before.

    Signals:
        place_wanted: a mark or picture that a chosen line of a report speaks of.
    """

    place_wanted = Signal(object)

    def __init__(self, room: Room, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room = room
        self._grid: ViewGrid | None = None
        self._object: ObjectPane | None = None
        self._volumes: VolumesPanel | None = None
        self._has_volumes = False
        self._shown: Stack | None = None

    @property
    def grid(self) -> ViewGrid:
        """The widgets of the views, made when they are first needed."""
        if self._grid is None:
            from viewer.ui.viewport.grid import ViewGrid

            self._grid = ViewGrid(self._room.views)
            self.addWidget(self._grid)
        return self._grid

    def arrange(self) -> None:
        """Views came, went or stand elsewhere."""
        if self._grid is not None:
            self._grid.arrange()

    def hold_pictures(self) -> None:
        """What comes or goes now beside the views moves no picture."""
        if self._grid is not None:
            self._grid.hold_pictures(True)
            later(self, 0, partial(self._grid.hold_pictures, False)).start()

    def take_keyboard(self) -> bool:
        """Give the keys to the active view, or to the object in its place."""
        if self._grid is not None and self.currentWidget() is self._grid:
            self._grid.active.setFocus()
            return True
        return step_inside(self, forward=True)

    def wants_key(self, widget: QWidget, key: Qt.Key) -> bool:
        """Arrows move the pointer of the keys while it is shown."""
        mouse = self._room.views.mouse(self._room.views.active)
        return key in ARROWS and mouse.keyed.is_shown and self.isAncestorOf(widget)

    def show_views(self) -> None:
        """Bring the views to the front; a line that is being typed in keeps the keys."""
        self.setCurrentWidget(self.grid)
        if not isinstance(self.window().focusWidget(), (QLineEdit, QPlainTextEdit)):
            self.take_keyboard()

    def show_object(self, stack: Stack | None) -> None:
        """Show an object that is no picture: signals, a report, a PDF."""
        if stack is None:
            return
        from viewer.ui.object_views.pane import ObjectPane

        if self._object is None:
            self._object = ObjectPane(self._room.context.pool)
            self._object.place_wanted.connect(self.place_wanted)
            self._object.shown.connect(self.show_evidence)
            self.addWidget(self._object)
        study = self._room.context.session.library.study_of(stack.key)
        hide = self._room.context.settings.hide_patient_name
        self._object.show_stack(stack, " · ".join(corner_lines(study, hide)) if study is not None else "")
        self._shown = stack
        self.show_seal()
        self.setCurrentWidget(self._object)

    def show_seal(self) -> None:
        """What the seal of its result folder says, above an object."""
        if self._object is not None and self._shown is not None:
            seal = self._room.seals.of(self._shown)
            self._object.show_seal(said(seal.words) if seal is not None else "", seal is None or seal.sound)

    def show_evidence(self) -> None:
        """What decided the selected finding, on the object on screen."""
        if self._object is not None and self._shown is not None:
            review = self._room.context.session.review
            finding = self._room.reviewing.current()
            entry = review.result(finding.result_id) if finding is not None else None
            here = entry is not None and entry.lies_on(self._shown.key)
            self._object.show_evidence(finding.evidence if finding is not None and here else ())

    def show_over(self) -> None:
        """Overlays, badges and boxes anew, what decided, and the table of volumes."""
        self.show_evidence()
        self._room.layers.show_overlays(self._room.reviewing.selected)
        self._show_volumes()

    def _show_volumes(self) -> None:
        """A table of volumes in the fourth cell of three planes, where a pack measured some."""
        if self._grid is None:
            return
        view = volumes.state(self._room.context.session, self._room)
        wanted = view is not None and self._room.views.arrangement is FOUR and not self._room.hanging.by_hand
        if view is not None and wanted:
            if self._volumes is None:
                self._volumes = VolumesPanel()
                self._volumes.box_asked.connect(self._room.analyses.want_box)
            self._volumes.show_view(view)
        if wanted != self._has_volumes:
            self._has_volumes = wanted
            self._grid.set_panel(self._volumes if wanted else None)

    def act(self, action_id: str) -> None:
        """Do an action of the active view; any but its own ends cine."""
        if action_id == "image.cine":
            if self._grid is not None:
                self._grid.active.play()
            return
        self._stand_still()
        self._room.hanging.act(action_id)

    def _stand_still(self) -> None:
        for viewport in self._grid.views if self._grid is not None else ():
            viewport.stand_still()

    def release(self) -> None:
        """Another window paints the views from now on."""
        self._stand_still()
        if self._grid is not None:
            self._grid.release()
