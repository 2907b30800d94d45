"""DICOM objects that are not plain pictures: the noun of each, and what `info` says of one.

Light to import: the DICOM libraries are loaded by the readers when an object is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from viewer.core.document import Document, Structures
from viewer.core.errors import ReadError
from viewer.core.study import Kind, Stack
from viewer.core.volume import Mask, Volume
from viewer.core.waveform import Waveform
from viewer.reading.header.sop_classes import name_of

#: What `read_object` may give.
ObjectNoun = Waveform | Document | Structures | tuple[Mask, ...] | Volume


def read_object(stack: Stack) -> ObjectNoun:
    """The noun of an object: waveform, document, structures, masks or a parametric map.

    Raises:
        ReadError: it cannot be read, or it holds nothing that can be shown.
        GeometryError: its frames contradict each other.
    """
    reader = _READERS.get(stack.kind)
    if reader is None:
        name = name_of(stack.instances[0].sop_class_uid)
        what = f"This object ({name})" if name else "This object"
        raise ReadError(f"{what} holds nothing that can be shown here.", "", "no_pixels")
    module, function = reader
    found: ObjectNoun = getattr(import_module(f"viewer.reading.objects.{module}"), function)(stack)
    return found


_READERS: dict[Kind, tuple[str, str]] = {
    Kind.WAVEFORM: ("waveform", "read_waveform"),
    Kind.REPORT: ("structured", "read_report"),
    Kind.DOCUMENT: ("document", "read_document"),
    Kind.PRESENTATION: ("presentation", "read_presentation"),
    Kind.STRUCTURES: ("structures", "read_structures"),
    Kind.SEGMENTATION: ("segmentation", "read_segmentation"),
}


def describe(stack: Stack) -> dict[str, Any]:
    """What `info --json` adds for an object: segments, measurements, rois or channels.

    Pictures and objects that hold nothing to list give an empty dict.

    Raises:
        ReadError: the object cannot be read.
        GeometryError: its frames contradict each other.
    """
    reader = _DESCRIBERS.get(stack.kind)
    return reader(stack) if reader else {}


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


_DESCRIBERS: dict[Kind, Callable[[Stack], dict[str, Any]]] = {
    Kind.SEGMENTATION: _describe_segmentation,
    Kind.STRUCTURES: _describe_structures,
    Kind.REPORT: _describe_report,
    Kind.WAVEFORM: _describe_waveform,
    Kind.DOCUMENT: _describe_document,
    Kind.PRESENTATION: _describe_presentation,
}
