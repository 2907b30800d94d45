"""The picture of one view: what is shown, and its composed 32-bit image, made only when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from viewer.core.anchor import in_patient
from viewer.core.annotation import PointLps
from viewer.core.geometry import Geometry
from viewer.core.study import Instance, Stack
from viewer.core.subtraction import Pair, Step
from viewer.core.verdict import Verdict
from viewer.core.volume import Array, Volume
from viewer.display.compose import Blend, Painter, Picture32
from viewer.display.overlay import NOTHING, OverlaySet, SliceOverlay
from viewer.display.placing import place
from viewer.display.slicing import Plane, SliceView, cut, cut_array, extract, slice_count
from viewer.display.subtraction import Subtractor
from viewer.display.window import Window, auto_window, auto_window_of, default_window, windows_of

#: The array axis of the columns.
_COLUMNS = 2
#: Slices whose overlays are remembered: scrolling to and fro costs no new outlines.
KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a view was given to show.

    Attributes:
        volume: of the pixels; a resampled copy where planes cross tilted or uneven slices.
        native: geometry of the acquired slices, by which lengths are judged.
        resampled: True where `volume` is not on the acquired grid.
        loaded: bool [K], filled while the series is read; None when all of it is there.
    """

    stack: Stack
    volume: Volume
    plane: Plane
    native: Geometry
    resampled: bool
    loaded: npt.NDArray[np.bool_] | None = None

    @property
    def is_whole(self) -> bool:
        """True once every slice is read."""
        return self.loaded is None or bool(self.loaded.all())

    @property
    def verdict(self) -> Verdict:
        """The stack's word on measuring."""
        return self.stack.verdict


