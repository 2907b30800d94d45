"""Key pictures for paper: each accepted finding's slice, bare and with what the pack drew."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from viewer.core.analysis import AnalysisResult, Box
from viewer.core.errors import GeometryError
from viewer.core.finding import Finding
from viewer.core.report import KeyImage
from viewer.core.volume import Heatmap, Volume
from viewer.jobs.report_content import ReportInput
from viewer.words.language import Words, words_in

_log = logging.getLogger(__name__)

#: Pictures are small so that their letters stay readable at a third of the page: px a side.
SIDE = 360
#: More pictures than two rows of three make no report better.
MOST = 6
#: A detail is this many times as large as the finding, at least `LEAST_SHARE` of the picture's
#: short side; above `MOST_SHARE` of both sides the whole picture is shown instead.
AROUND, LEAST_SHARE, MOST_SHARE = 1.8, 0.4, 0.75


def key_images(
    folder: Path, given: ReportInput, volume: Volume | None, findings: Sequence[Finding]
) -> tuple[KeyImage, ...]:
    """Pictures of accepted findings, from the source or, where it has gone (None), as kept at the analysis."""
    shown = [one for one in findings if one.location.slice_index is not None or (one.pack and not one.evidence)]
    if not shown:
        return ()
    return drawn(given, volume, shown) if volume is not None else _kept(folder, shown, words_in(given.language))


def drawn(given: ReportInput, volume: Volume, findings: Sequence[Finding]) -> tuple[KeyImage, ...]:
    """Pictures of findings from their volume.

    The first finding gets its place bare, its place with the overlay and the whole slice; the
    others their place with the overlay.
    """
    words = words_in(given.language)
    images: list[KeyImage] = []
    for finding in findings:
        k = _slice_of(finding, volume)
        result = next((r for r in given.results if r.request_id == finding.result_id), None)
        if k is None or finding.evidence or len(images) >= MOST:
            continue
        try:
            images += _views(volume, k, finding, result, words, first=not images)
        except GeometryError as error:
            _log.warning("no key picture for %s: %s", finding.id, error.what)
    return tuple(images[:MOST])


def _slice_of(finding: Finding, volume: Volume) -> int | None:
    k = finding.location.slice_index
    if k is None:
        return 0 if volume.shape[0] == 1 else None
    return k if 0 <= k < volume.shape[0] else None


def _views(
    volume: Volume, k: int, finding: Finding, result: AnalysisResult | None, words: Words, *, first: bool
) -> list[KeyImage]:
    from viewer.display.framing import Frame
    from viewer.display.overlay import OverlaySet, overlays_of
    from viewer.display.render import render
    from viewer.display.slicing import upright_plane
    from viewer.display.window import default_window

    window = default_window(volume, k)
    place = _detail(volume, extent(finding, result, volume, k))
    over = _overlay_words(finding, result, words)
    overlays = overlays_of([alone(result, finding)], [finding]) if result is not None and over else None

    def view(picture: Volume, layers: OverlaySet | None, text: str) -> KeyImage:
        plane = upright_plane(picture.geometry)
        pixels = render(picture, plane, k, window, layers, size=(SIDE, SIDE), frame=Frame(corners=False))
        return KeyImage(pixels, text, finding.id)

    what = _what(finding, k, volume, words)
    at = words("captions", "window", width=f"{window.width:.0f}", level=f"{window.center:.0f}")
    detail = "" if place is None else f" {words('captions', 'detail')}"
    bare = view(place or volume, None, f"{what}.{detail} {at}.")
    shown = [view(place or volume, overlays, f"{what}.{detail} {over}")] if overlays is not None else []
    whole = [view(volume, None, f"{what}. {words('captions', 'whole')}")] if place is not None else []
    return [bare, *shown, *whole] if first else shown or [bare]


def extent(
    finding: Finding, result: AnalysisResult | None, volume: Volume, k: int
) -> tuple[float, float, float, float] | None:
    """(j0, i0, j1, i1) of a finding on slice k in voxels, None where it has no place there."""
    location = finding.location
    if location.segment is not None and result is not None:
        for mask in result.masks:
            inside = np.argwhere(mask.labels[k] == location.segment) if mask.labels.shape == volume.shape else ()
            if len(inside):
                (j0, i0), (j1, i1) = np.min(inside, axis=0), np.max(inside, axis=0)
                return float(j0), float(i0), float(j1), float(i1)
    if location.points_lps:
        index = volume.geometry.world_to_index(location.points_lps)
        return float(index[:, 1].min()), float(index[:, 2].min()), float(index[:, 1].max()), float(index[:, 2].max())
    if location.box_kji is not None:
        (_, j0, i0), (_, j1, i1) = location.box_kji
        return float(j0), float(i0), float(j1 - 1), float(i1 - 1)
    return None


def _detail(volume: Volume, place: tuple[float, float, float, float] | None) -> Volume | None:
    """The surroundings of a place as a picture of its own; None where they are most of the picture."""
    if place is None:
        return None
    _, rows, columns = volume.shape
    _, high, wide = volume.geometry.spacing
    j0, i0, j1, i1 = place
    side_mm = max((j1 - j0) * high, (i1 - i0) * wide) * AROUND
    side_mm = max(side_mm, LEAST_SHARE * min(rows * high, columns * wide))
    (top, bottom), (left, right) = (
        _span((j0 + j1) / 2, side_mm / high, rows),
        _span((i0 + i1) / 2, side_mm / wide, columns),
    )
    if bottom - top > MOST_SHARE * rows and right - left > MOST_SHARE * columns:
        return None
    stored = volume.stored[:, top:bottom, left:right]
    return replace(
        volume, stored=stored, geometry=volume.geometry.cropped((0, top, left), (volume.shape[0], bottom, right))
    )


def _span(centre: float, length: float, limit: int) -> tuple[int, int]:
    """A stretch of that length around the centre, moved inside 0..limit."""
    whole = min(limit, max(8, round(length)))
    start = min(max(0, round(centre - whole / 2)), limit - whole)
    return start, start + whole


def alone(result: AnalysisResult, finding: Finding) -> AnalysisResult:
    """The result with this finding's segment, or its part of the heatmap, alone: a rejected neighbour is not drawn."""
    number = finding.location.segment
    masks = tuple(
        replace(mask, segments=tuple(s for s in mask.segments if s.number == number)) for mask in result.masks
    )
    labels = {finding.label, finding.original.label if finding.original is not None else ""}
    heatmaps = [_within(heat, finding.location.box_kji) for heat in result.heatmaps if heat.label in labels]
    return replace(
        result,
        findings=(finding,),
        masks=tuple(mask for mask in masks if mask.segments),
        heatmaps=tuple(heatmaps) if number is None else (),
    )


