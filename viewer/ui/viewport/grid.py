"""The views side by side, as widgets."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from viewer.room.views.arrangement import LEAST_SIZE
from viewer.room.views.events import Surface
from viewer.room.views.view import View
from viewer.room.views.views import Views
from viewer.ui.viewport.view import Viewport

#: Share of the width the large view of three has (per mille).
_LARGE, _SMALL = 605, 395
_GAP = 1


class ViewGrid(QWidget):
    """Puts a widget in the place of each view of an arrangement."""

    def __init__(self, views: Views, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = views
        self._viewports: dict[View, Viewport] = {}
        self._panel: QWidget | None = None
        self.setMinimumSize(QSize(*LEAST_SIZE))
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setSpacing(_GAP)
        self.arrange()

    @property
    def views(self) -> tuple[Viewport, ...]:
        """The widgets of the arrangement, the first is the main one."""
        return tuple(self._viewport(view) for view in self._model.views)

    @property
    def active(self) -> Viewport:
        """The widget that keys go to."""
        return self._viewport(self._model.active)

    def _viewport(self, view: View) -> Viewport:
        if view not in self._viewports:
            self._viewports[view] = Viewport(view, self._model.mouse(view), self)
        return self._viewports[view]

    def set_panel(self, panel: QWidget | None) -> None:
        """A widget for the fourth cell of the 2 x 2 arrangement (a table of volumes); None = a view."""
        if self._panel is not None and self._panel is not panel:
            self._panel.hide()
            self._cells.removeWidget(self._panel)
        self._panel = panel
        if panel is not None:
            panel.setParent(self)  # before it is shown, else it flashes up as a window of its own
        self._model.set_panel(panel is not None)
        self.arrange()

    def arrange(self) -> None:
        """Put every view where it stands now; what has no room stands alone with its tabs."""
        if self.isVisible():
            self._fit()
        places = [(self._panel if v is None else self._viewport(v), place) for v, place in self._model.places]
        shown = [widget for widget, _ in places]
        for widget in (*self._viewports.values(), *([self._panel] if self._panel is not None else [])):
            self._cells.removeWidget(widget)
            widget.setVisible(widget in shown)
        for shown_widget, place in places:
            if shown_widget is not None:
                self._cells.addWidget(shown_widget, *place)
        self._stretch()

    def hold_pictures(self, hold: bool) -> None:
        """Keep pictures where they are on the screen while something beside them comes or goes."""
        for viewport in self._viewports.values():
            viewport.controller.hold(hold)

    def release(self) -> None:
        """Another grid paints the views from now on."""
        for view in self._viewports:
            view.surface = Surface()

    def _stretch(self) -> None:
        """Columns and rows that are used share the place; the large column has more."""
        alone, arrangement = self._model.alone is not None, self._model.arrangement
        rows, columns = (1, 1) if alone else arrangement.shape
        for column in range(max(columns, self._cells.columnCount())):
            share = 0 if column >= columns else 1
            if arrangement.large and not alone:
                share = (_LARGE, _SMALL)[column] if column < columns else 0
            self._cells.setColumnStretch(column, share)
        for row in range(max(rows, self._cells.rowCount())):
            self._cells.setRowStretch(row, 1 if row < rows else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Small views become tabs of the active one (Tab goes on to the next), and back."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """One view alone where there is no room for all; asked anew with every arrangement, not only every size."""
        self._model.set_small(self._model.arrangement.is_small((self.width(), self.height())))
