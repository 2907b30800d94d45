"""Structured reports and key object selections as trees (PS3.3 A.35, C.17.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewer.core.document import Document, Node
from viewer.core.errors import ReadError
from viewer.core.finding import Code, Measurement
from viewer.core.graphic import Graphic, PictureRef, Shape, Space
from viewer.core.study import Stack
from viewer.reading.header.sop_classes import KEY_OBJECT_SELECTION, name_of
from viewer.reading.objects import words
from viewer.reading.objects.dataset import code, first, items, number, numbers, opened, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Levels of a content tree that are followed; TID 1500 needs 8, CAD reports about 12.
MAX_DEPTH = 64
#: Numbers of one graphic that are kept.
MAX_GRAPHIC = 300_000


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that an item points to (C.17.3.2.3): UIDs, and frames or segments of it."""

    sop_class_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One content item of a report (C.17.3).

    Attributes:
        kind: value type (CONTAINER, TEXT, NUM, CODE, SCOORD3D ...).
        relation: relationship to its parent ("HAS CONCEPT MOD" ...); "" at the root.
        concept: what the item speaks of.
        said: TEXT, DATE, TIME, PNAME and UIDREF values, decoded; by-reference items name their target.
        chosen: the value of a CODE item, or the qualifier of a NUM without a number.
        number, unit: of a NUM item.
        graphic: POINT, POLYLINE, CIRCLE, POLYGON ...
        points: SCOORD: (column, row), the outer corner of the first pixel at (0, 0) as DICOM has it; SCOORD3D: LPS mm;
            TCOORD: sample positions or times as (n,).
        frame_of_reference_uid: of a SCOORD3D.
        references: objects an IMAGE, WAVEFORM or COMPOSITE item points to.
    """

    kind: str
    relation: str = ""
    concept: Code | None = None
    said: str = ""
    chosen: Code | None = None
    number: float | None = None
    unit: Code | None = None
    graphic: str = ""
    points: tuple[tuple[float, ...], ...] = ()
    frame_of_reference_uid: str = ""
    references: tuple[Reference, ...] = ()
    children: tuple[Item, ...] = ()

    @property
    def name(self) -> str:
        """Meaning of the concept; "" where there is none."""
        return self.concept.meaning if self.concept else ""

    def walk(self) -> Iterator[Item]:
        """This item and everything below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_report(stack: Stack) -> Document:
    """A report as a readable tree with its measurements.

    The first nodes say how far the report is finished and who verified it.

    Raises:
        ReadError: the file is broken, too deep or holds no report.
    """
    with opened(stack.instances[0].path) as dataset:
        root = report_of(dataset)
        if not root.children and root.concept is None:
            raise ReadError("The report is empty.", "Ask the sender for a new copy.", "corrupt")
        is_key_object = text(dataset, "SOPClassUID") == KEY_OBJECT_SELECTION
        title = root.name or name_of(text(dataset, "SOPClassUID")).capitalize()
        if is_key_object:
            title = f"Key object selection: {root.name or 'no title'}"
        tree = (*_status(dataset), *(_node(child, root) for child in root.children))
        return Document(title, tree, tuple(measurements(root)))


def read_items(stack: Stack) -> Item:
    """A report's content tree with codes, numbers, coordinates and references as data.

    For checks that compare a written report with what was meant (see `reporting.readback`).

    Raises:
        ReadError: as `read_report`.
    """
    with opened(stack.instances[0].path) as dataset:
        return report_of(dataset)


@dataclass(frozen=True, slots=True)
class Verification:
    """How far a report is finished (PS3.3 C.17.2): whether it is verified, and by whom."""

    complete: bool
    verified: bool
    observers: tuple[str, ...]


def verification_of(stack: Stack) -> Verification:
    """Completion Flag, Verification Flag and the names of the verifying observers.

    Raises:
        ReadError: as `read_report`.
    """
    with opened(stack.instances[0].path) as dataset:
        names = tuple(text(one, "VerifyingObserverName") for one in items(dataset, "VerifyingObserverSequence"))
        complete = text(dataset, "CompletionFlag") == "COMPLETE"
        return Verification(complete, text(dataset, "VerificationFlag") == "VERIFIED", names)


def report_of(dataset: Dataset) -> Item:
    """The content tree of an open report.

    Raises:
        ReadError: it nests too deeply.
    """
    return _item(dataset, 0)


