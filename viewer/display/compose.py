"""Grey picture, heatmap and segments as one 32-bit picture, in as few passes as possible.

Image and labels take two gathers whatever the number of segments: the grey of each stored value,
then `table[label << 8 | grey]`. Everything is 0xFFRRGGBB, which Qt shows as Format_RGB32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from viewer.core.volume import Volume
from viewer.display import window as win
from viewer.display.colours import Rgb, lut
from viewer.display.overlay import DISHONEST_OPACITY, Fill, SliceOverlay
from viewer.display.slicing import SliceView
from viewer.display.window import Window

Picture32 = npt.NDArray[np.uint32]
Picture8 = npt.NDArray[np.uint8]

#: A heatmap is bare below the first share of its peak and full from the second on.
HEAT_BARE, HEAT_FULL = 0.2, 0.45
_LEVELS = 256
_BLACK = np.uint32(0xFF000000)


@dataclass(frozen=True, slots=True)
class Blend:
    """How strongly layers cover the picture."""

    fill: Fill = Fill.COLOUR_AND_PATTERN
    fill_opacity: float = 0.28
    heatmap_opacity: float = 0.45


class Painter:
    """Composes slices of one volume; keeps the grey table until window or rescale change."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._window: Window | None = None
        self._key: tuple[object, ...] | None = None
        self._greys: Picture8 | None = None
        self._rgb32: win.Table32 | None = None

    def compose(
        self,
        view: SliceView,
        window: Window,
        inverted: bool = False,
        *,
        overlay: SliceOverlay | None = None,
        blend: Blend = Blend(),  # noqa: B008 - frozen
        loaded: npt.NDArray[np.bool_] | None = None,
        step: int = 1,
    ) -> Picture32:
        """One picture uint32 [rows, columns] = 0xFFRRGGBB, C-contiguous.

        Args:
            loaded: bool [K]; slices that are not read yet are shown black, never as values.
            step: every so many pixels only, for large films while they are being dragged.
        """
        if step > 1:
            view, overlay = _thinned(view, step), _thinned_overlay(overlay, step)
        bare = overlay is None or (overlay.heat is None and overlay.labels is None)
        if bare and self._tabled(view):
            out = self._table32(view, window, inverted).take(win.pattern(view.pixels))
        elif view.pixels.ndim == 3:
            out = _cover(self._colours(view, window, inverted), overlay, blend)
        else:
            out = _cover_greys(self._grey(view, window, inverted), overlay, blend)
        out = np.ascontiguousarray(out)
        for stamp in overlay.stamps if overlay is not None else ():
            out[stamp.bits] = _word(stamp.colour)
        if loaded is not None and not loaded.all():
            _black_out(out, view, loaded)
        return out

    def _tabled(self, view: SliceView) -> bool:
        return win.fits_table(view.pixels) and not view.is_real and view.pixels.ndim == 2

    def _grey(self, view: SliceView, window: Window, inverted: bool) -> Picture8:
        """Grey bytes [rows, columns]."""
        if self._tabled(view):
            return self._table8(view, window, inverted).take(win.pattern(view.pixels))
        volume = self._volume
        if view.is_real:
            return win.grey8(view.pixels, window, inverted != volume.inverted)
        return win.grey8(volume.real(view.pixels, view.rescale_slice), window, inverted != volume.inverted)

    def _table8(self, view: SliceView, window: Window, inverted: bool) -> Picture8:
        key = (inverted, *self._volume.slice_rescale(view.rescale_slice))
        if key != self._key or window is not self._window or self._greys is None:
            self._greys = win.grey8_table(self._volume, window, inverted, view.rescale_slice)
            self._key, self._rgb32, self._window = key, None, window
        return self._greys

    def _table32(self, view: SliceView, window: Window, inverted: bool) -> win.Table32:
        greys = self._table8(view, window, inverted)
        if self._rgb32 is None:
            self._rgb32 = win.to_rgb32(greys)
        return self._rgb32

    def _colours(self, view: SliceView, window: Window, inverted: bool) -> Picture32:
        """RGB pixels [rows, columns, 3] through the window, channel by channel."""
        channels = win.grey8(view.pixels, window, inverted).astype(np.uint32)
        return np.asarray(_BLACK | channels[..., 0] << 16 | channels[..., 1] << 8 | channels[..., 2], dtype=np.uint32)


