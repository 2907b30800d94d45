"""Grey picture, heatmap and segments as one 32-bit picture, in as few passes as possible.

Image and labels take two gathers whatever the number of segments: the grey of each stored value,
then `table[label << 8 | grey]`. Everything is 0xFFRRGGBB, which Qt shows as Format_RGB32.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.volume import Array, Volume
from viewer.display import window as win
from viewer.display.colours import Rgb, lut
from viewer.display.overlay import DISHONEST_OPACITY, Fill, Line, SegmentStyle, SliceOverlay
from viewer.display.slicing import SliceView
from viewer.display.window import Window

Picture32 = npt.NDArray[np.uint32]
Picture8 = npt.NDArray[np.uint8]

#: A heatmap is bare below the first share of its peak and full from the second on.
HEAT_BARE, HEAT_FULL = 0.2, 0.45
_LEVELS = 256
#: Tables of greys that are kept.
_TABLES = 8
#: Of so many pixels of a rim so many are drawn; counted askew: rims along rows, columns and diagonals are all broken.
_RIM_PERIOD = 12
_RIM_DRAWN = {Line.SOLID: 12, Line.DASHED: 8, Line.DOTTED: 3, Line.NONE: 0}
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
        self._small: tuple[SliceView, int, SliceView] | None = None

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
            step: one pixel for so many rows and columns, for large films while they are being dragged.
        """
        if step > 1:
            view, overlay = self._shrunk(view, step), _thinned_overlay(overlay, step)
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

    def _shrunk(self, view: SliceView, step: int) -> SliceView:
        """The slice in smaller size, kept while only window, place and zoom change."""
        if self._small is None or self._small[0] is not view or self._small[1] != step:
            self._small = (view, step, _thinned(view, step))
        return self._small[2]

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
            self._greys = _shared_table(self._volume, window, inverted, view.rescale_slice)
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


_tables: OrderedDict[tuple[object, ...], Picture8] = OrderedDict()


def _shared_table(volume: Volume, window: Window, inverted: bool, k: int) -> Picture8:
    """The greys of every bit pattern; made once for all the planes of a volume, that are windowed together."""
    rescale = volume.slice_rescale(k)
    key = (volume.stored.dtype.str, *rescale, volume.lut, volume.inverted, volume.padding, window, inverted)
    if key not in _tables:
        _tables[key] = win.grey8_table(volume, window, inverted, k)
        if len(_tables) > _TABLES:
            _tables.popitem(last=False)
    return _tables[key]


def _cover_greys(greys: Picture8, overlay: SliceOverlay | None, blend: Blend) -> Picture32:
    """Heatmap and segments over grey bytes, one table each."""
    if overlay is None or (overlay.heat is None and overlay.labels is None):
        return win.to_rgb32(greys)
    if overlay.heat is None and overlay.labels is not None:
        labels = edged(overlay.labels, overlay.styles) if overlay.edged else overlay.labels
        opacity = 0.0 if blend.fill is Fill.OUTLINE else blend.fill_opacity
        table = label_table(tuple(s.colour for s in overlay.styles), opacity, overlay.edged)
        return table.take(_paired(labels, greys))
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
    if overlay.labels is None or (blend.fill is Fill.OUTLINE and not overlay.edged):
        return picture
    labels = edged(overlay.labels, overlay.styles) if overlay.edged else overlay.labels
    rows, columns = np.nonzero(labels)
    if rows.size == 0:
        return picture
    numbers, count = labels[rows, columns].astype(np.int64) - 1, len(overlay.styles)
    colours = np.array([s.colour for s in overlay.styles], dtype=np.float64)[numbers % count]
    inside = 0.0 if blend.fill is Fill.OUTLINE else blend.fill_opacity
    paint = np.concatenate([colours, np.where(numbers < count, inside, 1.0)[:, None] * 255], axis=1)
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
def label_table(colours: tuple[Rgb, ...], opacity: float, edges: bool = False) -> Picture32:
    """Picture words by label << 8 | grey: uint32 [(n + 1) * 256]; label 0 is the bare grey.

    Args:
        edges: label n + 1 and on are the edges of labels 1 to n, which hide what is below.
    """
    alphas = [0.0, *(opacity for _ in colours), *(1.0 for _ in colours if edges)]
    inks = [(0, 0, 0), *colours, *(colours if edges else ())]
    return _table(np.array(inks, dtype=np.float64), np.array(alphas))


def edged(labels: Picture8, styles: tuple[SegmentStyle, ...]) -> Picture8:
    """Labels with the pixels at their rims numbered n higher; n = len(styles) <= 127.

    The rims of proposals are broken as their outlines are, those of what is unsure still more.
    """
    rim = np.zeros(labels.shape, bool)
    down, across = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    for part, other in ((rim[1:], down), (rim[:-1], down), (rim[:, 1:], across), (rim[:, :-1], across)):
        np.logical_or(part, other, out=part)
    rim &= labels > 0
    at = np.flatnonzero(rim)  # many times faster than rows and columns at once
    rows, columns = np.divmod(at, labels.shape[1])
    numbers = labels.reshape(-1)[at]
    drawn = np.array([0, *(_RIM_DRAWN[style.line] for style in styles)])[numbers] > (rows + 2 * columns) % _RIM_PERIOD
    out = np.array(labels, order="C")
    out.reshape(-1)[at[drawn]] = numbers[drawn] + np.uint8(len(styles))
    return out


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
    """Means of `step` x `step` stored pixels, so that no row is dropped; the mapping to the patient goes with it."""
    scale = np.diag([float(step), float(step), 1.0])
    return replace(view, pixels=block_means(view.pixels, step), to_index=view.to_index @ scale)


def block_means(pixels: Array, step: int) -> Array:
    """Means of blocks: [rows // step, columns // step (, 3)], of the same type; a last part of a block is left out."""
    rows, columns = pixels.shape[0] // step * step, pixels.shape[1] // step * step
    exact = np.float32 if pixels.dtype.itemsize <= 2 else np.float64  # sums of 16-bit integers fit a float32
    lines: Array = pixels[0:rows:step].astype(exact)
    for down in range(1, step):
        lines = lines + pixels[down:rows:step]
    total: Array = np.array(lines[:, 0:columns:step])
    for across in range(1, step):
        total = total + lines[:, across:columns:step]
    total = total / step**2
    return (total if pixels.dtype.kind == "f" else np.rint(total)).astype(pixels.dtype)


def _thinned_overlay(overlay: SliceOverlay | None, step: int) -> SliceOverlay | None:
    if overlay is None:
        return None

    def kept(plane: Any) -> Any:
        rows, columns = plane.shape[0] // step * step, plane.shape[1] // step * step
        return plane[:rows:step, :columns:step]

    labels = None if overlay.labels is None else kept(overlay.labels)
    heat = None if overlay.heat is None else kept(overlay.heat)
    stamps = tuple(replace(stamp, bits=kept(stamp.bits)) for stamp in overlay.stamps)
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
