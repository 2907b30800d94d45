"""Presentation states and key object selections in words (PS3.3 A.33, A.35.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewer.core.document import Document, Node
from viewer.core.study import Stack
from viewer.reading.header.sop_classes import KEY_OBJECT_SELECTION, name_of
from viewer.reading.objects import words
from viewer.reading.objects.dataset import code, first, items, numbers, opened, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Images of one series that are listed by name.
MAX_LISTED = 100


def read_presentation(stack: Stack) -> Document:
    """What a presentation state asks for: images, window, shutters, area, turns, annotations.

    A key object selection is read as the report that it is.

    Raises:
        ReadError: the file is broken or truncated.
    """
    if stack.instances[0].sop_class_uid == KEY_OBJECT_SELECTION:
        from viewer.reading.objects.structured import read_report

        return read_report(stack)
    with opened(stack.instances[0].path) as dataset:
        title = text(dataset, "ContentDescription") or text(dataset, "ContentLabel")
        kind = name_of(text(dataset, "SOPClassUID")).capitalize() or "Presentation state"
        nodes = [node for section in _SECTIONS for node in section(dataset)]
        return Document(f"{kind}: {title}" if title else kind, tuple(nodes))


def maker_words(dataset: Dataset) -> str:
    """Who made a state, and when."""
    who = words.person(text(dataset, "ContentCreatorName"))
    date, time = text(dataset, "PresentationCreationDate"), text(dataset, "PresentationCreationTime")
    when = words.moment(date + time.split(".")[0]) if date else ""
    return ", ".join(part for part in (who, when) if part)


def _origin(dataset: Dataset) -> list[Node]:
    made = maker_words(dataset)
    return [Node(f"Made: {made}")] if made else []


def _images(dataset: Dataset) -> list[Node]:
    series = items(dataset, "ReferencedSeriesSequence")
    lists = [items(one, "ReferencedImageSequence") for one in series]
    nodes = tuple(Node(_image(image)) for images in lists for image in images[:MAX_LISTED])
    count = sum(len(images) for images in lists)
    if not count:
        return []
    return [Node(f"Applies to {count} image{'s' if count > 1 else ''} in {len(series)} series", nodes)]


def _image(item: Dataset) -> str:
    what = words.picture(text(item, "ReferencedSOPClassUID"))
    frames = ", ".join(str(int(n)) for n in numbers(item, "ReferencedFrameNumber"))
    name = f"{what} {words.short_uid(text(item, 'ReferencedSOPInstanceUID'))}"
    return f"{name}, frame {frames}" if frames else name


def _window(dataset: Dataset) -> list[Node]:
    lines = []
    for item in items(dataset, "SoftcopyVOILUTSequence"):
        centres, widths = numbers(item, "WindowCenter"), numbers(item, "WindowWidth")
        function = text(item, "VOILUTFunction")
        for centre, width in zip(centres, widths, strict=False):
            suffix = f" ({function.lower().replace('_', ' ')})" if function not in {"", "LINEAR"} else ""
            lines.append(f"Window: width {width:g}, level {centre:g}{suffix}")
        for table in items(item, "VOILUTSequence"):
            lines.append(f"VOI lookup table: {text(table, 'LUTExplanation') or 'unnamed'}")
    shape = text(dataset, "PresentationLUTShape")
    if shape == "INVERSE":
        lines.append("Greys inverted")
    return [Node(line) for line in lines]


def _values(dataset: Dataset) -> list[Node]:
    slope, intercept = numbers(dataset, "RescaleSlope"), numbers(dataset, "RescaleIntercept")
    if not len(slope) or not len(intercept):
        return []
    unit = text(dataset, "RescaleType")
    return [Node(f"Values: stored x {slope[0]:g} + {intercept[0]:g} {unit}".strip())]


def _area(dataset: Dataset) -> list[Node]:
    nodes = []
    for item in items(dataset, "DisplayedAreaSelectionSequence"):
        top = numbers(item, "DisplayedAreaTopLeftHandCorner")
        low = numbers(item, "DisplayedAreaBottomRightHandCorner")
        if len(top) == 2 and len(low) == 2:
            mode = text(item, "PresentationSizeMode").lower()
            corners = f"columns {top[0]:g} to {low[0]:g}, rows {top[1]:g} to {low[1]:g}"
            nodes.append(Node(f"Displayed area: {corners}{', ' + mode if mode else ''}"))
    return nodes


def _turns(dataset: Dataset) -> list[Node]:
    turn, flip = numbers(dataset, "ImageRotation"), text(dataset, "ImageHorizontalFlip")
    said = [f"turned {turn[0]:g}° clockwise"] if len(turn) and turn[0] else []
    said += ["flipped left to right"] if flip == "Y" else []
    return [Node("Image " + " and ".join(said))] if said else []


def _shutters(dataset: Dataset) -> list[Node]:
    shapes = [part.lower() for part in text(dataset, "ShutterShape").split("\\") if part]
    return [Node(f"Shutter: {', '.join(shapes)}")] if shapes else []


def _annotations(dataset: Dataset) -> list[Node]:
    names = {
        text(i, "GraphicLayer"): text(i, "GraphicLayerDescription") for i in items(dataset, "GraphicLayerSequence")
    }
    nodes = []
    for item in items(dataset, "GraphicAnnotationSequence"):
        layer = text(item, "GraphicLayer")
        marks = [Node(_text_mark(mark)) for mark in items(item, "TextObjectSequence")]
        marks += [Node(_shape(mark)) for mark in items(item, "GraphicObjectSequence")]
        marks += [Node(_shape(mark)) for mark in items(item, "CompoundGraphicSequence")]
        nodes.append(Node(f"Annotations: {names.get(layer) or layer or 'no name'}", tuple(marks)))
    return nodes


def _text_mark(mark: Dataset) -> str:
    said = " | ".join(line.strip() for line in text(mark, "UnformattedTextValue").splitlines() if line.strip())
    return f"Text: {said}"


def _shape(mark: Dataset) -> str:
    shape = (text(mark, "GraphicType") or text(mark, "CompoundGraphicType") or "shape").lower()
    unit = (text(mark, "GraphicAnnotationUnits") or text(mark, "CompoundGraphicUnits")).lower()
    count = len(numbers(mark, "GraphicData")) // 2
    return f"{shape.capitalize()}, {count} points{f' ({unit})' if unit else ''}"


def _blending(dataset: Dataset) -> list[Node]:
    nodes = []
    for item in items(dataset, "BlendingSequence"):
        position = text(item, "BlendingPosition").lower()
        nodes.append(Node(f"Blending: {position or 'layer'}", tuple(_images(item))))
    opacity = numbers(dataset, "RelativeOpacity")
    return nodes + ([Node(f"Opacity of the upper image: {opacity[0]:.0%}")] if len(opacity) else [])


def _palette(dataset: Dataset) -> list[Node]:
    name = code(dataset, "PaletteColorLookupTableSequence")
    has_table = "RedPaletteColorLookupTableData" in dataset or "PaletteColorLookupTableUID" in dataset
    if not has_table and name is None:
        return []
    return [Node(f"Colour table: {words.meaning(name) or 'in the file'}")]


def _mask(dataset: Dataset) -> list[Node]:
    item = first(dataset, "MaskSubtractionSequence")
    if item is None:
        return []
    frames = ", ".join(str(int(n)) for n in numbers(item, "MaskFrameNumbers"))
    operation = text(item, "MaskOperation").lower() or "subtraction"
    return [Node(f"Mask: {operation}{', frames ' + frames if frames else ''}")]


_SECTIONS: tuple[Callable[[Dataset], list[Node]], ...] = (
    _origin,
    _images,
    _values,
    _window,
    _palette,
    _area,
    _turns,
    _shutters,
    _mask,
    _blending,
    _annotations,
)