def _cover_greys(greys: Picture8, overlay: SliceOverlay | None, blend: Blend) -> Picture32:
    """Heatmap and segments over grey bytes, one table each."""
    if overlay is None or (overlay.heat is None and overlay.labels is None):
        return win.to_rgb32(greys)
    if overlay.heat is None and overlay.labels is not None:
        index = _paired(overlay.labels, greys)
        opacity = 0.0 if blend.fill is Fill.OUTLINE else blend.fill_opacity
        return label_table(tuple(s.colour for s in overlay.styles), opacity).take(index)
    if overlay.heat is None:
        return win.to_rgb32(greys)
    index = _paired(heat_levels(overlay.heat), greys)
    out = heat_table(blend.heatmap_opacity, overlay.heat_failed).take(index)
    return _cover_labels(out, overlay, blend)


def _cover(picture: Picture32, overlay: SliceOverlay | None, blend: Blend) -> Picture32:
    """The same over a colour picture, mixed channel by channel."""
    if overlay is None:
        return picture
    if overlay.heat is not None:
        levels = heat_levels(overlay.heat)
        alpha = heat_alpha(overlay.heat_failed) * _heat_opacity(blend.heatmap_opacity, overlay.heat_failed)
        colours = np.concatenate([heat_colours(overlay.heat_failed), alpha[:, None] * 255], axis=1)
        picture = _mix(picture, colours[levels])
    return _cover_labels(picture, overlay, blend)


def _cover_labels(picture: Picture32, overlay: SliceOverlay, blend: Blend) -> Picture32:
    if overlay.labels is None or blend.fill is Fill.OUTLINE:
        return picture
    rows, columns = np.nonzero(overlay.labels)
    if rows.size == 0:
        return picture
    colours = np.array([s.colour for s in overlay.styles], dtype=np.float64)
    chosen = colours[overlay.labels[rows, columns].astype(np.int64) - 1]
    paint = np.concatenate([chosen, np.full((len(chosen), 1), blend.fill_opacity * 255)], axis=1)
    picture[rows, columns] = _mix(picture[rows, columns], paint)
    return picture


def _mix(picture: Picture32, paint: npt.NDArray[np.float64]) -> Picture32:
    """`picture` covered by paint [..., 4] = red, green, blue, alpha (0..255)."""
    alpha = paint[..., 3] / 255
    out = np.full(picture.shape, _BLACK, dtype=np.uint32)
    for channel, shift in enumerate((16, 8, 0)):
        below = (picture >> shift & 255).astype(np.float64)
        mixed = np.rint(below * (1 - alpha) + paint[..., channel] * alpha).astype(np.uint32)
        out |= mixed << shift
    return out


def _paired(high: Picture8, low: Picture8) -> npt.NDArray[np.uint16]:
    """`high << 8 | low` of every pixel, written into one array."""
    index = high.astype(np.uint16)
    index <<= 8
    index |= low
    return index


@lru_cache(maxsize=64)
def label_table(colours: tuple[Rgb, ...], opacity: float) -> Picture32:
    """Picture words by label << 8 | grey: uint32 [(n + 1) * 256]; label 0 is the bare grey."""
    alphas = np.full(len(colours) + 1, opacity)
    alphas[0] = 0.0
    return _table(np.array([(0, 0, 0), *colours], dtype=np.float64), alphas)


