"""One view: a strip of words and badges over a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display import window as windows
from viewer.display.overlay import OverlaySet
from viewer.display.slicing import Plane
from viewer.display.subtraction import Subtractor
from viewer.display.window import Window
from viewer.room.tools import TOOLS
from viewer.room.views.camera import MIRROR_LEFT_RIGHT, MIRROR_UP_DOWN, TURN_LEFT, TURN_RIGHT, Camera, Turn
from viewer.room.views.drawings import Drawings, DrawingStore
from viewer.room.views.facts import BadgeSpec, Message
from viewer.room.views.picture import Picture, source_of
from viewer.ui.viewport import labels
from viewer.ui.viewport.bordered import FRAME, Bordered
from viewer.ui.viewport.notice import Notice
from viewer.ui.viewport.stage import Stage
from viewer.ui.viewport.strip import Strip
from viewer.ui.viewport.textline import TextLine
from viewer.words.i18n import tr

LEAST_SIZE = QSize(320, 280)


class Viewport(Bordered):
    """A picture with its mouse, its tools and its words.

    Signals:
        slice_changed(int), window_changed(Window), cursor_moved(CursorInfo or None),
        crosshair_moved(LPS point), roi_moved(Box) while it is dragged and roi_changed(Box) when it is
        let go, measured(Annotation),
        annotation_removed(Annotation), message(Message), activated(), maximise_wanted(),
        menu_wanted(QPoint), files_dropped(list of Path).
    """

    slice_changed = Signal(int)
    window_changed = Signal(object)
    cursor_moved = Signal(object)
    crosshair_moved = Signal(object)
    roi_moved = Signal(object)
    roi_changed = Signal(object)
    measured = Signal(object)
    annotation_removed = Signal(object)
    message = Signal(object)
    activated = Signal()
    maximise_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None, drawings: DrawingStore | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(LEAST_SIZE)
        self.strip = Strip(self)
        self.stage = Stage(self, drawings or Drawings())
        self.notice = Notice(self.stage.canvas)
        self.typing = TextLine(self.stage)
        self._badges: tuple[BadgeSpec, ...] = ()
        self._tools = {tool.id: tool() for tool in TOOLS}
        self.stage.tool = self._tools["window"]
        column = QVBoxLayout(self)
        column.setContentsMargins(FRAME, FRAME, FRAME, FRAME)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.stage.canvas, 1)
        self.setFocusProxy(self.stage.canvas)
        self._connect()
        self._rename()

    def _connect(self) -> None:
        stage = self.stage
        for name in (
            "slice_changed",
            "window_changed",
            "cursor_moved",
            "crosshair_moved",
            "roi_moved",
            "roi_changed",
            "measured",
            "message",
            "activated",
            "maximise_wanted",
            "menu_wanted",
        ):
            getattr(stage, name).connect(getattr(self, name))
        stage.message.connect(self.show_message)

    # ---------------------------------------------------------------- what is shown

    def set_stack(
        self,
        stack: Stack,
        volume: Volume,
        plane: Plane = Plane.NATIVE,
        patient_lines: Sequence[str] = (),
        *,
        when: str = "",
        loaded: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Show the middle slice of a stack in a plane.

        Args:
            volume: the stack's pixels, or the copy `reading.resample_regular` made of them.
            patient_lines: name; sex and age; ID, in the reader's language.
            when: date and time in words.
            loaded: bool [K] that is filled while the stack is read; None when it is complete.

        Raises:
            GeometryError: the plane crosses tilted or uneven slices of `volume`.
        """
        picture = Picture(source_of(stack, volume, plane, loaded))
        old, over = self.stage.picture, self.stage.over
        if old is not None and old.source.stack.key == stack.key:
            picture.lay(old.overlays)
        else:  # what was drawn for another stack must not lie on this one
            self.stage.roi, over.crosshair = None, None
            self._badges = ()
        self.stage.picture = picture
        over.patient, over.when = tuple(patient_lines), when
        self.stage.camera = Camera(self.stage.camera.canvas, picture.view.shape, picture.view.mm).fit()
        self._rename()
        self.stage.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self.stage.picture = None
        self.stage.roi, self.stage.over.crosshair = None, None
        self._rename()
        self.stage.refresh()

    def refresh(self) -> None:
        """More slices have been read: show them."""
        if self.stage.picture is not None:
            self.stage.picture.arrived()
            self.stage.refresh()

    @property
    def picture(self) -> Picture | None:
        """What is shown, None while the view is empty."""
        return self.stage.picture

    @property
    def plane(self) -> Plane:
        """The plane on show."""
        return Plane.NATIVE if self.picture is None else self.picture.source.plane

    @property
    def slice_index(self) -> int:
        """The slice on show, 0-based along the plane."""
        return 0 if self.picture is None else self.picture.index

    @property
    def slice_count(self) -> int:
        """Slices of the plane."""
        return 0 if self.picture is None else self.picture.count

    def set_slice(self, index: int) -> None:
        """Show a slice, held within the stack."""
        self.stage.set_slice(index)

    def step(self, slices: int) -> None:
        """Some slices on or back, without looping."""
        self.stage.set_slice(self.slice_index + slices)

    def show_lps(self, lps: PointLps) -> None:
        """The slice nearest to a point of the patient, and the crosshair there."""
        if self.picture is not None:
            self.stage.set_slice(round(float(self.picture.view.slice_of(np.array(lps)))))
            self.set_crosshair(lps)

    def set_crosshair(self, lps: PointLps | None) -> None:
        """Draw the crosshair at a point, or not at all."""
        if lps != self.stage.over.crosshair:
            self.stage.over.crosshair = lps
            self.stage.refresh()

    # ---------------------------------------------------------------- how it is shown

    @property
    def shown_window(self) -> Window | None:
        """The window in use."""
        return None if self.picture is None else self.picture.window

    def set_window(self, window: Window) -> None:
        """Show through a window, without saying so to others."""
        if self.picture is not None and window is not self.picture.window:
            self.picture.set_window(window)
            self.stage.refresh()

    def auto_window(self) -> None:
        """Percentiles of this slice (key 0)."""
        if self.picture is not None and self.picture.is_loaded:
            self.stage.set_window(self.picture.auto_window())

    def file_window(self) -> None:
        """The file's own window (key 1), else what the picture opened with."""
        if self.picture is not None:
            own = () if self.picture.mask is not None else windows.windows_of(self.picture.source.volume)
            self.stage.set_window(own[0] if own else self.picture.first_window())

    def preset_window(self, number: int) -> None:
        """The preset of a key, 2 to 9; nothing where the modality has none there."""
        if self.picture is None or self.picture.mask is not None:
            return
        volume = self.picture.source.volume
        for preset in windows.presets(volume.modality, volume.unit if volume.modality == "PT" else ""):
            if preset.key == str(number):
                self.stage.set_window(preset)

    def set_overlays(self, overlays: OverlaySet | None) -> None:
        """Lay masks, heatmaps and marks over the picture."""
        if self.picture is not None and overlays is not self.picture.overlays:
            self.picture.lay(overlays)
            self._show_badges()
            self.stage.refresh()

    def set_subtractor(self, subtractor: Subtractor | None) -> None:
        """Show frames with their mask subtracted, or as they are; values that are read stay native."""
        if self.picture is not None and subtractor is not self.picture.subtractor:
            self.picture.subtractor = subtractor
            self.stage.refresh()

    def set_peek(self, peek: bool) -> None:
        """Hide every overlay and AI label while a key is held; nothing else moves."""
        if self.picture is not None and peek != self.picture.peek:
            self.picture.peek = peek
            self.stage.refresh()

    def set_roi(self, box: Box | None, label: str = "") -> None:
        """Show the reader's box (half-open voxel indices k, j, i of the acquired grid)."""
        self.stage.roi, self.stage.over.roi_label = box, label
        self.stage.refresh()

    def invert(self) -> None:
        """Black for white."""
        if self.picture is not None:
            self.picture.inverted = not self.picture.inverted
            self.stage.refresh()

    def flip(self, left_right: bool = True) -> None:
        """Mirror the picture; the letters go with it."""
        self._turn(MIRROR_LEFT_RIGHT if left_right else MIRROR_UP_DOWN)

    def rotate(self, right: bool = True) -> None:
        """A quarter turn; the letters go with it."""
        self._turn(TURN_RIGHT if right else TURN_LEFT)

    def _turn(self, move: Turn) -> None:
        self.stage.set_camera(self.stage.camera.turned(move))

    def fit(self) -> None:
        """The whole picture."""
        self.stage.set_camera(self.stage.camera.fit())

    def reset(self) -> None:
        """Upright, whole, not inverted, with the window it opened with."""
        self.stage.set_camera(self.stage.camera.upright())
        if self.picture is not None:
            self.picture.inverted = False
            self.stage.set_window(self.picture.first_window())

    # ---------------------------------------------------------------- words and tools

    def set_tool(self, tool_id: str) -> None:
        """Choose the left button's tool by its id."""
        if self.stage.tool is not None:
            self.stage.tool.cancel(self.stage)
        self.stage.tool = self._tools[tool_id]
        self.stage.refresh()

    def set_swap_drag(self, swap: bool) -> None:
        """Swap the axes of the window drag."""
        self.stage.swap_window_drag = swap

    def set_active(self, active: bool) -> None:
        """Draw the accent border, or the quiet one."""
        if active != self.stage.over.active:
            self.stage.over.active = active
            self.update()
            self.stage.refresh()

    @property
    def active(self) -> bool:
        """True for the view that keys go to."""
        return self.stage.over.active

    def set_corners_visible(self, visible: bool) -> None:
        """Corner texts and scale bar; strip and badges always stay."""
        self.stage.over.corners_visible = visible
        self.stage.refresh()

    def set_hidden_name(self, hidden: bool) -> None:
        """Write "hidden" in the place of the patient's name."""
        self.stage.over.hidden = hidden
        self.stage.refresh()

    def set_badges(self, badges: Sequence[BadgeSpec]) -> None:
        """More badges ("Suits", "Heatmap checked"); those of the pixels and "AI draft" come by themselves."""
        self._badges = tuple(badges)
        self._show_badges()

    def show_message(self, message: Message) -> None:
        """Words low in the view; they take no focus."""
        self.notice.say(message)

    def _show_badges(self) -> None:
        if self.picture is None:
            self.strip.set_badges(())
            return
        badges = [*labels.stack_badges(self.picture), *self._badges]
        overlays = self.picture.overlays
        if overlays is not None and overlays.heatmap is not None and overlays.heatmap.failed:
            badges.append(labels.failed_heatmap_badge())
        if overlays is not None and overlays.shows_ai:
            badges.append(labels.ai_badge())
        self.strip.set_badges(badges)

    def _rename(self) -> None:
        title, sub = ("", "") if self.picture is None else labels.strip_words(self.picture)
        self.strip.set_words(title, sub)
        self.stage.canvas.setAccessibleName(
            tr("View {title}, {sub}", title=title, sub=sub) if title else tr("Empty view")
        )
        self._show_badges()

    def delete_selected(self) -> None:
        """Take away the drawing under the pointer."""
        removed = self.stage.drawings.remove(self.stage.over.selected)
        self.stage.over.selected, self.stage.over.grab = "", None
        if removed is not None:
            self.annotation_removed.emit(removed)

    def cancel(self) -> None:
        """Esc: close the message, drop what is not finished."""
        self.notice.hide()
        self.typing.drop()
        if self.stage.tool is not None:
            self.stage.tool.cancel(self.stage)

    # ---------------------------------------------------------------- Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Esc cancels, Delete takes the drawing under the pointer away."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() == Qt.Key.Key_Delete and self.stage.over.selected:
            self.delete_selected()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The message keeps its place."""
        super().resizeEvent(event)
        if self.notice.isVisible():
            self.notice.place()
