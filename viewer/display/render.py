"""A slice as the viewport shows it, as an RGB array: for files, thumbnails and key images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from viewer.core.volume import Volume
from viewer.display import compose as comp
from viewer.display.colours import TILE, Pattern, tile
from viewer.display.compose import Blend, Painter
from viewer.display.framing import BARE, STRIP, Fit, Frame, Rgb8, Shot, shot_items, strip
from viewer.display.laying import laid
from viewer.display.overlay import Fill, OverlaySet, SliceOverlay
from viewer.display.pen import Sketch
from viewer.display.placing import place
from viewer.display.scene import Item, Metrics, draw
from viewer.display.slicing import Letters, Plane, SliceView, extract, slice_count, upright_plane
from viewer.display.window import Window, default_window

#: Long side of a picture whose size is not given, in px.
DEFAULT_SIDE = 900
#: A picture with corner texts is at least this large, so that they do not overlap.
LEAST_SIZE = (480, 320)
#: Opacity of the pattern's lines.
PATTERN_ALPHA = 0.55


def render(
    volume: Volume,
    plane: Plane = Plane.NATIVE,
    index: int | None = None,
    window: Window | None = None,
    overlays: OverlaySet | None = None,
    *,
    size: tuple[int, int] | None = None,
    frame: Frame = Frame(),  # noqa: B008 - frozen
    inverted: bool = False,
    smooth: bool = True,
) -> Rgb8:
    """One slice as uint8 RGB [height, width, 3].

    Args:
        index: slice along the plane; default the middle one.
        window: default the one the picture opens with.
        size: (width, height) in px; default the image alone, `DEFAULT_SIDE` on its long side.
        frame: corner texts, letters, scale bar and badges.
        smooth: interpolate between pixels (display only).

    Raises:
        GeometryError: the plane crosses tilted or uneven slices, or has no such slice.
    """
    if index is None:
        index = slice_count(volume.geometry, plane) // 2
    view = extract(volume, plane, index)
    if view.letters == Letters() and frame.corners:
        frame = replace(frame, badges=(*frame.badges, frame.words("No orientation")))
    shown = window or default_window(volume, view.rescale_slice)
    overlay = place(overlays, view)
    settings = overlays or OverlaySet()
    blend = Blend(settings.fill, settings.fill_opacity, settings.heatmap_opacity)
    picture = Painter(volume).compose(view, shown, inverted, overlay=overlay, blend=blend)
    least = LEAST_SIZE if frame.corners else (1, 1)
    fit = _fit(view, size, STRIP if frame.has_strip(settings.shows_ai) else 0, least)
    canvas = _scaled(comp.to_rgb(picture), fit, smooth)
    if settings.fill is Fill.COLOUR_AND_PATTERN:
        _draw_patterns(canvas, overlay, fit)
    sketch = Sketch(canvas)
    draw(sketch, shot_items(Shot(view, shown, settings, overlay, fit, frame, smooth), sketch))
    ai = settings.shows_ai
    body = sketch.finish()
    if not frame.has_strip(ai):
        return body
    return np.concatenate([strip(fit.size[0], view, frame, ai), body])


def seen(
    pixels: Rgb8,
    overlay: SliceOverlay,
    matrix: npt.NDArray[np.float64],
    size: tuple[int, int],
    items: Callable[[Metrics], Iterable[Item]],
    *,
    patterns: bool,
) -> Rgb8:
    """An image as a view shows it, with the view's own scene over it: uint8 RGB [height, width, 3].

    Args:
        pixels: the composed image, uint8 RGB [rows, columns, 3]; overlay: what lies on its segments.
        matrix: 2x3, image coordinates (x = column, y = row, 1) -> px; size: (width, height).
        items: the scene, in px, given how wide text is.
        patterns: segments are filled with their patterns.
    """
    lie = laid(matrix, (pixels.shape[0], pixels.shape[1]), size)
    canvas = _scaled(np.ascontiguousarray(lie.turned(pixels)), lie.fit, smooth=True)
    if patterns and overlay.labels is not None:
        _draw_patterns(canvas, replace(overlay, labels=lie.turned(overlay.labels)), lie.fit)
    sketch = Sketch(canvas)
    draw(sketch, items(sketch))
    return sketch.finish()


def thumbnail(volume: Volume, index: int | None = None, side: int = 96) -> Rgb8:
    """The acquired slice as a small square picture with black margins: uint8 RGB [side, side, 3]."""
    return render(volume, upright_plane(volume.geometry), index, size=(side, side), frame=BARE)


def _fit(view: SliceView, size: tuple[int, int] | None, strip_height: int, least: tuple[int, int]) -> Fit:
    rows, columns = view.shape
    height_mm, width_mm = rows * view.mm[0], columns * view.mm[1]
    if size is None:
        scale = DEFAULT_SIDE / max(height_mm, width_mm)
        size = (max(least[0], round(width_mm * scale)), max(least[1], round(height_mm * scale)))
    else:
        size = (size[0], max(1, size[1] - strip_height))
    scale = min(size[0] / width_mm, size[1] / height_mm)
    across, down = scale * view.mm[1], scale * view.mm[0]
    return Fit((size[0] - across * columns) / 2, (size[1] - down * rows) / 2, across, down, size)


def _scaled(picture: Rgb8, fit: Fit, smooth: bool) -> Rgb8:
    """The picture on a black canvas of the wanted size."""
    rows, columns = picture.shape[:2]
    width, height = max(1, round(columns * fit.across)), max(1, round(rows * fit.down))
    method = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    resized = Image.fromarray(picture).resize((width, height), method)
    canvas = Image.new("RGB", fit.size)
    canvas.paste(resized, (round(fit.left), round(fit.top)))
    return np.array(canvas)


def _draw_patterns(canvas: Rgb8, overlay: SliceOverlay, fit: Fit) -> None:
    """Screen-fixed pattern lines inside segments."""
    if overlay.labels is None or all(s.pattern is Pattern.PLAIN for s in overlay.styles):
        return
    height, width = canvas.shape[:2]
    row = np.floor((np.arange(height) + 0.5 - fit.top) / fit.down).astype(int)
    column = np.floor((np.arange(width) + 0.5 - fit.left) / fit.across).astype(int)
    rows, columns = overlay.labels.shape
    inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
    labels = overlay.labels[np.clip(row, 0, rows - 1)[:, None], np.clip(column, 0, columns - 1)[None, :]]
    y, x = np.nonzero(inside & (labels > 0))
    for number, style in enumerate(overlay.styles, start=1):
        drawn = (labels[y, x] == number) & tile(style.pattern)[y % TILE, x % TILE]
        mixed = canvas[y[drawn], x[drawn]] * (1 - PATTERN_ALPHA) + np.array(style.colour) * PATTERN_ALPHA
        canvas[y[drawn], x[drawn]] = np.rint(mixed).astype(np.uint8)
