"""Words at the corners of a picture, and the length of its scale bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from viewer.core.geometry import FloatArray, Geometry, SpacingKind
from viewer.core.study import Stack
from viewer.display.overlay import OverlaySet
from viewer.display.slicing import Plane, SliceView, native_plane
from viewer.display.window import Window

#: Turns an English text into the reader's language.
Words = Callable[[str], str]
#: A view narrower than this (px) shows the short corners.
SMALL_WIDTH = 480
#: Scale bar: the longest round length that fits this share of the picture's width.
BAR_SHARE = 0.22
#: A gap this many times the usual one is marked on cuts across the slices.
WIDE_GAP = 1.5
_BAR_STEPS = (1.0, 2.0, 5.0)
#: Title of each plane, upper case in the corner.
PLANE_TITLES: dict[Plane, str] = {
    Plane.AXIAL: "Axial",
    Plane.CORONAL: "Coronal",
    Plane.SAGITTAL: "Sagittal",
    Plane.NATIVE: "Acquired",
}
_AXIS_OF: dict[Plane, int] = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}


def english(text: str) -> str:
    """The text as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines of the four corners, top line first."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What the corners speak of.

    Attributes:
        patient: lines for "who" (name; sex, age; ID), made by the caller, already without the
            name where it is hidden.
        when: date and time in words.
        zoom: screen pixels per image pixel; interpolation: "linear" or "nearest".
    """

    slice: SliceView
    window: Window
    stack: Stack | None = None
    patient: tuple[str, ...] = ()
    when: str = ""
    zoom: float = 1.0
    interpolation: str = ""
    words: Words = english


def corners(view: View, small: bool = False, active: bool = True) -> Corners:
    """Lines of a large view, or the short ones of a small view."""
    if small:
        return Corners(
            view.patient[:1],
            (view.when.split(" · ")[0],) if active and view.when else (),
            (window_line(view.window, view.words),),
            _where(view, short=True),
        )
    return Corners(view.patient, _what(view), _how(view), _where(view, short=False))


def window_line(window: Window, words: Words = english) -> str:
    """ "W 1500  L −600" in the reader's language."""
    if window.function == "LUT":
        return words("VOI LUT")
    return f"{words('W')} {_number(window.width)}  {words('L')} {_number(window.center)}"


def _number(value: float) -> str:
    """As few digits as the value needs, with a true minus sign."""
    text = f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"
    return text.replace("-", "−")


def _what(view: View) -> tuple[str, ...]:
    words = view.words
    plane = shown_plane(view.slice)
    title = words(PLANE_TITLES[plane])
    if view.stack is None:
        return (title,) if plane is not Plane.NATIVE else ()
    name = view.stack.description or view.stack.modality
    first = f"{name} · {title}" if plane is not Plane.NATIVE else name
    number = view.stack.series_number
    series = f"{words('Series')} {number}" if number is not None else ""
    return tuple(line for line in (first, view.when, series) if line)


def shown_plane(view: SliceView) -> Plane:
    """The plane by its name in the patient: native slices are axial, coronal or sagittal too.

    NATIVE stays where there is no patient frame (films, pictures, unknown orientation).
    """
    if view.plane is not Plane.NATIVE:
        return view.plane
    geometry = view.geometry
    placed = geometry.frame_of_reference_uid is not None or geometry.shape[0] > 1
    in_patient = geometry.oriented and geometry.spacing_kind is SpacingKind.PATIENT
    return native_plane(geometry) if placed and in_patient else Plane.NATIVE


def _how(view: View) -> tuple[str, ...]:
    words = view.words
    zoom = f"{words('Zoom')} {view.zoom:.2f}"
    if view.interpolation:
        zoom += f" · {words(view.interpolation)}"
    return tuple(line for line in (window_line(view.window, words), zoom, _preset_line(view.window, words)) if line)


def _preset_line(window: Window, words: Words) -> str:
    if window.origin == "file":
        return words("Window from file")
    if window.origin == "auto":
        return words("Automatic window")
    if window.origin == "preset":
        key = f" ({window.key})" if window.key else ""
        return f"{words(window.name)}{key}"
    return ""


def _where(view: View, short: bool) -> tuple[str, ...]:
    words, one = view.words, view.slice
    count = f"{one.index + 1}/{one.count}"
    image = count if short and one.plane is not Plane.NATIVE else f"{words('Image')} {count}"
    if one.geometry.spacing_kind is SpacingKind.DETECTOR:
        label = words("Detector") if short else words("Detector spacing")
        return image, f"{label} {one.mm[0]:.2g} mm"
    position = position_words(one)
    if position and not short and one.native and view.stack is not None:
        thickness = _thickness(view.stack)
        position += f" · {thickness}" if thickness else ""
    return (image, position) if position else (image,)


