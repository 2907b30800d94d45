"""Types of DICOM objects that are no plain pictures: one row each.

Light to import: the DICOM libraries are loaded by the readers when an object is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from viewer.core.document import Document, Structures
from viewer.core.errors import ReadError
from viewer.core.study import Kind, Stack
from viewer.core.volume import Mask
from viewer.core.waveform import Waveform
from viewer.reading.header.sop_classes import name_of

#: What `read_object` may give.
DicomObject = Waveform | Document | Structures | tuple[Mask, ...]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One type of object; its SOP classes are in `header.sop_classes`.

    Attributes:
        reader: module of this package and its function, imported when an object is opened.
        describe: what `info --json` adds.
        view: id of the window's view that shows what the reader gives.
    """

    kind: Kind
    reader: tuple[str, str]
    describe: Callable[[Stack], dict[str, Any]]
    view: str


def type_of(stack: Stack) -> ObjectType | None:
    """The row of an object; None for pictures and for what cannot be shown."""
    return next((row for row in OBJECT_TYPES if row.kind is stack.kind), None)


def read_object(stack: Stack) -> DicomObject:
    """What an object holds: waveform, document, structures or masks.

    Raises:
        ReadError: it cannot be read, or it holds nothing that can be shown.
        GeometryError: its frames contradict each other.
    """
    row = type_of(stack)
    if row is None:
        name = name_of(stack.instances[0].sop_class_uid)
        what = f"This object ({name})" if name else "This object"
        raise ReadError(f"{what} holds nothing that can be shown here.", "", "no_pixels")
    module, function = row.reader
    found: DicomObject = getattr(import_module(f"viewer.reading.objects.{module}"), function)(stack)
    return found


def describe(stack: Stack) -> dict[str, Any]:
    """What `info --json` adds for an object: segments, measurements, rois or channels.

    Pictures and objects that hold nothing to list give an empty dict.

    Raises:
        ReadError: the object cannot be read.
        GeometryError: its frames contradict each other.
    """
    row = type_of(stack)
    return row.describe(stack) if row is not None else {}


def _describe_segmentation(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.segmentation import count_segments, grids_of

    found = grids_of(stack)
    told: dict[str, Any] = {
        "segments": [_without_none(number=s.number, label=s.label, voxels=s.voxels) for s in count_segments(stack)]
    }
    if len(found) == 1:
        told["shape"] = list(found[0].shape)
        told["spacing_mm"] = [round(mm, 6) for mm in found[0].spacing]
        told["affine_lps"] = found[0].affine.tolist()
    return told


def _describe_structures(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.structures import read_structures

    rois = read_structures(stack).rois
    return {"rois": [{"number": roi.number, "name": roi.name, "contours": len(roi.contours)} for roi in rois]}


def _describe_report(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.structured import read_report

    report = read_report(stack)
    measured = [{"name": m.name, "value": m.value, "unit": m.unit} for m in report.measurements]
    return {"title": report.title, "measurements": measured}


def _describe_waveform(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.waveform import list_channels

    return {
        "channels": [
            _without_none(name=name, samples=samples, frequency_hz=frequency, unit=unit or None)
            for name, samples, frequency, unit in list_channels(stack)
        ]
    }


def _describe_document(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.document import read_document

    document = read_document(stack)
    return _without_none(title=document.title, bytes=len(document.pdf) if document.pdf else None)


def _describe_presentation(stack: Stack) -> dict[str, Any]:
    from viewer.reading.objects.presentation import read_presentation

    return {"title": read_presentation(stack).title}


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


OBJECT_TYPES: tuple[ObjectType, ...] = (
    ObjectType(Kind.WAVEFORM, ("waveform", "read_waveform"), _describe_waveform, "signals"),
    ObjectType(Kind.REPORT, ("structured", "read_report"), _describe_report, "document"),
    ObjectType(Kind.DOCUMENT, ("document", "read_document"), _describe_document, "document"),
    ObjectType(Kind.PRESENTATION, ("presentation", "read_presentation"), _describe_presentation, "document"),
    ObjectType(Kind.STRUCTURES, ("structures", "read_structures"), _describe_structures, "structures"),
    ObjectType(Kind.SEGMENTATION, ("segmentation", "read_segmentation"), _describe_segmentation, "segments"),
)
