"""One view, without a window: what it shows, how it is seen, and what the tools may do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from viewer.core.analysis import Box
from viewer.core.annotation import PointLps
from viewer.core.geometry import FloatArray
from viewer.core.measurement import ReaderMeasurement
from viewer.core.study import Stack
from viewer.core.volume import Volume
from viewer.display.overlay import OverlaySet
from viewer.display.slicing import Plane
from viewer.display.subtraction import Subtractor
from viewer.display.window import Window
from viewer.room.tools.base import Pointer
from viewer.room.views.camera import MIRROR_LEFT_RIGHT, UPRIGHT, Camera, Turn
from viewer.room.views.drawings import Drawings, DrawingStore, slice_under
from viewer.room.views.events import Surface
from viewer.room.views.facts import BadgeSpec, CursorInfo, Message
from viewer.room.views.picture import Picture, source_of

#: Corners of a slice, LPS mm, in turn.
Corners = tuple[PointLps, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ViewSpec:
    """What a view shall show.

    Attributes:
        volume: the stack's pixels, or the copy `reading.resample_regular` made of them.
        patient_lines: name; sex and age; ID, in the reader's language; when: date and time in words.
        loaded: bool [K] that is filled while the stack is read; None when it is complete.
        window: that the stack opens with; None while none of its slices is there to judge by.
        preset: name of the window a hanging rule gives the view; edge: side of the view the picture lies at.
        mirror: the stored picture is shown mirrored, left for right; its letters go with it.
    """

    stack: Stack
    volume: Volume
    plane: Plane = Plane.NATIVE
    patient_lines: tuple[str, ...] = ()
    when: str = ""
    loaded: npt.NDArray[np.bool_] | None = None
    window: Window | None = None
    preset: str = ""
    edge: str = ""
    mirror: bool = False


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What holds for every view.

    Attributes:
        corners: corner texts and scale bar are shown; badges always are.
        hidden_name: "hidden" stands in the place of the patient's name and ID.
        swap_drag: the axes of the window drag are swapped.
        buttons: what a drag does with the left, middle and right button; wheel: "scroll" or "zoom".
        presets: the reader's own windows: ("CT/Lung", "1500/-600"), width and level.
        references: each view shows where the slice of the active one cuts it.
    """

    corners: bool = True
    hidden_name: bool = False
    swap_drag: bool = False
    buttons: tuple[str, str, str] = ("tool", "pan", "zoom")
    wheel: str = "scroll"
    presets: tuple[tuple[str, str], ...] = ()
    references: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """What a view is shown on: device px a px, and px an inch."""

    ratio: float = 1.0
    dpi: float = 96.0


class ViewEvents:
    """What views tell the arrangement they stand in; what is not overridden is not heard."""

    def slice_moved(self, view: View) -> None:
        """Another slice is on show."""

    def window_moved(self, view: View, window: Window) -> None:
        """The reader chose another window."""

    def crosshair_moved(self, view: View, lps: PointLps) -> None:
        """The reader put the crosshair somewhere."""

    def box_moved(self, view: View, box: Box, finished: bool) -> None:
        """The reader's box was drawn or moved; `finished` when it was let go."""

    def pointer_moved(self, view: View, info: CursorInfo | None) -> None:
        """Something else lies under the pointer; None beside the picture."""

    def seen_anew(self, view: View) -> None:
        """Something else may lie under the pointer, though it did not move."""

    def activated(self, view: View) -> None:
        """Keys go to this view now."""

    def maximise_wanted(self, view: View) -> None:
        """This view alone, or all of them again."""

    def menu_wanted(self, view: View, at: tuple[int, int]) -> None:
        """A right click, on the screen."""

    def stack_put(self, view: View, stack_key: str) -> None:
        """A series was dragged onto the view."""

    def files_dropped(self, view: View, paths: Sequence[Path]) -> None:
        """Files were dropped on the view."""


