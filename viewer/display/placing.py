"""Overlays laid on one slice: labels, outlines, heat, marks and graphics in its pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from viewer.core.volume import Array
from viewer.display.contours import outlines
from viewer.display.graphics import place_graphics, place_stamps
from viewer.display.overlay import (
    NOTHING,
    Line,
    Mark,
    MaskLayer,
    Outline,
    OverlaySet,
    PlacedMark,
    SegmentStyle,
    SliceOverlay,
)
from viewer.display.sampling import linear, nearest, same_frame
from viewer.display.slicing import SliceView

#: A mark is drawn on slices within this many slices of its points.
_MARK_SLICES = 0.5
#: Looking for so many labels one by one is faster than counting all.
_FEW = 24
#: Labels of one slice are numbered 1..255 for the colour table; drawn with their edges each takes two numbers.
MOST_LABELS = 255
MOST_EDGED = 127


def place(overlays: OverlaySet | None, view: SliceView, *, quick: bool = False) -> SliceOverlay:
    """Lay an overlay set on one slice; layers of another frame of reference are left out.

    Args:
        quick: for a picture that moves on at once: edges of labels in place of outlines, where that is possible.
    """
    if overlays is None or not overlays.visible:
        return NOTHING
    edged = quick and _may_be_edged(overlays.masks)
    labels, styles, lines = _labels_only(overlays.masks, view) if edged else _place_masks(overlays.masks, view)
    layer = next((h for h in overlays.heatmaps if h.visible and same_frame(h.heatmap.geometry, view.geometry)), None)
    heat = None if layer is None else linear(layer.heatmap.values, layer.heatmap.geometry, view)
    marks = tuple(p for p in (_place_mark(mark, view) for mark in overlays.marks) if p is not None)
    graphics = place_graphics(overlays.graphics, view)
    stamps = place_stamps(overlays.planes, overlays.shutters, view)
    return SliceOverlay(labels, styles, lines, heat, layer is not None and layer.failed, marks, graphics, stamps, edged)


def _may_be_edged(layers: Sequence[MaskLayer]) -> bool:
    return all(layer.outlined for layer in layers) and sum(len(layer.shown()) for layer in layers) <= MOST_EDGED


def _labels_only(
    layers: Sequence[MaskLayer], view: SliceView
) -> tuple[npt.NDArray[np.uint8] | None, tuple[SegmentStyle, ...], tuple[Outline, ...]]:
    """As `_place_masks`, without looking which segments there are and where they end."""
    combined: npt.NDArray[np.uint8] | None = None
    styles: list[SegmentStyle] = []
    for layer in layers:
        shown = layer.shown()
        if not shown or not same_frame(layer.mask.geometry, view.geometry):
            continue
        found = nearest(layer.mask.labels, layer.mask.geometry, view)
        if not found.any():
            continue
        numbered = _renumbered(found, [s.number for s in shown], len(styles))
        combined = numbered if combined is None else _over(combined, numbered)
        styles += shown
    return combined, tuple(styles), ()


def _over(below: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """One plane of labels over another."""
    made = below.copy()
    np.copyto(made, above, where=above > 0)
    return made


def _place_masks(
    layers: Sequence[MaskLayer], view: SliceView
) -> tuple[npt.NDArray[np.uint8] | None, tuple[SegmentStyle, ...], tuple[Outline, ...]]:
    combined: npt.NDArray[np.uint8] | None = None
    styles: list[SegmentStyle] = []
    lines: list[Outline] = []
    for layer in layers:
        if not same_frame(layer.mask.geometry, view.geometry):
            continue
        found = nearest(layer.mask.labels, layer.mask.geometry, view)
        shown = _present(found, layer.shown())[: MOST_LABELS - len(styles)]
        if not shown:
            continue
        numbered = _renumbered(found, [s.number for s in shown], len(styles))
        combined = numbered if combined is None else _over(combined, numbered)
        styles += shown
        drawn = shown if layer.outlined else []
        lines += [Outline(points, style) for style in drawn for points in outlines(found, style.number)]
    return combined, tuple(styles), tuple(lines)


def _present(labels: Array, styles: tuple[SegmentStyle, ...]) -> list[SegmentStyle]:
    """Segments that occur on the slice: a few are looked for one by one, many are counted at once."""
    if not labels.any():
        return []
    if len(styles) <= _FEW:
        return [style for style in styles if (labels == style.number).any()]
    counts = np.bincount(labels.reshape(-1))
    return [style for style in styles if style.number < len(counts) and counts[style.number]]


def _renumbered(labels: Array, numbers: list[int], before: int) -> npt.NDArray[np.uint8]:
    """Label numbers as 1-based positions in the list of styles, after `before` earlier ones."""
    if labels.dtype == np.uint8 and numbers[: (most := int(labels.max()))] == list(range(1, most + 1)):
        return labels if before == 0 else (labels + np.uint8(before)) * (labels > 0)
    table = np.zeros(int(np.iinfo(labels.dtype).max) + 1, dtype=np.uint8)
    for position, number in enumerate(numbers, start=before + 1):
        table[number] = position
    return table.take(labels)


def _place_mark(mark: Mark, view: SliceView) -> PlacedMark | None:
    if mark.line is Line.NONE or not mark.points_lps:
        return None
    points = np.asarray(mark.points_lps, dtype=np.float64)
    across = view.slice_of(points)
    if across.min() - _MARK_SLICES > view.index or across.max() + _MARK_SLICES < view.index:
        return None
    return PlacedMark(view.world_to_pixel(points), mark)
