"""What lies over the views: overlays, badges, the reader's box, and the table of volumes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.core.analysis import Suitability
from viewer.display.hanging import Layout
from viewer.room.panels import volumes
from viewer.room.room import Room
from viewer.ui.panels.volumes_panel import VolumesPanel
from viewer.ui.shell import places
from viewer.ui.shell.presented_views import PresentedViews
from viewer.words.i18n import said, tr

if TYPE_CHECKING:
    from viewer.room.views.facts import BadgeSpec
    from viewer.ui.viewport.grid import ViewGrid
    from viewer.ui.viewport.view import Viewport


class OverViews:
    """Lays what the session holds over a grid of views, once there is one."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._grid: ViewGrid | None = None
        self._sides: dict[str, str] = {}
        self._volumes: VolumesPanel | None = None
        self._has_volumes = False
        self._marked: set[Viewport] = set()
        self._presented = PresentedViews(room.presentations)

    def attach(self, grid: ViewGrid) -> None:
        """Use this grid."""
        self._grid = grid
        grid.slice_changed.connect(self.show_marks)

    def show_overlays(self, shown: tuple[str, ...]) -> None:
        """Lay what there is over every stack on screen."""
        if self._grid is None:
            return
        for key in shown:
            self._grid.set_overlays(key, self._room.overlays.overlays(key, self._room.reviewing.selected))
            badges = self._badges(key)
            for view in self._grid.views_of(key):
                self._presented.show(view)
                view.set_badges((*badges, *self._presented.badges(view), *self._mark_badge(view)))

    def show_volumes(self, by_hand: bool) -> None:
        """A table of volumes in the fourth cell of three planes, where a pack measured some."""
        if self._grid is None:
            return
        view = volumes.state(self._room.context.session, self._room)
        wanted = view is not None and self._grid.arrangement is Layout.FOUR and not by_hand
        if view is not None and wanted:
            if self._volumes is None:
                self._volumes = VolumesPanel()
                self._volumes.box_asked.connect(self._room.analyses.want_box)
            self._volumes.show_view(view)
        if wanted != self._has_volumes:
            self._has_volumes = wanted
            self._grid.set_panel(self._volumes if wanted else None)

    def show_marks(self) -> None:
        """Key image badge and presentation of every view, after one went to another slice."""
        for view in self._grid.views if self._grid is not None else ():
            if view.picture is None:
                continue
            moved = self._presented.show(view)
            if moved or (view in self._marked) != self._is_marked(view):
                badges = self._badges(view.picture.source.stack.key)
                view.set_badges((*badges, *self._presented.badges(view), *self._mark_badge(view)))

    def _is_marked(self, view: Viewport) -> bool:
        mark, library = places.mark_of(view), self._room.context.session.library
        study = library.study_of(mark.stack_key) if mark is not None else None
        if mark is None or study is None:
            return False
        return any(one.picture == mark.picture for one in self._room.context.session.review.key_marks(study.uid))

    def _mark_badge(self, view: Viewport) -> tuple[BadgeSpec, ...]:
        from viewer.room.views.facts import BadgeSpec

        if not self._is_marked(view):
            self._marked.discard(view)
            return ()
        self._marked.add(view)
        return (BadgeSpec("plain", tr("Key image"), tr("This picture goes into the report."), 3),)

    def _badges(self, key: str) -> tuple[BadgeSpec, ...]:
        from viewer.room.views.facts import BadgeSpec

        entries = [e for e in self._room.overlays.entries(key) if e.result.outcome == "ran"]
        made = []
        gates = [e.result.gate for e in entries if e.result.gate is not None]
        if gates:
            warned = [g for g in gates if g.verdict is Suitability.WARN]
            tips = "\n".join(said(r.text) for g in warned for r in g.reasons)
            made.append(
                BadgeSpec("warned", tr("Warned"), tips, 0) if warned else BadgeSpec("suits", tr("Suits"), "", 1)
            )
        heats = [h for e in entries for h in e.result.heatmaps if h.honest]
        if heats:
            made.append(BadgeSpec("checked", tr("Heatmap checked"), heats[0].honesty, 2))
        return tuple(made)

    def show_boxes(self, shown: tuple[str, ...]) -> None:
        """The reader's box of each stack on screen: of the side placed last; none while one is to be drawn."""
        if self._grid is None:
            return
        for key in shown:
            boxes = self._room.analyses.boxes(key)
            side = self._sides.get(key, next(iter(boxes), ""))
            words = {"left": tr("Left box, yours"), "right": tr("Right box, yours")}.get(side, tr("Box, yours"))
            self._grid.set_roi(key, boxes.get(side), words if side in boxes else "")

    def start_box(self, side: str) -> None:
        """The next box drawn is for this side; that of the other side is put away meanwhile."""
        key = self._room.context.session.library.active
        self._sides[key] = side
        self.show_boxes((key,))