@dataclass(frozen=True, slots=True, eq=False)
class PictureSlice:
    """One slice of a source: what a measurement reads its values from."""

    source: Source
    view: SliceView

    @property
    def name(self) -> str:
        """Name of the plane that drawings here belong to: acquired slices share theirs in every plane."""
        if self.source.resampled and self.source.plane is Plane.NATIVE:
            return "oblique"
        return "native" if self.view.native and not self.source.resampled else self.view.plane.value

    @property
    def stored(self) -> Instance | None:
        """The stored picture it is, with its name; None for cuts across slices and outside DICOM."""
        instances, k = self.source.stack.instances, self.view.index
        if not self.view.native or self.source.resampled or not 0 <= k < len(instances):
            return None
        return instances[k] if instances[k].sop_instance_uid else None

    @property
    def is_unread(self) -> bool:
        """True where this very slice could not be read."""
        return not self.source.resampled and self.view.across == 0 and self.view.index in self.source.volume.unread

    @property
    def is_loaded(self) -> bool:
        """False while this very slice is still to be read, or could not be."""
        loaded = self.source.loaded
        return not self.is_unread and (loaded is None or self.view.across != 0 or bool(loaded[self.view.index]))

    def value_at(self, row: int, column: int) -> tuple[float, ...]:
        """Real value (or red, green, blue) of a pixel."""
        view, volume = self.view, self.source.volume
        stored = view.pixels[row, column]
        if np.ndim(stored):
            return tuple(float(v) for v in stored)
        if view.is_real:
            return (float(stored),)
        return (float(volume.real(np.asarray([stored]), view.rescale_slice)[0]),)

    def values_in(self, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Real values of the chosen pixels [n]; colour as mean of its channels."""
        view, volume = self.view, self.source.volume
        stored = view.pixels[inside]
        if stored.ndim == 2:
            return np.asarray(stored.mean(axis=1), dtype=np.float64)
        real = stored if view.is_real else volume.real(stored, view.rescale_slice)
        return np.asarray(real, dtype=np.float64)


def source_of(stack: Stack, volume: Volume, plane: Plane, loaded: npt.NDArray[np.bool_] | None) -> Source:
    """A source; whether it is resampled is seen from the grids."""
    native = stack.geometry or volume.geometry
    return Source(stack, volume, plane, native, not volume.geometry.same_grid(native), loaded)


def slice_middle(picture: Picture) -> PointLps | None:
    """LPS mm of the middle of the slice on show; None without a patient frame."""
    if not in_patient(picture.source.native):
        return None
    x, y, z = picture.view.pixel_to_world((np.array(picture.view.shape) - 1) / 2).tolist()
    return (x, y, z)


def slice_at(picture: Picture, index: int, lps: Sequence[float] | None) -> int:
    """The slice nearest to a place; by its number where the place is not known."""
    if lps is None or not in_patient(picture.source.native):
        return index
    return round(float(picture.view.slice_of(np.array(lps, dtype=np.float64))))


def window_at(picture: Picture, center: float, width: float) -> Window:
    """The window in use, the first one or one of the file's that has these numbers; else a straight one."""
    known = (picture.window, picture.first_window(), *windows_of(picture.source.volume))
    found = next((one for one in known if (one.center, one.width) == (center, width)), None)
    return found or Window(center, width, "LINEAR" if width >= 1 else "LINEAR_EXACT")


class Picture:
    """One slice of a source with window and overlays; caches what did not change.

    Attributes:
        image_number: goes up with every composed image.
        crosswise: the volume's stored values once more, columns first; where it is there cuts across columns are fast.
        quick: it moves on at once: overlays that are not known yet are laid without outlines.
        opened: the window that its stack opens with, by which it is reset; None for the pixels' own.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.index = slice_count(source.volume.geometry, source.plane) // 2
        self.count = slice_count(source.volume.geometry, source.plane)
        self.inverted = False
        self.peek = False
        self.quick = False
        self.crosswise: Array | None = None
        self._painter = Painter(source.volume)
        self._overlays: OverlaySet | None = None
        self._view: SliceView | None = None
        self._placed: OrderedDict[int, SliceOverlay] = OrderedDict()
        self._rough: tuple[int, SliceOverlay] | None = None
        self._image: Picture32 | None = None
        self._image_key: tuple[object, ...] = ()
        self._revision = 0
        self.image_number = 0
        self.subtractor: Subtractor | None = None
        self._frame: tuple[object, int, SliceView] | None = None
        self.opened: Window | None = None
        self._native_window = default_window(source.volume, self.view.rescale_slice)
        self._mask_window: Window | None = None

    @property
    def view(self) -> SliceView:
        """The slice on show."""
        if self._view is None:
            self._view = self._extract(self.index)
        return self._view

    @property
    def mask(self) -> tuple[Step, Pair] | None:
        """What is subtracted from what on this slice; None while it is shown as it is."""
        if self.subtractor is None or not self.view.native:
            return None
        return self.subtractor.at(self.index)

    @property
    def composed(self) -> SliceView:
        """The slice as it is made into a picture: with its mask subtracted where that is on."""
        if self.subtractor is None or self.mask is None:
            return self.view
        if self._frame is None or self._frame[:2] != (self.subtractor, self.index):
            frame = self.subtractor.frame(self.index)
            assert frame is not None
            pixels = cut_array(frame[None], cut(self.source.volume.geometry, self.source.plane), 0)
            self._frame = (self.subtractor, self.index, replace(self.view, pixels=pixels, is_real=True))
        return self._frame[2]

    @property
    def window(self) -> Window:
        """The window in use; subtracted frames have one of their own."""
        if self.mask is None or self.subtractor is None:
            return self._native_window
        if self._mask_window is None:
            self._mask_window = self.subtractor.window(self.index)
        return self._mask_window or self._native_window

    def first_window(self) -> Window:
        """The window it opened with; of subtracted frames the automatic one."""
        if self.mask is not None:
            return self.auto_window()
        return self.opened or default_window(self.source.volume, self.view.rescale_slice)

    def auto_window(self) -> Window:
        """Percentiles of this slice."""
        made = self.subtractor.window(self.index) if self.subtractor is not None and self.mask is not None else None
        if made is not None:
            return made
        if self.view.native:
            return auto_window_of(self.source.volume, self.view.rescale_slice)
        return auto_window(self.slice.values_in(np.ones(self.view.shape, dtype=bool)))

    @property
    def overlays(self) -> OverlaySet | None:
        """The overlay set, also while peeking."""
        return self._overlays

    @property
    def shown_overlays(self) -> OverlaySet | None:
        """The overlay set as drawn: none while the reader peeks at the bare image."""
        return None if self.peek or self._overlays is None or not self._overlays.visible else self._overlays

    @property
    def overlay(self) -> SliceOverlay:
        """Overlays as they lie on this slice."""
        return NOTHING if self.peek else self._place()

    def _place(self) -> SliceOverlay:
        """The overlays of this slice; the last `KEPT` slices are remembered."""
        found = self._placed.get(self.index)
        if found is None:
            if not self.quick:
                return self._place_on(self.view)
            if self._rough is None or self._rough[0] != self.index:
                self._rough = (self.index, place(self._overlays, self.view, quick=True))
            return self._rough[1]
        self._placed.move_to_end(self.index)
        return found

    def _place_on(self, view: SliceView) -> SliceOverlay:
        made = place(self._overlays, view)
        self._placed[view.index] = made
        if len(self._placed) > KEPT:
            self._placed.popitem(last=False)
        return made

    def prepare(self, index: int) -> bool:
        """Lay the overlays on a slice that may be shown next; False where there is nothing to do."""
        if self._overlays is None or not 0 <= index < self.count or index in self._placed:
            return False
        self._place_on(self._extract(index))
        return True

    @property
    def slice(self) -> PictureSlice:
        """The slice on show, to measure on."""
        return PictureSlice(self.source, self.view)

    def slice_at(self, index: int) -> PictureSlice:
        """Any slice of the plane on show.

        Raises:
            GeometryError: there is no such slice.
        """
        return self.slice if index == self.index else PictureSlice(self.source, self._extract(index))

    def _extract(self, index: int) -> SliceView:
        """One slice, its pixels in one run of memory where rows would be gathered from all over the volume."""
        view = extract(self.source.volume, self.source.plane, index)
        if view.across != _COLUMNS or view.is_real:
            return view
        lie = cut(self.source.volume.geometry, self.source.plane)
        if self.crosswise is not None:
            return replace(view, pixels=cut_array(np.moveaxis(self.crosswise, 0, _COLUMNS), lie, index))
        return replace(view, pixels=np.ascontiguousarray(view.pixels))

    @property
    def is_loaded(self) -> bool:
        """False while this very slice is still to be read, or could not be."""
        return self.slice.is_loaded

    @property
    def is_unread(self) -> bool:
        """True where this very slice could not be read."""
        return self.slice.is_unread

    def _present(self) -> npt.NDArray[np.bool_] | None:
        """Slices [K] that are there; None for all."""
        unread, loaded = self.source.volume.unread, self.source.loaded
        if not unread or self.source.resampled:
            return loaded
        present = np.ones(self.source.volume.shape[0], bool) if loaded is None else loaded.copy()
        present[list(unread)] = False
        return present

    def go_to(self, index: int) -> bool:
        """Show another slice, held within the stack; True when it changed."""
        held = min(max(index, 0), self.count - 1)
        if held == self.index:
            return False
        self.index = held
        self._view = None
        return True

    def lay(self, overlays: OverlaySet | None) -> None:
        """Put another overlay set on."""
        self._overlays = overlays
        self._placed.clear()
        self._rough = None
        self._revision += 1

    def arrived(self) -> None:
        """More slices were read into the volume."""
        self._view = None
        self._revision += 1

    def image(self, step: int = 1) -> Picture32:
        """The composed picture, uint32 [rows, columns] = 0xFFRRGGBB; every `step`-th pixel of it."""
        overlay = self.overlay
        key = (self.index, self.inverted, overlay.edged, self.peek, self._revision, step, self.subtractor)
        if self._image is None or key != self._image_key:
            settings = self._overlays or OverlaySet()
            blend = Blend(settings.fill, settings.fill_opacity, settings.heatmap_opacity)
            self._image = self._painter.compose(
                self.composed,
                self.window,
                self.inverted,
                overlay=overlay,
                blend=blend,
                loaded=self._present(),
                step=step,
            )
            self._image_key = key
            self.image_number += 1
        return self._image

    def set_window(self, window: Window) -> None:
        """Show through another window."""
        if self.mask is None:
            self._native_window = window
        else:
            self._mask_window = window
        self._revision += 1

    def value_at(self, row: int, column: int) -> tuple[float, ...]:
        """Real value (or red, green, blue) of a pixel of this slice."""
        return self.slice.value_at(row, column)