def measurements(root: Item, context: str = "") -> Iterator[Measurement]:
    """Every number of a report with its name and unit (UCUM), in reading order.

    The context is what the group around a number names: tracking identifier, finding and site.
    """
    if root.kind == "NUM" and root.number is not None:
        yield Measurement(root.name, root.number, root.unit.value if root.unit else "", root.concept, context=context)
    context = context_of(root) or context
    for child in root.children:
        yield from measurements(child, context)


#: Concepts that say what a measurement group speaks of (TID 1411, TID 1501).
_CONTEXT_CODES = {("DCM", "112039"), ("DCM", "121071"), ("SCT", "363698007"), ("SRT", "G-C0E3")}


def context_of(item: Item) -> str:
    """What a measurement group speaks of: tracking identifier, finding, site; "" where it says nothing."""
    said = [
        words.meaning(child.chosen) or child.said
        for child in item.children
        if child.concept and (child.concept.scheme, child.concept.value) in _CONTEXT_CODES
    ]
    return ", ".join(part for part in said if part)


def _item(dataset: Dataset, depth: int) -> Item:
    if depth > MAX_DEPTH:
        raise ReadError("The report nests its items deeper than any real one.", "Ask the sender.", "corrupt")
    kind = text(dataset, "ValueType") or ("REFERENCE" if "ReferencedContentItemIdentifier" in dataset else "")
    measured = first(dataset, "MeasuredValueSequence")
    return Item(
        kind,
        text(dataset, "RelationshipType"),
        code(dataset, "ConceptNameCodeSequence"),
        _said(dataset, kind),
        code(dataset, "NumericValueQualifierCodeSequence" if kind == "NUM" else "ConceptCodeSequence"),
        _measured(measured),
        code(measured, "MeasurementUnitsCodeSequence") if measured is not None else None,
        text(dataset, "GraphicType") or text(dataset, "TemporalRangeType"),
        _points(dataset, kind),
        text(dataset, "ReferencedFrameOfReferenceUID"),
        tuple(_reference(item) for item in items(dataset, "ReferencedSOPSequence")),
        tuple(_item(item, depth + 1) for item in items(dataset, "ContentSequence")),
    )