def position_words(view: SliceView) -> str:
    """ "z 42.0 mm": place of the slice along its plane's patient axis, "" where unknown."""
    plane = shown_plane(view)
    if plane is Plane.NATIVE or view.geometry.spacing_kind is not SpacingKind.PATIENT or not view.geometry.oriented:
        return ""
    rows, columns = view.shape
    centre = view.pixel_to_world(np.array([(rows - 1) / 2, (columns - 1) / 2]))
    axis = _AXIS_OF[plane]
    return f"{'xyz'[axis]} {mm_words(float(centre[axis]))}"


def mm_words(value: float) -> str:
    """Millimetres to 0.1 with a true minus sign; no "−0.0"."""
    rounded = round(value, 1) + 0.0
    return f"{rounded:.1f} mm".replace("-", "−")


def _thickness(stack: Stack) -> str:
    """Slice thickness as the file says it; nothing where it does not."""
    text = stack.header.get("SliceThickness", "")
    try:
        value = float(text)
    except ValueError:
        return ""
    return f"{value:.1f} mm" if value > 0 else ""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of `pixels` screen px and its label; `pixels` is 0 where there is no scale."""

    pixels: float
    label: str


def scale_bar(view: SliceView, zoom: float, width: int, words: Words = english) -> ScaleBar:
    """The bar for a picture `width` px wide at `zoom` screen px per image column."""
    if view.geometry.spacing_kind is SpacingKind.UNKNOWN:
        return ScaleBar(0, words("px, no calibration"))
    px_per_mm = zoom / view.mm[1]
    length = _round_length(BAR_SHARE * width / px_per_mm)
    return ScaleBar(length * px_per_mm, f"{length:g} mm")


def _round_length(longest: float) -> float:
    """The longest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(max(longest, 1e-6)))
    return float(max(step * power for step in _BAR_STEPS if step * power <= longest * 1.0000001))


def gap_lines(native: Geometry | None, view: SliceView) -> tuple[tuple[FloatArray, float], ...]:
    """Where an uneven stack has gaps wider than its usual one, as lines on a cut across its slices.

    Args:
        native: geometry of the acquired slices; `view` may be of a resampled copy.

    Returns:
        Two entries for each gap, one a side: two end points (row, column) [2, 2] and its mm.
    """
    if native is None or native.slice_positions is None or view.native or len(native.slice_positions) < 3:
        return ()
    gaps = np.diff(np.asarray(native.slice_positions))
    usual = float(np.median(gaps))
    wide = np.flatnonzero(gaps > usual * WIDE_GAP)
    lines = []
    for k in wide:
        sides = [_slice_line(native, int(side), view) for side in (k, k + 1)]
        lines += [(ends, float(gaps[k])) for ends in sides if ends is not None]
    return tuple(lines)


def _slice_line(native: Geometry, k: int, view: SliceView) -> FloatArray | None:
    """Where acquired slice k crosses a view, from edge to edge; None where it does not run across."""
    rows, columns = view.shape
    edges = np.array([[0.0, 0.0], [rows - 1.0, 0.0], [0.0, columns - 1.0], [rows - 1.0, columns - 1.0]])
    depth = native.world_to_index(view.pixel_to_world(edges))[:, 0]
    down = (depth[1] - depth[0]) / max(rows - 1, 1)
    along = (depth[2] - depth[0]) / max(columns - 1, 1)
    if abs(down) < 1e-9 and abs(along) < 1e-9:
        return None
    if abs(down) >= abs(along):
        at = _crossing(native, k, view, 0, np.array([0.0, columns - 1.0]))
        return np.stack([at, [0.0, columns - 1.0]], axis=-1)
    at = _crossing(native, k, view, 1, np.array([0.0, rows - 1.0]))
    return np.stack([[0.0, rows - 1.0], at], axis=-1)


def _crossing(native: Geometry, k: int, view: SliceView, axis: int, other: FloatArray) -> FloatArray:
    """Coordinate along `axis` where slice k is met, for each of the other coordinates."""
    length = view.shape[axis]
    line = np.arange(length, dtype=np.float64)
    met = []
    for value in other:
        fixed = np.full(length, value)
        pixels = np.stack([line, fixed] if axis == 0 else [fixed, line], axis=-1)
        depth = native.world_to_index(view.pixel_to_world(pixels))[:, 0]
        order = np.argsort(depth)
        met.append(float(np.interp(k, depth[order], line[order])))
    return np.asarray(met)


def heat_title(overlays: OverlaySet, words: Words = english) -> str:
    """Title of the colour bar: "Heatmap weight", or what else the map's numbers mean."""
    layer = overlays.heatmap
    if layer is None:
        return ""
    return words("Heatmap weight" if layer.heatmap.meaning == "saliency" else "Map value")