class View:
    """One picture with its camera; the host of the tools.

    Attributes:
        picture: what is shown, None while the view is empty.
        crosshair: LPS mm; drawn while the crosshair is the tool.
        reference: corners (LPS mm) of the slice of another view whose line is drawn here; empty for none.
        roi: the reader's box, half-open voxel indices (k, j, i) of the acquired grid, and its words.
        draft: a drawing that is not finished; selected: id of the one that can be moved and deleted.
        pointer: where the mouse is on the canvas (x, y), None while it is elsewhere.
        keyed: (row, column) of the pointer that keys move, None while there is none.
        tool_id: the tool in hand; the crosshair and the box's handles are drawn with theirs.
        badges: those that the session gives; the pixels' own come by themselves.
        preset: name of the window the view was hung with; views of one stack share a window where it is one.
        opening: the turn of the picture as it was hung.
    """

    def __init__(self, events: ViewEvents | None = None, drawings: DrawingStore | None = None) -> None:
        self.events = events or ViewEvents()
        self.drawings: DrawingStore = Drawings() if drawings is None else drawings
        self.surface = Surface()
        self.screen = Screen()
        self.options = ViewOptions()
        self.picture: Picture | None = None
        self.camera = Camera()
        self.patient: tuple[str, ...] = ()
        self.when = ""
        self.active = False
        self.crosshair: PointLps | None = None
        self.reference: Corners = ()
        self.roi: Box | None = None
        self.roi_label = ""
        self.badges: tuple[BadgeSpec, ...] = ()
        self.draft: ReaderMeasurement | None = None
        self.selected = ""
        self.pointer: tuple[float, float] | None = None
        self.keyed: tuple[float, float] | None = None
        self.tool_id = "window"
        self.preset = ""
        self.opening: Turn = UPRIGHT

    # ---------------------------------------------------------------- what is shown

    def show(self, spec: ViewSpec) -> None:
        """Show the middle slice of a stack in a plane.

        Raises:
            GeometryError: the plane crosses tilted or uneven slices of the volume.
        """
        picture = Picture(source_of(spec.stack, spec.volume, spec.plane, spec.loaded))
        old = self.picture
        if old is not None and old.source.stack.key == spec.stack.key:
            picture.lay(old.overlays)
        else:  # what was drawn for another stack must not lie on this one
            self.roi, self.crosshair, self.reference, self.badges = None, None, (), ()
            self.selected, self.keyed = "", None
        self.picture = picture
        picture.opened = spec.window
        if spec.window is not None:
            self.take_window(spec.window)
        self.patient, self.when = spec.patient_lines, spec.when
        self.preset, self.opening = spec.preset, MIRROR_LEFT_RIGHT if spec.mirror else UPRIGHT
        grid = picture.view.shape, picture.view.mm
        self.camera = Camera(self.camera.canvas, *grid, turn=self.opening, edge=spec.edge).fit()
        self._renew()

    def clear(self) -> None:
        """Show nothing."""
        self.picture, self.roi, self.crosshair, self.reference = None, None, None, ()
        self._renew()

    def _renew(self) -> None:
        self.surface.rename()
        self.surface.refresh()
        self.events.seen_anew(self)

    def arrived(self) -> None:
        """More slices have been read: show them."""
        if self.picture is not None:
            self.picture.arrived()
            self.surface.refresh()
            self.events.seen_anew(self)

    @property
    def stack_key(self) -> str:
        """Key of the stack on show, "" while the view is empty."""
        return "" if self.picture is None else self.picture.source.stack.key

    @property
    def plane(self) -> Plane:
        """The plane on show."""
        return Plane.NATIVE if self.picture is None else self.picture.source.plane

    def set_slice(self, index: int) -> None:
        """Show another slice (held within the stack) and say so."""
        if self.picture is not None and self.picture.go_to(index):
            self.surface.refresh()
            self.events.slice_moved(self)

    def show_lps(self, lps: PointLps) -> None:
        """The slice nearest to a point of the patient, and the crosshair there."""
        if self.picture is not None:
            self.surface.stir()
            self.set_slice(round(float(self.picture.view.slice_of(np.array(lps)))))
            self.set_crosshair(lps)

    # ---------------------------------------------------------------- how it is seen

    def set_camera(self, camera: Camera) -> None:
        """Pan, zoom or turn."""
        if camera != self.camera:
            self.camera = camera
            self.surface.refresh()
            self.events.seen_anew(self)

    @property
    def window(self) -> Window | None:
        """The window in use."""
        return None if self.picture is None else self.picture.window

    def set_window(self, window: Window) -> None:
        """Show through another window and say so."""
        if self.picture is not None:
            self.picture.set_window(window)
            self.surface.refresh()
            self.events.window_moved(self, window)

    def take_window(self, window: Window) -> None:
        """Show through a window, without saying so to others."""
        if self.picture is not None and window is not self.picture.window:
            self.picture.set_window(window)
            self.surface.refresh()

    def set_overlays(self, overlays: OverlaySet | None) -> None:
        """Lay masks, heatmaps and marks over the picture."""
        if self.picture is not None and overlays is not self.picture.overlays:
            self.picture.lay(overlays)
            self._renew()

    def set_subtractor(self, subtractor: Subtractor | None) -> None:
        """Show frames with their mask subtracted, or as they are; values that are read stay native."""
        if self.picture is not None and subtractor is not self.picture.subtractor:
            self.picture.subtractor = subtractor
            self.surface.refresh()

    def set_peek(self, peek: bool) -> None:
        """Hide every overlay and AI label while a key is held; nothing else moves."""
        if self.picture is not None and peek != self.picture.peek:
            self.picture.peek = peek
            self.surface.refresh()

    def set_badges(self, badges: tuple[BadgeSpec, ...]) -> None:
        """More badges ("Suits", "Heatmap checked"); those of the pixels and "AI draft" come by themselves."""
        self.badges = badges
        self.surface.rename()

    # ---------------------------------------------------------------- what tools do

    @property
    def swap_window_drag(self) -> bool:
        """True where the reader swapped the axes of the window drag."""
        return self.options.swap_drag

    def set_crosshair(self, lps: PointLps | None) -> None:
        """Draw the crosshair at a point, or not at all; nothing is painted anew while it is not the tool."""
        if lps != self.crosshair:
            self.crosshair = lps
            if self.tool_id == "crosshair":
                self.surface.refresh()

    def place_crosshair(self, lps: PointLps) -> None:
        """Put the crosshair here and tell the other views."""
        self.set_crosshair(lps)
        self.events.crosshair_moved(self, lps)

    def set_roi(self, box: Box | None, label: str = "") -> None:
        """Show the reader's box."""
        self.roi, self.roi_label = box, label
        self.surface.refresh()

    def place_roi(self, box: Box, finished: bool) -> None:
        """Move the box; told when the button went up."""
        self.roi = box
        self.surface.refresh()
        self.events.box_moved(self, box, finished)

    def show_draft(self, drawing: ReaderMeasurement | None) -> None:
        """A drawing that is not finished."""
        self.draft = drawing
        self.surface.refresh()

    def drawn(self) -> list[tuple[ReaderMeasurement, FloatArray]]:
        """Finished drawings on this slice with their points on the screen, float64 [n, 2] (x, y)."""
        if self.picture is None:
            return []
        held, on = self.draft.id if self.draft is not None else "", self.picture.slice
        here = (d for d in self.drawings.of(self.stack_key) if slice_under(d, on) == self.picture.index)
        return [(d, self.on_screen(d)) for d in here if d.id != held]

    def on_screen(self, drawing: ReaderMeasurement) -> FloatArray:
        """Points of a drawing on the screen, float64 [n, 2] (x, y)."""
        assert self.picture is not None
        return self.camera.to_screen(self.picture.view.world_to_pixel(np.array(drawing.points_lps)))

    def commit(self, drawing: ReaderMeasurement) -> None:
        """A finished drawing: kept."""
        self.drawings.put(drawing)

    def ask_text(self, pointer: Pointer) -> None:
        """Let the reader type a text here."""
        self.surface.ask_text(pointer)

    def say(self, message: Message) -> None:
        """Show words in the view."""
        self.surface.say(message)