_VALUES = {"TEXT": "TextValue", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime", "PNAME": "PersonName"}


def _said(dataset: Dataset, kind: str) -> str:
    if kind == "UIDREF":
        return text(dataset, "UID")
    if kind == "REFERENCE":
        target = numbers(dataset, "ReferencedContentItemIdentifier")
        return ".".join(str(int(step)) for step in target)
    return text(dataset, _VALUES[kind]) if kind in _VALUES else ""


def _measured(measured: Dataset | None) -> float | None:
    if measured is None:
        return None
    value = number(measured, "NumericValue")
    return value if value is not None else number(measured, "FloatingPointValue")


def _points(dataset: Dataset, kind: str) -> tuple[tuple[float, ...], ...]:
    if kind == "TCOORD":
        found = [numbers(dataset, key) for key in ("ReferencedSamplePositions", "ReferencedTimeOffsets")]
        return tuple((float(value),) for values in found for value in values[:MAX_GRAPHIC])
    width = {"SCOORD": 2, "SCOORD3D": 3}.get(kind)
    if width is None:
        return ()
    values = numbers(dataset, "GraphicData")[:MAX_GRAPHIC]
    whole_points = values[: len(values) // width * width].reshape(-1, width)
    return tuple(tuple(point) for point in whole_points.tolist())


def _reference(item: Dataset) -> Reference:
    frames = tuple(int(n) for n in numbers(item, "ReferencedFrameNumber"))
    segments = tuple(int(n) for n in numbers(item, "ReferencedSegmentNumber"))
    return Reference(text(item, "ReferencedSOPClassUID"), text(item, "ReferencedSOPInstanceUID"), frames, segments)


def _status(dataset: Dataset) -> list[Node]:
    """Completion and verification as lines."""
    flags = [text(dataset, "CompletionFlag").lower(), text(dataset, "VerificationFlag").lower()]
    lines = [f"Status: {', '.join(flag for flag in flags if flag)}"] if any(flags) else []
    for observer in items(dataset, "VerifyingObserverSequence"):
        who = words.person(text(observer, "VerifyingObserverName"))
        where, when = text(observer, "VerifyingOrganization"), words.moment(text(observer, "VerificationDateTime"))
        lines.append("Verified by " + ", ".join(part for part in (who, where, when) if part))
    return [Node(line) for line in lines]


def _node(item: Item, root: Item) -> Node:
    value = _value_words(item)
    line = ": ".join(part for part in (item.name, value) if part) or item.kind.capitalize() or "Item"
    return Node(line, tuple(_node(child, root) for child in item.children), place_of(item, root))


#: Graphic type -> how its points are drawn (C.18.6.1.1, C.18.9.1.1); an ellipsoid by the ends of its axes.
_SHAPES = {
    "POINT": Shape.POINTS,
    "MULTIPOINT": Shape.POINTS,
    "ELLIPSOID": Shape.POINTS,
    "POLYLINE": Shape.POLYLINE,
    "POLYGON": Shape.POLYLINE,
    "CIRCLE": Shape.CIRCLE,
    "ELLIPSE": Shape.ELLIPSE,
}


def place_of(item: Item, root: Item, words: str = "") -> Graphic | PictureRef | None:
    """The mark of a SCOORD or SCOORD3D item, the picture of an IMAGE item; None for others.

    Args:
        root: of the report, for items that point to their picture by its number.
        words: written beside the mark.
    """
    if item.kind == "IMAGE" and item.references:
        return PictureRef(item.references[0].sop_instance_uid, item.references[0].frames)
    shape = _SHAPES.get(item.graphic)
    if item.kind not in {"SCOORD", "SCOORD3D"} or shape is None or not item.points:
        return None
    points = item.points
    if item.graphic == "POLYGON" and points[0] != points[-1]:
        points = (*points, points[0])
    images = [found for child in item.children for found in resolved(child, root).references]
    pictures = tuple(PictureRef(image.sop_instance_uid, image.frames) for image in images)
    if item.kind == "SCOORD3D":
        return Graphic(shape, points, Space.PATIENT, pictures, item.frame_of_reference_uid, words)
    return Graphic(shape, tuple((y - 0.5, x - 0.5) for x, y in points), Space.PIXEL, pictures, text=words)


def resolved(item: Item, root: Item) -> Item:
    """The item that a by-reference item points to, itself where it is none or points nowhere."""
    found = root
    if item.kind != "REFERENCE":
        return item
    for step in item.said.split(".")[1:]:
        if not step.isdigit() or not 1 <= int(step) <= len(found.children):
            return item
        found = found.children[int(step) - 1]
    return found


def _value_words(item: Item) -> str:
    say = _SAYERS.get(item.kind)
    if say is not None:
        return say(item)
    if item.references:
        return "; ".join(_reference_words(reference) for reference in item.references)
    return words.short_uid(item.said) if item.kind == "UIDREF" else item.said


def number_words(item: Item) -> str:
    """The value of a NUM item with its unit, or why there is none."""
    if item.number is None:
        return words.meaning(item.chosen) or "no value"
    unit = words.unit(item.unit)
    return f"{item.number:.6g}{unit if unit == '%' else ' ' + unit if unit else ''}"


def _graphic_words(item: Item) -> str:
    shape = item.graphic.lower() or "shape"
    if item.kind == "TCOORD":
        return f"{shape} on the time axis"
    unit = "mm" if item.kind == "SCOORD3D" else "px"
    if len(item.points) == 1:
        place = ", ".join(f"{value:.1f}" for value in item.points[0])
        return f"{shape} at ({place}) {unit}"
    return f"{shape}, {len(item.points)} points ({unit})"


def _reference_words(reference: Reference) -> str:
    what = name_of(reference.sop_class_uid) or words.picture(reference.sop_class_uid)
    parts = [f"{what} {words.short_uid(reference.sop_instance_uid)}".strip()]
    if reference.frames:
        parts.append(f"frame {', '.join(str(n) for n in reference.frames)}")
    if reference.segments:
        parts.append(f"segment {', '.join(str(n) for n in reference.segments)}")
    return ", ".join(parts)


#: Value type -> the words for an item's value; other types say their text or their references.
_SAYERS: dict[str, Callable[[Item], str]] = {
    "NUM": number_words,
    "CODE": lambda item: words.meaning(item.chosen),
    "PNAME": lambda item: words.person(item.said),
    "DATE": lambda item: words.moment(item.said),
    "TIME": lambda item: words.moment(item.said, is_time=True),
    "DATETIME": lambda item: words.moment(item.said),
    "SCOORD": _graphic_words,
    "SCOORD3D": _graphic_words,
    "TCOORD": _graphic_words,
    "REFERENCE": lambda item: f"see item {item.said}",
}