def _within(heat: Heatmap, box: Box | None) -> Heatmap:
    """A heatmap with nothing outside the box of a finding."""
    if box is None:
        return heat
    (k0, j0, i0), (k1, j1, i1) = box
    values = np.zeros_like(heat.values)
    values[k0:k1, j0:j1, i0:i1] = heat.values[k0:k1, j0:j1, i0:i1]
    return replace(heat, values=values)


def _what(finding: Finding, k: int, volume: Volume, words: Words) -> str:
    parts = [words.name(finding.label), words.place(finding)]
    if volume.shape[0] > 1:
        parts.append(words("captions", "slice", k=k + 1, n=volume.shape[0]))
    return ", ".join(part for part in parts if part != "–")


def _overlay_words(finding: Finding, result: AnalysisResult | None, words: Words) -> str:
    """What is laid over the picture, "" when nothing is."""
    if result is None:
        return ""
    number = finding.location.segment
    names = [words.name(s.name) for mask in result.masks for s in mask.segments if s.number == number]
    if names:
        return words("captions", "outline", names=", ".join(names))
    visible = [heatmap for heatmap in result.heatmaps if heatmap.honest is not False]
    if visible:
        from viewer.display.overlay import OverlaySet

        honest = "none" if visible[0].honest is None else "yes"
        opacity = f"{OverlaySet().heatmap_opacity * 100:.0f}"
        return f"{words('captions', 'heatmap', opacity=opacity)} {words('captions', f'honest_{honest}')}"
    return words("captions", "place") if finding.location.points_lps else ""


def _kept(folder: Path, findings: Sequence[Finding], words: Words) -> tuple[KeyImage, ...]:
    """Pictures that `analyze` stored; they show the state of that time."""
    images = []
    for finding in findings[:MOST]:
        pixels = _png(folder / f"key-{finding.id}.png")
        if pixels is not None:
            caption = f"{words.name(finding.label)}. {words('captions', 'as_analysed')}"
            images.append(KeyImage(pixels, caption, finding.id))
    return tuple(images)


def _png(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"), dtype=np.uint8)
    except (OSError, UnidentifiedImageError, ValueError):
        return None
