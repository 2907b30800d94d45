"""Presentation states as data, ready to be applied (PS3.3 A.33, C.10.4 to C.10.7, C.11.4 to C.11.13)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.graphic import Graphic, Layer, PictureRef, Shape, Space
from viewer.core.presentation import Area, Greys, Presentation, Shutter, SizeMode
from viewer.core.study import Kind, Stack
from viewer.core.subtraction import Subtraction
from viewer.core.volume import VoiWindow
from viewer.reading.objects.cielab import cielab_hex
from viewer.reading.objects.dataset import first, items, number, numbers, opened, text, whole
from viewer.reading.objects.presentation import maker_words
from viewer.reading.objects.subtraction import steps_of
from viewer.reading.pixels.luts import presentation_lut, voi_lut

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STORAGE = "1.2.840.10008.5.1.4.1.1.11."
#: Greyscale, colour, and XA/XRF presentation states: those that are laid on one picture at a time.
APPLICABLE = frozenset(_STORAGE + n for n in ("1", "2", "5"))
#: Marks of one state that are kept.
MAX_MARKS = 20_000
_SPACES = {"PIXEL": Space.PIXEL, "DISPLAY": Space.DISPLAY}
_SHAPES = {
    "POINT": Shape.POINTS,
    "POLYLINE": Shape.POLYLINE,
    "INTERPOLATED": Shape.CURVE,
    "CIRCLE": Shape.CIRCLE,
    "ELLIPSE": Shape.ELLIPSE,
}


def is_applicable(stack: Stack) -> bool:
    """True for presentation states that can be laid on pictures here."""
    return stack.kind is Kind.PRESENTATION and bool(stack.instances) and stack.instances[0].sop_class_uid in APPLICABLE


def read_states(stack: Stack) -> tuple[Presentation, ...]:
    """Every presentation state of a series, one a file.

    Raises:
        ReadError: a file is broken or truncated.
    """
    return tuple(_read(instance.path) for instance in stack.instances)


def _read(path: Path) -> Presentation:
    with opened(path) as dataset:
        label, described = text(dataset, "ContentLabel"), text(dataset, "ContentDescription")
        slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
        steps = steps_of(dataset)
        return Presentation(
            name=described or label or text(dataset, "SeriesDescription"),
            maker=maker_words(dataset),
            pictures=tuple(ref for series in _series(dataset) for ref in _references(series)),
            series_uids=tuple(text(s, "SeriesInstanceUID") for s in _series(dataset) if not _references(s)),
            rescale=(1.0 if slope is None else slope, 0.0 if intercept is None else intercept),
            has_lut=bool(items(dataset, "ModalityLUTSequence")),
            greys=tuple(g for item in items(dataset, "SoftcopyVOILUTSequence") if (g := _greys(item)) is not None),
            areas=tuple(a for item in items(dataset, "DisplayedAreaSelectionSequence") if (a := _area(item))),
            turns=round((number(dataset, "ImageRotation") or 0.0) / 90) % 4,
            flipped=text(dataset, "ImageHorizontalFlip") == "Y",
            inverse=text(dataset, "PresentationLUTShape") == "INVERSE",
            curve=presentation_lut(dataset),
            shutter=shutter_of(dataset),
            layers=_layers(dataset),
            subtraction=Subtraction(steps, recommended=True) if steps else None,
            unread=tuple(words for said, words in _UNREAD if said(dataset)),
        )


def _series(dataset: Dataset) -> list[Dataset]:
    return items(dataset, "ReferencedSeriesSequence")


def _references(item: Dataset) -> tuple[PictureRef, ...]:
    return tuple(
        PictureRef(text(one, "ReferencedSOPInstanceUID"), tuple(int(n) for n in numbers(one, "ReferencedFrameNumber")))
        for one in items(item, "ReferencedImageSequence")
    )


def _greys(item: Dataset) -> Greys | None:
    pictures = _references(item)
    table = voi_lut(item)
    if table is not None:
        return Greys(lut=table, pictures=pictures)
    centre, width = number(item, "WindowCenter"), number(item, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return None
    words = text(item, "WindowCenterWidthExplanation").split("\\")[0]
    return Greys(VoiWindow(centre, width, words, text(item, "VOILUTFunction") or "LINEAR"), None, pictures)


def _area(item: Dataset) -> Area | None:
    top, low = (numbers(item, f"DisplayedArea{c}HandCorner") for c in ("TopLeft", "BottomRight"))
    if len(top) != 2 or len(low) != 2:
        return None
    try:
        mode = SizeMode(text(item, "PresentationSizeMode"))
    except ValueError:
        mode = SizeMode.FIT
    spacing, aspect = numbers(item, "PresentationPixelSpacing"), numbers(item, "PresentationPixelAspectRatio")
    return Area(
        (int(top[1]) - 1, int(top[0]) - 1),
        (int(low[1]) - 1, int(low[0]) - 1),
        mode,
        (float(spacing[0]), float(spacing[1])) if len(spacing) == 2 and min(spacing) > 0 else None,
        number(item, "PresentationPixelMagnificationRatio"),
        float(aspect[0] / aspect[1]) if len(aspect) == 2 and min(aspect) > 0 else None,
        _references(item),
    )


def shutter_of(dataset: Dataset) -> Shutter | None:
    """The display shutter of a state or a picture (PS3.3 C.7.6.11); None where it has none."""
    shapes = text(dataset, "ShutterShape").split("\\")
    edges = [number(dataset, f"Shutter{side}Edge") for side in ("UpperHorizontal", "LowerHorizontal")]
    edges += [number(dataset, f"Shutter{side}Edge") for side in ("LeftVertical", "RightVertical")]
    centre, radius = numbers(dataset, "CenterOfCircularShutter"), number(dataset, "RadiusOfCircularShutter")
    corners = numbers(dataset, "VerticesOfThePolygonalShutter")
    known = [edge - 1 for edge in edges if edge is not None]
    rectangle = (known[0], known[1], known[2], known[3]) if "RECTANGULAR" in shapes and len(known) == 4 else None
    round_one = "CIRCULAR" in shapes and len(centre) == 2 and radius is not None
    polygon = corners[: len(corners) // 2 * 2].reshape(-1, 2) - 1 if "POLYGONAL" in shapes else np.empty((0, 2))
    if rectangle is None and not round_one and len(polygon) < 3:
        return None
    return Shutter(
        rectangle,
        (float(centre[0]) - 1, float(centre[1]) - 1, float(radius or 0)) if round_one else None,
        tuple((float(row), float(column)) for row, column in polygon),
        (number(dataset, "ShutterPresentationValue") or 0.0) / 65535,
    )


def _layers(dataset: Dataset) -> tuple[Layer, ...]:
    described = {text(item, "GraphicLayer"): item for item in items(dataset, "GraphicLayerSequence")}
    drawn: dict[str, list[Graphic]] = {}
    for item in items(dataset, "GraphicAnnotationSequence"):
        drawn.setdefault(text(item, "GraphicLayer"), []).extend(_annotation(item))
    made = [_layer(name, tuple(graphics[:MAX_MARKS]), described.get(name)) for name, graphics in drawn.items()]
    return tuple(sorted(made, key=lambda layer: layer.order))


def _layer(name: str, graphics: tuple[Graphic, ...], item: Dataset | None) -> Layer:
    if item is None:
        return Layer(name, graphics)
    lab, grey = numbers(item, "GraphicLayerRecommendedDisplayCIELabValue"), None
    if len(lab) != 3:
        grey = number(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    colour = cielab_hex(lab) if len(lab) == 3 else None
    if grey is not None:
        colour = f"#{round(min(max(grey, 0), 65535) / 257):02X}" + f"{round(min(max(grey, 0), 65535) / 257):02X}" * 2
    return Layer(text(item, "GraphicLayerDescription") or name, graphics, colour, whole(item, "GraphicLayerOrder"))


def _annotation(item: Dataset) -> list[Graphic]:
    pictures = _references(item)
    shapes = [g for mark in items(item, "GraphicObjectSequence") if (g := _graphic(mark, pictures)) is not None]
    texts = [g for mark in items(item, "TextObjectSequence") if (g := _text_object(mark, pictures)) is not None]
    return shapes + texts


def _graphic(mark: Dataset, pictures: tuple[PictureRef, ...]) -> Graphic | None:
    shape, space = _SHAPES.get(text(mark, "GraphicType")), _SPACES.get(text(mark, "GraphicAnnotationUnits"))
    points = points_of(numbers(mark, "GraphicData"), space)
    if shape is None or space is None or not points:
        return None
    return Graphic(shape, points, space, pictures, filled=text(mark, "GraphicFilled") == "Y")


def points_of(flat: np.ndarray[tuple[int], np.dtype[np.float64]], space: Space | None) -> tuple[tuple[float, ...], ...]:
    """Column, row, column, row ... as points of a `Graphic`; a pixel's own corner is 0, 0 in the file."""
    pairs = np.asarray(flat[: len(flat) // 2 * 2], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(pairs).all():
        return ()
    moved = pairs if space is Space.DISPLAY else pairs[:, ::-1] - 0.5
    return tuple((float(a), float(b)) for a, b in moved)


def _text_object(mark: Dataset, pictures: tuple[PictureRef, ...]) -> Graphic | None:
    said = "\n".join(line.strip() for line in text(mark, "UnformattedTextValue").splitlines() if line.strip())
    box_space = _SPACES.get(text(mark, "BoundingBoxAnnotationUnits"))
    anchor_space = _SPACES.get(text(mark, "AnchorPointAnnotationUnits"))
    corners = [numbers(mark, f"BoundingBox{c}HandCorner") for c in ("TopLeft", "BottomRight")]
    box: tuple[tuple[float, ...], ...] = ()
    if box_space is not None and all(len(corner) == 2 for corner in corners):
        box = points_of(np.concatenate(corners), box_space)
    anchors = points_of(numbers(mark, "AnchorPoint"), anchor_space) if anchor_space is not None else ()
    pointed = anchors[0] if anchors and (not box or text(mark, "AnchorPointVisibility") == "Y") else None
    if not said or (not box and pointed is None):
        return None
    anchor = None if pointed is None else (pointed[0], pointed[1])
    return Graphic(
        Shape.TEXT, box, box_space or Space.PIXEL, pictures, text=said, anchor=anchor,
        anchor_space=anchor_space or Space.PIXEL,
    )  # fmt: skip


def _has(*keywords: str) -> Callable[[Dataset], bool]:
    return lambda dataset: any(keyword in dataset for keyword in keywords)


def _has_compound(dataset: Dataset) -> bool:
    return any("CompoundGraphicSequence" in item for item in items(dataset, "GraphicAnnotationSequence"))


def _has_other_units(dataset: Dataset) -> bool:
    marks = [m for a in items(dataset, "GraphicAnnotationSequence") for m in items(a, "GraphicObjectSequence")]
    return any(text(mark, "GraphicAnnotationUnits") not in _SPACES for mark in marks)


def _has_own_planes(dataset: Dataset) -> bool:
    return any((group, 0x3000) in dataset for group in range(0x6000, 0x6020, 2))


def _has_pixel_shifts(dataset: Dataset) -> bool:
    item = first(dataset, "MaskSubtractionSequence")
    return item is not None and "PixelShiftSequence" in item


#: Parts of a state that are told but not applied.
_UNREAD: tuple[tuple[Callable[[Dataset], bool], str], ...] = (
    (_has("RedPaletteColorLookupTableData", "PaletteColorLookupTableUID"), "colour table"),
    (_has("BlendingSequence"), "blending"),
    (_has("ICCProfile"), "ICC profile"),
    (_has("ShutterOverlayGroup"), "bitmap shutter"),
    (_has_compound, "compound graphics"),
    (_has_other_units, "graphics in units of a slide"),
    (_has_own_planes, "overlay planes of its own"),
    (_has_pixel_shifts, "pixel shifts by region"),
    (lambda dataset: (number(dataset, "ImageRotation") or 0.0) % 90 != 0, "a turn that is no quarter turn"),
)