@lru_cache(maxsize=16)
def heat_table(opacity: float, failed: bool) -> Picture32:
    """Picture words by heat level << 8 | grey: uint32 [65536]."""
    return _table(heat_colours(failed), heat_alpha(failed) * _heat_opacity(opacity, failed))


def _table(colours: npt.NDArray[np.float64], alphas: npt.NDArray[np.float64]) -> Picture32:
    greys = np.arange(256, dtype=np.float64)
    out = np.full((len(colours), 256), _BLACK, dtype=np.uint32)
    for channel, shift in enumerate((16, 8, 0)):
        mixed = greys * (1 - alphas[:, None]) + colours[:, channel, None] * alphas[:, None]
        out |= np.rint(mixed).astype(np.uint32) << shift
    out.setflags(write=False)
    return out.reshape(-1)


def _heat_opacity(opacity: float, failed: bool) -> float:
    return min(opacity, DISHONEST_OPACITY) if failed else opacity


def heat_levels(heat: npt.NDArray[np.float32]) -> Picture8:
    """Heat 0..1 as 256 levels; NaN is cold."""
    return np.rint(np.nan_to_num(np.clip(heat, 0, 1), nan=0.0) * (_LEVELS - 1)).astype(np.uint8)


def heat_colours(failed: bool) -> npt.NDArray[np.float64]:
    """Colour of each level: inferno, or grey for a map that failed its check: [256, 3]."""
    if failed:
        return np.repeat(np.arange(_LEVELS, dtype=np.float64)[:, None], 3, axis=1)
    return lut("inferno").astype(np.float64)


def heat_alpha(failed: bool = False) -> npt.NDArray[np.float64]:
    """Share of the opacity each level gets: none below 0.2 of the peak, all from 0.45."""
    level = np.arange(_LEVELS) / (_LEVELS - 1)
    alpha = np.clip((level - HEAT_BARE) / (HEAT_FULL - HEAT_BARE), 0.0, 1.0)
    return np.asarray(alpha)


def _word(colour: Rgb) -> np.uint32:
    """A colour as 0xFFRRGGBB."""
    red, green, blue = colour
    return np.uint32(int(_BLACK) | red << 16 | green << 8 | blue)


def _thinned(view: SliceView, step: int) -> SliceView:
    """Every `step`-th pixel; the mapping to the patient goes with it."""
    scale = np.diag([float(step), float(step), 1.0])
    return replace(view, pixels=view.pixels[::step, ::step], to_index=view.to_index @ scale)


def _thinned_overlay(overlay: SliceOverlay | None, step: int) -> SliceOverlay | None:
    if overlay is None:
        return None
    labels = None if overlay.labels is None else overlay.labels[::step, ::step]
    heat = None if overlay.heat is None else overlay.heat[::step, ::step]
    stamps = tuple(replace(stamp, bits=stamp.bits[::step, ::step]) for stamp in overlay.stamps)
    return replace(overlay, labels=labels, heat=heat, stamps=stamps)


def _black_out(picture: Picture32, view: SliceView, loaded: npt.NDArray[np.bool_]) -> None:
    """Black where slices are not read yet."""
    if view.across == 0:
        if not loaded[view.index]:
            picture[:] = _BLACK
        return
    rows, columns = view.shape
    if view.to_index[0, 0] != 0:
        k = np.rint(view.pixel_to_index(np.stack([np.arange(rows), np.zeros(rows)], axis=-1))[:, 0]).astype(int)
        picture[~loaded[k]] = _BLACK
    else:
        k = np.rint(view.pixel_to_index(np.stack([np.zeros(columns), np.arange(columns)], axis=-1))[:, 0]).astype(int)
        picture[:, ~loaded[k]] = _BLACK


def to_rgb(picture: Picture32) -> Picture8:
    """uint8 RGB [rows, columns, 3] of a composed picture."""
    return np.stack([(picture >> shift & 255).astype(np.uint8) for shift in (16, 8, 0)], axis=-1)
